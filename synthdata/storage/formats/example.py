"""How samples lie in Examples: which entries a leaf has, and its value in them, and back.

The entries are those that TensorFlow Datasets has for its own features. They are plain data: a
parser in TensorFlow's graph can be built from them, and this module imports no TensorFlow.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthdata.features import ClassLabel, Image, Mask, Text
from synthdata.output import Leaf, Output
from synthdata.storage.encoding import Codec, Encoding
from synthdata.storage.formats.message import Entry, Kind, Payload, pack, unpack


class Packing(ABC):
    """How one leaf lies in an Example.

    Attributes:
        leaf: the feature at its place.
        entries: where its value lies, in the order of the payloads.
    """

    def __init__(self, leaf: Leaf, *entries: Entry) -> None:
        self.leaf = leaf
        self.entries = entries

    @abstractmethod
    def pack(self, value: Any) -> Sequence[Payload]:
        """Return what the entries hold of a value."""

    @abstractmethod
    def unpack(self, payloads: Sequence[Payload]) -> Any:
        """Return the value.

        Raises:
            ValueError: if the payloads are of no such value.
        """


class Numbers(Packing):
    """Numbers in a flat list, row by row; at most one dimension varies.

    float32 is a list of floats; bool, integers and classes are lists of int64.
    """

    def __init__(self, leaf: Leaf) -> None:
        feature = leaf.feature
        kind: Kind = "float" if feature.dtype == "float32" else "int64"
        count = None if feature.varying else int(np.prod(feature.bound))
        super().__init__(leaf, Entry(_key(leaf), kind, count))
        self._dtype = np.dtype(feature.dtype)
        self._shape = [-1 if size is None else size for size in feature.static_shape]

    def pack(self, value: Any) -> Sequence[Payload]:
        """Return the one list."""
        array = np.asarray(value)
        if self.entries[0].kind == "float":
            return (_little(array, array.dtype).tobytes(),)
        return (array.ravel().astype(np.int64).tolist(),)

    def unpack(self, payloads: Sequence[Payload]) -> Any:
        """Return an array, or a NumPy scalar."""
        (payload,) = payloads
        if self.entries[0].kind == "float":
            array = _from_bytes(payload, self._dtype, self._dtype)
        else:
            array = np.array(payload, np.int64).astype(self._dtype)
        return array.reshape(self._shape)[()]


class Raw(Packing):
    """The bytes of an array, row by row, little-endian.

    Where several dimensions vary, ``…/shape`` has all sizes, and ``…/value`` the bytes.

    Attributes:
        stored: the dtype of the bytes, which is the feature's, but for uint32 that lies here as
            int64: TensorFlow's ``decode_raw`` does not know uint32. It does not know uint64
            either; there it is int64 with the same bits.
    """

    def __init__(self, leaf: Leaf) -> None:
        feature, key = leaf.feature, _key(leaf)
        self.stored = "int64" if feature.dtype == "uint32" else feature.dtype
        self._dtype = np.dtype(feature.dtype)
        self._shape = [-1 if size is None else size for size in feature.static_shape]
        self.shaped = self._shape.count(-1) > 1
        if self.shaped:
            rank = len(self._shape)
            entries: tuple[Entry, ...] = (
                Entry(f"{key}/shape", "int64", rank),
                Entry(f"{key}/value", "bytes", 1),
            )
        else:
            entries = (Entry(key, "bytes", 1),)
        super().__init__(leaf, *entries)

    def pack(self, value: Any) -> Sequence[Payload]:
        """Return the bytes, after the shape if it is kept."""
        array = np.asarray(value)
        data = _little(array, np.dtype(self.stored)).tobytes()
        return (list(array.shape), data) if self.shaped else (data,)

    def unpack(self, payloads: Sequence[Payload]) -> Any:
        """Return an array, or a NumPy scalar."""
        array = _from_bytes(payloads[-1], np.dtype(self.stored), self._dtype)
        return array.reshape(payloads[0] if self.shaped else self._shape)[()]


class File(Packing):
    """An image or mask as the bytes of a file.

    An image without pixels, which there may be where height or width vary, is a ``.npy`` file.

    Attributes:
        codec: makes and reads the file; PNG, JPEG or WebP.
    """

    def __init__(self, leaf: Leaf, codec: Codec) -> None:
        super().__init__(leaf, Entry(_key(leaf), "bytes", 1))
        self.codec = codec

    def pack(self, value: NDArray[Any]) -> Sequence[Payload]:
        """Return the file."""
        return (self.codec.encode(value),)

    def unpack(self, payloads: Sequence[Payload]) -> NDArray[Any]:
        """Return the array."""
        return self.codec.decode(payloads[0])


class String(Packing):
    """A text as the bytes of its UTF-8."""

    def __init__(self, leaf: Leaf) -> None:
        super().__init__(leaf, Entry(_key(leaf), "bytes", 1))

    def pack(self, value: str) -> Sequence[Payload]:
        """Return the bytes."""
        return (value.encode(),)

    def unpack(self, payloads: Sequence[Payload]) -> str:
        """Return the text."""
        text: str = payloads[0].decode()
        return text


class Rows(Packing):
    """A list of float32 arrays, as polygons are: the rows of all, and how many each has."""

    def __init__(self, leaf: Leaf) -> None:
        key = _key(leaf)
        super().__init__(
            leaf,
            Entry(f"{key}/ragged_flat_values", "float", None),
            Entry(f"{key}/ragged_row_lengths_0", "int64", None),
        )
        self._dtype = np.dtype(leaf.feature.dtype)
        self._inner = leaf.feature.bound[2:]

    def pack(self, value: Sequence[NDArray[Any]]) -> Sequence[Payload]:
        """Return the rows and the lengths."""
        flat = b"".join(_little(item, self._dtype).tobytes() for item in value)
        return flat, [len(item) for item in value]

    def unpack(self, payloads: Sequence[Payload]) -> list[NDArray[Any]]:
        """Return the arrays."""
        flat, lengths = payloads
        rows = _from_bytes(flat, self._dtype, self._dtype).reshape(-1, *self._inner)
        if sum(lengths) != len(rows):
            raise ValueError(f"{self.leaf.name}: lengths {lengths} of {len(rows)} rows in all")
        ends = np.cumsum(lengths, dtype=np.int64).tolist()
        starts = [0, *ends]
        return [rows[start:end].copy() for start, end in zip(starts, ends, strict=False)]


class Examples:
    """From the values of samples of one Output to the bytes of Examples, and back.

    Args:
        output: what each sample holds.
        encoding: the choice for its images.
        deep: whether images of 16 bits may be files, which TFDS without TensorFlow cannot read.

    Attributes:
        packings: of its leaves, in their order.
        entries: of all of them.
    """

    def __init__(self, output: Output, encoding: Encoding, *, deep: bool = True) -> None:
        self.packings = tuple(packing(leaf, encoding, deep=deep) for leaf in output.leaves)
        self.entries = [entry for each in self.packings for entry in each.entries]

    def pack(self, values: Sequence[Any]) -> bytes:
        """Return the bytes of a sample, the same for the same values."""
        payloads: list[Payload] = []
        for each, value in zip(self.packings, values, strict=True):
            payloads += each.pack(value)
        return pack(self.entries, payloads)

    def unpack(self, data: bytes) -> list[Any]:
        """Return the values of a sample.

        Raises:
            ValueError: if the bytes are none of this Output.
        """
        payloads = iter(unpack(self.entries, data))
        return [each.unpack([next(payloads) for _ in each.entries]) for each in self.packings]


def packing(leaf: Leaf, encoding: Encoding, *, deep: bool = True) -> Packing:
    """Return how a leaf lies in an Example, so that nothing of it is lost.

    Args:
        leaf: the feature at its place.
        encoding: the choice for images.
        deep: as of Examples.
    """
    feature = leaf.feature
    if isinstance(feature, Text):
        return String(leaf)
    if feature.jagged:
        return Rows(leaf)
    if isinstance(feature, Image | Mask):
        codec = encoding.codec(feature)
        return File(leaf, codec) if _is_file(codec, feature, deep) else Raw(leaf)
    if isinstance(feature, ClassLabel):
        return Numbers(leaf)
    if feature.static_shape.count(None) > 1 or feature.dtype in ("float16", "float64", "uint64"):
        return Raw(leaf)
    # Small integers in bulk would take up to ten bytes each in a list.
    listed = not feature.shape or feature.dtype in ("float32", "uint32")
    return Numbers(leaf) if listed else Raw(leaf)


def _is_file(codec: Codec, feature: Image | Mask, deep: bool) -> bool:
    if codec.name == "raw" or (feature.dtype != "uint8" and not deep):
        return False
    # TensorFlow decodes PNG files of 1, 3 and 4 channels.
    return isinstance(feature, Mask) or feature.channels != 2


def _key(leaf: Leaf) -> str:
    return "/".join(leaf.path)


def _little(array: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    return array.astype(dtype.newbyteorder("<"), copy=False)


def _from_bytes(data: bytes, stored: np.dtype[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """An array of its own, since the bytes' may not be written to."""
    return np.frombuffer(data, stored.newbyteorder("<")).astype(dtype)
