"""The generator of one-dimensional barcodes; symbologies.py encodes them."""

from __future__ import annotations

from typing import Annotated, Any, Final, Self

import numpy as np
from pydantic import AfterValidator, Field, model_validator

import synthdata as sd
from synthdata_barcodes.patterns import example
from synthdata_barcodes.picture import Code, CodeGenerator, PictureParams, distinct, output_of
from synthdata_barcodes.symbologies import (
    MAX_LENGTH,
    SYMBOLOGIES,
    SymbologyName,
    draw_text,
    encode,
    problem,
)

QUIET_BESIDE: Final = 2
"""Modules of free paper above and below the bars; readers need it only to the left and right."""


class Barcodes(CodeGenerator):
    """Product codes and other barcodes on paper, photographed: symbology, payload, exact corners.

    A pinhole camera sees the code from two diagonals of its paper away; the code and its free zone
    lie wholly inside the image. The class is the symbology. Corners are those of the outer bars, in
    absolute pixels: top left, top right, bottom right, bottom left, as the code is read. No digits
    stand below the bars.
    """

    class Params(PictureParams):
        """Which barcodes there are, and how they are seen."""

        size: int = Field(256, ge=64, le=1024, description="side of the image in pixels")
        symbologies: Annotated[tuple[SymbologyName, ...], AfterValidator(distinct)] = Field(
            SYMBOLOGIES, min_length=1, description="the classes, each as likely"
        )
        length: Annotated[sd.Distribution, sd.within(1, 40)] = Field(
            sd.Uniform(5, 7),
            description="characters of a random Code 128, Code 39 or ITF code; rounded, "
            "and of ITF to an even number",
        )
        bar_height: Annotated[sd.Distribution, sd.within(4, 200)] = Field(
            sd.Uniform(16, 32), description="height of the bars in modules; rounded"
        )
        module: Annotated[sd.Distribution, sd.within(1, 64)] = Field(
            sd.Uniform(1.8, 3.5),
            description="width of the narrowest bar in pixels; less where the code would not fit",
        )
        quiet: int = Field(
            10, ge=0, le=20, description="modules of free paper to the left and right"
        )

        @model_validator(mode="after")
        def _encodable(self) -> Self:
            for name in self.symbologies:
                problems = [problem(name, text) for text in self.texts]
                problems += [problem(name, example(p), checked=False) for p in self.patterns]
                for found in filter(None, problems):
                    raise ValueError(
                        f"{name} cannot hold a payload: {found}; "
                        "name in symbologies only those that hold each payload"
                    )
            return self

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        """Declare an image, the symbology or the corners, and all that was drawn."""
        return output_of(
            params,
            params.symbologies,
            sd.Text(MAX_LENGTH, description="with the check digit, if there is one"),
            {"columns": sd.Scalar("int32", ge=1, description="width of the code in modules")},
        )

    def draw_code(self, rng: np.random.Generator) -> Code:
        """Draw symbology, payload and height."""
        params = self.params
        name = params.symbologies[int(rng.integers(len(params.symbologies)))]
        bars = encode(name, self._text(name, rng))
        height = round(float(params.bar_height.sample(rng)))
        modules = np.tile(bars.modules, (height, 1))
        details = {"columns": len(bars.modules)}
        return Code(modules, (params.quiet, QUIET_BESIDE), bars.payload, name, details)

    def _text(self, name: SymbologyName, rng: np.random.Generator) -> str:
        given = self.draw_given(rng)
        if given is not None:
            return given
        return draw_text(name, round(float(self.params.length.sample(rng))), rng)
