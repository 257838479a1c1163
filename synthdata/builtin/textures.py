"""The generator of textures made of TensorFlow ops; the ops are texture_graph.py's."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, NamedTuple, Self, TypeAlias

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from synthdata.distributions import Distribution, within
from synthdata.elementary import LogUniform, Uniform
from synthdata.features import ClassLabel, Image, Scalar, Tensor, distinct
from synthdata.generator import BaseParams
from synthdata.native import TensorGenerator
from synthdata.output import Output
from synthdata.sample import Sample

TextureClass: TypeAlias = Literal["noise", "stripes", "checks", "dots"]

CLASSES: Final[tuple[TextureClass, ...]] = ("noise", "stripes", "checks", "dots")

LEAST_PERIOD: Final = 4.0
"""Pixels of the shortest period; checks, whose diagonals are shorter, still have 2.8."""


class Form(NamedTuple):
    """What the field of a class is made of: numbers, or float64 tensors.

    Attributes:
        first_u, first_v: periods of the axes u and v that the first wave runs through.
        second_u, second_v: the same of the second wave.
        first_weight, second_weight: of the waves.
        level: of the field, above which the second colour is.
        level_by_duty: what is added to it, times cos π·duty.
        noise: 1 if the field is noise.
        axis_u, axis_v: 1 if it depends on the place on that axis, and so has a phase there.
        duty: 1 if it has one.
    """

    first_u: Any = 0
    first_v: Any = 0
    second_u: Any = 0
    second_v: Any = 0
    first_weight: Any = 0
    second_weight: Any = 0
    level: Any = 0
    level_by_duty: Any = 0
    noise: Any = 0
    axis_u: Any = 0
    axis_v: Any = 0
    duty: Any = 0


# The product cos u · cos v, which checks are, is (cos(u + v) + cos(u - v)) / 2: two waves as well.
FORMS: Final[dict[TextureClass, Form]] = {
    "noise": Form(noise=1),
    "stripes": Form(1, 0, 0, 0, 1, 0, level_by_duty=1, axis_u=1, duty=1),
    "checks": Form(1, 1, 1, -1, 0.5, 0.5, axis_u=1, axis_v=1),
    "dots": Form(1, 0, 0, 1, 0.5, 0.5, 0.5, 0.5, axis_u=1, axis_v=1, duty=1),
}


class Textures(TensorGenerator):
    """Noise, stripes, checks and dots of two colours, made in the graph, batches at once.

    A texture is a field of numbers, of which those above a level have the second colour, those
    below it the first, and those near it a mixture. The field of stripes is a wave
    ``cos 2π(u / period - phase)`` along the axis u, which points ``angle`` degrees clockwise from
    the rightward direction; checks are the product of that wave and one along the axis v, 90°
    further clockwise, and dots are their sum. Noise is a sum of octaves of cubic B-splines through
    random lattices, each with cells half as large as the one before. Coordinates are pixels from
    the upper left corner, the centre of whose pixel is (0.5, 0.5).

    With ``dtype="float32"`` the image has a gradient by all params that are drawn.
    """

    class Params(BaseParams):
        """What the images show."""

        size: int = Field(64, ge=32, le=512, description="side of the image in pixels")
        channels: Literal[1, 3] = Field(3, description="1 for grey, 3 for RGB")
        dtype: Literal["uint8", "float32"] = Field(
            "uint8", description="grey levels from 0 to 255, or these over 255"
        )
        classes: Annotated[tuple[TextureClass, ...], AfterValidator(distinct)] = Field(
            CLASSES, min_length=1, description="the classes, each as likely as the others"
        )
        period: Annotated[Distribution, within(1 / 128, 1)] = Field(
            LogUniform(0.125, 0.4),
            description="of stripes, checks and dots, over the image's side; at least 4 pixels",
        )
        angle: Annotated[Distribution, within(-360, 360)] = Field(
            Uniform(0, 180), description="how far they are turned, in degrees clockwise"
        )
        duty: Annotated[Distribution, within(0.1, 0.8)] = Field(
            Uniform(0.3, 0.7), description="width of a stripe or dot, over the period"
        )
        softness: Annotated[Distribution, within(0.01, 1)] = Field(
            Uniform(0.1, 1),
            description="how gradually one colour becomes the other: 1 as in a wave, 0.1 within a "
            "tenth of that",
        )
        cells: int = Field(
            4, ge=1, le=32, description="cells of the coarsest noise, over the image's side"
        )
        octaves: int = Field(4, ge=1, le=8, description="lattices that noise is the sum of")
        persistence: Annotated[Distribution, within(0, 1)] = Field(
            Uniform(0.3, 0.8), description="amplitude of an octave over that of the coarser one"
        )
        contrast: Annotated[Distribution, within(1, 255)] = Field(
            Uniform(60, 200),
            description="by how much the two colours differ, in grey levels of luma",
        )
        saturation: Annotated[Distribution, within(0, 1)] = Field(
            Uniform(0, 0.9),
            description="how colourful they are: 0 is grey, 1 all that their luma allows",
        )
        noise: Annotated[Distribution, within(0, 128)] = Field(
            Uniform(0, 8), description="standard deviation of the pixel noise, in grey levels"
        )

        @field_validator("period")
        @classmethod
        def _long_enough(cls, period: Any, info: ValidationInfo) -> Any:
            size = info.data.get("size")
            # What is 4 pixels but for a rounding error is 4 pixels.
            if size is not None and period.support[0] * size < LEAST_PERIOD * (1 - 1e-9):
                raise ValueError(
                    f"at size {size} a period of {period.support[0]} is less than "
                    f"{LEAST_PERIOD:g} pixels; draw from {LEAST_PERIOD / size:g} or more"
                )
            return period

        @model_validator(mode="after")
        def _cells_of_a_pixel(self) -> Self:
            finest = self.cells * 2 ** (self.octaves - 1)
            if finest > self.size:
                raise ValueError(
                    f"octave {self.octaves} of {self.cells} cells has {finest} cells, which is "
                    f"more than the {self.size} pixels of the image's side; reduce octaves or cells"
                )
            return self

    @classmethod
    def describe(cls, params: Any) -> Output:
        """Declare the image, its class, and what was drawn for it as metadata."""
        size, channels = params.size, params.channels
        most = 255 if params.dtype == "uint8" else 1

        def number(description: str, ge: float, le: float) -> Scalar:
            return Scalar("float32", ge=ge, le=le, description=description)

        return Output(
            image=Image(size, size, channels, params.dtype, ge=0, le=most),
            label=ClassLabel(params.classes),
            metadata={
                "period": number("in pixels; of noise the side of the largest cells", 1, size),
                "angle": number("of the axis u, degrees clockwise; 0 of noise", -360, 360),
                "phase": Tensor(
                    "float32",
                    (2,),
                    ge=0,
                    le=1,
                    description="where the crests lie on the axes u and v, over the period; "
                    "0 of noise, and along stripes",
                ),
                "duty": number("width of a stripe or dot, over the period; 0 of others", 0, 1),
                "softness": number("of edges, which are a pixel wide at least", 0, 1),
                "persistence": number("of noise; 0 of others", 0, 1),
                "contrast": number("difference of the colours' luma, in grey levels", 0, 255),
                "colors": Tensor(
                    "float32", (2, channels), ge=0, le=255, description="first and second"
                ),
                "noise": number("standard deviation of the pixel noise, in grey levels", 0, 128),
            },
        )

    def tensor_sample(self, seed: Any, index: Any) -> Sample:
        """Draw the numbers of a texture, then make the field, the colours and the pixel noise."""
        from synthdata.builtin.texture_graph import texture

        return texture(self.params, seed, index)
