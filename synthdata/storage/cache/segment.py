"""The files that one process adds to an entry of the cache, and how far they can be trusted.

A batch's data are written first, and its lines of the index last: what the index names is there,
whenever the process is killed. Only a crash of the machine can lose data and keep the index, so a
segment that was not sealed (brought to the disk, and its sizes recorded) counts until the next
boot.
"""

from __future__ import annotations

import json
import mmap
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from io import FileIO
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from synthdata.execution.failures import Failure
from synthdata.storage.cache.track import Track
from synthdata.storage.disk import sync

PREFIX: Final = "segment-"
"""What the names of segments' folders begin with."""

INDEX: Final = "index"
FAILURES: Final = "failures.jsonl"
BOOT: Final = "boot"
SEAL: Final = "sealed.json"

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


def boot() -> str:
    """Return what names the time since the machine was started; empty if nothing does."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return ""


def lines(folder: Path, width: int) -> NDArray[np.int64] | None:
    """Return the index of a segment, or None if it cannot be trusted.

    Args:
        folder: of the segment.
        width: numbers a line.

    Returns:
        int64 of shape (samples, width). A line is: index of the sample, its row in the tracks
        that do not vary or -1 if the sample was left out, and for each track that varies the
        number of its first item and how many it has.
    """
    try:
        sizes = json.loads((folder / SEAL).read_bytes())
    except FileNotFoundError:
        found = folder / BOOT
        if not boot() or not found.is_file() or found.read_text() != boot():
            return None
        if not (folder / INDEX).is_file():  # the last file that is made
            return None
        sizes = {}
    if any((folder / name).stat().st_size < size for name, size in sizes.items()):
        raise ValueError("a file is shorter than it was")
    index = np.fromfile(folder / INDEX, np.int64)
    return index[: len(index) // width * width].reshape(-1, width)


class Segment:
    """Items in files, one a track, an index of the samples in them, and their failures.

    Args:
        folder: of the segment.
        tracks: of the entry.

    Attributes:
        folder: as given.
        index: the lines that were there when it was opened; see ``lines``.
        failures: of samples that were left out or mended, by index.
        size: bytes that were written by this object.
    """

    def __init__(self, folder: Path, tracks: Sequence[Track]) -> None:
        self.folder = folder
        self.failures: dict[int, list[Failure]] = {}
        self.size = 0
        self._tracks = tracks
        self._widths = [track.width for track in tracks]
        self._counts = [0] * len(tracks)
        self._rows = 0
        self._maps: list[NDArray[np.uint8]] = [
            np.empty((0, width), np.uint8) for width in self._widths
        ]
        self._files: dict[str, FileIO] = {}
        varying = sum(track.varies for track in tracks)
        self.index: NDArray[np.int64] = np.empty((0, 2 + 2 * varying), np.int64)

    @classmethod
    def create(cls, entry: Path, tracks: Sequence[Track]) -> Self:
        """Begin a new segment of an entry.

        Raises:
            OSError: if it cannot be written.
        """
        segment = cls(Path(tempfile.mkdtemp(prefix=PREFIX, dir=entry)), tracks)
        try:
            (segment.folder / BOOT).write_text(boot())
            for name in (*segment._names(), FAILURES, INDEX):
                segment._files[name] = FileIO(segment.folder / name, "a+")
        except OSError:
            segment.close()
            shutil.rmtree(segment.folder, ignore_errors=True)
            raise
        return segment

    @classmethod
    def load(cls, folder: Path, tracks: Sequence[Track], indices: range) -> Self | None:
        """Open a segment that is there, or return None if it cannot be trusted.

        Args:
            folder: of the segment.
            tracks: of the entry.
            indices: that the entry may have.

        Raises:
            OSError: if a file is missing.
            ValueError: if the files do not fit each other.
        """
        segment = cls(folder, tracks)
        index = lines(folder, segment.index.shape[1])
        if index is None:
            return None
        segment.index = index
        for record in (folder / FAILURES).read_bytes().split(b"\n")[:-1]:
            segment._recall(json.loads(record))
        segment._check_index(indices)
        return segment

    def _recall(self, record: dict[str, Any]) -> None:
        self.failures[record["index"]] = [Failure(**item) for item in record["failures"]]

    def _check_index(self, indices: range) -> None:
        """Map the files, and see that they have what the index names."""
        index, place = self.index, 2
        if not len(index):
            return
        lowest, highest = index[:, 0].min(), index[:, 0].max()
        if lowest < indices.start or highest >= indices.stop or index[:, 1].min() < -1:
            raise ValueError("the index has samples that the data set does not have")
        for number, track in enumerate(self._tracks):
            self._counts[number] = int(index[:, 1].max()) + 1
            if track.varies:
                starts, counts = index[:, place], index[:, place + 1]
                if min(starts.min(), counts.min()) < 0:
                    raise ValueError("the index has negative numbers")
                self._counts[number] = int((starts + counts).max())
                place += 2
            with FileIO(self.folder / self._names()[number]) as file:
                self._map(number, file)

    def _names(self) -> list[str]:
        return [f"{number:03d}" for number in range(len(self._tracks))]

    def _map(self, number: int, file: FileIO) -> None:
        width, count = self._widths[number], self._counts[number]
        whole = os.fstat(file.fileno()).st_size // width if width else count
        if whole < count:
            raise ValueError(f"{file.name} has {whole} items of {count}")
        if not width or not whole:
            self._maps[number] = np.empty((whole, width), np.uint8)
            return
        memory = mmap.mmap(file.fileno(), whole * width, access=mmap.ACCESS_READ)
        self._maps[number] = np.frombuffer(memory, np.uint8).reshape(whole, width)

    def items(self, number: int) -> NDArray[np.uint8]:
        """Return all items of a track, as (items, width)."""
        if len(self._maps[number]) < self._counts[number]:
            self._map(number, self._files[self._names()[number]])
        return self._maps[number]

    def append(
        self,
        indices: NDArray[np.int64],
        left_out: NDArray[np.int64],
        items: Sequence[NDArray[np.uint8]],
        counts: Sequence[NDArray[np.int64] | None],
        failures: dict[int, list[Failure]],
    ) -> NDArray[np.int64]:
        """Add samples.

        Args:
            indices: of samples that were made.
            left_out: indices of those that were not.
            items: for each track, those of all samples that were made.
            counts: for each track how many each of them has; None where it is one.
            failures: of the samples, by index.

        Returns:
            The lines that were added to the index.

        Raises:
            OSError: if they could not be written. Nothing was added then, and no more can be.
        """
        made = len(indices)
        added = np.zeros((made + len(left_out), self.index.shape[1]), np.int64)
        added[:made, 0], added[made:, 0] = indices, left_out
        added[:made, 1], added[made:, 1] = np.arange(self._rows, self._rows + made), -1
        place = 2
        for number, own in enumerate(counts):
            if own is not None:
                added[:made, place] = self._counts[number] + np.cumsum(own) - own
                added[:made, place + 1] = own
                place += 2
        for name, each in zip(self._names(), items, strict=True):
            self._write(name, each.reshape(-1))
        for index, own_failures in failures.items():
            record = {"index": index, "failures": [asdict(failure) for failure in own_failures]}
            self._write(FAILURES, np.frombuffer(f"{json.dumps(record)}\n".encode(), np.uint8))
        self._write(INDEX, added.reshape(-1).view(np.uint8))
        self._counts = [have + len(each) for have, each in zip(self._counts, items, strict=True)]
        self._rows += made
        return added

    def _write(self, name: str, data: NDArray[np.uint8]) -> None:
        rest = memoryview(data)  # type: ignore[arg-type]  # mypy knows no buffers of NumPy
        while rest:
            done = self._files[name].write(rest)
            self.size += done
            rest = rest[done:]

    def seal(self) -> None:
        """Bring all to the disk, and say so: from then on the segment outlasts a power cut.

        Raises:
            OSError: if that failed.
        """
        for number in range(len(self._tracks)):
            self.items(number)
        for file in self._files.values():
            os.fsync(file.fileno())
        sizes = {name: os.fstat(file.fileno()).st_size for name, file in self._files.items()}
        draft = self.folder / f"{SEAL}.tmp"
        with draft.open("w") as text:
            json.dump(sizes, text)
            text.flush()
            os.fsync(text.fileno())
        for folder in (self.folder, self.folder.parent, self.folder.parent.parent):
            sync(folder)
        draft.replace(self.folder / SEAL)
        sync(self.folder)

    def close(self) -> None:
        """Close the files; what was added can still be read."""
        for number in range(len(self._tracks)):
            if self._files:
                self.items(number)
        for file in self._files.values():
            file.close()
        self._files = {}
