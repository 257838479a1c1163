"""Sums over numbers that are added bit by bit, kept as JSON, and merged: what statistics are of."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

MOST_BUCKETS: Final = 128
"""Of a histogram; with more values than that, neighbours share one."""

_EXACT: Final = 2**63
"""Sums below it are exact in int64."""


class Sums(ABC):
    """Sums over the numbers that were added."""

    @abstractmethod
    def add(self, numbers: NDArray[Any]) -> None:
        """Add numbers.

        Args:
            numbers: of any shape, and of the dtype that is summed here.
        """

    @abstractmethod
    def to_json(self) -> Any:
        """Return the sums as JSON has them."""

    @abstractmethod
    def merge(self, data: Any) -> None:
        """Add what was added to others.

        Args:
            data: of their ``to_json``.
        """

    @abstractmethod
    def summary(self) -> dict[str, Any]:
        """Return what a reader wants to know, as JSON has it."""


class Integers(Sums):
    """Count, sum, sum of squares, smallest and largest of integers or truth values; all exact."""

    def __init__(self) -> None:
        self._count = self._sum = self._squares = 0
        self._low: int | None = None
        self._high: int | None = None

    def add(self, numbers: NDArray[Any]) -> None:
        """Add integers or truth values of any width."""
        if not numbers.size:
            return
        low, high = int(numbers.min()), int(numbers.max())
        if numbers.size * max(-low, high, 1) ** 2 < _EXACT:
            wide = numbers.astype(np.int64)
            self.include(numbers.size, int(wide.sum()), int((wide * wide).sum()), low, high)
        else:
            listed = numbers.ravel().tolist()
            squares = sum(number * number for number in listed)
            self.include(numbers.size, sum(listed), squares, low, high)

    def include(self, count: int, total: int, squares: int, low: int, high: int) -> None:
        """Add integers by their sums.

        Args:
            count: how many, one at least.
            total: their sum.
            squares: the sum of their squares.
            low: the smallest.
            high: the largest.
        """
        self._count += count
        self._sum += total
        self._squares += squares
        self._low = low if self._low is None else min(low, self._low)
        self._high = high if self._high is None else max(high, self._high)

    def to_json(self) -> Any:
        """Return a list of five integers, the last two None without numbers."""
        return [self._count, self._sum, self._squares, self._low, self._high]

    def merge(self, data: Any) -> None:
        """Add the integers that others were given."""
        if data[0]:
            self.include(*data)

    def summary(self) -> dict[str, Any]:
        """Return count, mean, std (of the population), min and max; None without numbers."""
        mean = std = None
        if self._count:
            # Quotients of Python's integers are rounded once, however large these are.
            mean = self._sum / self._count
            spread = self._count * self._squares - self._sum**2
            std = math.sqrt(spread / self._count**2)
        return {
            "count": self._count,
            "mean": mean,
            "std": std,
            "min": self._low,
            "max": self._high,
        }


class Floats(Sums):
    """Count, mean, squared deviations, smallest and largest of floats; others are counted.

    Means and squared deviations of parts are put together by Chan, Golub and LeVeque's formula
    (1979, "Updating formulae and a pairwise algorithm for computing sample variances"), which is
    stable, and the same to the last bit for the same parts in the same order. What is beyond
    float64 becomes NaN, which is None in JSON.
    """

    def __init__(self) -> None:
        self._count = self._nan = self._infinite = 0
        self._mean = self._deviations = 0.0
        self._low, self._high = math.inf, -math.inf

    def add(self, numbers: NDArray[Any]) -> None:
        """Add floats of any width; NaN and infinities are only counted."""
        # The order of adding is that of the elements, however they lie in memory.
        floats = np.ascontiguousarray(numbers, np.float64).ravel()
        finite = np.isfinite(floats)
        if not finite.all():
            nan = int(np.isnan(floats).sum())
            self._nan += nan
            self._infinite += len(floats) - int(finite.sum()) - nan
            floats = floats[finite]
        if not len(floats):
            return
        with np.errstate(over="ignore", invalid="ignore"):
            # From the first on, so that what never changes has no deviation.
            mean = float(floats[0] + (floats - floats[0]).sum() / len(floats))
            deviations = floats - mean
            squares = float((deviations * deviations).sum())
        self._include(len(floats), mean, squares, float(floats.min()), float(floats.max()))

    def _include(self, count: int, mean: float, squares: float, low: float, high: float) -> None:
        total = self._count + count
        apart = mean - self._mean
        self._mean = self._mean + apart * (count / total) if self._count else mean
        if self._count:
            squares += apart * apart * (self._count * count / total)
        self._deviations += squares
        self._count = total
        self._low, self._high = min(low, self._low), max(high, self._high)

    def to_json(self) -> Any:
        """Return a list of seven numbers; None is a number beyond float64."""
        ends = [self._low, self._high] if self._count else [None, None]
        inner = [_or_none(self._mean), _or_none(self._deviations)]
        return [self._count, *inner, *ends, self._nan, self._infinite]

    def merge(self, data: Any) -> None:
        """Add the floats that others were given."""
        count, mean, squares, low, high, nan, infinite = data
        self._nan += nan
        self._infinite += infinite
        if count:
            self._include(count, _or_nan(mean), _or_nan(squares), low, high)

    def summary(self) -> dict[str, Any]:
        """Return count, mean, std (of the population), min, max, and how many are no numbers.

        The keys ``nan`` and ``infinite`` say how many were left out of the rest.
        """
        some = self._count > 0
        return {
            "count": self._count,
            "mean": _or_none(self._mean) if some else None,
            "std": _or_none(_root(self._deviations / self._count)) if some else None,
            "min": self._low if some else None,
            "max": self._high if some else None,
            "nan": self._nan,
            "infinite": self._infinite,
        }


class Counts(Sums):
    """How often each of some names came.

    Args:
        names: of the numbers 0, 1, …
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._counts = np.zeros(len(self.names), np.int64)

    def add(self, numbers: NDArray[Any]) -> None:
        """Count numbers from 0 to below the number of names."""
        places = numbers.ravel().astype(np.intp, copy=False)
        self.include(np.bincount(places, minlength=len(self.names)))

    def include(self, counts: Any) -> None:
        """Add the counts, one a name."""
        self._counts += counts

    def to_json(self) -> Any:
        """Return a list of counts."""
        return self._counts.tolist()

    def merge(self, data: Any) -> None:
        """Add the counts of others."""
        self.include(np.array(data, np.int64))

    def summary(self) -> dict[str, Any]:
        """Return pairs of a name and how often it came, in the order of the names."""
        pairs = zip(self.names, self._counts.tolist(), strict=True)
        return {"counts": [list(pair) for pair in pairs]}


class Histogram(Counts):
    """How often each number from 0 on came, in buckets where these would be too many.

    Args:
        most: the largest number.

    >>> histogram = Histogram(300)
    >>> histogram.add(np.array([0, 1, 2, 300]))
    >>> histogram.summary()
    {'counts': [['0–2', 3], ['300', 1]]}
    """

    def __init__(self, most: int) -> None:
        self._width = width = 1 + most // MOST_BUCKETS
        firsts = range(0, most + 1, width)
        super().__init__([_bucket(first, min(first + width - 1, most)) for first in firsts])

    def add(self, numbers: NDArray[Any]) -> None:
        """Count numbers from 0 to the largest."""
        super().add(numbers // self._width)

    def summary(self) -> dict[str, Any]:
        """Return pairs of a number, or a range as "0–2", and how often it came, if it came."""
        return {"counts": [pair for pair in super().summary()["counts"] if pair[1]]}


def sums_of(dtype: str) -> Integers | Floats:
    """Return sums for numbers of a dtype.

    >>> type(sums_of("bool")).__name__, type(sums_of("float16")).__name__
    ('Integers', 'Floats')
    """
    return Floats() if np.dtype(dtype).kind == "f" else Integers()


def _bucket(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}–{last}"


def _root(number: float) -> float:
    return math.sqrt(number) if number >= 0 else math.nan


def _or_none(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _or_nan(number: float | None) -> float:
    return math.nan if number is None else number
