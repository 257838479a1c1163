"""What a microscope and its camera make of light: haze, blur, uneven light, noise and levels."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from synthdata_cells.outline import Floats

FULL: Final = {"uint8": 255, "uint16": 65535, "float32": 1}
"""What a saturated pixel reads."""

HAZE_STEP: Final = 4
"""Haze is computed on a grid this many pixels apart; it is smooth over far more than that."""


class Optics(NamedTuple):
    """How an image is taken.

    Attributes:
        blur: standard deviation of the point spread, in pixels.
        haze: part of the light that is out of focus.
        haze_width: standard deviation of where that goes, in pixels.
        background: light where no nucleus is, over that of a nucleus of brightness 1.
        shade: part of the light that is missing in the corner farthest from the beam's middle.
        beam_x, beam_y: the beam's middle, as parts of the image's side.
        signal: photoelectrons in a pixel of a nucleus of brightness 1.
        read_noise: standard deviation of the camera's own noise, over that light.
        exposure: reading of a nucleus of brightness 1 above the offset, over the full scale.
        offset: reading of no light, as a part of the full scale.
    """

    blur: float
    haze: float
    haze_width: float
    background: float
    shade: float
    beam_x: float
    beam_y: float
    signal: float
    read_noise: float
    exposure: float
    offset: float


def expose(light: Floats, optics: Optics, dtype: str, rng: np.random.Generator) -> NDArray[Any]:
    """Take an image.

    Args:
        light: (size, size), 1 where a nucleus of brightness 1 is; is changed.
        optics: how.
        dtype: ``uint8``, ``uint16`` or ``float32``, which reads from 0 to 1.
        rng: draws the noise.

    Returns:
        The readings, (size, size, 1).
    """
    light = _focused(light, optics)
    light += np.float32(optics.background)
    if optics.shade:
        light *= _beam(len(light), optics)
    # In steps of 1/64, so that a last bit in which machines differ changes no draw.
    electrons = np.rint(light * np.float32(64 * optics.signal)) / 64
    counted = rng.poisson(electrons).astype(np.float32)
    if optics.read_noise:
        noise = np.float32(optics.read_noise * optics.signal)
        counted += rng.standard_normal(counted.shape, np.float32) * noise
    counted *= np.float32(optics.exposure / optics.signal)
    counted += np.float32(optics.offset)
    return _digitised(counted, dtype)[..., None]


def _focused(light: Floats, optics: Optics) -> Floats:
    """Spread part of the light widely, and the rest by the point spread."""
    haze = None
    if optics.haze:
        haze = _wide(light, optics.haze_width) * np.float32(optics.haze)
        light *= np.float32(1 - optics.haze)
    if optics.blur:
        light = ndimage.gaussian_filter(light, optics.blur, mode="nearest", truncate=3)
    return light if haze is None else light + haze


def _wide(light: Floats, width: float) -> Floats:
    """Blur widely, on a coarser grid."""
    size = len(light)
    side = -(-size // HAZE_STEP)
    padded = np.pad(light, (0, side * HAZE_STEP - size), mode="edge")
    small = padded.reshape(side, HAZE_STEP, side, HAZE_STEP).mean(axis=(1, 3))
    small = ndimage.gaussian_filter(small, width / HAZE_STEP, mode="nearest", truncate=3)
    places = ((np.arange(size) + 0.5) / HAZE_STEP - 0.5).clip(0, side - 1)
    before = np.minimum(places.astype(int), side - 2)
    part = (places - before).astype(np.float32)
    rows = small[before] * (1 - part)[:, None] + small[before + 1] * part[:, None]
    wide: Floats = rows[:, before] * (1 - part) + rows[:, before + 1] * part
    return wide


def _beam(size: int, optics: Optics) -> Floats:
    """Light that fades with the squared distance from the beam's middle, 1 there."""
    at = (np.arange(size, dtype=np.float32) + np.float32(0.5)) / np.float32(size)
    x, y = (at - np.float32(optics.beam_x)) ** 2, (at - np.float32(optics.beam_y)) ** 2
    lost = np.float32(optics.shade) / (x.max() + y.max())
    beam: Floats = 1 - lost * (x + y[:, None])
    return beam


def _digitised(readings: Floats, dtype: str) -> NDArray[Any]:
    readings = np.clip(readings, 0, 1)
    return readings if dtype == "float32" else np.rint(readings * FULL[dtype]).astype(dtype)
