"""Small batches that are made several at a time, so that the way in between costs each less."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from numpy.typing import NDArray

from synthdata.plan import Plan

MOST: Final = 16
"""Batches in a bundle."""

SIZE: Final = 8 << 20
"""Bytes of a bundle of several batches."""

SINGLY: Final = 64
"""Batches at the beginning that are made one by one. The next as many come by twos, then twice as
many by fours, and so on: a bundle is a thirtieth of what came before at the most, so that a slow
generator's batches come nearly as evenly as they are made.
"""


def together(room: int) -> int:
    """Return how many batches are made at a time.

    Args:
        room: bytes of a batch.
    """
    return max(1, min(SIZE // room, MOST))


class Bundles:
    """A function from the number of a bundle to the indices of its samples, in constant time.

    A bundle is one batch or several that follow each other; executors make it as a batch. Where
    they begin depends on nothing but the plan and ``together``, so that a checkpoint fits whatever
    makes them. The first ``SINGLY`` have one batch each, and the others ever more.

    Args:
        plan: which samples each batch holds.
        together: how many batches a bundle is to have in the end. A last batch that is not full
            has a bundle of its own.

    Attributes:
        plan: as given.
        together: batches in a bundle at the most.
        batch_size: samples a bundle at the most.
        samples: in all of them.
        endless: whether there is no last bundle.

    >>> from synthdata.order import Order
    >>> bundles = Bundles(Plan(Order(1000, 0, shuffle=False), stop=1000, batch_size=3), 8)
    >>> len(bundles), bundles.indices(63), bundles.indices(64).size, bundles.indices(138)
    (139, array([189, 190, 191]), 6, array([999]))
    """

    def __init__(self, plan: Plan, together: int) -> None:
        self.plan = plan
        self.samples, self.endless = plan.samples, plan.endless
        self._batches = len(plan)
        self._full = self._batches if plan.full else self._batches - 1
        self._stretches = list(_stretches(self._full, together))
        sizes = (min(size, self._full - first) for _, first, size in self._stretches)
        self.together = max(1, *sizes)
        self.batch_size = plan.batch_size * self.together
        number, first, size = self._stretches[-1]
        self._ends = number - (first - self._full) // size

    def __len__(self) -> int:
        """The number of bundles."""
        return self._ends + self._batches - self._full

    def indices(self, number: int) -> NDArray[Any]:
        """Return the indices of the samples of one bundle.

        Args:
            number: of the bundle, from 0.

        Returns:
            int64 vector.
        """
        return self.plan.between(self._first(number), self._first(number + 1))

    def _first(self, number: int) -> int:
        """Return the number of a bundle's first batch."""
        if number > self._ends:
            return self._batches
        begin, first, size = max(stretch for stretch in self._stretches if stretch[0] <= number)
        return min(first + (number - begin) * size, self._full)


def _stretches(batches: int, together: int) -> Iterator[tuple[int, int, int]]:
    """Yield stretches of bundles of one size: the first bundle, the first batch, and the size."""
    number = first = 0
    size = 1
    while size < together and SINGLY * size < batches:
        yield number, first, size
        count = (SINGLY * size - first) // size
        number, first, size = number + count, first + count * size, min(2 * size, together)
    yield number, first, size
