"""Shapes that lie on each other: mask, boxes and picture; what lies where is shapes.py's to say."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from synthdata.builtin.shape_colors import Palette
from synthdata.builtin.shape_outlines import Floats, Shape


class Layer(NamedTuple):
    """A shape in a scene.

    Attributes:
        shape: the shape.
        window: the rows and columns that it may touch.
        coverage: how much of each pixel there it covers, from 0 to 1.
        pixels: how many pixels of the image are its own where no other shape lies on it.
    """

    shape: Shape
    window: tuple[slice, slice]
    coverage: Floats
    pixels: int


class Scene:
    """Shapes of one image, each lying on those before it.

    A pixel belongs to the topmost shape that covers half of it or more.

    Args:
        size: side of the image in pixels.

    Attributes:
        layers: the shapes, the lowest first.
        mask: (size, size) uint8, k where the k-th shape is visible and 0 at the background.

    >>> scene = Scene(16)
    >>> scene.add(Shape("square", x=8, y=8, radius=4, angle=0), 0.5)
    True
    >>> scene.boxes(), scene.add(Shape("circle", x=8, y=8, radius=6, angle=0), 0.5)
    (array([[ 5.,  5., 11., 11.]], dtype=float32), False)
    """

    def __init__(self, size: int) -> None:
        self.mask = np.zeros((size, size), np.uint8)
        self.layers: list[Layer] = []
        self._visible: list[int] = []

    def add(self, shape: Shape, min_visibility: float) -> bool:
        """Lay a shape on top, unless too little of another or nothing of it would be visible.

        Args:
            shape: the shape.
            min_visibility: the part of its pixels that each shape must keep.

        Returns:
            Whether the shape was added.
        """
        window, coverage = shape.coverage(len(self.mask))
        own = coverage >= 0.5
        part = self.mask[window]
        visible = self._visible
        if visible:
            hidden = np.bincount(part[own], minlength=len(visible) + 1).tolist()[1:]
            visible = [count - less for count, less in zip(visible, hidden, strict=True)]
        pixels = int(np.count_nonzero(own))
        if not pixels or any(
            count < min_visibility * layer.pixels
            for count, layer in zip(visible, self.layers, strict=True)
        ):
            return False
        self.layers.append(Layer(shape, window, coverage, pixels))
        self._visible = [*visible, pixels]
        part[own] = len(self.layers)
        return True

    def visibility(self) -> Floats:
        """Return the part of each shape's pixels that no other shape covers."""
        parts = [
            count / layer.pixels for count, layer in zip(self._visible, self.layers, strict=True)
        ]
        return np.array(parts, np.float32)

    def boxes(self) -> Floats:
        """Return the smallest boxes around what is visible of each shape, (shapes, 4) float32."""
        boxes = np.empty((len(self.layers), 4), np.float32)
        for place, layer in enumerate(self.layers):
            rows, columns = layer.window
            visible = self.mask[layer.window] == place + 1
            x0, x1 = _ends(visible.any(axis=0))
            y0, y1 = _ends(visible.any(axis=1))
            left, top = columns.start, rows.start
            boxes[place] = left + x0, top + y0, left + x1, top + y1
        return boxes

    def paint(self, pattern: Floats, palette: Palette) -> Floats:
        """Paint the background and the shapes, their edges blended by coverage.

        Args:
            pattern: (size, size), how far the background is from the first to the second colour.
            palette: the colours of the background and of each shape.

        Returns:
            (3, size, size) float32 in grey levels.
        """
        first, second = np.array(palette.background, np.float32)[:, :, None, None]
        canvas: Floats = (second - first) * pattern
        canvas += first
        for layer, color in zip(self.layers, palette.shapes, strict=True):
            under = canvas[:, *layer.window]
            under += (np.array(color, np.float32)[:, None, None] - under) * layer.coverage
        return canvas


def _ends(line: NDArray[np.bool_]) -> tuple[int, int]:
    """The first true place, and the one after the last."""
    return int(line.argmax()), len(line) - int(line[::-1].argmax())
