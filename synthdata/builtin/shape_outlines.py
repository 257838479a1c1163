"""Filled outlines by name, drawn as the part of each pixel that they cover; colour is shapes.py's.

A pixel's coverage is 1/2 minus the signed distance of its centre from the outline, from 0 to 1.
The distances of disc, ring and the union and intersection of outlines are after Inigo Quilez, "2D
distance functions" (https://iquilezles.org/articles/distfunctions2d/). Polygons here are not his
exact distances but those to the lines of their sides, which keep a corner sharp and take no square
root. All is done with + − × √ on float32, which IEEE 754 rounds alike on every processor.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float32]

Outline: TypeAlias = Callable[[Floats, Floats, float, float], Floats]
"""From a row of x and a column of y, both from the centre, the radius and the direction that is
up, in radians, to the signed distance of each pixel: negative inside."""

ShapeName: TypeAlias = Literal[
    "circle", "ring", "crescent", "heart", "triangle", "square", "star", "cross"
]

SHAPES: Final[tuple[ShapeName, ...]] = get_args(ShapeName)

LEAST_RADIUS: Final = 2.0
"""In pixels. From here on each outline holds the centre of a pixel, wherever it lies."""

RING_HOLE: Final = 0.5
"""Radius of the hole of a ring of radius 1."""

CRESCENT_BITE: Final = 0.8
"""Radius of the disc that is cut out of a disc of radius 1 to leave a crescent."""

CRESCENT_OFFSET: Final = 0.5
"""Distance between the centres of these two discs."""

CROSS_ARM: Final = 3.0
"""Half the length of a bar of the cross over half its width."""

# A heart is a square and two discs around the middles of two of its sides. In halves of a side the
# centre of the smallest circle around it is (HEART_SHIFT, HEART_SHIFT) from the square's centre:
# as far from the square's corner (-1, -1) as from the far ends of the discs around (1, 0), (0, 1).
HEART_SHIFT: Final = (1 - (math.sqrt(2) - 1) ** 2) / (6 - 2 * math.sqrt(2))
HEART_HALF_SIDE: Final = 1 / (math.sqrt(2) * (1 + HEART_SHIFT))
"""Half a side of the square of a heart of radius 1."""


@dataclass(frozen=True, slots=True)
class Shape:
    """An outline at a place.

    Attributes:
        name: which outline.
        x, y: the centre, in pixels from the image's upper left corner.
        radius: of the smallest circle around it, in pixels.
        angle: by how much it is turned from upright, in degrees clockwise.
    """

    name: ShapeName
    x: float
    y: float
    radius: float
    angle: float

    def coverage(self, size: int) -> tuple[tuple[slice, slice], Floats]:
        """Draw the shape's part of an image.

        Args:
            size: side of the image in pixels.

        Returns:
            The rows and columns of the image that the shape may touch, and the part of each pixel
            there that it covers, from 0 to 1. A pixel belongs to the shape from 1/2 on.

        >>> window, coverage = Shape("circle", x=8, y=8, radius=6, angle=0).coverage(16)
        >>> window, coverage.shape, round(float(coverage.sum()))  # π·6² is 113.1
        ((slice(2, 14, None), slice(2, 14, None)), (12, 12), 113)
        """
        columns, x = _span(self.x, self.radius, size)
        rows, y = _span(self.y, self.radius, size)
        up = math.radians(self.angle - 90)
        distance = _OUTLINES[self.name](x, y[:, None], self.radius, up)
        np.subtract(0.5, distance, out=distance)
        return (rows, columns), np.clip(distance, 0, 1, out=distance)


def _span(centre: float, radius: float, size: int) -> tuple[slice, Floats]:
    """The pixels along one axis, and how far their middles are from the centre."""
    first = max(0, math.floor(centre - radius))
    last = min(size, math.ceil(centre + radius))
    return slice(first, last), np.arange(first, last, dtype=np.float32) + np.float32(0.5 - centre)


def _along(x: Floats, y: Floats, direction: float) -> Floats:
    return x * np.float32(math.cos(direction)) + y * np.float32(math.sin(direction))


def _from_point(x: Floats, y: Floats) -> Floats:
    distance = x * x + y * y
    return np.sqrt(distance, out=distance)


def _circle(x: Floats, y: Floats, radius: float, up: float) -> Floats:
    return _from_point(x, y) - radius


def _ring(x: Floats, y: Floats, radius: float, up: float) -> Floats:
    middle, half_width = radius * (1 + RING_HOLE) / 2, radius * (1 - RING_HOLE) / 2
    distance: Floats = np.abs(_from_point(x, y) - middle) - half_width
    return distance


def _crescent(x: Floats, y: Floats, radius: float, up: float) -> Floats:
    right, offset = up + math.pi / 2, radius * CRESCENT_OFFSET
    from_bite = _from_point(x - offset * math.cos(right), y - offset * math.sin(right))
    distance: Floats = np.maximum(_from_point(x, y) - radius, radius * CRESCENT_BITE - from_bite)
    return distance


def _heart(x: Floats, y: Floats, radius: float, up: float) -> Floats:
    half = radius * HEART_HALF_SIDE
    u = _along(x, y, up - math.pi / 4) + half * HEART_SHIFT
    v = _along(x, y, up + math.pi / 4) + half * HEART_SHIFT
    lobes = np.minimum(_from_point(u - half, v), _from_point(u, v - half))
    distance: Floats = np.minimum(lobes, np.maximum(np.abs(u), np.abs(v))) - half
    return distance


def _triangle(x: Floats, y: Floats, radius: float, up: float) -> Floats:
    a, b, c = (_along(x, y, up + math.pi * turn) for turn in (1, 1 / 3, -1 / 3))
    return np.maximum(np.maximum(a, b), c) - np.float32(radius / 2)


def _square(x: Floats, y: Floats, radius: float, up: float) -> Floats:
    u, v = np.abs(_along(x, y, up)), np.abs(_along(x, y, up + math.pi / 2))
    return np.maximum(u, v) - np.float32(radius / math.sqrt(2))


def _cross(x: Floats, y: Floats, radius: float, up: float) -> Floats:
    half_width = radius / math.hypot(1, CROSS_ARM)
    u, v = np.abs(_along(x, y, up)), np.abs(_along(x, y, up + math.pi / 2))
    across, lengthwise = np.minimum(u, v) - half_width, np.maximum(u, v) - half_width * CROSS_ARM
    distance: Floats = np.maximum(across, lengthwise)
    return distance


def _star(x: Floats, y: Floats, radius: float, up: float) -> Floats:
    # Five lines make a pentagram, and each tip is beyond one of them only: what is beyond two is
    # outside, so that the second largest of the five distances is the one to the outline.
    largest = _along(x, y, up)
    second = np.full_like(largest, -np.inf)
    for turn in range(1, 5):
        line = _along(x, y, up + math.tau * turn / 5)
        second = np.maximum(second, np.minimum(largest, line))
        largest = np.maximum(largest, line)
    return second - radius * math.cos(math.tau / 5)


_OUTLINES: Final[dict[ShapeName, Outline]] = {
    "circle": _circle,
    "ring": _ring,
    "crescent": _crescent,
    "heart": _heart,
    "triangle": _triangle,
    "square": _square,
    "star": _star,
    "cross": _cross,
}
