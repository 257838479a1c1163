"""The objects of a sample as lines of a YOLO label file, and back."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from decimal import Context, Decimal, DecimalException
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from synthdata.features import Keypoints
from synthdata.output import Leaf
from synthdata.storage.formats.objects import Objects

_EXACT: Final = Context(prec=80)
"""More digits than tell the smallest float32, 1e-45, beside the width of the largest image."""

_MINUS_ZERO: Final = Decimal("-1e-60")
"""What float32 rounds to −0.0, which no sum of a centre and a half width is."""


class Labels:
    """Makes the lines of samples, and reads the values back.

    Of a box it is ``class cx cy w h``, then ``x y visibility`` of each keypoint; of an outline
    ``class x y x y …``; x over the width of the image, y over its height. Numbers are doubles
    with all their digits, or decimals of more digits where doubles do not tell the float32
    values apart (a box from 1e-30 to 5), so that these come back exactly.

    Args:
        leaves: of the Output.
        objects: which of them are the objects'; they have boxes or polygons.
    """

    def __init__(self, leaves: Sequence[Leaf], objects: Objects) -> None:
        self._leaves = leaves
        self._objects = objects

    def text(self, values: list[Any], height: int, width: int) -> str:
        """Return the content of a label file.

        Args:
            values: of all leaves.
            height: of the image, in pixels.
            width: of the image, in pixels.

        Raises:
            ValueError: if there are more of one feature than of another.
        """
        count = self._objects.count(self._leaves, values)
        rows = (self._row(values, number, height, width) for number in range(count))
        return "".join(f"{' '.join(row)}\n" for row in rows)

    def _row(self, values: list[Any], number: int, height: int, width: int) -> Iterable[str]:
        objects = self._objects
        yield "0" if objects.classes is None else str(int(values[objects.classes][number]))
        if objects.polygons is not None:
            yield from _scaled(values[objects.polygons][number], height, width)
            return
        assert objects.boxes is not None
        x0, y0, x1, y1 = values[objects.boxes][number]
        (cx, w), (cy, h) = _span(x0, x1, width), _span(y0, y1, height)
        yield from (cx, cy, w, h)
        if objects.keypoints is not None:
            for point in values[objects.keypoints][number]:
                yield from _scaled(point[None, :2], height, width)
                yield repr(float(point[2])) if _is_minus_zero(point[2]) else str(int(point[2]))

    def read(
        self, rows: list[bytes], path: Path, values: list[Any], height: int, width: int
    ) -> None:
        """Set the values of the objects, each at its place.

        Args:
            rows: the lines of a label file.
            path: of the file, for messages.
            values: of all leaves.
            height: of the image, in pixels.
            width: of the image, in pixels.

        Raises:
            ValueError: if a line is not as ``text`` made it.
        """
        try:
            self._read([row.split() for row in rows], values, height, width)
        except (ValueError, IndexError, DecimalException) as error:
            raise ValueError(f"{path} is damaged: {error}") from error

    def _read(self, rows: list[list[bytes]], values: list[Any], height: int, width: int) -> None:
        objects = self._objects
        if objects.classes is not None:
            values[objects.classes] = np.array([int(row[0]) for row in rows], np.int64)
        if objects.polygons is not None:
            values[objects.polygons] = [_pixels(row[1:], height, width) for row in rows]
            return
        assert objects.boxes is not None
        boxes = [_corners(row[1:5], height, width) for row in rows]
        values[objects.boxes] = np.array(boxes, np.float32).reshape(len(rows), 4)
        if objects.keypoints is not None:
            feature = self._leaves[objects.keypoints].feature
            assert isinstance(feature, Keypoints)
            points = np.empty((len(rows), feature.points, 3), np.float32)
            for number, row in enumerate(rows):
                found = np.array([float(text) for text in row[5:]]).reshape(-1, 3)
                points[number] = found * (width, height, 1)
            values[objects.keypoints] = points


def _scaled(points: NDArray[np.float32], height: int, width: int) -> Iterable[str]:
    """Points (n, 2) as parts of the image's size; doubles tell them apart."""
    for x, y in (points.astype(np.float64) / (width, height)).tolist():
        yield repr(x)
        yield repr(y)


def _pixels(row: list[bytes], height: int, width: int) -> NDArray[np.float32]:
    points = np.array([float(text) for text in row]).reshape(-1, 2) * (width, height)
    return points.astype(np.float32)


def _span(low: np.float32, high: np.float32, size: int) -> tuple[str, str]:
    """The centre and the length between two corners, as parts of the image's size."""
    low_, high_ = _decimal(low), _decimal(high)
    centre = _EXACT.divide(_EXACT.add(low_, high_), Decimal(2 * size))
    length = _EXACT.divide(_EXACT.subtract(high_, low_), Decimal(size))
    across = repr(float(length))
    # A box that begins at 0 does so exactly if the centre is half of the length, in decimals.
    half = str(_EXACT.divide(Decimal(across), Decimal(2)))
    short = half if low_ == 0 else repr(float(centre)), across
    return short if _ends(*short, size) == _bits(low, high) else (str(centre), str(length))


def _corners(row: list[bytes], height: int, width: int) -> list[np.float32]:
    cx, cy, w, h = (text.decode() for text in row)
    (x0, x1), (y0, y1) = _limits(cx, w, width), _limits(cy, h, height)
    return [x0, y0, x1, y1]


def _limits(centre: str, length: str, size: int) -> tuple[np.float32, np.float32]:
    """The corners between which a centre and a length lie."""
    middle = _EXACT.multiply(Decimal(centre), Decimal(size))
    half = _EXACT.divide(_EXACT.multiply(Decimal(length), Decimal(size)), Decimal(2))
    low, high = _EXACT.subtract(middle, half), _EXACT.add(middle, half)
    return np.float32(float(low)), np.float32(float(high))


def _ends(centre: str, length: str, size: int) -> bytes:
    return _bits(*_limits(centre, length, size))


def _bits(low: np.float32, high: np.float32) -> bytes:
    return low.tobytes() + high.tobytes()


def _decimal(value: np.float32) -> Decimal:
    return _MINUS_ZERO if _is_minus_zero(value) else Decimal(float(value))


def _is_minus_zero(value: np.float32) -> bool:
    return float(value) == 0 and math.copysign(1, value) < 0
