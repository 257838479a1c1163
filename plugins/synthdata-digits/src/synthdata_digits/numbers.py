"""The generator of numbers of several digits, with a box around each."""

from __future__ import annotations

from typing import Annotated, Any, Final, NamedTuple, Self

import numpy as np
from PIL import Image, ImageChops
from pydantic import Field, model_validator

import synthdata as sd
from synthdata_digits.drawing import (
    DIGITS,
    Drawn,
    InkParams,
    draw_digit,
    hand_features,
    polyline,
    strokes_feature,
)
from synthdata_digits.glyphs import load_fonts
from synthdata_digits.pen import draw_hand

MAX_DIGITS: Final = 12


class Place(NamedTuple):
    """Where a digit's picture lies: its corner and its size in pixels."""

    x: int
    y: int
    width: int
    height: int


class Numbers(sd.Generator):
    """Numbers that one hand wrote in a row: light ink on black, with a box around each digit.

    Digits may touch or overlap where ``gap`` is below 0. A number that would not fit is written
    smaller.
    """

    class Params(InkParams):
        """How long a number is, and how its digits stand."""

        height: int = Field(32, ge=16, le=512, description="of the image in pixels")
        width: int = Field(128, ge=16, le=2048, description="of the image in pixels")
        digits: Annotated[sd.Distribution, sd.within(1, MAX_DIGITS)] = Field(
            sd.Uniform(1, 6), description="how many there are; rounded"
        )
        digit_height: Annotated[sd.Distribution, sd.within(0.2, 1)] = Field(
            sd.Uniform(0.5, 0.8), description="longer side of a digit, in heights of the image"
        )
        gap: Annotated[sd.Distribution, sd.within(-0.3, 2)] = Field(
            sd.Uniform(-0.05, 0.3), description="between two digits, in sizes of a digit"
        )
        baseline: Annotated[sd.Distribution, sd.within(-0.3, 0.3)] = Field(
            sd.Uniform(-0.08, 0.08), description="how far a digit is too low, in its sizes"
        )

        @model_validator(mode="after")
        def _wide_enough(self) -> Self:
            if self.width < self.height:
                raise ValueError(
                    f"width of at least height, but {self.width} is less than {self.height}; "
                    "for single digits use digits-v1"
                )
            return self

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        """Declare the image, the text, and a box and a class for each digit."""
        return sd.Output(
            image=sd.Image(params.height, params.width, 1),
            label={
                "text": sd.Text(MAX_DIGITS, description="the digits from left to right"),
                "boxes": sd.Boxes(MAX_DIGITS, description="around the ink of each digit"),
                "classes": sd.ClassLabel(DIGITS, max=MAX_DIGITS),
            },
            metadata={"strokes": strokes_feature(MAX_DIGITS), **hand_features()},
        )

    def open(self) -> None:
        """Open the fonts."""
        self._fonts = load_fonts(self.params.fonts)

    def sample(self, rng: np.random.Generator) -> sd.Sample:
        """Draw the number and the hand, then digit by digit."""
        params = self.params
        count = round(float(params.digits.sample(rng)))
        digits = rng.integers(10, size=count).tolist()
        hand = draw_hand(params, rng)
        wanted = round(params.height * float(params.digit_height.sample(rng)))
        # The widest that a row can be: each digit as wide as it is high, and 0.3 between two.
        side = max(4, min(wanted, int(params.width / (count * 1.3))))
        drawn = [draw_digit(digit, hand, params, self._fonts, side, rng) for digit in digits]
        places = self._places(drawn, side, rng)
        canvas = Image.new("L", (params.width, params.height))
        for one, place in zip(drawn, places, strict=True):
            layer = Image.new("L", canvas.size)
            layer.paste(one.picture, place[:2])
            canvas = ImageChops.lighter(canvas, layer)
        label = {
            "text": "".join(map(str, digits)),
            "boxes": np.array([(x, y, x + w, y + h) for x, y, w, h in places], np.float32),
            "classes": digits,
        }
        metadata = {"strokes": _strokes(drawn, places), **hand._asdict()}
        return sd.Sample(np.asarray(canvas)[..., None], label, metadata)

    def _places(self, drawn: list[Drawn], side: int, rng: np.random.Generator) -> list[Place]:
        """Put the digits in a row, about the middle line, wherever the row fits."""
        params = self.params
        sizes = [one.picture.size for one in drawn]
        gaps = [float(params.gap.sample(rng)) * side for _ in drawn[1:]]
        lefts = [0.0]
        for (width, _), gap in zip(sizes, gaps, strict=False):
            lefts.append(lefts[-1] + max(width + gap, 1))
        right = max(left + width for left, (width, _) in zip(lefts, sizes, strict=True))
        squeeze = min(1, (params.width - side) / max(right - side, 1))
        lefts = [left * squeeze for left in lefts]
        right = max(left + width for left, (width, _) in zip(lefts, sizes, strict=True))
        start = float(rng.random()) * max(params.width - right, 0)
        places = []
        for left, (width, height) in zip(lefts, sizes, strict=True):
            low = float(params.baseline.sample(rng)) * side
            y = min(max((params.height - height) / 2 + low, 0), params.height - height)
            x = min(start + left, params.width - width)
            places.append(Place(int(x), int(y), width, height))
        return places


def _strokes(drawn: list[Drawn], places: list[Place]) -> np.ndarray[Any, np.dtype[np.float32]]:
    rows: list[Any] = [np.empty((0, 3))]
    first = 0
    for one, place in zip(drawn, places, strict=True):
        rows.append(polyline(one.lines, place[:2], first))
        first += len(one.lines)
    return np.concatenate(rows).astype(np.float32)
