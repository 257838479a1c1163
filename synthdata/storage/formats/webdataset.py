"""Tar files as WebDataset reads them: the files of a sample share a name up to its first point."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from synthdata.storage.format import Format, ShardReader, ShardWriter
from synthdata.storage.formats.sample_files import SampleFiles, ambiguous
from synthdata.storage.shard import Shard

Members: TypeAlias = Mapping[str, tuple[int, int]]
"""Of one sample: from the ending of a member's name to its first byte and its size."""


class WebDataset(Format):
    """Shards ``train-00000-of-00004.tar`` of members ``000000003.png``, ``.cls``, ``.json``.

    ``sample_files`` tells which members a sample has. No library is needed.
    """

    name = "webdataset"
    random_access = True

    def check(self) -> None:
        """Refuse images whose members would differ in nothing but capital letters."""
        self.refuse(ambiguous(self.output))

    def writer(self, shard: Shard, folder: Path) -> ShardWriter:
        """Return what writes the tar file."""
        return TarWriter(SampleFiles(self.output, self.encoding), folder / f"{shard.stem}.tar")

    def reader(self, shard: Shard, folder: Path) -> ShardReader:
        """Return what reads the tar file, after one look at all its headers."""
        return TarReader(SampleFiles(self.output, self.encoding), folder / f"{shard.stem}.tar")


class TarWriter(ShardWriter):
    """Writes a tar file in which nothing tells who wrote it, where, or when."""

    def __init__(self, files: SampleFiles, path: Path) -> None:
        self._files = files
        self._file = path.open("wb")
        # PAX is USTAR but for names of more than 100 bytes.
        self._archive = tarfile.TarFile(fileobj=self._file, mode="w", format=tarfile.PAX_FORMAT)

    def add(self, key: str, values: list[Any]) -> None:
        """Write the members of one sample."""
        for ending, data in self._files.encode(values):
            member = tarfile.TarInfo(f"{key}.{ending}")
            member.size = len(data)
            self._archive.addfile(member, io.BytesIO(data))

    def finish(self) -> None:
        """Write the zeros at the end, without which no reader takes the file for whole."""
        self._archive.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class TarReader(ShardReader):
    """Samples by the places of their members, which the headers tell."""

    def __init__(self, files: SampleFiles, path: Path) -> None:
        self._files = files
        self._path = path
        self._file = path.open("rb")
        try:
            self._samples = list(_members(self._file).items())
        except (ValueError, tarfile.TarError) as error:
            self._file.close()
            raise ValueError(f"{path} is no whole tar file: {error}") from error

    def __len__(self) -> int:
        """How many samples the file has."""
        return len(self._samples)

    def __getitem__(self, place: int) -> list[Any]:
        """Read and decode the members of one sample."""
        key, members = self._samples[place]
        try:
            return self._files.decode(members.keys(), self._bytes(members))
        except ValueError as error:
            raise ValueError(f"{self._path}, members {key}.*: {error}") from error

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _bytes(self, members: Members) -> Callable[[str], bytes]:
        def read(ending: str) -> bytes:
            start, size = members[ending]
            return os.pread(self._file.fileno(), size, start)

        return read


def _members(file: BinaryIO) -> dict[str, Members]:
    """Return where the members of each sample lie, in the order of the file."""
    samples: dict[str, dict[str, tuple[int, int]]] = {}
    end = 0
    with tarfile.open(fileobj=file, mode="r:") as archive:
        for member in archive:
            key, _, ending = member.name.partition(".")
            samples.setdefault(key, {})[ending] = (member.offset_data, member.size)
            end = member.offset_data + member.size + -member.size % tarfile.BLOCKSIZE
    # tarfile takes a damaged header, or the end of a cut file, for the end of the archive.
    file.seek(end)
    if file.read(2 * tarfile.BLOCKSIZE) != bytes(2 * tarfile.BLOCKSIZE):
        raise ValueError(f"two blocks of zeros are expected after byte {end}, the last member's")
    return dict(samples)
