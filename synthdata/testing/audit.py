"""What a piece of code does to the world: files opened, environment and working directory set."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any, Final, NamedTuple

EVENTS: Final = ("open", "os.putenv", "os.unsetenv", "os.chdir")
"""Names of Python's audit events that are noted."""

_CODE: Final = (".py", ".pyc", ".so", ".pth")
"""Suffixes of what an import opens, which is no asset."""


class Event(NamedTuple):
    """Something that was done.

    Attributes:
        name: one of ``EVENTS``.
        subject: the path, or the variable's name.
    """

    name: str
    subject: str


_noted: ContextVar[list[Event] | None] = ContextVar("_noted", default=None)


@contextlib.contextmanager
def audited() -> Iterator[list[Event]]:
    """Give a list that fills with what this thread does meanwhile.

    Python's own functions show, such as ``open``; what a C library does by itself does not.
    Opening the files of modules that are imported is left out.
    """
    _listen()
    events: list[Event] = []
    token = _noted.set(events)
    try:
        yield events
    finally:
        _noted.reset(token)


@functools.cache
def _listen() -> None:
    # An audit hook stays for as long as the process; it costs a look at a variable for each event.
    sys.addaudithook(_hear)


def _hear(name: str, arguments: tuple[Any, ...]) -> None:
    if name not in EVENTS or (events := _noted.get()) is None:
        return
    subject = arguments[0]
    if isinstance(subject, bytes):
        subject = subject.decode(errors="replace")
    if not (name == "open" and (isinstance(subject, int) or str(subject).endswith(_CODE))):
        events.append(Event(name, str(subject)))
