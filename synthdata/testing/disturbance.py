"""Changes to what the world around a generator looks like, each undone at the end."""

from __future__ import annotations

import contextlib
import datetime
import random
import threading
import time
from collections.abc import Iterator
from typing import Any, Final, Self

import numpy as np


@contextlib.contextmanager
def global_random(seed: int) -> Iterator[None]:
    """Seed the global random numbers of ``random`` and ``numpy.random`` for a while."""
    state, numpy_state = random.getstate(), np.random.get_state()
    random.seed(seed)
    np.random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)
        np.random.set_state(numpy_state)


_CLOCKS: Final = ("time", "monotonic", "perf_counter", "process_time", "thread_time")


@contextlib.contextmanager
def clock(seconds: int) -> Iterator[None]:
    """Stop the clock for a while, for this thread: of ``time`` and ``datetime``.

    Code that took the functions out of their modules before still sees the real one.

    Args:
        seconds: what it shows, since the beginning of 1970.
    """
    thread = threading.get_ident()

    def stopped(real: Any, value: Any) -> Any:
        return lambda *rest: value if threading.get_ident() == thread else real(*rest)

    with contextlib.ExitStack() as stack:
        for name in _CLOCKS:
            _replace(stack, time, name, stopped(getattr(time, name), float(seconds)))
            nanoseconds = f"{name}_ns"
            _replace(stack, time, nanoseconds, stopped(getattr(time, nanoseconds), seconds * 10**9))
        moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
        _replace(stack, datetime, "datetime", _stopped_datetime(moment, thread))
        _replace(stack, datetime, "date", _stopped_date(moment, thread))
        yield


def _replace(stack: contextlib.ExitStack, module: Any, name: str, value: Any) -> None:
    stack.callback(setattr, module, name, getattr(module, name))
    setattr(module, name, value)


def _stopped_datetime(moment: datetime.datetime, thread: int) -> type[datetime.datetime]:
    class Stopped(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Self:
            if threading.get_ident() != thread:
                return super().now(tz)
            return cls.fromtimestamp(moment.timestamp(), tz)

        @classmethod
        def utcnow(cls) -> Self:
            return cls.now(datetime.UTC).replace(tzinfo=None)

        @classmethod
        def today(cls) -> Self:
            return cls.now()

    return Stopped


def _stopped_date(moment: datetime.datetime, thread: int) -> type[datetime.date]:
    class Stopped(datetime.date):
        @classmethod
        def today(cls) -> Self:
            if threading.get_ident() != thread:
                return super().today()
            return cls.fromtimestamp(moment.timestamp())

    return Stopped
