"""The samples of one data set in the cache: which are there, and the arrays of a batch of them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from synthdata.execution.failures import Failure
from synthdata.execution.maker import Made
from synthdata.layout import Column, aligned
from synthdata.storage.cache.claim import Claim
from synthdata.storage.cache.segment import PREFIX, Segment
from synthdata.storage.cache.track import counts, room, spans, tracks

logger = logging.getLogger("synthdata")

LEFT_OUT: Final = -1
"""Row of a sample that could not be made, and was skipped."""

LASTING: Final = ("ContractError", "GeneratorFailedError")
"""Errors that a sample has each time; a worker's death or a timeout may be of the machine."""


class Entry:
    """Samples of one data set, read from segments, and added to one of this object's own.

    Threads may share it. What it cannot write it leaves, with one warning; what it cannot read it
    does not have.

    Args:
        claim: holds the entry's folder, so that nobody removes it; it is released by ``close``.
        columns: of the data set's batches.
        indices: of its samples.

    Attributes:
        folder: of the entry.
        samples: how many the data set has.
        filled: how many of them are here.
        adding: whether samples are added; to be switched on.
        room: bytes that may be added.
    """

    def __init__(self, claim: Claim, columns: Sequence[Column], indices: range) -> None:
        self.folder = claim.folder
        self.samples = len(indices)
        self.filled = 0
        self.adding = False
        self.room = 0
        self._claim = claim
        self._indices = indices
        self._columns = columns
        self._tracks = tracks(columns)
        varying = sum(track.varies for track in self._tracks)
        # Zeros take no memory until they are written to.
        self._owners = np.zeros(self.samples, np.int32)  # number of the segment + 1
        self._lines = np.zeros((self.samples, 1 + 2 * varying), np.int64)
        self._segments: list[Segment] = []
        self._own: Segment | None = None
        self._failures: dict[int, list[Failure]] = {}
        # A finalizer may run in the middle of a batch, in its thread, and must then not get in.
        self._lock = threading.Lock()
        self._closed = False
        for found in sorted(self.folder.glob(f"{PREFIX}*")):
            self._load(found)

    @property
    def whole(self) -> bool:
        """Whether all samples are here."""
        return self.filled == self.samples

    def _load(self, folder: Path) -> None:
        try:
            segment = Segment.load(folder, self._tracks, self._indices)
        except (OSError, ValueError, KeyError, TypeError) as error:
            logger.warning("cache: %s is damaged and not used: %s", folder, error)
            return
        if segment is not None and len(segment.index):
            self._segments.append(segment)
            self._failures.update(segment.failures)
            self._take(segment.index, segment)

    def _take(self, lines: NDArray[np.int64], segment: Segment) -> None:
        """Take lines of a segment's index into account."""
        places = lines[:, 0] - self._indices.start
        fresh = np.unique(places[self._owners[places] == 0])
        self._lines[places] = lines[:, 1:]
        self._owners[places] = self._segments.index(segment) + 1
        self.filled += len(fresh)

    def has(self, indices: NDArray[np.int64]) -> bool:
        """Return whether all of these samples are here."""
        return bool(self._owners[indices - self._indices.start].all())

    def read(self, indices: NDArray[np.int64]) -> Made:
        """Return the batch that was made of some indices, all of which are here.

        Args:
            indices: int64 vector.
        """
        places = indices - self._indices.start
        made = np.flatnonzero(self._lines[places, 0] != LEFT_OUT)
        kept, lines, owners = indices[made], self._lines[places[made]], self._owners[places[made]]
        arrays: list[NDArray[Any]] = [aligned((len(kept),), indices.dtype)]
        arrays[0][:] = kept
        sources, place = np.unique(owners).tolist(), 1
        for number, track in enumerate(self._tracks):
            wanted, of_item, own = lines[:, 0], owners, None
            if track.varies:
                own = lines[:, place + 1]
                wanted, of_item = spans(lines[:, place], own), np.repeat(owners, own)
                place += 2
            arrays.append(track.array(self._gathered(number, sources, of_item, wanted), own))
        return Made(arrays, self._failures_of(indices), len(indices))

    def _gathered(
        self,
        number: int,
        sources: list[int],
        owners: NDArray[np.int32],
        wanted: NDArray[np.int64],
    ) -> NDArray[np.uint8]:
        """Return items of a track: which are wanted, of which segment each is, and of which any."""
        out = room(len(wanted), self._tracks[number].width)
        if not out.size:
            return out
        if len(sources) == 1:
            # "clip" lets NumPy write straight into out; the index was checked when it was loaded.
            items = self._segments[sources[0] - 1].items(number)
            return np.take(items, wanted, axis=0, out=out, mode="clip")
        for source in sources:
            there = owners == source
            out[there] = self._segments[source - 1].items(number)[wanted[there]]
        return out

    def _failures_of(self, indices: NDArray[np.int64]) -> tuple[Failure, ...]:
        if not self._failures:
            return ()
        each = (self._failures.get(index, ()) for index in indices.tolist())
        return tuple(failure for failures in each for failure in failures)

    def add(self, indices: NDArray[np.int64], made: Made) -> None:
        """Keep what is new in a batch, if there is room for it and it was made without an error.

        Args:
            indices: that the batch was made of.
            made: the batch.
        """
        if made.error is not None or not self.adding:
            return
        if any(failure.error not in LASTING for failure in made.failures):
            return
        with self._lock:
            try:
                self._add(indices, made)
                if self.whole:
                    self._finish()
            except OSError as error:
                self._stop(f"{error.strerror} ({error.filename or self.folder})")
            if self._closed:
                self._finish()

    def _add(self, indices: NDArray[np.int64], made: Made) -> None:
        missing = np.unique(indices[self._owners[indices - self._indices.start] == 0])
        if self._closed or not len(missing):
            return None
        kept, rows = np.unique(made.arrays[0], return_index=True)
        rows = np.sort(rows[np.isin(kept, missing)])
        number_of, items = self._cut(made, rows)
        size = sum(each.nbytes for each in items) + missing.size * self._lines.itemsize
        if size > self.room:
            return self._stop("it would be larger than SYNTHDATA_CACHE_LIMIT allows")
        if self._own is None:
            self._own = Segment.create(self.folder, self._tracks)
            self._segments.append(self._own)
        left_out = np.setdiff1d(missing, kept)
        failures = grouped(indices.tolist(), made.failures)
        before = self._own.size
        lines = self._own.append(made.arrays[0][rows], left_out, items, number_of, failures)
        self.room -= self._own.size - before
        self._failures.update(failures)
        self._take(lines, self._own)
        return None

    def _cut(
        self, made: Made, rows: NDArray[np.int64]
    ) -> tuple[list[NDArray[np.int64] | None], list[NDArray[np.uint8]]]:
        """Return how many items some rows of a batch have in each track, and the items."""
        total = len(made.arrays[0])
        number_of = counts(self._columns, made.arrays[1:], total)
        cut = [t.items(array) for t, array in zip(self._tracks, made.arrays[1:], strict=True)]
        if len(rows) == total:
            return number_of, cut
        for number, own in enumerate(number_of):
            if own is None:
                cut[number] = cut[number][rows]
                continue
            starts = np.cumsum(own) - own
            number_of[number] = own[rows]
            cut[number] = cut[number][spans(starts[rows], own[rows])]
        return number_of, cut

    def _stop(self, why: str) -> None:
        """Add nothing more; samples are made as they are asked for."""
        self.adding = False
        logger.warning("cache: %s keeps no more samples: %s", self.folder, why)
        self._finish()

    def _finish(self) -> None:
        """Seal and close this object's own segment; a further one may be begun."""
        own, self._own = self._own, None
        if own is None:
            return
        try:
            own.seal()
        except OSError as error:
            logger.warning("cache: %s may be lost with the power: %s", own.folder, error)
        finally:
            own.close()

    def close(self) -> None:
        """Seal what was added, and let others remove the entry; it may still be read.

        Finalizers call this, in whichever thread: it does not wait for a batch at hand.
        """
        self._closed = True
        if self._lock.acquire(blocking=False):
            try:
                self._finish()
            finally:
                self._lock.release()
        self._claim.release()


def grouped(indices: Sequence[int], failures: Sequence[Failure]) -> dict[int, list[Failure]]:
    """Return the failures of a batch by the sample for which they happened.

    Those of one sample stand together, and begin with its own first attempt; substitutes follow.

    Args:
        indices: that the batch was made of.
        failures: in their order.
    """
    firsts = {failure.index for failure in failures if not failure.attempt}
    failing = iter([index for index in indices if index in firsts])
    found: dict[int, list[Failure]] = {}
    following, at = next(failing, None), None
    for failure in failures:
        if failure.index == following and not failure.attempt:
            at, following = following, next(failing, None)
            found[at] = []
        if at is not None:
            found[at].append(failure)
    return found
