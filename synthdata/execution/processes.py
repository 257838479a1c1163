"""The executor with worker processes, which leave whole batches in shared memory."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from synthdata.errors import WorkerError
from synthdata.execution.crew import Crew
from synthdata.execution.executor import Telemetry
from synthdata.execution.gate import EXIT_GATE
from synthdata.execution.interrupts import INTERRUPTS, TICK
from synthdata.execution.maker import Made
from synthdata.execution.messages import Reply
from synthdata.execution.slab import Slab, overflowed, unpack
from synthdata.execution.window import QUEUE, Window
from synthdata.execution.work import Work, packed
from synthdata.layout import aligned

HELD: Final = 5
"""Slots for batches that consumers hold: two are prefetched, one is trained on, and TensorFlow
gives one or two back late."""


@dataclass(slots=True)
class Ticket:
    """A batch on its way.

    Attributes:
        slot: where it is made.
        reply: what the worker said, once it is made.
    """

    slot: int
    reply: Reply | None = None


class Processes:
    """Makes batches in worker processes, some ahead of being asked for.

    The object owns the shared memory and the workers, from ``open`` to ``close``. All its work is
    done in the thread that asks for a batch, under a lock: it has no thread of its own.

    Args:
        work: what the batches are made of.
        workers: how many processes.
        slots: how many batches there is memory for; at least ``workers + 2``.
        timeout: seconds that a sample may take; None is no limit.

    Attributes:
        slots: as given.
        slot_size: bytes of a batch.

    Raises:
        WorkerError: if the work cannot be sent to a process.
    """

    name = "processes"

    def __init__(self, work: Work, workers: int, slots: int, timeout: float | None) -> None:
        self.workers = workers
        self.slots = slots
        self.slot_size = work.batch_room()
        self._work = work
        self._packed = packed(work)
        self._timeout = timeout
        depth = min(QUEUE * workers, slots - 1)
        self._window = Window(len(work.plan), depth)
        self._enough = max(depth // 2, 1)
        self._most_lent = max(slots - QUEUE * workers, 1)
        # A finalizer may run in the middle of a batch, in its thread, and must then not get in.
        self._lock = threading.Lock()
        self._dropped = False
        self._slab: Slab | None = None
        self._crew: Crew | None = None
        self._tickets: dict[int, Ticket] = {}
        self._free: list[int] = []
        self._idle, self._restarts, self._copies, self._overflows = 0.0, 0, 0, 0

    def open(self) -> None:
        """Allocate the memory, start the workers, and wait for the first.

        Raises:
            WorkerError: if there is too little memory, or they cannot start.
        """
        with self._lock:
            self._open()

    def batch(self, number: int) -> Made:
        """Wait for a batch, and have those that will be asked for next made meanwhile."""
        with self._lock:
            try:
                self._open()
                return self._batch(number)
            except WorkerError:
                self._end()
                raise
            finally:
                if self._dropped:
                    self._end()

    def close(self) -> None:
        """End the workers and let go of the memory: now, or after the batch at hand.

        Finalizers call this, in whichever thread, so that it must not wait for the lock. A batch
        that TensorFlow asks for even later, ahead of an iterator that goes too, is made by new
        workers, which end with it.
        """
        self._dropped = True
        if self._lock.acquire(blocking=False):
            try:
                self._end()
            finally:
                self._lock.release()

    def _open(self) -> None:
        if self._crew is not None:
            return
        INTERRUPTS.watch()
        EXIT_GATE.at_close(self._exit)
        identity, seed = self._work.generator.identity, self._work.seed
        try:
            self._slab = Slab(self.workers, self.slots, self.slot_size)
            self._free = list(range(self.slots))
            self._crew = Crew(self._packed, identity, seed, self._slab, self._timeout)
            self._crew.start()
        except BaseException:
            self._end()
            raise

    def _end(self) -> None:
        EXIT_GATE.forget(self._exit)
        if self._crew is not None:
            self._restarts += self._crew.restarts
            self._idle += self._crew.idle
            self._crew.end()
        if self._slab is not None:
            self._slab.close()
        self._crew = self._slab = None
        self._tickets.clear()

    def _exit(self) -> None:
        with self._lock:
            self._end()

    def telemetry(self) -> Telemetry:
        """Return what was counted so far."""
        crew, slab = self._crew, self._slab
        return Telemetry(
            idle=self._idle + (crew.idle if crew else 0.0),
            slots=self.slots,
            slots_in_use=len(self._tickets) + (slab.lent if slab else 0),
            memory=self.slots * self.slot_size,
            restarts=self._restarts + (crew.restarts if crew else 0),
            copies=self._copies,
            overflows=self._overflows,
            pids=crew.pids if crew else (),
        )

    def _batch(self, number: int) -> Made:
        assert self._crew is not None
        began = time.monotonic()
        self._take_back()
        self._window.ask(number)
        wanted = [number, *self._window.ahead()]
        self._hear(0.0)
        # While enough is made, requests can wait and go out several at a time: each may wake a
        # worker, which costs as much as the rest of this.
        made = sum(ticket.reply is not None for ticket in self._tickets.values())
        if made < self._enough or number not in self._tickets:
            self._hand_out(wanted)
        while (reply := self._tickets[number].reply if number in self._tickets else None) is None:
            EXIT_GATE.refuse_if_closed()
            INTERRUPTS.refuse_if_since(began)
            self._hear(TICK)
            self._take_back()
            self._hand_out(wanted)
        return self._handed_over(self._tickets.pop(number).slot, reply)

    def _hear(self, patience: float) -> None:
        """Take note of what workers have made, and of what was lost with one that died."""
        assert self._crew is not None
        replies, lost = self._crew.news(patience)
        for reply in replies:
            self._tickets[reply.number].reply = reply
            self._overflows += overflowed(reply.made)
        for number in lost:
            self._free.append(self._tickets.pop(number).slot)

    def _take_back(self) -> None:
        assert self._slab is not None
        self._free += self._slab.returned()

    def _hand_out(self, wanted: list[int]) -> None:
        """Have workers make the batch that is asked for, then those ahead, as far as slots go."""
        assert self._crew is not None
        for number in wanted:
            if number in self._tickets:
                continue
            slot = self._slot_for(number, wanted)
            if slot is None:
                return
            if not self._crew.give(number, slot):
                self._free.append(slot)
                return
            self._tickets[number] = Ticket(slot)

    def _slot_for(self, number: int, wanted: list[int]) -> int | None:
        """Return a free slot, or one whose batch is wanted less than this one."""
        if self._free:
            return self._free.pop()
        keep = wanted if number != wanted[0] else wanted[:1]
        made = [n for n, ticket in self._tickets.items() if ticket.reply and n not in keep]
        if not made:
            return None
        # Those that nobody is foreseen to ask for, and else the one that is asked for last.
        least = max(made, key=lambda n: wanted.index(n) if n in wanted else len(wanted))
        return self._tickets.pop(least).slot

    def _handed_over(self, slot: int, reply: Reply) -> Made:
        assert self._slab is not None
        arrays: list[NDArray[Any]] = []
        if reply.error is not None:
            self._free.append(slot)
        else:
            owner = self._slab.lend(slot)
            arrays = unpack(owner, reply.made)
            if self._slab.lent > self._most_lent:
                # Consumers hold so many that the workers would have no slot to work in.
                self._copies += 1
                arrays = [_copied(array) for array in arrays]
        return Made(arrays, reply.failures, reply.drawn, reply.error)


def _copied(array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype == object:  # texts were copied already
        return array
    copy = aligned(array.shape, array.dtype)
    np.copyto(copy, array)
    return copy
