"""Paper, ink and light of a picture; where the ink is, warp.py says."""

from __future__ import annotations

import math
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import map_coordinates

from synthdata_text.warp import Warp

Floats: TypeAlias = NDArray[np.float32]

FINEST: Final = 4
"""Most parts that a side of a pixel is divided into."""

CELL: Final = 12
"""Pixels a cell of the lattice that blotches of paper and ink are made of."""


class Surface(NamedTuple):
    """Ink, paper and light.

    Attributes:
        colors: (2, channels) uint8: ink, paper.
        texture: how far the paper's blotches are from its colour at most, in grey levels.
        fade: part of the ink that is missing where it is thinnest.
        shade: part of the light that is missing at the darkest border.
        shade_toward: direction in which it gets darker, in degrees clockwise from the x axis.
        shadow: part of the light that a shadow with an edge takes.
        shadow_toward: direction from the edge into the shadow, likewise.
        shadow_at: where the edge is along that direction, 0 to 1.
    """

    colors: NDArray[np.uint8]
    texture: float
    fade: float
    shade: float
    shade_toward: float
    shadow: float
    shadow_toward: float
    shadow_at: float


def draw_colors(
    rng: np.random.Generator, paper: float, contrast: float, tint: float, channels: int
) -> NDArray[np.uint8]:
    """Draw the colours of ink and paper.

    Args:
        rng: decides on the hues.
        paper: the lightest channel that the paper can have, 0 to 255.
        contrast: part of the paper's light that ink swallows, 0 to 1.
        tint: most that a channel of the paper loses, and one of the ink swallows less, as a part.
        channels: 1 for grey, 3 for RGB.

    Returns:
        (2, channels): ink, paper.
    """
    tints = tint * rng.random((2, 3)) if channels == 3 else np.zeros((2, 1))
    light = paper * (1 - tints[1])
    dark = light * (1 - contrast * (1 - tints[0]))
    return np.rint([dark, light]).astype(np.uint8)


def cover(ink: NDArray[np.uint8], warp: Warp, scale: float, size: tuple[int, int]) -> Floats:
    """Return the part of each image pixel that ink covers.

    It is the mean of points looked up in the sheet, between whose pixels it is linear.

    Args:
        ink: of the sheet.
        warp: from the sheet to the image.
        scale: image pixels of a sheet pixel.
        size: width and height of the image.

    Returns:
        (height, width), 0 to 1.
    """
    width, height = size
    finer = min(max(math.ceil(0.75 / scale), 1), FINEST)
    place = warp.back(height, width, finer)
    # A pixel's value is that of its middle.
    place -= np.float32(0.5)
    found = map_coordinates(ink, place, np.float32, order=1, mode="constant", prefilter=False)
    blocks = found.reshape(height, finer, width, finer).mean(axis=(1, 3))
    covered: Floats = blocks / np.float32(255)
    return covered


def paint(covered: Floats, surface: Surface, rng: np.random.Generator) -> Floats:
    """Lay ink on paper and light it.

    Args:
        covered: (height, width): the part of each pixel that ink covers.
        surface: colours and light.
        rng: draws the blotches.

    Returns:
        (height, width, channels) of grey levels.
    """
    height, width = covered.shape
    ink, paper = surface.colors.astype(np.float32)
    if surface.fade:
        covered = covered * (1 - np.float32(surface.fade) * _blotches(height, width, rng))
    canvas: Floats = paper - covered[..., None] * (paper - ink)
    if surface.texture:
        blotches = 2 * _blotches(height, width, rng) - 1
        canvas += (np.float32(surface.texture) * blotches)[..., None]
    canvas *= _light(height, width, surface)[..., None]
    return canvas


def _blotches(height: int, width: int, rng: np.random.Generator) -> Floats:
    """Soft spots of 0 to 1."""
    lattice = rng.integers(256, size=(2 + height // CELL, 2 + width // CELL), dtype=np.uint8)
    grown = Image.fromarray(lattice).resize((width, height), Image.Resampling.BICUBIC)
    spots: Floats = np.asarray(grown, np.float32) / np.float32(255)
    return spots


def _light(height: int, width: int, surface: Surface) -> Floats:
    """A ramp from 1 down to 1 - shade, and a shadow with a soft edge, a tenth of the way wide."""
    light = 1 - np.float32(surface.shade) * _ramp(height, width, surface.shade_toward)
    if surface.shadow:
        along = _ramp(height, width, surface.shadow_toward) - np.float32(surface.shadow_at)
        edge = np.clip(along * np.float32(10) + np.float32(0.5), 0, 1)
        light *= 1 - np.float32(surface.shadow) * edge
    return light


def _ramp(height: int, width: int, toward: float) -> Floats:
    """From 0 to 1, in a direction in degrees clockwise from the x axis."""
    direction = math.radians(toward)
    x = np.linspace(0, 1, width, dtype=np.float32) * np.float32(math.cos(direction) * width)
    y = np.linspace(0, 1, height, dtype=np.float32) * np.float32(math.sin(direction) * height)
    x -= x.min()
    y -= y.min()
    ramp: Floats = (x + y[:, None]) / (x.max() + y.max())
    return ramp
