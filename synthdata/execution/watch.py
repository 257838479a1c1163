"""What a worker is doing, left in shared memory for whoever waits for it."""

from __future__ import annotations

import time

from synthdata.execution.messages import Fatal
from synthdata.execution.slab import (
    DONE,
    ENDING,
    IDLE,
    IDLE_SINCE,
    KEY,
    NOTHING,
    ROWS,
    STARTED,
)
from synthdata.seeding import MAX_INDEX


class Watch:
    """Leaves word in shared memory of what this worker is doing, for the case that it dies of it.

    Args:
        line: the worker's line in the slab.

    Attributes:
        fatal: samples that are not to be drawn again.
    """

    def __init__(self, line: memoryview) -> None:
        self._line = line
        self.fatal: Fatal = {}
        self.rest()

    def before(self, index: int, attempt: int, count: int) -> None:
        """Note that samples begin, from this one on.

        Raises:
            SampleError: if it is one that workers died of.
            SystemExit: if this worker is to end.
        """
        line = self._line
        if line[ENDING]:
            raise SystemExit
        if self.fatal and (error := self.fatal.get((index, attempt))) is not None:
            raise error
        line[ROWS] = count
        line[STARTED] = time.monotonic_ns()
        line[KEY] = index | attempt << MAX_INDEX.bit_length()

    def rest(self) -> None:
        """Note that no sample is being made."""
        self._line[KEY] = NOTHING

    def advance(self, done: int) -> None:
        """Note how many samples of the request at hand are done."""
        self._line[DONE] = done

    def idle(self) -> None:
        """Note that there is no work from now on."""
        self._line[IDLE_SINCE] = time.monotonic_ns()

    def busy(self) -> None:
        """Note that there is work again."""
        self._line[IDLE] += time.monotonic_ns() - self._line[IDLE_SINCE]
        self._line[IDLE_SINCE] = 0
