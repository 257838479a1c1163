"""Colours of ink and paper, and what lies behind the paper; coverage.py says where each is."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from synthdata_barcodes.coverage import Coverage, Floats

BackgroundName: TypeAlias = Literal["paper", "plain", "clouds"]

BACKGROUNDS: Final[tuple[BackgroundName, ...]] = get_args(BackgroundName)

CELLS: Final = 4
"""Cells along a side of the image of the lattice of colours that clouds are made of."""


def draw_colors(
    rng: np.random.Generator, paper: float, contrast: float, tint: float, channels: int
) -> NDArray[np.uint8]:
    """Draw the colours of ink and paper.

    Args:
        rng: decides on the hues.
        paper: the lightest channel that the paper can have, 0 to 255.
        contrast: part of the paper's light that ink swallows, 0 to 1.
        tint: most of its light that a channel of the paper loses, and most that a channel of the
            ink swallows less, both as a part; grey has none.
        channels: 1 for grey, 3 for RGB.

    Returns:
        (2, channels): ink, paper.

    >>> draw_colors(np.random.default_rng(0), 200, 0.75, 0, 1).tolist()
    [[50], [200]]
    """
    tints = tint * rng.random((2, 3)) if channels == 3 else np.zeros((2, 1))
    light = paper * (1 - tints[1])
    dark = light * (1 - contrast * (1 - tints[0]))
    return np.rint([dark, light]).astype(np.uint8)


def paint(coverage: Coverage, colors: NDArray[np.uint8], canvas: Floats) -> None:
    """Lay paper and ink on a canvas.

    Args:
        coverage: where they are.
        colors: (2, channels): ink, paper.
        canvas: (height, width, channels) of grey levels; is changed.
    """
    ink, paper = colors.astype(np.float32)
    part = canvas[coverage.window]
    for channel in range(canvas.shape[2]):
        plane = part[..., channel]
        plane += coverage.paper * (paper[channel] - plane)
        plane += coverage.ink * (ink[channel] - paper[channel])


def background(
    name: BackgroundName,
    paper: NDArray[np.uint8],
    shape: tuple[int, int, int],
    rng: np.random.Generator,
) -> Floats:
    """Draw what lies behind the paper.

    Args:
        name: more of the paper, one colour, or soft clouds of many.
        paper: (channels,): its colour.
        shape: height, width, channels.
        rng: decides on the colours.

    Returns:
        Grey levels of that shape.

    >>> background("plain", np.zeros(1, np.uint8), (8, 8, 1), np.random.default_rng(0)).shape
    (8, 8, 1)
    """
    height, width, channels = shape
    if name == "clouds":
        lattice = rng.integers(256, size=(CELLS, CELLS, channels), dtype=np.uint8)
        grown = Image.fromarray(lattice.squeeze()).resize((width, height))
        return np.asarray(grown).reshape(shape).astype(np.float32)
    color = paper if name == "paper" else rng.integers(256, size=channels)
    return np.full(shape, color, np.float32)
