"""One digit from its params to its ink: which style or font, then the pen or the glyph."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import numpy as np
from PIL import Image
from pydantic import AfterValidator, Field

import synthdata as sd
from synthdata_digits.glyphs import font_files, glyph
from synthdata_digits.pen import Hand, PenParams, ink, write
from synthdata_digits.placing import fitted, softened
from synthdata_digits.skeletons import MAX_POINTS, MAX_STROKES, NAMES, STYLES, Floats

GLYPH: Final = "glyph"
DIGITS: Final = tuple("0123456789")


def _there(fonts: tuple[Path, ...]) -> tuple[Path, ...]:
    font_files(fonts)
    return fonts


class InkParams(PenParams):
    """What a digit is written with."""

    glyphs: float = Field(
        0.08, ge=0, le=1, description="part of the digits that are glyphs of a font"
    )
    fonts: Annotated[tuple[Path, ...], AfterValidator(_there)] = Field(
        (), description="font files and folders of them; none for the font inside Pillow"
    )
    blur: Annotated[sd.Distribution, sd.within(0, 0.3)] = Field(
        sd.Uniform(0, 0.03), description="standard deviation of the ink's blur, in digit sizes"
    )
    contrast: Annotated[sd.Distribution, sd.within(0.1, 10)] = Field(
        sd.Uniform(1, 2), description="steepness of the ink's edges"
    )


class Drawn(NamedTuple):
    """A digit's ink.

    Attributes:
        picture: light ink on black, cropped.
        lines: its strokes in the picture's pixels; none of a glyph.
        style: a name of STYLE_NAMES.
    """

    picture: Image.Image
    lines: list[Floats]
    style: str


STYLE_NAMES: Final = (*NAMES, GLYPH)


def draw_digit(
    digit: int, hand: Hand, params: Any, fonts: list[Any], side: int, rng: np.random.Generator
) -> Drawn:
    """Draw a digit whose longer side is ``side`` pixels."""
    lines: list[Floats] = []
    if rng.random() < params.glyphs:
        style = GLYPH
        mask = glyph(digit, fonts[int(rng.integers(len(fonts)))], hand, rng)
    else:
        chosen = STYLES[digit][int(rng.integers(len(STYLES[digit])))]
        style = chosen.name
        mask, lines = ink(write(chosen, hand, rng), hand, rng)
    small, crop, scale = fitted(mask, side)
    blur, contrast = (float(d.sample(rng)) for d in (params.blur, params.contrast))
    lines = [(line + 0.5 - crop) * scale for line in lines]
    return Drawn(softened(small, blur * side, contrast), lines, style)


def polyline(lines: list[Floats], place: tuple[float, float], first: int = 0) -> Floats:
    """One row x, y, number of the stroke for each point, (points, 3)."""
    rows = [
        np.column_stack([line + place, np.full(len(line), first + number)])
        for number, line in enumerate(lines)
    ]
    return np.concatenate([np.empty((0, 3)), *rows])


def strokes_feature(digits: int) -> sd.Tensor:
    """Declare the strokes of up to ``digits`` digits."""
    return sd.Tensor(
        "float32",
        (sd.UpTo(digits * MAX_STROKES * MAX_POINTS), 3),
        description="the pen's path: x, y in pixels, number of the stroke; none of a glyph",
    )


def hand_features() -> dict[str, sd.Scalar]:
    """Declare one scalar for each value of a Hand."""
    return {
        name: sd.Scalar("float32", description=field.description or "")
        for name, field in PenParams.model_fields.items()
    }
