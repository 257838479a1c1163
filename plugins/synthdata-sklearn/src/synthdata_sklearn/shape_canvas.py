"""An image of shapes that are laid on it one by one, and which pixels each of them shows."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

ShapeName: TypeAlias = Literal["rectangle", "circle", "triangle", "ellipse"]

SHAPES: Final[tuple[ShapeName, ...]] = get_args(ShapeName)

PAPER: Final = 255
"""Grey level of the background, as scikit-image has it; no shape has it in any channel."""


class ShapeCanvas:
    """Shapes on white, later ones on earlier ones.

    Args:
        size: side of the image in pixels.
        max_overlap: largest part of a shape that others may hide.

    Attributes:
        image: (size, size, 3) uint8.
        mask: (size, size) uint8, k where the k-th shape is seen, 0 where none is.
        names: of the shapes, the lowest first.
        colors: their colours, RGB.
        areas: (shapes,) int64, how many pixels each has, hidden ones as well.
        shown: (shapes,) int64, how many of them are seen.
    """

    def __init__(self, size: int, max_overlap: float) -> None:
        self.image = np.full((size, size, 3), PAPER, np.uint8)
        self.mask = np.zeros((size, size), np.uint8)
        self.names: list[ShapeName] = []
        self.colors: list[NDArray[np.uint8]] = []
        self.areas = np.zeros(0, np.int64)
        self.shown = np.zeros(0, np.int64)
        self._max_overlap = max_overlap

    def lay(self, name: ShapeName, drawn: NDArray[np.uint8]) -> bool:
        """Lay a shape on those before, unless it hides too much of one.

        Args:
            name: of the shape.
            drawn: (size, size, 3), the shape alone on white.

        Returns:
            Whether it was laid.
        """
        inside = drawn[:, :, 0] != PAPER
        shown = self.shown - _counts(self.mask[inside], len(self.names))
        if (self.areas - shown > self._max_overlap * self.areas).any():
            return False
        area = np.count_nonzero(inside)
        self.names.append(name)
        self.colors.append(drawn[inside][0])
        self.areas = np.append(self.areas, area)
        self.shown = np.append(shown, area)
        self.mask[inside] = len(self.names)
        self.image[inside] = drawn[inside]
        return True

    def boxes(self) -> NDArray[np.float32]:
        """Return (shapes, 4): the box around the pixels that each shape shows."""
        return np.array([_box(self.mask == k + 1) for k in range(len(self.names))], np.float32)

    def visibility(self) -> NDArray[np.float32]:
        """Return (shapes,): the part of each shape that no other hides."""
        part: NDArray[np.float32] = (self.shown / self.areas).astype(np.float32)
        return part


def _counts(values: NDArray[np.uint8], shapes: int) -> NDArray[np.int64]:
    """How many of the mask's values are of each shape, from 1."""
    return np.bincount(values, minlength=shapes + 1)[1:].astype(np.int64)


def _box(pixels: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    x, y = np.flatnonzero(pixels.any(axis=0)), np.flatnonzero(pixels.any(axis=1))
    return int(x[0]), int(y[0]), int(x[-1]) + 1, int(y[-1]) + 1
