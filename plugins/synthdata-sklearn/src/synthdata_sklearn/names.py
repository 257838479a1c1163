"""A validator of lists of names."""

from __future__ import annotations

from typing import Final

from pydantic import AfterValidator


def _each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    doubled = [name for place, name in enumerate(names) if name in names[:place]]
    if doubled:
        raise ValueError(f"every name once, but doubled is {doubled[0]!r}")
    return names


distinct: Final = AfterValidator(_each_once)
"""Refuses a tuple in which a name is doubled."""
