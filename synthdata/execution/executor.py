"""What every executor does: the number of a batch in, the batch out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from synthdata.execution.maker import Made


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What an executor has counted so far.

    Attributes:
        idle: seconds that workers had nothing to do, of all workers together.
        slots: batches that there is memory for.
        slots_in_use: those that are being made, wait for a consumer, or are held by one.
        memory: bytes of all slots.
        restarts: of workers that died.
        copies: batches that were copied, since consumers held too many.
        overflows: batches with an array that did not fit into its slot.
        pids: of worker processes.
    """

    idle: float = 0.0
    slots: int = 0
    slots_in_use: int = 0
    memory: int = 0
    restarts: int = 0
    copies: int = 0
    overflows: int = 0
    pids: tuple[int, ...] = ()


class Executor(Protocol):
    """Makes batches, on whichever threads, processes or machines.

    Attributes:
        name: as ``build`` calls it.
        workers: how many threads or processes make batches.
    """

    name: str
    workers: int

    def open(self) -> None:
        """Start what is needed, so that what cannot start shows before the first batch.

        Raises:
            SynthDataError: if it cannot start.
        """
        ...

    def batch(self, number: int) -> Made:
        """Make a batch, or wait for it.

        Args:
            number: of the batch in the plan.

        Returns:
            The batch, or the error of a sample in it.

        Raises:
            WorkerError: if there is nobody to make it.
            InterpreterExit: if the interpreter exits meanwhile.
        """
        ...

    def close(self) -> None:
        """Release workers and memory; the next batch starts them again.

        Finalizers call this, in whichever thread: it must not wait for a batch at hand.
        """
        ...

    def telemetry(self) -> Telemetry:
        """Return what was counted so far."""
        ...
