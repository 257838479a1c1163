"""The generator of single digits, placed as MNIST places them."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import Field

import synthdata as sd
from synthdata_digits.drawing import (
    DIGITS,
    STYLE_NAMES,
    InkParams,
    draw_digit,
    hand_features,
    polyline,
    strokes_feature,
)
from synthdata_digits.glyphs import load_fonts
from synthdata_digits.pen import draw_hand
from synthdata_digits.placing import centred


class Digits(sd.Generator):
    """Digits written by a pen in many styles, or glyphs of a font: light ink on black.

    As in MNIST the ink's longer side is 20 of 28 pixels, and its centre of mass is in the middle
    of the image.
    """

    class Params(InkParams):
        """How large the image is; the rest says how the digit is written."""

        size: int = Field(28, ge=14, le=512, description="side of the image in pixels")

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        """Declare the image, the digit, its style, its strokes and the hand that wrote it."""
        return sd.Output(
            image=sd.Image(params.size, params.size, 1),
            label=sd.ClassLabel(DIGITS),
            metadata={
                "style": sd.ClassLabel(STYLE_NAMES),
                "strokes": strokes_feature(1),
                **hand_features(),
            },
        )

    def open(self) -> None:
        """Open the fonts."""
        self._fonts = load_fonts(self.params.fonts)

    def sample(self, rng: np.random.Generator) -> sd.Sample:
        """Draw the digit, the hand, and the ink."""
        params = self.params
        digit = int(rng.integers(10))
        hand = draw_hand(params, rng)
        drawn = draw_digit(digit, hand, params, self._fonts, round(params.size * 20 / 28), rng)
        image, place = centred(drawn.picture, params.size)
        strokes = polyline(drawn.lines, place).astype(np.float32)
        metadata = {"style": drawn.style, "strokes": strokes, **hand._asdict()}
        return sd.Sample(image[..., None], digit, metadata)
