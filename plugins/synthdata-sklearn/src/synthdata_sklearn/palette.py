"""The colours of points: of classes, of positions along a curve, and the one of all."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

PAPER: Final = (255, 255, 255)
INK: Final = (40, 40, 40)

CLASSES: Final = np.array(
    [
        (31, 119, 180),
        (255, 127, 14),
        (44, 160, 44),
        (214, 39, 40),
        (148, 103, 189),
        (140, 86, 75),
        (227, 119, 194),
        (127, 127, 127),
        (188, 189, 34),
        (23, 190, 207),
    ],
    np.uint8,
)
"""Tableau's ten colours, in which Matplotlib draws."""

POSITIONS: Final = np.array(
    [(68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37)], np.float64
)
"""Five of Matplotlib's viridis, at 0, 1/4, 1/2, 3/4 and 1."""


def one_color(count: int) -> NDArray[np.uint8]:
    """Return (count, 3): ink for every point."""
    return np.full((count, 3), INK, np.uint8)


def class_colors(classes: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return (points, 3): the colour of each point's class."""
    colors: NDArray[np.uint8] = CLASSES[classes % len(CLASSES)]
    return colors


def position_colors(position: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return (points, 3): from violet at position 0 to yellow at 1."""
    step: NDArray[np.float64] = position.astype(np.float64) * (len(POSITIONS) - 1)
    below = np.minimum(step.astype(np.int64), len(POSITIONS) - 2)
    part = (step - below)[:, None]
    mixed = POSITIONS[below] * (1 - part) + POSITIONS[below + 1] * part
    rounded: NDArray[np.float64] = np.rint(mixed)
    return rounded.astype(np.uint8)
