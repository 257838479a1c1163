"""How the rows of a batch are cut into items that lie in files one after the other, and back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from synthdata.layout import Column, Part, Ragged, Strings, aligned

_BYTE: Final = np.dtype(np.uint8)


@dataclass(frozen=True, slots=True)
class Track:
    """What one of a batch's arrays is cut into: items of one size, of which a row has some.

    Attributes:
        dtype: of the array; None of texts, whose items are bytes.
        inner: shape of an item.
        width: bytes of an item.
        varies: whether rows have different numbers of items; else each has one.
    """

    dtype: np.dtype[Any] | None
    inner: tuple[int, ...]
    width: int
    varies: bool

    @classmethod
    def of(cls, column: Column, part: Part) -> Track:
        """Return the track of one array of a column."""
        if isinstance(column, Strings):
            return cls(None, (), 1, True)
        dtype = np.dtype(part.dtype)
        inner = tuple(size for size in part.shape[1:] if size is not None)
        return cls(dtype, inner, dtype.itemsize * math.prod(inner), isinstance(column, Ragged))

    def items(self, array: NDArray[Any]) -> NDArray[np.uint8]:
        """Return the bytes of an array's items, as (items, width)."""
        if self.dtype is None:
            data = np.frombuffer(b"".join(array.tolist()), np.uint8)
        else:
            data = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        return data.reshape(len(data) if self.dtype is None else len(array), self.width)

    def array(self, items: NDArray[np.uint8], counts: NDArray[np.int64] | None) -> NDArray[Any]:
        """Return the array that ``items`` was given.

        Args:
            items: as (items, width).
            counts: how many of them each row has; None where it is one.
        """
        if self.dtype is not None:
            return items.reshape(-1).view(self.dtype).reshape(len(items), *self.inner)
        assert counts is not None  # texts vary
        data, ends = items.tobytes(), np.cumsum(counts).tolist()
        texts = np.empty(len(counts), object)
        texts[:] = [data[end - size : end] for end, size in zip(ends, counts.tolist(), strict=True)]
        return texts


def tracks(columns: Sequence[Column]) -> tuple[Track, ...]:
    """Return the track of each array that the columns have in a batch."""
    return tuple(Track.of(column, part) for column in columns for part in column.parts)


def counts(
    columns: Sequence[Column], arrays: Sequence[NDArray[Any]], rows: int
) -> list[NDArray[np.int64] | None]:
    """Return for each array of a batch how many items each row has, None where it is one.

    Args:
        columns: of the batch.
        arrays: those of the columns.
        rows: of the batch.
    """
    found: list[NDArray[np.int64] | None] = []
    for column in columns:
        own = arrays[len(found) : len(found) + len(column.parts)]
        if isinstance(column, Ragged):
            found += _ragged_counts(column, own, rows)
        elif isinstance(column, Strings):
            found.append(np.array([len(text) for text in own[0]], np.int64))
        else:
            found.append(None)
    return found


def _ragged_counts(
    column: Ragged, arrays: Sequence[NDArray[Any]], rows: int
) -> list[NDArray[np.int64]]:
    """Follow the levels down: what a row has of one is the sum of what its items have of it."""
    lengths = iter(arrays[1:])
    have = np.ones(rows, np.int64)
    found = []
    for size in column.levels:
        if size is not None:
            have = have * size
            continue
        found.append(have)
        sums = np.concatenate([[0], np.cumsum(next(lengths))])
        ends = np.cumsum(have)
        have = sums[ends] - sums[ends - have]
    return [have, *found]


def spans(starts: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the numbers ``start, start + 1, …`` of each row, one row after the other.

    >>> spans(np.array([5, 0]), np.array([2, 3])).tolist()
    [5, 6, 0, 1, 2]
    """
    before = np.cumsum(counts) - counts
    return np.repeat(starts - before, counts) + np.arange(counts.sum(), dtype=np.int64)


def room(items: int, width: int) -> NDArray[np.uint8]:
    """Return uninitialised memory for items, at a multiple of 64 bytes, as (items, width)."""
    return aligned((items * width,), _BYTE).reshape(items, width)
