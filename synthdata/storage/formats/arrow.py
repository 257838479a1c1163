"""The values of one feature as an Arrow column, as Hugging Face's ``datasets`` reads it, and back.

It imports ``pyarrow``; only ``parquet`` imports it, and only when it writes or reads.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from synthdata.features import ClassLabel, Feature, Image, Mask, Text
from synthdata.storage.encoding import Codec, Encoding


class Column(ABC):
    """How the values of one feature lie in a column.

    Attributes:
        type: of Arrow.
        described: what ``datasets`` takes it for, as JSON in its metadata.
    """

    type: pa.DataType
    described: dict[str, Any]

    def stored(self, value: Any) -> tuple[Any, int]:
        """Return what is kept of a value until it is written, and its bytes."""
        array = np.array(value)
        return array, array.nbytes

    @abstractmethod
    def array(self, stored: Sequence[Any]) -> pa.Array:
        """Return the column of what is stored of several values."""

    @abstractmethod
    def value(self, array: pa.Array, place: int) -> Any:
        """Return the value at a place, as the check of a sample had stored it.

        Raises:
            ValueError: if it is no such value.
        """


def column(feature: Feature, encoding: Encoding) -> Column:
    """Return how a feature lies in a column.

    - Images and masks: the bytes of a file, an ``Image`` to ``datasets``; of ``.npy`` files, where
      no image file holds them or ``encoding`` says so, mere bytes.
    - Texts are strings, numbers numbers, classes numbers with names.
    - Arrays and polygons are nested lists; but where two dimensions or more vary, a struct of
      ``shape`` and ``values``, for the lists do not tell the second size where the first is zero.

    Args:
        feature: what the values are.
        encoding: the choice for images.
    """
    if isinstance(feature, Image | Mask):
        return FileColumn(encoding.codec(feature))
    if isinstance(feature, Text):
        return TextColumn()
    if feature.jagged:
        return PolygonColumn(feature)
    if sum(size is None for size in feature.static_shape) > 1:
        return ShapedColumn(feature)
    return ListColumn(feature)


class FileColumn(Column):
    """Images as the bytes of files."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._raw = codec.name == "raw"
        files = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
        self.type = pa.binary() if self._raw else files
        self.described = _number("binary") if self._raw else {"_type": "Image"}

    def stored(self, value: Any) -> tuple[Any, int]:
        """Return the bytes of the file."""
        data = self._codec.encode(value)
        return data, len(data)

    def array(self, stored: Sequence[Any]) -> pa.Array:
        """Return the column of files, which have no path."""
        data = pa.array(stored, pa.binary())
        if self._raw:
            return data
        return pa.StructArray.from_arrays(
            [data, pa.nulls(len(data), pa.string())], fields=list(self.type)
        )

    def value(self, array: pa.Array, place: int) -> Any:
        """Decode the file at a place."""
        data = array if self._raw else array.field("bytes")
        return self._codec.decode(data[place].as_py())


class TextColumn(Column):
    """Texts as strings."""

    type = pa.string()
    described = {"dtype": "string", "_type": "Value"}

    def stored(self, value: Any) -> tuple[Any, int]:
        """Return the text, and its bytes of UTF-8 at the most."""
        return value, 4 * len(value)

    def array(self, stored: Sequence[Any]) -> pa.Array:
        """Return the column of texts."""
        return pa.array(stored, pa.string())

    def value(self, array: pa.Array, place: int) -> Any:
        """Return the text at a place."""
        return array[place].as_py()


class ListColumn(Column):
    """Numbers, or arrays of which at most one dimension varies, as lists in lists."""

    def __init__(self, feature: Feature) -> None:
        self._dtype = np.dtype(feature.dtype)
        self._sizes = feature.static_shape
        self.type, self.described = _numbers(feature)
        for _ in self._sizes:
            self.type, self.described = _listed(self.type, self.described)

    def array(self, stored: Sequence[Any]) -> pa.Array:
        """Return the column of lists."""
        shapes = np.array([value.shape for value in stored], np.int64)
        return _nested(_flat(stored, self._dtype), shapes.reshape(len(stored), len(self._sizes)))

    def value(self, array: pa.Array, place: int) -> Any:
        """Return the array at a place, or the NumPy scalar."""
        part = array.slice(place, 1)
        for _ in self._sizes:
            part = part.flatten()
        return _reshaped(part, self._dtype, [-1 if size is None else size for size in self._sizes])


class ShapedColumn(Column):
    """Arrays of which several dimensions vary, as their shape and all their elements."""

    def __init__(self, feature: Feature) -> None:
        self._dtype = np.dtype(feature.dtype)
        numbers = _listed(*_numbers(feature))
        sizes = _listed(pa.int32(), _number("int32"))
        self.type = pa.struct([("shape", sizes[0]), ("values", numbers[0])])
        self.described = {"shape": sizes[1], "values": numbers[1]}

    def array(self, stored: Sequence[Any]) -> pa.Array:
        """Return the column of structs."""
        shapes = [np.array(value.shape, np.int32) for value in stored]
        parts = [_lists(shapes, np.dtype(np.int32)), _lists(stored, self._dtype)]
        return pa.StructArray.from_arrays(parts, fields=list(self.type))

    def value(self, array: pa.Array, place: int) -> Any:
        """Return the array at a place."""
        shape = array.field("shape").slice(place, 1).flatten().to_pylist()
        return _reshaped(array.field("values").slice(place, 1).flatten(), self._dtype, shape)


class PolygonColumn(Column):
    """Polygons as lists of lists of x and y."""

    def __init__(self, feature: Feature) -> None:
        self._dtype = np.dtype(feature.dtype)
        self._point = feature.bound[2:]
        self.type, self.described = _numbers(feature)
        for _ in feature.shape:
            self.type, self.described = _listed(self.type, self.described)

    def stored(self, value: Any) -> tuple[Any, int]:
        """Return copies of the polygons."""
        return [polygon.copy() for polygon in value], sum(polygon.nbytes for polygon in value)

    def array(self, stored: Sequence[Any]) -> pa.Array:
        """Return the column of polygons."""
        polygons = [polygon for value in stored for polygon in value]
        shapes = np.array([polygon.shape for polygon in polygons], np.int64)
        points = _nested(
            _flat(polygons, self._dtype), shapes.reshape(len(polygons), 1 + len(self._point))
        )
        return _cut(points, np.array([len(value) for value in stored], np.int64))

    def value(self, array: pa.Array, place: int) -> Any:
        """Return the polygons at a place."""
        polygons = array.slice(place, 1).flatten()
        ends = np.cumsum(polygons.value_lengths().to_numpy(zero_copy_only=False))
        points = _reshaped(polygons.flatten().flatten(), self._dtype, [-1, *self._point])
        return [part.copy() for part in np.split(points, ends)[:-1]]


def _number(dtype: str) -> dict[str, Any]:
    return {"dtype": dtype, "_type": "Value"}


def _numbers(feature: Feature) -> tuple[pa.DataType, dict[str, Any]]:
    """The type of one element, and what ``datasets`` takes it for."""
    kind = pa.from_numpy_dtype(np.dtype(feature.dtype))
    if isinstance(feature, ClassLabel):
        return kind, {"names": list(feature.names), "_type": "ClassLabel"}
    return kind, _number(feature.dtype)


def _listed(kind: pa.DataType, described: dict[str, Any]) -> tuple[pa.DataType, dict[str, Any]]:
    # Versions of datasets before 4 know no "List"; later ones still take a "Sequence" for it.
    return pa.list_(kind), {"feature": described, "length": -1, "_type": "Sequence"}


def _flat(values: Sequence[NDArray[Any]], dtype: np.dtype[Any]) -> pa.Array:
    """All elements of arrays, one after the other."""
    parts = [value.reshape(-1) for value in values]
    return pa.array(np.concatenate([np.empty(0, dtype), *parts]))


def _lists(values: Sequence[NDArray[Any]], dtype: np.dtype[Any]) -> pa.Array:
    """A list of its elements for each array."""
    return _cut(_flat(values, dtype), np.array([value.size for value in values], np.int64))


def _cut(array: pa.Array, lengths: NDArray[np.int64]) -> pa.Array:
    """Lists of these lengths."""
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), array)


def _nested(flat: pa.Array, shapes: NDArray[np.int64]) -> pa.Array:
    """Lists in lists of all elements, from the innermost to the outermost.

    Args:
        flat: the elements.
        shapes: of each row, (rows, rank).
    """
    for axis in reversed(range(shapes.shape[1])):
        lists = shapes[:, :axis].prod(1)
        flat = _cut(flat, np.repeat(shapes[:, axis], lists))
    return flat


def _reshaped(flat: pa.Array, dtype: np.dtype[Any], shape: Sequence[int]) -> Any:
    """The elements as an array of their own, or the one element where the shape is empty."""
    array = flat.to_numpy(zero_copy_only=False).astype(dtype, copy=True)
    return array.reshape(shape)[()] if not shape else array.reshape(shape)
