"""Arrays of any dtype and number of channels as RGB that a person can look at."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthdata.features import Feature

TRANSPARENT_OVER = 128
"""The grey on which images with alpha are laid."""


def picture(value: NDArray[Any], feature: Feature) -> NDArray[np.uint8]:
    """Return an array of height × width (× channels) as RGB, whatever its dtype and channels."""
    pixels = value[..., None] if value.ndim == 2 else value
    if 0 in pixels.shape:
        return np.full((1, 1, 3), TRANSPARENT_OVER, np.uint8)
    pixels = pixels[..., :3] if pixels.shape[2] > 4 else pixels
    ge, le = getattr(feature, "ge", None), getattr(feature, "le", None)
    if pixels.dtype == np.bool_:
        pixels = pixels * np.uint8(255)
    elif pixels.dtype != np.uint8 or ge is not None or le is not None:
        pixels = _stretched(pixels, ge, le)
    if pixels.shape[2] in (2, 4):
        pixels = _flattened(pixels)
    return np.array(np.broadcast_to(pixels, (*pixels.shape[:2], 3)))  # a copy, to draw on


def _stretched(pixels: NDArray[Any], ge: float | None, le: float | None) -> NDArray[np.uint8]:
    halves = pixels.astype(np.float64) / 2  # so that the difference of two floats stays finite
    finite = halves[np.isfinite(halves)]
    low = ge / 2 if ge is not None and math.isfinite(ge) else float(finite.min(initial=math.inf))
    high = le / 2 if le is not None and math.isfinite(le) else float(finite.max(initial=-math.inf))
    if not low < high:
        return np.zeros(pixels.shape, np.uint8)
    shown = np.clip(np.nan_to_num(halves, nan=low, posinf=high, neginf=low), low, high)
    stretched: NDArray[np.uint8] = np.rint((shown - low) / (high - low) * 255).astype(np.uint8)
    return stretched


def _flattened(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The colours of an image with alpha, over grey."""
    alpha = pixels[..., -1:] / 255
    over = pixels[..., :-1] * alpha + TRANSPARENT_OVER * (1 - alpha)
    flat: NDArray[np.uint8] = np.rint(over).astype(np.uint8)
    return flat
