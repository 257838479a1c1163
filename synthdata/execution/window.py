"""Which batches to make ahead of being asked for."""

from __future__ import annotations

from typing import Final, Protocol

QUEUE: Final = 3
"""Batches that a worker has to do at most: one at hand, and others so that it does not wait."""

RECENT: Final = 8
"""Requests after which an iterator that asked for none of them is taken to be gone."""


class Foresight(Protocol):
    """Which batches will be asked for next."""

    def ask(self, number: int) -> None:
        """Take notice that a batch is asked for."""
        ...

    def ahead(self) -> list[int]:
        """Return the numbers to be made ahead, those wanted soonest first."""
        ...


class Told:
    """The batches that somebody has said will be asked for; threads may share it."""

    def __init__(self) -> None:
        self._told: dict[int, None] = {}

    def tell(self, number: int) -> None:
        """Take notice that a batch will be asked for."""
        self._told[number] = None

    def ask(self, number: int) -> None:
        """Take notice that a batch is asked for."""
        self._told.pop(number, None)

    def ahead(self) -> list[int]:
        """Return the numbers to be made ahead, those wanted soonest first."""
        return list(self._told)


class Window:
    """The batches that will be asked for next, foreseen from those that were.

    Each iterator over a data set asks for its batches by ascending numbers, from wherever it
    began. Requests do not say whose they are; one that follows an earlier one is taken for its
    successor. A wrong guess costs time and changes no batch.

    Args:
        batches: of the data set.
        depth: how many batches to make ahead, shared between the iterators at work.
    """

    def __init__(self, batches: int, depth: int) -> None:
        self._batches = batches
        self._depth = depth
        self._requests = 0
        self._asked: dict[int, int] = {}  # next number of an iterator -> its last request

    def ask(self, number: int) -> None:
        """Take notice that a batch is asked for."""
        self._requests += 1
        self._asked.pop(number, None)
        self._asked.pop(number + 1, None)  # so that it becomes the latest
        if number + 1 < self._batches:  # one at its end wants nothing
            self._asked[number + 1] = self._requests
        if len(self._asked) > 1:
            oldest = self._requests - RECENT
            self._asked = {key: last for key, last in self._asked.items() if last > oldest}

    def ahead(self) -> list[int]:
        """Return the numbers to be made ahead, those wanted soonest first."""
        each = max(self._depth // max(len(self._asked), 1), 1)
        return [
            following + distance
            for distance in range(each)
            for following in reversed(self._asked)
            if following + distance < self._batches
        ]
