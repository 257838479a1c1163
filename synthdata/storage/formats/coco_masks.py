"""Masks of instances as the run lengths of COCO, an object each, and back."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthdata.storage.formats.entries import got


@dataclass(frozen=True, slots=True, eq=False)
class Pixels:
    """The pixels of one object: runs down the columns of the image, one column after the other.

    Attributes:
        height, width: of the image, in pixels.
        starts: where the runs begin, ascending, (runs,) int64; none of an object that is hidden.
        stops: where they end, half-open, and not where another one begins.
    """

    height: int
    width: int
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]

    @property
    def area(self) -> int:
        """How many they are."""
        return int((self.stops - self.starts).sum())

    @property
    def box(self) -> NDArray[np.int64]:
        """x0, y0, x1, y1 tight around them, half-open; zeros where there are none."""
        if not len(self.starts):
            return np.zeros(4, np.int64)
        (x0, top), (x1, bottom) = (
            np.divmod(ends, self.height) for ends in (self.starts, self.stops - 1)
        )
        y0, y1 = top.min(), bottom.max()
        if (x0 < x1).any():  # a run that goes on in the next column
            y0, y1 = 0, self.height - 1
        return np.array([x0[0], y0, x1[-1] + 1, y1 + 1], np.int64)

    @property
    def segmentation(self) -> dict[str, Any]:
        """COCO's, uncompressed: lengths of what is not and what is of the object, in turn."""
        size = self.height * self.width
        counts = _lengths(self.starts, self.stops, size).tolist()
        # Nothing after the last run is left out, as COCO's own tools do.
        counts = counts if counts[-1] else counts[:-1]
        return {"size": [self.height, self.width], "counts": counts}


def hidden(height: int, width: int) -> Pixels:
    """Return the pixels of an object that is not seen."""
    return Pixels(height, width, np.zeros(0, np.int64), np.zeros(0, np.int64))


def pixels_of(mask: NDArray[Any]) -> dict[int, Pixels]:
    """Return the pixels of each object by its number, ascending.

    Args:
        mask: (height, width) of integers, 0 where there is no object; one pixel or more.
    """
    flat, (height, width) = mask.ravel(order="F"), mask.shape
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    starts = np.concatenate([[0], edges])
    stops = np.concatenate([edges, [flat.size]])
    order = np.argsort(flat[starts], kind="stable")
    numbers, firsts = np.unique(flat[starts][order], return_index=True)
    return {
        int(number): Pixels(height, width, starts[runs], stops[runs])
        for number, runs in zip(numbers, np.split(order, firsts[1:]), strict=True)
        if number
    }


def mask_of(
    segmentations: Iterable[tuple[int, Mapping[str, Any]]], height: int, width: int, dtype: str
) -> NDArray[Any]:
    """Return the mask whose objects have these numbers and segmentations.

    Args:
        segmentations: as ``Pixels`` makes them, each with its number.
        height: of the image, in pixels.
        width: of the image, in pixels.
        dtype: of the mask.

    Returns:
        (height, width).

    Raises:
        ValueError: if they are not of this image, or lie over each other; it and others if one is
            no segmentation.
    """
    # Begins with a run of nothing, for there may be no other.
    size, numbers = height * width, [0]
    starts, stops = [np.zeros(1, np.int64)], [np.zeros(1, np.int64)]
    for number, segmentation in segmentations:
        ends = _ends(segmentation, height, width)
        stops.append(ends[1::2])
        starts.append(ends[::2][: len(stops[-1])])
        numbers += [operator.index(number)] * len(stops[-1])
    first, last = np.concatenate(starts), np.concatenate(stops)
    order = np.argsort(first, kind="stable")
    lengths = _lengths(first[order], last[order], size)
    if (lengths < 0).any():
        raise ValueError("segmentations lie over each other")
    values = np.zeros(len(lengths), dtype)
    values[1::2] = np.array(numbers, dtype)[order]
    return np.ascontiguousarray(np.repeat(values, lengths).reshape(width, height).T)


def _ends(segmentation: Mapping[str, Any], height: int, width: int) -> NDArray[np.int64]:
    """Where each run of a segmentation ends."""
    counts = np.array(got(segmentation, ("counts",)))
    if counts.dtype.kind != "i" or counts.ndim != 1 or (counts < 0).any():
        raise ValueError("run lengths are integers from 0")
    ends: NDArray[np.int64] = np.cumsum(counts, dtype=np.int64)
    size = got(segmentation, ("size",))
    if size != [height, width] or ends[-1] != height * width:
        raise ValueError(
            f"run lengths are of {ends[-1]} pixels and size {size}, but the image has {height} × "
            f"{width}"
        )
    return ends


def _lengths(starts: NDArray[np.int64], stops: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Lengths of runs and of what is around them, in turn; the first and last may be 0."""
    bounds = np.stack([starts, stops], axis=1).ravel()
    return np.diff(np.concatenate([[0], bounds, [size]]))
