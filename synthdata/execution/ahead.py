"""Batches made ahead of being asked for, by a team of workers, in a bounded number of slots."""

from __future__ import annotations

import ctypes
import threading
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthdata.errors import SynthDataError
from synthdata.execution.executor import Telemetry
from synthdata.execution.gate import EXIT_GATE
from synthdata.execution.interrupts import INTERRUPTS, TICK
from synthdata.execution.maker import Made
from synthdata.execution.messages import Reply
from synthdata.execution.slab import overflowed, unpack
from synthdata.execution.team import Team
from synthdata.execution.window import QUEUE, Foresight, Window
from synthdata.layout import aligned


@dataclass(slots=True)
class Ticket:
    """A batch on its way.

    Attributes:
        slot: where it is made.
        reply: what the worker said, once it is made.
    """

    slot: int
    reply: Reply | None = None


class Ahead(ABC):
    """Has a team make batches, some ahead of being asked for.

    The object owns the team, from ``open`` to ``close``. All its work is done in the thread that
    asks for a batch, under a lock: it has no thread of its own.

    Args:
        batches: how many there are.
        workers: how many the team has.
        slots: how many batches there is memory for.
        slot_size: bytes of a batch.
        queue: batches that a worker has to do at most.
        window: foresees which batches will be asked for; None takes those that follow.

    Attributes:
        name: as ``build`` calls the executor.
        workers, slots, slot_size: as given.
    """

    name: str

    def __init__(
        self,
        batches: int,
        workers: int,
        slots: int,
        slot_size: int,
        queue: int,
        window: Foresight | None = None,
    ) -> None:
        self.workers, self.slots, self.slot_size = workers, slots, slot_size
        ahead = min(queue * workers, slots - 1)
        self._window = window or Window(batches, ahead)
        self._enough = max(ahead // 2, 1)
        self._most_lent = max(slots - QUEUE * workers, 1)
        # A finalizer may run in the middle of a batch, in its thread, and must then not get in.
        self._lock = threading.Lock()
        self._dropped = False
        self._team: Team | None = None
        self._tickets: dict[int, Ticket] = {}
        self._made = 0  # of the tickets
        self._free: list[int] = []
        self._idle, self._restarts, self._copies, self._overflows = 0.0, 0, 0, 0

    @abstractmethod
    def _started(self) -> Team:
        """Return a team whose first worker is ready.

        Raises:
            SynthDataError: if none can be had.
        """

    def open(self) -> None:
        """Get the memory, start the workers, and wait for the first.

        Raises:
            SynthDataError: if there is too little memory, or they cannot start.
        """
        with self._lock:
            self._open()

    def batch(self, number: int) -> Made:
        """Wait for a batch, and have those that will be asked for next made meanwhile."""
        owner, reply, is_scarce = self._packed(number)
        arrays: list[NDArray[Any]] = []
        if owner is not None:
            arrays = unpack(owner, reply.made)
            if is_scarce:
                # Consumers hold so many that the workers would have no slot to work in.
                self._copies += 1
                arrays = [_copied(array) for array in arrays]
        return Made(arrays, reply.failures, reply.drawn, reply.error)

    def packed(self, number: int) -> tuple[ctypes.Array[Any] | None, Reply]:
        """Return a batch as it lies in its slot: the memory, or None, and what is in it."""
        return self._packed(number)[:2]

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

    def telemetry(self) -> Telemetry:
        """Return what was counted so far."""
        team = self._team
        return Telemetry(
            idle=self._idle + (team.idle if team else 0.0),
            slots=self.slots,
            slots_in_use=len(self._tickets) + (team.lent if team else 0),
            memory=self.slots * self.slot_size,
            restarts=self._restarts + (team.restarts if team else 0),
            copies=self._copies,
            overflows=self._overflows,
            pids=team.pids if team else (),
        )

    def _open(self) -> None:
        if self._team is not None:
            return
        INTERRUPTS.watch()
        EXIT_GATE.at_close(self._exit)
        try:
            self._free = list(range(self.slots))
            self._team = self._started()
        except BaseException:
            self._end()
            raise

    def _end(self) -> None:
        EXIT_GATE.forget(self._exit)
        team, self._team = self._team, None
        if team is not None:
            self._restarts += team.restarts
            self._idle += team.idle
            team.end()
        self._tickets.clear()
        self._made = 0

    def _exit(self) -> None:
        with self._lock:
            self._end()

    def _packed(self, number: int) -> tuple[ctypes.Array[Any] | None, Reply, bool]:
        with self._lock:
            try:
                self._open()
                assert self._team is not None
                slot, reply = self._waited(self._team, number)
                if reply.error is not None:
                    self._free.append(slot)
                    return None, reply, False
                owner = self._team.lend(slot)
                return owner, reply, self._team.lent > self._most_lent
            except SynthDataError:
                self._end()
                raise
            finally:
                if self._dropped:
                    self._end()

    def _waited(self, team: Team, number: int) -> tuple[int, Reply]:
        began = time.monotonic()
        self._window.ask(number)
        if self._reply_to(number) is not None and self._made < self._enough:
            # While enough is made, requests can wait and go out several at a time: each may wake a
            # worker, which costs as much as the rest of this.
            self._hear(team, 0.0)
            if self._made < self._enough:
                self._hand_out(team, number)
        while (reply := self._reply_to(number)) is None:
            self._hand_out(team, number)
            self._refuse_to_wait(began)
            self._hear(team, TICK)
        self._made -= 1
        return self._tickets.pop(number).slot, reply

    def _reply_to(self, number: int) -> Reply | None:
        return self._tickets[number].reply if number in self._tickets else None

    def _refuse_to_wait(self, began: float) -> None:
        EXIT_GATE.refuse_if_closed()
        INTERRUPTS.refuse_if_since(began)

    def _hear(self, team: Team, patience: float) -> None:
        """Take note of what workers have made, and of what was lost with one that died."""
        replies, lost = team.news(patience)
        for reply in replies:
            self._tickets[reply.number].reply = reply
            self._made += 1
            self._overflows += overflowed(reply.made)
        for number in lost:
            self._free.append(self._tickets.pop(number).slot)

    def _hand_out(self, team: Team, number: int) -> None:
        """Have workers make the batch that is asked for, then those ahead, as far as slots go."""
        self._free += team.returned()
        self._give(team, [number, *self._window.ahead()])
        team.send()

    def _give(self, team: Team, wanted: list[int]) -> None:
        for number in wanted:
            if number in self._tickets:
                continue
            slot = self._slot_for(number, wanted)
            if slot is None:
                return
            if not team.give(number, slot):
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
        self._made -= 1
        return self._tickets.pop(least).slot


def _copied(array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype == object:  # texts were copied already
        return array
    copy = aligned(array.shape, array.dtype)
    np.copyto(copy, array)
    return copy
