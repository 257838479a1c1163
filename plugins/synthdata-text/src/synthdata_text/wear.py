"""What lens, sensor and file take from a picture; what it shows is no matter here."""

from __future__ import annotations

import io
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from synthdata_text.surface import Floats


class Wear(NamedTuple):
    """How much a picture suffers.

    Attributes:
        blur: standard deviation of the lens's blur, in pixels of the image.
        shrink: by how much the picture is smaller than the image, to which it is enlarged.
        noise: standard deviation of its noise, in grey levels, the same in all channels.
        jpeg: quality of the JPEG file, 1 to 99; 100 leaves out the file.
    """

    blur: float
    shrink: float
    noise: float
    jpeg: int

    def reach(self) -> float:
        """How far outside its outline ink can still be seen, in pixels of the image.

        At its standard deviation from a straight edge, a Gaussian leaves 16 % of the ink; a
        picture that is smaller has wider pixels, by whose half ink can move.
        """
        return 0.75 + self.blur + (0 if self.shrink == 1 else 0.75 * self.shrink)


def wear_out(canvas: Floats, wear: Wear, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Take the picture of a scene, keep it as a file, and enlarge what the file holds.

    Args:
        canvas: (height, width, 1 or 3) of grey levels; is changed.
        wear: how much it suffers.
        rng: draws the noise.

    Returns:
        The image, of the same shape.
    """
    height, width, channels = canvas.shape
    picture = _picture(canvas)
    if wear.blur:
        picture = picture.filter(ImageFilter.GaussianBlur(wear.blur))
    if wear.shrink > 1:
        small = max(round(width / wear.shrink), 1), max(round(height / wear.shrink), 1)
        picture = picture.resize(small, Image.Resampling.BOX)
    if wear.noise:
        picture = _noisy(picture, wear.noise, rng)
    if wear.jpeg < 100:
        picture = _reloaded(picture, wear.jpeg)
    if picture.size != (width, height):
        picture = picture.resize((width, height), Image.Resampling.BICUBIC)
    return np.array(picture).reshape(height, width, channels)


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
