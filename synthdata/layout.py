"""How the samples of a batch lie in arrays: one column a feature, stacked, padded or ragged."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, MutableSequence, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from synthdata.features import Feature, Text, UpTo
from synthdata.output import Leaf, Output

Variable: TypeAlias = Literal["pad", "ragged"]
"""What becomes of a dimension that varies: filled up to its bound, or ragged."""

ALIGNMENT: Final = 64
"""Bytes. TensorFlow takes an array without a copy only if it starts at a multiple of this."""


Take: TypeAlias = Callable[[tuple[int, ...], np.dtype[Any]], NDArray[Any]]
"""From a shape and a dtype to an uninitialised array that starts at a multiple of 64 bytes."""

TEXT_ROOM: Final = 256
"""Bytes that a text takes in a batch's room, where more are declared: few use them all."""

RAGGED_ROOM: Final = 1 << 20
"""Bytes that a ragged feature takes in a batch's room, where its upper bound is more than that."""


@dataclass(frozen=True, slots=True)
class Part:
    """One array of a column.

    Attributes:
        dtype: name of the dtype, or ``string``.
        shape: with None where the size is known only of each batch; the first is the rows'.
    """

    dtype: str
    shape: tuple[int | None, ...]


class Column(ABC):
    """How one feature of a batch is collected, and the arrays that come of it.

    Attributes:
        leaf: the feature at its place.
        parts: the arrays that ``arrays`` returns.
    """

    def __init__(self, leaf: Leaf, parts: tuple[Part, ...]) -> None:
        self.leaf = leaf
        self.parts = parts

    def store(self, rows: int, take: Take) -> Any:
        """Return something to put the rows' values into, by ``store[row] = value``."""
        rows_of_values: MutableSequence[Any] = [None] * rows
        return rows_of_values

    @abstractmethod
    def arrays(self, store: Any, take: Take) -> list[NDArray[Any]]:
        """Turn a filled store into arrays, as ``parts`` describes them.

        Args:
            store: what ``store`` returned, or its first rows.
            take: gives the arrays.
        """

    def room(self, rows: int) -> int:
        """Return the bytes to reserve for so many rows.

        They are the upper bound for features of fixed size and for padded ones. Of texts and
        ragged features they are what is usual; a batch that needs more takes arrays elsewhere.
        """
        feature = self.leaf.feature
        return aligned_size((rows, *feature.bound), np.dtype(feature.dtype))


class Stacked(Column):
    """A feature of fixed size: its values are written straight into the batch's array."""

    def __init__(self, leaf: Leaf) -> None:
        feature = leaf.feature
        super().__init__(leaf, (Part(feature.dtype, (None, *feature.bound)),))
        self._dtype, self._shape = np.dtype(feature.dtype), feature.bound

    def store(self, rows: int, take: Take) -> NDArray[Any]:
        """Return the batch's array, not yet filled."""
        return take((rows, *self._shape), self._dtype)

    def arrays(self, store: NDArray[Any], take: Take) -> list[NDArray[Any]]:
        """Return the array."""
        return [store]


class Strings(Column):
    """Text: bytes of UTF-8 in an object array, which is what TensorFlow makes strings of."""

    def __init__(self, leaf: Leaf) -> None:
        super().__init__(leaf, (Part("string", (None,)),))

    def arrays(self, store: Sequence[str], take: Take) -> list[NDArray[Any]]:
        """Return the array."""
        encoded = np.empty(len(store), object)
        encoded[:] = [text.encode() for text in store]
        return [encoded]

    def room(self, rows: int) -> int:
        """Return the bytes of the texts, and of the length of each."""
        assert isinstance(self.leaf.feature, Text)
        longest = min(self.leaf.feature.max_bytes, TEXT_ROOM)
        return aligned_size((rows,), np.dtype(np.int64)) + aligned_size(
            (rows, longest), np.dtype(np.uint8)
        )


class Padded(Column):
    """A feature that varies, filled with its padding up to the upper bound."""

    def __init__(self, leaf: Leaf) -> None:
        feature = leaf.feature
        super().__init__(leaf, (Part(feature.dtype, (None, *feature.bound)),))

    def arrays(self, store: Sequence[Any], take: Take) -> list[NDArray[Any]]:
        """Return the padded array."""
        feature = self.leaf.feature
        batch = take((len(store), *feature.bound), np.dtype(feature.dtype))
        batch.fill(feature.padding)
        for row, value in zip(batch, store, strict=True):
            if feature.jagged:
                for place, item in zip(row, value, strict=False):
                    place[tuple(slice(size) for size in item.shape)] = item
            else:
                row[tuple(slice(size) for size in value.shape)] = value
        return [batch]


class Ragged(Column):
    """A feature that varies, as one array of all its rows and the lengths of each dimension.

    Attributes:
        levels: the dimensions up to the last that varies, from the outermost: a size, or None
            where the next of ``arrays[1:]`` holds the lengths.
    """

    def __init__(self, leaf: Leaf) -> None:
        feature = leaf.feature
        varying = [axis for axis, dim in enumerate(feature.shape) if isinstance(dim, UpTo)]
        self.levels = feature.static_shape[: varying[-1] + 1]
        self._inner = feature.bound[varying[-1] + 1 :]
        flat = Part(feature.dtype, (None, *self._inner))
        super().__init__(leaf, (flat, *(Part("int64", (None,)) for _ in varying)))

    def arrays(self, store: Sequence[Any], take: Take) -> list[NDArray[Any]]:
        """Return the rows of all samples in one array, and the lengths of each varying level."""
        feature: Feature = self.leaf.feature
        lengths: list[list[int]] = [[] for _ in self.levels]
        flat: list[NDArray[Any]] = []
        for value in store:
            if feature.jagged:
                lengths[0].append(len(value))
                lengths[1] += [len(item) for item in value]
                flat += value
            else:
                repeat = 1
                for level, size in zip(lengths, value.shape, strict=False):
                    level += [size] * repeat
                    repeat *= size
                flat.append(value.reshape(-1, *self._inner))
        rows = take((sum(map(len, flat)), *self._inner), np.dtype(feature.dtype))
        if flat:
            np.concatenate(flat, out=rows)
        return [
            rows,
            *(
                _filled(level, take)
                for level, size in zip(lengths, self.levels, strict=True)
                if size is None
            ),
        ]

    def room(self, rows: int) -> int:
        """Return the bytes of the rows and of the lengths, within ``RAGGED_ROOM``."""
        most, count = super().room(rows), rows
        for size, bound in zip(self.levels, self.leaf.feature.bound, strict=False):
            if size is None:
                most += aligned_size((count,), np.dtype(np.int64))
            count *= bound
        return min(most, RAGGED_ROOM)


def _filled(numbers: list[int], take: Take) -> NDArray[Any]:
    array = take((len(numbers),), np.dtype(np.int64))
    array[:] = numbers
    return array


def columns(output: Output, variable: Variable) -> tuple[Column, ...]:
    """Return the columns of an Output, in the order of ``output.leaves``.

    Args:
        output: the declaration.
        variable: what becomes of dimensions that vary.
    """

    def column(leaf: Leaf) -> Column:
        if isinstance(leaf.feature, Text):
            return Strings(leaf)
        if not leaf.feature.varying:
            return Stacked(leaf)
        return Padded(leaf) if variable == "pad" else Ragged(leaf)

    return tuple(column(leaf) for leaf in output.leaves)


def batch_room(parts: Iterable[Column], rows: int) -> int:
    """Return the bytes that the indices and the columns of a batch take; see ``Column.room``."""
    return aligned_size((rows,), np.dtype(np.int64)) + sum(part.room(rows) for part in parts)


def aligned_size(shape: tuple[int, ...], dtype: np.dtype[Any]) -> int:
    """Return the bytes of an array, up to the next multiple of 64.

    >>> aligned_size((3, 5), np.dtype("float32"))
    64
    """
    return -(-math.prod(shape) * dtype.itemsize // ALIGNMENT) * ALIGNMENT


def aligned(shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return an uninitialised array that starts at a multiple of 64 bytes.

    >>> aligned((3, 5), np.dtype("float32")).ctypes.data % ALIGNMENT
    0
    """
    size = math.prod(shape) * dtype.itemsize
    memory = np.empty(size + ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % ALIGNMENT
    return memory[start : start + size].view(dtype).reshape(shape)
