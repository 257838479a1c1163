"""Puts the ink of a digit where MNIST has it: fitted to a box, its centre of mass in the middle."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Grey: TypeAlias = NDArray[np.uint8]

PIVOT: Final = 64
"""The grey level about which contrast is raised; 128 would make thin ink vanish."""


def fitted(ink: Image.Image, side: int) -> tuple[Image.Image, tuple[int, int], float]:
    """Crop to the ink and reduce its longer side to ``side`` pixels, anti-aliased.

    Returns:
        The picture, the corner x, y of the crop, and the scale.
    """
    left, top, right, bottom = ink.getbbox() or (0, 0, *ink.size)
    width, height = right - left, bottom - top
    scale = side / max(width, height)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    small = ink.crop((left, top, right, bottom)).resize(size, Image.Resampling.BOX)
    return small, (left, top), scale


def softened(picture: Image.Image, blur: float, contrast: float) -> Image.Image:
    """Blur by ``blur`` pixels, then change the contrast about PIVOT; black stays black."""
    blurred = picture.filter(ImageFilter.GaussianBlur(blur)) if blur > 0 else picture
    grey = np.asarray(blurred, np.float32)
    steep = (grey - PIVOT) * contrast + PIVOT * min(contrast, 1)
    return Image.fromarray(np.clip(steep, 0, 255).astype(np.uint8))


def centred(picture: Image.Image, size: int) -> tuple[Grey, tuple[int, int]]:
    """Paste into a black square with the centre of mass in its middle, to the whole pixel.

    Returns:
        (size, size) uint8, and where the picture's corner x, y came to lie.
    """
    grey = np.asarray(picture, np.float64) + 1e-6
    x = float((grey.sum(axis=0) * np.arange(grey.shape[1])).sum() / grey.sum()) + 0.5
    y = float((grey.sum(axis=1) * np.arange(grey.shape[0])).sum() / grey.sum()) + 0.5
    place = (round(size / 2 - x), round(size / 2 - y))
    canvas = Image.new("L", (size, size))
    canvas.paste(picture, place)
    return np.asarray(canvas), place
