"""Painting a scene: shadows, colours matched to the background, and blending."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from synthdata_compose.placing import Placed

Blending: TypeAlias = Literal["alpha", "feather", "multiply", "screen"]
Floats: TypeAlias = NDArray[np.float32]

# Reinhard, Ashikhmin, Gooch, Shirley: Color transfer between images, 2001, equations 4 and 6.
_LMS: Final = np.array(
    [[0.3811, 0.5783, 0.0402], [0.1967, 0.7244, 0.0782], [0.0241, 0.1288, 0.8444]]
)
_LAB: Final = np.diag([3**-0.5, 6**-0.5, 2**-0.5]) @ np.array([[1, 1, 1], [1, 1, -2], [1, -1, 0]])
_GAIN: Final = 2.0
"""The most that contrast is raised or lowered, so that an even background leaves some."""


@dataclass(frozen=True)
class Look:
    """How the objects of a scene are painted.

    Attributes:
        blending: how colours mix.
        harmonise: 0 to 1, how far colours go to those of the background.
        shadow: strength, 0 to 1.
        offset: of the shadow, x and y in pixels.
        blur: of the shadow, standard deviation in pixels.
    """

    blending: Blending
    harmonise: float
    shadow: float
    offset: tuple[int, int]
    blur: float


def paint(
    background: NDArray[np.uint8], objects: Sequence[Placed], look: Look
) -> NDArray[np.uint8]:
    """Paint objects on a background, each over those before it.

    Colours are mixed as the files have them (sRGB). A shadow falls on all that lies below its
    object. What is harmonised is matched to the bare background, whatever else lies there.

    Returns:
        (height, width, 3) uint8.
    """
    canvas = background.astype(np.float32)
    height, width = background.shape[:2]
    for each in objects:
        if look.shadow:
            _darken(canvas, each, look)
        frame, patch = each.within(height, width)
        alpha = each.alpha[patch]
        if not alpha.any():
            continue
        rgb = each.rgb[patch].astype(np.float32)
        if look.harmonise:
            rgb = _harmonised(rgb, alpha, background[frame], look.harmonise)
        below = canvas[frame]
        canvas[frame] += (alpha[..., None] / np.float32(255)) * (_mix(rgb, below, look) - below)
    painted: NDArray[np.uint8] = (canvas + np.float32(0.5)).clip(0, 255).astype(np.uint8)
    return painted


def _mix(rgb: Floats, below: Floats, look: Look) -> Floats:
    if look.blending == "multiply":
        return rgb * below / np.float32(255)
    if look.blending == "screen":
        return np.float32(255) - (255 - rgb) * (255 - below) / np.float32(255)
    return rgb


def _darken(canvas: Floats, each: Placed, look: Look) -> None:
    height, width = canvas.shape[:2]
    shadow = Image.new("L", (width, height))
    corner = (each.left + look.offset[0], each.top + look.offset[1])
    shadow.paste(Image.fromarray(each.alpha), corner)
    blurred = np.asarray(shadow.filter(ImageFilter.GaussianBlur(look.blur)), np.float32)
    canvas *= 1 - blurred[..., None] * np.float32(look.shadow / 255)


def _harmonised(rgb: Floats, alpha: NDArray[np.uint8], behind: Any, amount: float) -> Floats:
    """Match mean and deviation in the l-alpha-beta space to those behind, by ``amount``."""
    opaque = alpha >= 128
    if not opaque.any():
        return rgb
    own, other = _to_lab(rgb), _to_lab(behind.astype(np.float32))
    mean, deviation = own[opaque].mean(0), own[opaque].std(0)
    gain = other[opaque].std(0) / np.maximum(deviation, 1e-6)
    matched = (own - mean) * gain.clip(1 / _GAIN, _GAIN) + other[opaque].mean(0)
    result = rgb + amount * (_to_rgb(matched) - rgb)
    return result.clip(0, 255).astype(np.float32)


def _to_lab(rgb: Floats) -> NDArray[np.float64]:
    lab: NDArray[np.float64] = np.log10((rgb + 1.0) @ _LMS.T) @ _LAB.T
    return lab


def _to_rgb(lab: NDArray[np.float64]) -> NDArray[np.float64]:
    rgb: NDArray[np.float64] = 10 ** (lab @ np.linalg.inv(_LAB).T) @ np.linalg.inv(_LMS).T - 1
    return rgb
