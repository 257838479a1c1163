"""Pictures of a fit, drawn by Pillow: rows of patches, and the curve of the loss."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from distances import WHITE, scaled
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

SHOWN: Final = 7
"""Patches in a row."""

ZOOM: Final = 2
GAP: Final = 6
MARGIN: Final = 90
PAPER: Final = 255
INK: Final = 0
GRID: Final = 215

SHADES: Final = 32
"""Grey levels of a picture: with few, the noise takes half the bytes of the file."""

WIDTH, HEIGHT = 720, 320
"""Of the curve, in pixels."""


def rows(images: Mapping[str, NDArray[Any]], seed: int) -> Image.Image:
    """Draw a row of patches of each set, dark ones lifted by the scale of the distance.

    Args:
        images: (images, side, side) or (images, side, side, 1) by what to write before the row.
        seed: of which patches are drawn.
    """
    side = next(iter(images.values())).shape[1] * ZOOM
    size = MARGIN + SHOWN * (side + GAP), len(images) * (side + GAP) + GAP
    sheet = Image.new("L", size, PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(18)
    for row, (name, patches) in enumerate(images.items()):
        top = GAP + row * (side + GAP)
        draw.text((GAP, top + side // 2), name, INK, font, "lm")
        chosen = np.random.default_rng(seed).choice(len(patches), SHOWN, replace=False)
        for column, patch in enumerate(_shaded(patches[chosen])):
            left = MARGIN + column * (side + GAP)
            sheet.paste(
                Image.fromarray(patch).resize((side, side), Image.Resampling.NEAREST), (left, top)
            )
    return sheet


def _shaded(patches: NDArray[Any]) -> NDArray[np.uint8]:
    light = (scaled(patches.reshape(patches.shape[:3])) / scaled(WHITE)).numpy()
    shades: NDArray[np.uint8] = (np.rint(light * (SHADES - 1)) * (255 / (SHADES - 1))).astype("u1")
    return shades


def curve(losses: Sequence[float]) -> Image.Image:
    """Draw the loss by steps, on a logarithmic scale.

    Args:
        losses: above 0, one a step.
    """
    picture = Image.new("L", (WIDTH, HEIGHT), PAPER)
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(14)
    left, top, right, bottom = 60, 16, WIDTH - 20, HEIGHT - 44
    ticks = _ticks(min(losses), max(losses))
    low, high = math.log(ticks[0]), math.log(ticks[-1])

    def place(step: float, loss: float) -> tuple[float, float]:
        across = step / max(len(losses) - 1, 1)
        up = (math.log(loss) - low) / (high - low)
        return left + across * (right - left), bottom - up * (bottom - top)

    for tick in ticks:
        x, y = place(0, tick)
        draw.line((x, y, right, y), GRID)
        draw.text((x - 8, y), f"{tick:g}", INK, font, "rm")
    for step in np.linspace(0, len(losses), 7).round().astype(int).tolist():
        draw.text((place(step, ticks[0])[0], bottom + 6), str(step), INK, font, "ma")
    draw.text(((left + right) / 2, HEIGHT - 4), "step", INK, font, "ms")
    draw.line([place(step, loss) for step, loss in enumerate(losses)], INK, 2)
    return picture


def _ticks(least: float, most: float) -> list[float]:
    """The numbers 1, 2 and 5 times a power of ten from the one below to the one above."""
    powers = range(math.floor(math.log10(least)) - 1, math.ceil(math.log10(most)) + 1)
    ticks = [digit * 10.0**power for power in powers for digit in (1, 2, 5)]
    first = max(place for place, tick in enumerate(ticks) if tick <= least)
    last = min(place for place, tick in enumerate(ticks) if tick >= most)
    return ticks[first : max(last, first + 1) + 1]
