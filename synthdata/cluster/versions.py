"""What is installed on a machine, as far as it decides the bytes of samples."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Final

ALWAYS: Final = ("synthdata", "numpy", "pillow")
"""Distributions that decide bytes of any generator."""

MISSING: Final = "not installed"


def versions(distributions: Iterable[str]) -> dict[str, str]:
    """Return the versions of Python, of synthdata, and of distributions, on this machine.

    >>> versions([])["Python"] == platform.python_version()
    True
    """
    found = {"Python": platform.python_version()}
    for name in sorted({*ALWAYS, *distributions}):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = MISSING
    return found


def version_differences(here: Mapping[str, str], there: Mapping[str, str]) -> list[str]:
    """Return in what another machine differs.

    >>> version_differences({"Python": "3.11.2"}, {"Python": "3.12.1"})
    ['Python 3.12.1, not 3.11.2']
    """
    return [
        f"{name} {there.get(name, MISSING)}, not {ours}"
        for name, ours in here.items()
        if there.get(name, MISSING) != ours
    ]
