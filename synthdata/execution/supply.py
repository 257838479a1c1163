"""How many batches are on their way between worker processes and the consumer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from synthdata.execution.window import QUEUE

LATE: Final = 3
"""Slots for the batch that is trained on, and for one or two that TensorFlow gives back late."""

SMALL_BATCH: Final = 2 << 20
"""Bytes of a batch of which many are kept on their way."""


@dataclass(frozen=True, slots=True)
class Supply:
    """How many batches are on their way.

    Attributes:
        queue: batches that a worker has to do at most.
        prefetched: batches that TensorFlow holds ready.
    """

    queue: int
    prefetched: int

    def slots(self, workers: int) -> int:
        """Return how many batches there should be memory for."""
        return self.queue * workers + self.prefetched + LATE

    def ahead(self, workers: int, slots: int) -> int:
        """Return how many batches are made ahead of being asked for.

        Args:
            workers: how many make them.
            slots: how many batches there is memory for.
        """
        return min(self.queue * workers, slots - 1)


USUAL: Final = Supply(queue=QUEUE, prefetched=2)

AMPLE: Final = Supply(queue=2 * QUEUE, prefetched=6)
"""Of small batches: they are made and taken several at a time, so that the threads and processes
along the way wake less often."""


def supply_for(slots: int, workers: int) -> Supply:
    """Return the supply that there is memory for.

    Args:
        slots: how many batches there is memory for.
        workers: how many make them.
    """
    return AMPLE if slots >= AMPLE.slots(workers) else USUAL


def useful_slots(room: int, workers: int) -> int:
    """Return how many batches there should be memory for.

    Args:
        room: bytes of a batch.
        workers: how many make them.
    """
    return (AMPLE if room <= SMALL_BATCH else USUAL).slots(workers)
