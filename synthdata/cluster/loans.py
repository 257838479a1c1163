"""Batches that lie in Ray's object store, lent to whoever trains on them."""

from __future__ import annotations

import contextlib
import ctypes
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthdata.execution.gate import EXIT_GATE
from synthdata.execution.interrupts import TICK


class Loans:
    """The memory that is lent, by slots, and what is to be done once all is back."""

    def __init__(self) -> None:
        self._lent: dict[int, weakref.ref[Any]] = {}
        self._returned: deque[int] = deque()
        self._at_end: list[Callable[[], None]] = []

    @property
    def lent(self) -> int:
        """How many slots are out."""
        return len(self._lent)

    def lend(self, slot: int, memory: NDArray[np.uint8]) -> ctypes.Array[Any]:
        """Return the memory of a slot as an owner that NumPy keeps as the base of arrays.

        When nothing refers to it any more, the slot comes back, and the memory is let go.
        """
        # As in Slab.lend. What Ray gives is marked as read-only, which from_buffer refuses.
        owner = (ctypes.c_char * memory.nbytes).from_address(memory.ctypes.data)
        owner.memory = memory  # type: ignore[attr-defined]
        # Called by whichever thread drops the last array, at any time: it must not take a lock.
        self._lent[slot] = weakref.ref(owner, lambda _: self._returned.append(slot))
        return owner

    def returned(self) -> list[int]:
        """Return the slots that came back since the last call."""
        back = []
        while self._returned:
            slot = self._returned.popleft()
            del self._lent[slot]
            back.append(slot)
        return back

    def end(self, done: Callable[[], None]) -> None:
        """Lend nothing any more, and call a function once all is back, at exit at the latest.

        Args:
            done: called in this thread, or in another one later.
        """
        self._at_end.append(done)
        if EXIT_GATE.closed or self._all_back:
            self._end()
        else:
            EXIT_GATE.at_close(self._end)
            threading.Thread(target=self._end_later, daemon=True).start()

    @property
    def _all_back(self) -> bool:
        return len(self._returned) == len(self._lent)

    def _end_later(self) -> None:
        while self._at_end and not EXIT_GATE.closed:
            if self._all_back:
                self._end()
            time.sleep(TICK)

    def _end(self) -> None:
        EXIT_GATE.forget(self._end)
        with contextlib.suppress(IndexError):  # another thread was quicker
            self._at_end.pop()()
