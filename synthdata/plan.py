"""Which samples each batch holds: order, epochs, shards and start, by the batch's number."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from synthdata.order import Order

LAST_POSITION: Final = 2**62
"""Samples of all epochs together, where there is no end; sums with it stay within int64."""


class Plan:
    """A function from the number of a batch to the indices of its samples, in constant time.

    A position counts samples from the first of epoch 0, through all epochs and before they are
    shared between shards. Batches run across the ends of epochs.

    Args:
        order: which sample stands at which position.
        stop: the number of positions; None is endless.
        start: leaves out so many positions at the beginning.
        shard: ``(k, n)`` takes every n-th position from the k-th.
        batch_size: samples a batch.
        drop_remainder: leaves out a last batch that is not full.

    Attributes:
        order, batch_size: as given.
        positions: all of them, as a range.
        endless: whether there is no last batch.
        full: whether each batch has ``batch_size`` samples.
        samples: in all batches.
        together: batches that are made as one; 1 here, see ``Bundles``.

    >>> plan = Plan(Order(5, 0, shuffle=False), stop=5, batch_size=2)
    >>> len(plan), plan.indices(2)
    (3, array([4]))
    """

    together: Final = 1

    def __init__(
        self,
        order: Order,
        *,
        stop: int | None,
        start: int = 0,
        shard: tuple[int, int] = (0, 1),
        batch_size: int = 1,
        drop_remainder: bool = False,
    ) -> None:
        k, n = shard
        self.order = order
        self.positions = range(start + k, LAST_POSITION if stop is None else stop, n)
        self.endless = stop is None
        self.batch_size = batch_size
        whole, rest = divmod(len(self.positions), batch_size)
        self.full = self.endless or drop_remainder or not rest
        self._batches = whole if self.full else whole + 1
        self.samples = whole * batch_size if self.full else len(self.positions)

    def __len__(self) -> int:
        """The number of batches; of an endless plan, one that nobody reaches."""
        return self._batches

    def indices(self, number: int) -> NDArray[Any]:
        """Return the indices of the samples of one batch.

        Args:
            number: of the batch, from 0.

        Returns:
            int64 vector.
        """
        return self.between(number, number + 1)

    def between(self, first: int, end: int) -> NDArray[Any]:
        """Return the indices of the samples of several batches, one after the other.

        Args:
            first: number of the first batch.
            end: number of the first that is not among them.

        Returns:
            int64 vector.
        """
        part = self.positions[first * self.batch_size : end * self.batch_size]
        return self.order.indices(np.arange(part.start, part.stop, part.step, dtype=np.int64))
