"""Polygons as arrays of corners: their area, and what of them lies in an image."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]


def area(corners: Any) -> float:
    """Return the area of a polygon without crossings, by the shoelace formula.

    Args:
        corners: (corners, 2), x and y in pixels; fewer than three have none.

    >>> area([[0, 0], [4, 0], [4, 3]])
    6.0
    """
    outline = np.asarray(corners, np.float64).reshape(-1, 2)
    if len(outline) < 3:
        return 0.0
    x, y = (outline - outline[0]).T
    # Not a dot product, which rounds otherwise on another machine.
    return abs(math.fsum(x * np.roll(y, -1) - y * np.roll(x, -1))) / 2


def clipped(corners: Any, size: tuple[int, int]) -> Floats:
    """Return the part of a polygon inside an image.

    One edge of the image after the other cuts off what is beyond it (Sutherland, Hodgman:
    "Reentrant polygon clipping", CACM 1974); the parts of a concave polygon stay joined along the
    edge.

    Args:
        corners: (corners, 2), x and y in pixels.
        size: height and width of the image.

    Returns:
        (corners, 2), which may be none.

    >>> clipped([[-2, 1], [2, 1], [2, 3]], (4, 4)).tolist()
    [[0.0, 2.0], [0.0, 1.0], [2.0, 1.0], [2.0, 3.0]]
    """
    height, width = size
    found = np.asarray(corners, np.float64).reshape(-1, 2)
    for axis, sign, limit in ((0, 1, 0), (0, -1, -width), (1, 1, 0), (1, -1, -height)):
        found = _cut(found, axis, sign, limit)
    # Interpolation may miss an edge by a rounding error.
    return found.clip(0, [width, height])


def _cut(corners: Floats, axis: int, sign: int, limit: float) -> Floats:
    """Keep what has ``sign`` times its coordinate at ``limit`` or above."""
    inside = sign * corners[:, axis] - limit
    kept: list[Any] = []
    for place, (corner, distance) in enumerate(zip(corners, inside, strict=True)):
        before = inside[place - 1]
        if (before < 0) != (distance < 0):
            part = before / (before - distance)
            kept.append(corners[place - 1] + part * (corner - corners[place - 1]))
        if distance >= 0:
            kept.append(corner)
    return np.array(kept, np.float64).reshape(-1, 2)
