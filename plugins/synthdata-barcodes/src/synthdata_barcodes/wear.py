"""What light, lens, sensor and file take from a picture; what it shows is no matter here."""

from __future__ import annotations

import io
import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from synthdata_barcodes.coverage import Floats


class Wear(NamedTuple):
    """How much a picture suffers.

    Attributes:
        shade: part of the light that is missing where it is darkest, 0 to 1.
        toward: direction in which it gets darker, in degrees clockwise from the x axis.
        blur: standard deviation of the lens's blur, in pixels of the image.
        shrink: by how much the picture is smaller than the image, to which it is enlarged.
        noise: standard deviation of its noise, in grey levels, the same in all channels.
        jpeg: quality of the JPEG file, 1 to 99; 100 leaves out the file.
    """

    shade: float
    toward: float
    blur: float
    shrink: float
    noise: float
    jpeg: int

    def side(self, size: int) -> int:
        """Side of the picture of which an image of this size is made, in pixels."""
        return round(size / self.shrink)


def wear_out(canvas: Floats, wear: Wear, size: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Light a scene, take its picture, keep it as a file, and enlarge what the file holds.

    Args:
        canvas: (side, side, 1 or 3) of grey levels, of ``wear.side(size)``; is changed.
        wear: how much it suffers.
        size: side of the image.
        rng: draws the noise.

    Returns:
        The image, (size, size, 1 or 3).
    """
    side, _, channels = canvas.shape
    if wear.shade:
        canvas *= _light(side, wear)[..., None]
    picture = _picture(canvas)
    if wear.blur:
        picture = picture.filter(ImageFilter.GaussianBlur(wear.blur * side / size))
    if wear.noise:
        picture = _noisy(picture, wear.noise, rng)
    if wear.jpeg < 100:
        picture = _reloaded(picture, wear.jpeg)
    if side != size:
        picture = picture.resize((size, size), Image.Resampling.BICUBIC)
    return np.array(picture).reshape(size, size, channels)


def _light(side: int, wear: Wear) -> Floats:
    """A ramp from 1 down to 1 - shade at the farthest corner of the image."""
    direction = math.radians(wear.toward)
    across = np.linspace(-0.5, 0.5, side, dtype=np.float32)
    x, y = across * np.float32(math.cos(direction)), across * np.float32(math.sin(direction))
    x -= x.min()
    y -= y.min()
    lost = np.float32(wear.shade) / (x.max() + y.max())
    ramp: Floats = np.float32(1) - lost * (x + y[:, None])
    return ramp


def _noisy(picture: Image.Image, noise: float, rng: np.random.Generator) -> Image.Image:
    levels = np.asarray(picture)
    levels = levels.reshape(*levels.shape[:2], -1)
    drawn = rng.standard_normal((*levels.shape[:2], 1), np.float32)
    drawn *= np.float32(noise)
    return _picture(levels + drawn)


def _reloaded(picture: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    with Image.open(file, formats=["JPEG"]) as loaded:
        loaded.load()
        return loaded


def _picture(canvas: Floats) -> Image.Image:
    """Round and clip grey levels."""
    canvas += np.float32(0.5)
    np.clip(canvas, 0, 255, out=canvas)
    levels = canvas.astype(np.uint8)
    return Image.fromarray(levels[..., 0] if levels.shape[2] == 1 else levels)
