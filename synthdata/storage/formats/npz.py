"""NumPy's own ``.npz`` files: an array a feature, read by ``np.load`` and by nothing more."""

from __future__ import annotations

import errno
import mmap
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from synthdata.errors import FormatError
from synthdata.output import Leaf, Output
from synthdata.storage.format import Format, ShardReader, ShardWriter
from synthdata.storage.formats.stacking import layout, stacked, unstacked
from synthdata.storage.shard import Shard

KEY: Final = "key"
"""Names the array of the places of the samples in their split; no feature has this path."""

_DAMAGE: Final = (
    ValueError,
    KeyError,
    EOFError,
    NotImplementedError,  # a method of compression that there is not
    OSError,
    RuntimeError,  # a flag says that it is encrypted
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What ``zipfile`` and NumPy raise of files that are damaged."""

Arrays: TypeAlias = dict[str, NDArray[Any]]


class Npz(Format):
    """Shards ``train-00000-of-00004.npz`` of arrays named by the path of a feature.

    ``np.load(file)["metadata/radius"]`` has the values of all samples of the shard, images too:
    as they are, not encoded. What varies in size has a second array, as ``stacking.stacked`` says.
    ``key`` has the place of each sample in its split.
    """

    name = "npz"
    random_access = True

    def check(self) -> None:
        """Refuse an encoding: arrays are kept as they are."""
        if self.encoding.name not in ("png", "raw"):
            raise FormatError(
                f"format 'npz' keeps images as arrays, without loss: encoding="
                f"{self.encoding.name!r} means nothing to it; leave it out, or take another format"
            )

    def writer(self, shard: Shard, folder: Path) -> ShardWriter:
        """Return what writes the file; it holds the values of the shard until the end."""
        return NpzWriter(self.output, folder / f"{shard.stem}.npz")

    def reader(self, shard: Shard, folder: Path) -> ShardReader:
        """Return what reads the file, after its checksums were looked at."""
        return NpzReader(self.output, folder / f"{shard.stem}.npz")


class NpzWriter(ShardWriter):
    """Writes the arrays of one shard, one after the other, not compressed."""

    def __init__(self, output: Output, path: Path) -> None:
        self._leaves = output.leaves
        self._keys: list[int] = []
        self._values: list[list[Any]] = [[] for _ in self._leaves]
        self._archive = zipfile.ZipFile(path, "w", zipfile.ZIP_STORED)

    def add(self, key: str, values: list[Any]) -> None:
        """Keep the values of one sample."""
        self._keys.append(int(key))
        for kept, value in zip(self._values, values, strict=True):
            kept.append(_copy(value))

    def finish(self) -> None:
        """Write all arrays."""
        self._write(KEY, np.array(self._keys, np.int64))
        for place, leaf in enumerate(self._leaves):
            arrays = stacked(leaf.feature, self._values[place])
            self._values[place] = []
            for ending, array in arrays.items():
                self._write(_array_name(leaf) + ending, array)

    def close(self) -> None:
        """Close the file."""
        self._archive.close()

    def _write(self, name: str, array: NDArray[Any]) -> None:
        # A ZipInfo made by hand is of 1980 and not of now.
        member = zipfile.ZipInfo(f"{name}.npy")
        with self._archive.open(member, "w", force_zip64=True) as stream:
            np.lib.format.write_array(stream, array, allow_pickle=False)


class NpzReader(ShardReader):
    """Samples by views of the file in memory, of which the system keeps what is used."""

    def __init__(self, output: Output, path: Path) -> None:
        with path.open("rb") as file:
            try:
                arrays = _arrays(file)
                self._samples = len(_expected(arrays, KEY, (np.dtype(np.int64), 1)))
                self._values = [_values(leaf, arrays, self._samples) for leaf in output.leaves]
            except _DAMAGE as error:
                # An offset that leads nowhere is EINVAL; other OSErrors are the disk's.
                if isinstance(error, OSError) and error.errno != errno.EINVAL:
                    raise
                raise ValueError(f"{path} is not such an .npz file: {error}") from error

    def __len__(self) -> int:
        """How many samples the file has."""
        return self._samples

    def __getitem__(self, place: int) -> list[Any]:
        """Return copies of the values of one sample."""
        if not 0 <= place < self._samples:
            raise IndexError(f"sample {place} of {self._samples}")
        return [value(place) for value in self._values]

    def close(self) -> None:
        """Let go of the views, and with them of the file."""
        self._values = []


def _copy(value: Any) -> Any:
    if isinstance(value, list):
        return [polygon.copy() for polygon in value]
    return value.copy() if isinstance(value, np.ndarray) else value


def _array_name(leaf: Leaf) -> str:
    return "/".join(leaf.path)


def _values(leaf: Leaf, arrays: Arrays, samples: int) -> Any:
    expected = layout(leaf.feature)
    name = _array_name(leaf)
    parts = {ending: _expected(arrays, name + ending, kind) for ending, kind in expected.items()}
    try:
        return unstacked(leaf.feature, parts, samples)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def _expected(arrays: Arrays, name: str, kind: tuple[np.dtype[Any], int]) -> NDArray[Any]:
    if name not in arrays:
        raise ValueError(f"array {name} is missing, there are {sorted(arrays)}")
    array = arrays[name]
    if (array.dtype, array.ndim) != kind:
        raise ValueError(
            f"array {name} is of {array.dtype} and {array.ndim} dimensions, expected are "
            f"{kind[0]} and {kind[1]}"
        )
    return array


def _arrays(file: BinaryIO) -> Arrays:
    """Return views of all arrays of a file, after the checksums of all were looked at."""
    with zipfile.ZipFile(file) as archive:
        damaged = archive.testzip()
        members = archive.infolist()
    if damaged is not None:
        raise ValueError(f"the checksum of {damaged} is wrong")
    buffer = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return {member.filename.removesuffix(".npy"): _view(file, member, buffer) for member in members}


def _view(file: BinaryIO, member: zipfile.ZipInfo, buffer: mmap.mmap) -> NDArray[Any]:
    if member.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{member.filename} is compressed, which synthdata does not do")
    # Of 30 bytes before a member, the last four are the sizes of its name and of what follows it.
    file.seek(member.header_offset + 26)
    file.seek(sum(struct.unpack("<HH", file.read(4))), 1)
    np.lib.format.read_magic(file)
    shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    count = int(np.prod(shape, dtype=np.int64))
    return np.frombuffer(buffer, dtype, count, file.tell()).reshape(shape)
