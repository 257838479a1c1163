"""The format "arrayrecord": Examples in ArrayRecord files, made for reading in any order."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any, Final

from synthdata.storage.format import ShardReader, ShardWriter, needed
from synthdata.storage.formats.example import Examples
from synthdata.storage.formats.tfds import TfdsFormat
from synthdata.storage.shard import Shard

_WRITER: Final = "group_size:1,uncompressed"
"""Each record by itself, for reading in any order; images are compressed already."""

_READER: Final = "readahead_buffer_size:0"
"""Nothing is read ahead of what is asked for."""


class ArrayRecord(TfdsFormat):
    """One file a shard, at least 128 KiB long; TFDS opens it by ``as_data_source``."""

    name = "arrayrecord"
    random_access = True
    suffix = "array_record"
    deep = False

    def check(self) -> None:
        """Plan how each feature is held.

        Raises:
            FormatError: if array-record is not installed.
        """
        try:
            import array_record.python.array_record_module  # noqa: F401
        except ImportError as error:
            raise needed("array-record", self.name, self.name) from error
        super().check()

    def writer(self, shard: Shard, folder: Path) -> ArrayRecordWriter:
        """Return what writes a shard."""
        return ArrayRecordWriter(self.path(shard, folder), self.examples)

    def reader(self, shard: Shard, folder: Path) -> ArrayRecordReader:
        """Return what reads a shard."""
        return ArrayRecordReader(self.path(shard, folder), self.examples)


class ArrayRecordWriter(ShardWriter):
    """Writes one file.

    Args:
        path: of the file.
        examples: from values to bytes.
    """

    def __init__(self, path: Path, examples: Examples) -> None:
        from array_record.python import array_record_module

        path.touch()  # raises what the library would say as a RuntimeError
        self._examples = examples
        self._writer = array_record_module.ArrayRecordWriter(str(path), _WRITER)

    def add(self, key: str, values: list[Any]) -> None:
        """Write one record."""
        self._writer.write(self._examples.pack(values))

    def finish(self) -> None:
        """Write the index of records, and close the file."""
        self.close()

    def close(self) -> None:
        """Close the file."""
        if self._writer.is_open():
            try:
                self._writer.close()
            except RuntimeError as error:
                raise _as_os_error(error) from error


class ArrayRecordReader(ShardReader):
    """Reads one file, in its order or in any; the library checks what it reads.

    Args:
        path: of the file.
        examples: from bytes to values.
    """

    def __init__(self, path: Path, examples: Examples) -> None:
        from array_record.python import array_record_module

        path.open("rb").close()  # raises what the library would say as a RuntimeError
        self._path = path
        self._examples = examples
        self._reader = array_record_module.ArrayRecordReader(str(path), _READER)
        if not self._reader.ok():
            raise ValueError(f"{path} is damaged: no whole ArrayRecord file; make it again")

    def __len__(self) -> int:
        """How many records the file has."""
        count: int = self._reader.num_records()
        return count

    def __getitem__(self, place: int) -> list[Any]:
        """Return the values of one sample."""
        if not 0 <= place < len(self):
            raise IndexError(f"{self._path} has {len(self)} samples, but {place} is asked for")
        try:
            (data,) = self._reader.read([place])
        except RuntimeError as error:
            raise ValueError(f"{self._path} is damaged: {error}; make it again") from error
        return self._examples.unpack(data)

    def close(self) -> None:
        """Close the file."""
        self._reader.close()


def _as_os_error(error: RuntimeError) -> OSError:
    """The error with the number that the library only has in words, such as of a full disk."""
    words = str(error)
    number = next((code for code in errno.errorcode if os.strerror(code) in words), errno.EIO)
    return OSError(number, words)
