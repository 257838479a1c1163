"""The format "tfrecord": Examples in TFRecord files, which TensorFlow Datasets opens."""

from __future__ import annotations

import os
import struct
from array import array
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, Final

import google_crc32c

from synthdata.storage.format import ShardReader, ShardWriter
from synthdata.storage.formats.example import Examples
from synthdata.storage.formats.tfds import TfdsFormat
from synthdata.storage.shard import Shard

_HEAD: Final = struct.Struct("<QI")
"""The length of a record and the checksum of these 8 bytes."""

_FOOT: Final = struct.Struct("<I")
"""The checksum of the record."""

_BUFFER: Final = 1 << 20
"""Bytes that are read and written at a time."""


class TFRecord(TfdsFormat):
    """One file a shard; each record has its length and checksums around it."""

    name = "tfrecord"
    random_access = True
    suffix = "tfrecord"
    deep = True

    def writer(self, shard: Shard, folder: Path) -> TFRecordWriter:
        """Return what writes a shard."""
        return TFRecordWriter(self.path(shard, folder), self.examples)

    def reader(self, shard: Shard, folder: Path) -> TFRecordReader:
        """Return what reads a shard."""
        return TFRecordReader(self.path(shard, folder), self.examples)


class TFRecordWriter(ShardWriter):
    """Writes one file.

    Args:
        path: of the file.
        examples: from values to bytes.
    """

    def __init__(self, path: Path, examples: Examples) -> None:
        self._examples = examples
        self._file = path.open("wb", buffering=_BUFFER)

    def add(self, key: str, values: list[Any]) -> None:
        """Write one record."""
        self._file.write(framed(self._examples.pack(values)))

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class TFRecordReader(ShardReader):
    """Reads one file, in its order or in any.

    For any order the file is looked through once, when that is first asked for: lengths are
    read, records are not. Each record is checked as it is read.

    Args:
        path: of the file.
        examples: from bytes to values.
    """

    def __init__(self, path: Path, examples: Examples) -> None:
        self._path = path
        self._examples = examples
        self._file = path.open("rb", buffering=0)

    def __len__(self) -> int:
        """How many records the file has."""
        return len(self._starts)

    def __getitem__(self, place: int) -> list[Any]:
        """Return the values of one sample."""
        return self._examples.unpack(self.record(place))

    def record(self, place: int) -> bytes:
        """Return the Example of one sample, as bytes.

        Raises:
            ValueError: if it is damaged.
        """
        start = self._starts[place]
        size = _length(os.pread(self._file.fileno(), _HEAD.size, start), start, self._path)
        start += _HEAD.size
        body = os.pread(self._file.fileno(), size + _FOOT.size, start)
        return _record(body, size, start, self._path)

    def __iter__(self) -> Iterator[list[Any]]:
        """Yield the values of all samples."""
        with self._path.open("rb", buffering=_BUFFER) as file:
            for data in records(file, self._path):
                yield self._examples.unpack(data)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    @cached_property
    def _starts(self) -> array[int]:
        """Where each record starts."""
        file = self._file.fileno()
        end, start, starts = os.fstat(file).st_size, 0, array("Q")
        while start < end:
            starts.append(start)
            size = _length(os.pread(file, _HEAD.size, start), start, self._path)
            start += _HEAD.size + size + _FOOT.size
        if start > end:
            raise _damaged(
                self._path, starts[-1], f"it ends {start - end} bytes later than the file"
            )
        return starts


def framed(data: bytes) -> bytes:
    """Return a record with what TFRecord files have around it."""
    length = struct.pack("<Q", len(data))
    return b"".join((length, _FOOT.pack(masked(length)), data, _FOOT.pack(masked(data))))


def records(file: BinaryIO, path: Path) -> Iterator[bytes]:
    """Yield the records of a file.

    Args:
        file: from the start of a record on.
        path: of the file, for messages.

    Raises:
        ValueError: if a checksum is wrong or the file ends within a record.
    """
    start = 0
    while head := file.read(_HEAD.size):
        size = _length(head, start, path)
        start += _HEAD.size
        yield _record(file.read(size + _FOOT.size), size, start, path)
        start += size + _FOOT.size


def masked(data: bytes) -> int:
    """Return the checksum that TFRecord files have: CRC-32C, rotated by 15 bits, plus a constant.

    The mask is LevelDB's, so that a checksum of data with checksums in it is a good one too.

    >>> hex(masked(b""))
    '0xa282ead8'
    """
    crc: int = google_crc32c.value(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _length(head: bytes, start: int, path: Path) -> int:
    if len(head) < _HEAD.size:
        raise _damaged(path, start, "the file ends within its length")
    size, checksum = _HEAD.unpack(head)
    if masked(head[:8]) != checksum:
        raise _damaged(path, start, "the checksum of its length is wrong")
    return int(size)


def _record(body: bytes, size: int, start: int, path: Path) -> bytes:
    if len(body) < size + _FOOT.size:
        raise _damaged(path, start, f"{size} bytes are announced, and the file ends before")
    data = body[:size]
    if masked(data) != _FOOT.unpack(body[size:])[0]:
        raise _damaged(path, start, "its checksum is wrong")
    return data


def _damaged(path: Path, start: int, why: str) -> ValueError:
    return ValueError(f"{path} is damaged at the record at byte {start}: {why}; make it again")
