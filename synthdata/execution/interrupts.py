"""Ctrl-C, noticed in threads of TensorFlow while the main thread waits for them."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from typing import Final

GRACE: Final = 0.25
"""Seconds that a batch has to be finished after Ctrl-C, so that a quick one is not lost."""

TICK: Final = 0.1
"""Seconds between two looks."""


class Interrupted(StopIteration):  # as InterpreterExit, TensorFlow logs no StopIteration
    """Ctrl-C was pressed while a batch was waited for."""


class Interrupts:
    """Tells threads that SIGINT came.

    Python acts on Ctrl-C in the main thread alone, and not while that is inside TensorFlow, where
    it waits for the batch that another thread makes. The signal's number arrives in a pipe at once
    (``signal.set_wakeup_fd``). Where somebody else has set that already, as asyncio does, it stays
    theirs, and Ctrl-C takes until the batch is made.
    """

    def __init__(self) -> None:
        self._pipe: tuple[int, int] | None = None
        self._came = 0.0
        self._next_look = 0.0

    def watch(self) -> None:
        """Have SIGINT noticed from now on; only the main thread can do that."""
        if self._pipe is not None or threading.current_thread() is not threading.main_thread():
            return
        pipe = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        before = signal.set_wakeup_fd(pipe[1], warn_on_full_buffer=False)
        if before == -1:
            self._pipe = pipe
            return
        signal.set_wakeup_fd(before)
        for end in pipe:
            os.close(end)

    def refuse_if_since(self, began: float) -> None:
        """Raise if Ctrl-C was pressed a moment ago, and after a time by ``time.monotonic``.

        Raises:
            Interrupted: if it was.
        """
        now = time.monotonic()
        if now >= self._next_look:
            self._next_look = now + TICK
            self._look(now)
        if self._came > began and now - self._came > GRACE:
            raise Interrupted("interrupted by Ctrl-C")

    def _look(self, now: float) -> None:
        if self._pipe is None:
            return
        with contextlib.suppress(BlockingIOError):
            if signal.SIGINT in os.read(self._pipe[0], 4096):
                self._came = now


INTERRUPTS: Final = Interrupts()
"""Those of this process."""
