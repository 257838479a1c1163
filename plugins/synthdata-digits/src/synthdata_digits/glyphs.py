"""Draws a digit as a glyph of a font, squeezed, leaning and bold as a hand would have it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from synthdata_digits.pen import BOX, Hand, linear
from synthdata_digits.skeletons import Floats

SUFFIXES: Final = (".ttf", ".otf", ".ttc")
SLOPPY: Final = 0.12
"""Each corner of a glyph is displaced by up to this part of its size."""


def font_files(fonts: tuple[Path, ...]) -> tuple[Path, ...]:
    """Name every font file that ``fonts``, files and folders, holds, in order of name.

    Raises:
        ValueError: if one of them is not there, or holds no font.
    """
    found: list[Path] = []
    for path in fonts:
        inside = sorted(f for f in path.rglob("*") if f.suffix.lower() in SUFFIXES)
        files = inside if path.is_dir() else [path]
        if not files or not files[0].is_file():
            raise ValueError(
                f"a font file or a folder of {', '.join(SUFFIXES)} files, but {path} is none; "
                "give another path, or leave fonts empty for the font that comes with Pillow"
            )
        found += files
    return tuple(found)


def load_fonts(fonts: tuple[Path, ...]) -> list[Any]:
    """Open each font, or the one that comes with Pillow where none is given."""
    files = font_files(fonts)
    if not files:
        return [ImageFont.load_default(BOX)]
    return [ImageFont.truetype(str(file), BOX) for file in files]


def glyph(digit: int, font: Any, hand: Hand, rng: np.random.Generator) -> Image.Image:
    """Draw a digit of a font, its outline moved out by part of the hand's thickness."""
    bold = round(hand.thickness / 200 * BOX * float(rng.uniform(0, 0.8)))
    picture = Image.new("L", (3 * BOX, 3 * BOX))
    middle = (1.5 * BOX, 1.5 * BOX)
    ImageDraw.Draw(picture).text(
        middle, str(digit), fill=255, font=font, anchor="mm", stroke_width=bold
    )
    corners = np.array([(-1, -1), (-1, 1), (1, 1), (1, -1)]) * 1.5 * BOX
    moved = corners + rng.uniform(-SLOPPY, SLOPPY, (4, 2)) * BOX * 2
    quad: Floats = moved @ np.linalg.inv(linear(hand)).T + middle
    corners_of_source = tuple(quad.ravel().tolist())
    return picture.transform(
        picture.size, Image.Transform.QUAD, corners_of_source, Image.Resampling.BILINEAR
    )
