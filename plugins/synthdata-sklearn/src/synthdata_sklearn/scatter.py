"""Points as anti-aliased dots, and which dot each pixel shows.

All is done with + − × √ on numbers that IEEE 754 rounds alike on every processor.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from synthdata_sklearn.palette import PAPER
from synthdata_sklearn.point_set import Floats


@dataclass(frozen=True, slots=True)
class Scatter:
    """Dots on an image, later points on earlier ones.

    A pixel's coverage by a dot is its radius + 1/2 − the distance of the two centres, from 0 to 1.

    Attributes:
        size: side of the image in pixels.
        coverage: (size²,) float64, the part of each pixel that the dots cover.
        owner: (size²,) int64, the last point whose dot covers half of the pixel, or else any of
            it; -1 where no dot does.
    """

    size: int
    coverage: NDArray[np.float64]
    owner: NDArray[np.int64]

    @classmethod
    def draw(cls, points: Floats, radius: float, size: int) -> Self:
        """Draw a dot at each point.

        Args:
            points: (points, 2), x, y in pixels, at least radius + 1 from the border.
            radius: of the dots, in pixels; from 0.71 on each covers half a pixel or more.
            size: side of the image in pixels.
        """
        pixels, numbers, part = _footprints(points, radius, size)
        coverage, owner = np.zeros(size * size), np.full(size * size, -1)
        np.maximum.at(coverage, pixels, part)
        # Of values for one and the same place NumPy's assignment keeps the last.
        owner[pixels] = numbers
        half = part >= 0.5
        owner[pixels[half]] = numbers[half]
        return cls(size, coverage, owner)

    def image(self, colors: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return (size, size, 3) uint8 with each dot in its colour of (points, 3)."""
        picture = np.full((self.size * self.size, 3), PAPER, np.uint8)
        inked = np.flatnonzero(self.coverage)
        part = self.coverage[inked, None]
        mixed = colors[self.owner[inked]] * part + np.array(PAPER) * (1 - part)
        picture[inked] = np.rint(mixed)
        return picture.reshape(self.size, self.size, 3)

    def mask(self, classes: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return (size, size) uint8: 1 + the class of the dot on top, 0 where none covers half."""
        values = np.where(self.coverage >= 0.5, classes[self.owner] + 1, 0)
        return values.astype(np.uint8).reshape(self.size, self.size)


def _footprints(
    points: Floats, radius: float, size: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return pixel, point and coverage of each pixel that a dot touches, in the order of points."""
    reach = math.ceil(radius + 0.5)
    steps = np.arange(-reach, reach + 1)
    whole = points.astype(np.float64)
    x, y = (np.floor(whole[:, axis, None]).astype(np.int64) + steps for axis in (0, 1))
    across, down = x + 0.5 - whole[:, 0, None], y + 0.5 - whole[:, 1, None]
    distance = np.sqrt((across * across)[:, None, :] + (down * down)[:, :, None])
    part = np.clip(radius + 0.5 - distance, 0, 1)
    number, row, column = np.nonzero(part)
    pixels = y[number, row] * size + x[number, column]
    return pixels, number, part[number, row, column]
