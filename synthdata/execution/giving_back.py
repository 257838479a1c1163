"""Memory that consumers are done with and have not given back yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

REMINDERS: Final[list[Callable[[], object]]] = []
"""Functions, each of which has a consumer give back what it is done with."""


def remind() -> None:
    """Have all consumers give back what they are done with."""
    for reminder in REMINDERS:
        reminder()
