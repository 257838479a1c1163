"""The executor with worker processes, which leave whole batches in shared memory."""

from __future__ import annotations

import ctypes
from typing import Any

from synthdata.execution.ahead import Ahead
from synthdata.execution.crew import Crew
from synthdata.execution.messages import Reply
from synthdata.execution.slab import Slab
from synthdata.execution.window import QUEUE, Foresight
from synthdata.execution.work import Work, packed


class LocalTeam:
    """A crew of worker processes, and the slab that they leave batches in.

    Args:
        work: what the batches are made of.
        data: it, pickled.
        workers: how many processes.
        slots: how many batches there is memory for.
        timeout: seconds that a sample may take; None is no limit.

    Raises:
        WorkerError: if there is too little memory, or they cannot start.
    """

    def __init__(
        self, work: Work, data: bytes, workers: int, slots: int, timeout: float | None
    ) -> None:
        self._slab = Slab(workers, slots, work.batch_room())
        self._crew = Crew(data, work.generator.identity, work.seed, self._slab, timeout, QUEUE)
        try:
            self._crew.start()
        except BaseException:
            self.end()
            raise

    @property
    def restarts(self) -> int:
        """How many workers died and were replaced."""
        return self._crew.restarts

    @property
    def idle(self) -> float:
        """Seconds that workers had nothing to do, all together."""
        return self._crew.idle

    @property
    def pids(self) -> tuple[int, ...]:
        """The numbers of the processes."""
        return self._crew.pids

    @property
    def lent(self) -> int:
        """How many slots are out."""
        return self._slab.lent

    def give(self, number: int, slot: int) -> bool:
        """Ask the worker with the least to do for a batch, at ``send`` at the latest."""
        return self._crew.give(number, slot)

    def send(self) -> None:
        """Let workers begin with what was given to them."""
        self._crew.send()

    def news(self, patience: float) -> tuple[list[Reply], list[int]]:
        """Return replies, and the numbers of batches that were lost with their worker.

        Raises:
            WorkerError: if a worker cannot start.
        """
        return self._crew.news(patience)

    def lend(self, slot: int) -> ctypes.Array[Any]:
        """Return a slot's memory; when nothing refers to it any more, the slot comes back."""
        return self._slab.lend(slot)

    def returned(self) -> list[int]:
        """Return the slots that came back since the last call."""
        return self._slab.returned()

    def end(self) -> None:
        """End the workers, and let go of the memory."""
        self._crew.end()
        self._slab.close()


class Processes(Ahead):
    """Makes batches in worker processes, some ahead of being asked for.

    Args:
        work: what the batches are made of.
        workers: how many processes.
        slots: how many batches there is memory for; at least ``workers + 2``.
        timeout: seconds that a sample may take; None is no limit.
        window: foresees which batches will be asked for; None takes those that follow.

    Raises:
        WorkerError: if the work cannot be sent to a process.
    """

    name = "processes"

    def __init__(
        self,
        work: Work,
        workers: int,
        slots: int,
        timeout: float | None,
        window: Foresight | None = None,
    ) -> None:
        super().__init__(len(work.plan), workers, slots, work.batch_room(), QUEUE, window)
        self._work, self._timeout = work, timeout
        self._data = packed(work)

    def _started(self) -> LocalTeam:
        return LocalTeam(self._work, self._data, self.workers, self.slots, self._timeout)
