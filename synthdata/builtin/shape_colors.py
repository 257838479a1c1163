"""Colours of a scene, whose shapes stand out from its background; shape_scene.py paints them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

import numpy as np

Color: TypeAlias = tuple[int, int, int]
"""Red, green and blue, each from 0 to 255."""

TRIES: Final = 16
"""Colours drawn for a shape, to find one that is far from other shapes' colours."""


class Palette(NamedTuple):
    """The colours of a scene.

    Attributes:
        background: the two ends of the background's texture.
        shapes: the colour of each shape.
    """

    background: tuple[Color, Color]
    shapes: list[Color]

    def negative(self) -> Palette:
        """Return the palette with light and dark exchanged.

        >>> Palette(((0, 0, 0), (9, 9, 9)), [(255, 255, 0)]).negative().shapes
        [(0, 0, 255)]
        """
        first, second = self.background
        return Palette((_negative(first), _negative(second)), [*map(_negative, self.shapes)])


def luma(color: Color) -> float:
    """Return how light a colour is, from 0 to 255, by ITU-R BT.601.

    >>> luma((255, 255, 255)), luma((0, 100, 0))
    (255.0, 58.7)
    """
    red, green, blue = color
    return (299 * red + 587 * green + 114 * blue) / 1000


def draw_palette(
    rng: np.random.Generator, shapes: int, contrast: int, background_contrast: float
) -> Palette:
    """Draw the colours of light shapes on a dark background.

    Args:
        rng: decides on the colours.
        shapes: how many.
        contrast: by how much a shape's luma is more than that of all the background at least;
            from each other shapes' colours are half as far in RGB space, if that is possible.
        background_contrast: most that a channel of the background's two colours differs.
    """
    lightest = 255 - contrast
    red, green, blue = rng.integers(lightest + 1, size=3).tolist()
    first = (red, green, blue)
    steps = rng.uniform(-background_contrast, background_contrast, 3).tolist()
    red, green, blue = (
        min(max(channel + int(step), 0), lightest)
        for channel, step in zip(first, steps, strict=True)
    )
    second = (red, green, blue)
    least = max(luma(first), luma(second)) + contrast
    colors: list[Color] = []
    for _ in range(shapes):
        colors.append(_stand_out(rng, least, colors, contrast / 2))
    return Palette((first, second), colors)


def _stand_out(rng: np.random.Generator, least: float, others: list[Color], apart: float) -> Color:
    """The first colour drawn that is far enough from others, failing that the farthest of all."""
    best, farthest = (255, 255, 255), -1.0
    for channels in rng.integers(256, size=(TRIES, 3)).tolist():
        color = _lightened(channels, least)
        nearest = min((math.dist(color, other) for other in others), default=math.inf)
        if nearest >= apart:
            return color
        if nearest > farthest:
            best, farthest = color, nearest
    return best


def _lightened(color: Sequence[int], least: float) -> Color:
    """The colour, mixed with as much white as gives it that luma."""
    red, green, blue = color
    own = luma((red, green, blue))
    if own < least:
        kept = (255 - least) / (255 - own)
        red, green, blue = (255 - math.floor(kept * (255 - channel)) for channel in color)
    return red, green, blue


def _negative(color: Color) -> Color:
    red, green, blue = color
    return 255 - red, 255 - green, 255 - blue
