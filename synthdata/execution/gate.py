"""The end of Python's part: no call may be under way, or begin, once the interpreter finalises."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final

PATIENCE: Final = 5.0
"""Seconds that exit waits for a sample that is being made; one that hangs is then left alone."""

QUIET: Final = 0.1
"""Seconds without a call after which TensorFlow's threads are taken to rest.

A refused batch goes into the buffer of ``prefetch``, which then asks for the next until the buffer
is full: within a millisecond each.
"""


class InterpreterExit(StopIteration):
    """A batch was asked for while the interpreter exits.

    TensorFlow logs other exceptions with their whole traceback, in each of the last batches.
    """


class Gate:
    """Lets calls from threads of TensorFlow in until the interpreter exits.

    Such a thread that waits for the GIL while the interpreter finalises never gets it, and
    whatever then waits for the thread, an iterator's destructor for one, hangs the process. So
    ``close`` refuses new calls, has those inside end after the sample at hand, and returns when
    all is quiet.

    Attributes:
        closed: whether calls are refused; to be looked at between samples.
    """

    def __init__(self) -> None:
        self.closed = False
        self._inside = 0
        self._called = 0.0
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._callbacks: dict[Callable[[], None], None] = {}

    def at_close(self, callback: Callable[[], None]) -> None:
        """Have a function called once the gate is closed and all is quiet."""
        self._callbacks[callback] = None

    def forget(self, callback: Callable[[], None]) -> None:
        """Undo ``at_close``."""
        self._callbacks.pop(callback, None)

    def __enter__(self) -> None:
        with self._lock:
            self._called = time.monotonic()
            self.refuse_if_closed()
            self._inside += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._lock:
            self._inside -= 1
            self._called = time.monotonic()
            if self.closed:
                self._changed.notify_all()

    def refuse_if_closed(self) -> None:
        """Raise if the interpreter exits.

        Raises:
            InterpreterExit: if it does.
        """
        if self.closed:
            raise InterpreterExit("the interpreter exits; no more batches are made")

    def close(self) -> None:
        """Refuse calls from now on, and wait until none is inside and none came for a while."""
        self.closed = True
        if self._called:
            self._wait()
        for callback in list(self._callbacks):
            callback()

    def _wait(self) -> None:
        end = time.monotonic() + PATIENCE
        with self._changed:
            self._changed.wait_for(lambda: self._inside == 0, PATIENCE)
        while time.monotonic() < min(self._called + QUIET, end):
            time.sleep(QUIET / 10)


EXIT_GATE: Final = Gate()
"""The gate of this process; the builder has it closed at exit."""
