"""The references: plain Python loops that stack batches, without TensorFlow and without a check."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from itertools import repeat
from typing import Any

from workloads import RNG, Workload


def plain(work: Workload, rows: int) -> Callable[[], Iterator[Any]]:
    """Stack new batches."""
    return lambda: (work.batch(rows) for _ in repeat(None))


def frozen(work: Workload, rows: int) -> Callable[[], Iterator[Any]]:
    """Stack new batches, and spare garbage collection what was there before."""
    gc.collect()
    gc.freeze()
    return plain(work, rows)


def fill(work: Workload, rows: int) -> Callable[[], Iterator[Any]]:
    """Draw into one batch, again and again."""
    draw = work.into
    assert draw is not None

    def batches() -> Iterator[Any]:
        images, labels = work.empty(rows)
        while True:
            for row in range(rows):
                labels[row] = draw(RNG, images[row])
            yield images, labels

    gc.collect()
    gc.freeze()
    return batches
