"""How many batches are on their way between workers and the consumer."""

from __future__ import annotations

from typing import Final

from synthdata.bundles import Bundles
from synthdata.execution.window import QUEUE
from synthdata.plan import Plan

PREFETCHED: Final = 2
"""Batches that TensorFlow holds ready."""

LATE: Final = 3
"""Slots for the batch that is trained on, and for one or two that TensorFlow gives back late."""

LATE_BUNDLES: Final = 6
"""The same of bundles, which TensorFlow takes apart first: it holds up to three more."""


def useful_slots(plan: Plan | Bundles, workers: int, queue: int = QUEUE) -> int:
    """Return how many batches there should be memory for; there are no more than all of them.

    Args:
        plan: of the batches.
        workers: how many make them.
        queue: batches that a worker has to do at most.
    """
    late = LATE_BUNDLES if plan.together > 1 else LATE
    return min(on_their_way(workers, late, queue), len(plan) + 1)


def on_their_way(workers: int, late: int, queue: int = QUEUE) -> int:
    """Return how many batches are being made, or made, or held, where there is no end of them."""
    return queue * workers + PREFETCHED + late
