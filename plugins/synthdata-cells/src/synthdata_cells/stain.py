"""How brightly a nucleus glows from pixel to pixel: thickness, chromatin and nucleoli."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from synthdata_cells.field import Placed
from synthdata_cells.outline import Floats


class Stain(NamedTuple):
    """What the stain shows inside a nucleus.

    Attributes:
        dome: part of the light that follows the thickness of an ellipsoid, 0 is a flat disc.
        texture: standard deviation of the chromatin, as a part of the light.
        nucleoli: mean number of dark spots.
    """

    dome: float
    texture: float
    nucleoli: float


def chromatin(size: int, grain: float, rng: np.random.Generator) -> Floats:
    """Draw noise of one coarseness: white noise without what is finer and what is coarser.

    Args:
        size: side in pixels.
        grain: standard deviation of the finer Gaussian in pixels; the coarser has twice that.
        rng: draws it.

    Returns:
        float32 (size, size) of mean 0 and standard deviation 1.
    """
    fine: Floats = ndimage.gaussian_filter(
        rng.standard_normal((size, size), np.float32), grain, mode="wrap", truncate=3
    )
    fine -= ndimage.gaussian_filter(fine, math.sqrt(3) * grain, mode="wrap", truncate=3)
    fine /= fine.std()
    return fine


def glow(nucleus: Placed, stain: Stain, grains: Floats, rng: np.random.Generator) -> Floats:
    """Light of a nucleus of brightness 1.

    Args:
        nucleus: whose window is filled.
        stain: what it looks like.
        grains: what ``chromatin`` drew; each nucleus takes a part of its own.
        rng: decides on that part and on the nucleoli.

    Returns:
        float32 of the window; at the edge as much as the pixel is covered.
    """
    depth = nucleus.depth
    # Across the edge, depth grows by about 1 / mean radius a pixel.
    mean = np.float32(math.sqrt(nucleus.outline.axes[0] * nucleus.outline.axes[1]))
    light: Floats = np.clip((1 - depth) * mean + np.float32(0.5), 0, 1)
    if stain.dome:
        thickness = np.sqrt(np.maximum(1 - depth * depth, np.float32(0)))
        light *= np.float32(1 - stain.dome) + np.float32(stain.dome) * thickness
    if stain.texture:
        top, left = (int(rng.integers(len(grains) - side + 1)) for side in depth.shape)
        part = grains[top : top + depth.shape[0], left : left + depth.shape[1]]
        light *= np.maximum(1 + np.float32(stain.texture) * part, np.float32(0))
    for _ in range(int(rng.poisson(stain.nucleoli))):
        light *= _nucleolus(nucleus, rng)
    return light


def _nucleolus(nucleus: Placed, rng: np.random.Generator) -> Floats:
    """What a dark round spot in the inner part of a nucleus leaves of the light."""
    outline, (rows, columns) = nucleus.outline, nucleus.window
    direction, away = rng.uniform(0, 2 * math.pi), 0.6 * math.sqrt(rng.random())
    radius = math.sqrt(outline.axes[0] * outline.axes[1]) * rng.uniform(0.1, 0.2)
    dark = rng.uniform(0.2, 0.6)
    away *= outline.reach(direction)
    y = np.arange(rows.start, rows.stop) + 0.5 - outline.y - away * math.sin(direction)
    x = np.arange(columns.start, columns.stop) + 0.5 - outline.x - away * math.cos(direction)
    down, across = (np.exp(-0.5 * (at / radius) ** 2).astype(np.float32) for at in (y, x))
    left: Floats = 1 - np.float32(dark) * down[:, None] * across
    return left
