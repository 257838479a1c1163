"""What both generators share: params of the picture, and a code's way into it."""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field, model_validator

import synthdata as sd
from synthdata_barcodes.colors import BACKGROUNDS, BackgroundName, background, draw_colors, paint
from synthdata_barcodes.coverage import Coverage, cover
from synthdata_barcodes.patterns import fill
from synthdata_barcodes.view import Paper, View, placed, project, turned
from synthdata_barcodes.wear import Wear, wear_out

T = TypeVar("T")


def distinct(values: tuple[T, ...]) -> tuple[T, ...]:
    """Validate that no value is there twice."""
    doubled = [value for place, value in enumerate(values) if value in values[:place]]
    if doubled:
        raise ValueError(f"every name once, but doubled is {doubled[0]!r}")
    return values


class PictureParams(sd.Params):
    """How codes are placed, coloured and worn; what they hold is for each generator to say."""

    size: int = Field(192, ge=64, le=1024, description="side of the image in pixels")
    channels: Literal[1, 3] = Field(3, description="1 for grey images, 3 for RGB")
    task: Literal["classify", "locate"] = Field(
        "classify", description="label: the class of the code, or its corners"
    )
    texts: tuple[str, ...] = Field(
        (), description="payloads to choose from, each as likely; none makes random ones"
    )
    patterns: tuple[str, ...] = Field(
        (),
        description="the same with places to fill: each # is a digit, each @ a letter A to Z, "
        "and \\ takes the next character as it is",
    )
    angle: Annotated[sd.Distribution, sd.within(-360, 360)] = Field(
        sd.Uniform(0, 360), description="how far the code is turned, in degrees clockwise"
    )
    tilt: Annotated[sd.Distribution, sd.within(0, 60)] = Field(
        sd.Uniform(0, 30),
        description="how far it is turned away from the camera, in any direction, in degrees",
    )
    module: Annotated[sd.Distribution, sd.within(1, 64)] = Field(
        sd.Uniform(3, 6),
        description="side of a module in pixels; less where the code would not fit",
    )
    quiet: int = Field(4, ge=0, le=20, description="modules of free paper around the code")
    paper: Annotated[sd.Distribution, sd.within(0, 255)] = Field(
        sd.Uniform(160, 255), description="grey level of the paper"
    )
    contrast: Annotated[sd.Distribution, sd.within(0, 1)] = Field(
        sd.Uniform(0.55, 1), description="part of the paper's light that ink swallows"
    )
    tint: Annotated[sd.Distribution, sd.within(0, 1)] = Field(
        sd.Uniform(0, 0.25),
        description="most that a channel of the paper loses, and one of the ink swallows less, "
        "as a part; 0 is grey",
    )
    backgrounds: Annotated[tuple[BackgroundName, ...], AfterValidator(distinct)] = Field(
        BACKGROUNDS,
        min_length=1,
        description="what lies behind the paper, each as likely: more paper, a colour, or clouds",
    )
    shade: Annotated[sd.Distribution, sd.within(0, 1)] = Field(
        sd.Uniform(0, 0.5),
        description="part of the light that is missing in the darkest corner of the image",
    )
    blur: Annotated[sd.Distribution, sd.within(0, 4)] = Field(
        sd.Uniform(0, 0.3), description="standard deviation of the blur, in modules"
    )
    shrink: Annotated[sd.Distribution, sd.within(1, 8)] = Field(
        sd.Uniform(1, 1.2),
        description="by how much the picture was smaller before it was enlarged to the image",
    )
    noise: Annotated[sd.Distribution, sd.within(0, 128)] = Field(
        sd.Uniform(0, 8), description="standard deviation of the pixel noise, in grey levels"
    )
    jpeg: Annotated[sd.Distribution, sd.within(1, 100)] = Field(
        sd.Uniform(50, 100), description="quality of the JPEG file, rounded; 100 is no file"
    )

    @model_validator(mode="after")
    def _texts_or_patterns(self) -> Self:
        if self.texts and self.patterns:
            raise ValueError("give texts or patterns, not both")
        return self


class Code(NamedTuple):
    """A code before it is drawn.

    Attributes:
        modules: bool (rows, columns), true where it is dark.
        quiet: modules of free paper at its left and right, then above and below.
        payload: what a reader returns.
        kind: its class, as ``describe`` names it.
        details: metadata of this kind of code.
    """

    modules: NDArray[np.bool_]
    quiet: tuple[int, int]
    payload: str
    kind: str
    details: dict[str, Any]


class CodeGenerator(sd.Generator):
    """Codes on paper, seen by a camera."""

    Params: ClassVar[type[sd.Params]] = PictureParams

    def draw_given(self, rng: np.random.Generator) -> str | None:
        """Draw one of the payloads that were given, or return None where none were."""
        if self.params.texts:
            return str(self.params.texts[int(rng.integers(len(self.params.texts)))])
        if self.params.patterns:
            return fill(self.params.patterns[int(rng.integers(len(self.params.patterns)))], rng)
        return None

    @abstractmethod
    def draw_code(self, rng: np.random.Generator) -> Code:
        """Draw which code a sample shows."""

    def sample(self, rng: np.random.Generator) -> sd.Sample:
        """Draw a code, how it is seen, and what the picture suffers."""
        code = self.draw_code(rng)
        rows, columns = code.modules.shape
        paper = Paper(columns, rows, code.quiet)
        view, seen = self._look(paper, rng)
        wear = self._wear(view.module, rng)
        colors, behind = self._colored(rng)
        canvas = background(behind, colors[1], self._shape(wear), rng)
        paint(self._cover(code, paper, view, wear), colors, canvas)
        image = wear_out(canvas, wear, self.params.size, rng)
        corners = np.full((4, 3), 2, np.float32)
        corners[:, :2] = project(view.matrix, paper.corners())
        metadata = {
            "payload": code.payload,
            "class": code.kind,
            "corners": corners,
            **code.details,
            "homography": view.matrix.astype(np.float32),
            "module": view.module,
            **seen,
            "colors": colors,
            "background": behind,
            **wear._asdict(),
        }
        label = corners.copy() if self.params.task == "locate" else code.kind
        return sd.Sample(image, label, metadata)

    def _look(self, paper: Paper, rng: np.random.Generator) -> tuple[View, dict[str, float]]:
        params = self.params
        angle, tilt = float(params.angle.sample(rng)), float(params.tilt.sample(rng))
        axis, x, y = rng.uniform(0, 360), rng.random(), rng.random()
        module = float(params.module.sample(rng))
        matrix = turned(paper, angle, tilt, axis)
        view = placed(matrix, paper, module, (params.size, params.size), (x, y))
        return view, {"angle": angle, "tilt": tilt, "tilt_axis": axis}

    def _shape(self, wear: Wear) -> tuple[int, int, int]:
        """Of the picture before it is enlarged to the image."""
        side = wear.side(self.params.size)
        return side, side, self.params.channels

    def _cover(self, code: Code, paper: Paper, view: View, wear: Wear) -> Coverage:
        side, _, _ = self._shape(wear)
        smaller = np.diag([side / self.params.size, side / self.params.size, 1])
        return cover(code.modules, paper, smaller @ view.matrix, (side, side))

    def _colored(self, rng: np.random.Generator) -> tuple[NDArray[np.uint8], BackgroundName]:
        params = self.params
        light, contrast = float(params.paper.sample(rng)), float(params.contrast.sample(rng))
        colors = draw_colors(rng, light, contrast, float(params.tint.sample(rng)), params.channels)
        return colors, params.backgrounds[int(rng.integers(len(params.backgrounds)))]

    def _wear(self, module: float, rng: np.random.Generator) -> Wear:
        params = self.params
        return Wear(
            shade=float(params.shade.sample(rng)),
            toward=rng.uniform(0, 360),
            blur=module * float(params.blur.sample(rng)),
            shrink=float(params.shrink.sample(rng)),
            noise=float(params.noise.sample(rng)),
            jpeg=round(float(params.jpeg.sample(rng))),
        )


def output_of(
    params: Any, names: tuple[str, ...], payload: sd.Text, details: dict[str, Any]
) -> sd.Output:
    """Declare the picture of a code.

    Args:
        params: the generator's PictureParams.
        names: the classes.
        payload: declares the payload.
        details: declares the metadata of this kind of code.
    """
    corners = sd.Keypoints(
        4, description="of the code: top left, top right, bottom right, bottom left"
    )
    code = sd.ClassLabel(names)

    def number(description: str, ge: float = 0, le: float | None = None) -> sd.Scalar:
        return sd.Scalar("float32", ge=ge, le=le, description=description)

    return sd.Output(
        image=sd.Image(params.size, params.size, params.channels),
        label=corners if params.task == "locate" else code,
        metadata={
            "payload": payload,
            "class": code,
            "corners": corners,
            **details,
            "homography": sd.Tensor(
                "float32", (3, 3), description="from modules, from the top left corner, to pixels"
            ),
            "module": number("side in pixels at the centre of the code, if it were not tilted"),
            "angle": number("degrees clockwise", -360, 360),
            "tilt": number("degrees away from the camera", 0, 60),
            "tilt_axis": number("direction of its axis, degrees clockwise from x", 0, 360),
            "colors": sd.Tensor("uint8", (2, params.channels), description="ink, paper"),
            "background": sd.ClassLabel(params.backgrounds),
            "shade": number("part of the light missing in the darkest corner", 0, 1),
            "toward": number("where that is, degrees clockwise from x", 0, 360),
            "blur": number("standard deviation in pixels"),
            "shrink": number("by how much the picture was smaller", 1, 8),
            "noise": number("standard deviation in grey levels", 0, 128),
            "jpeg": sd.Scalar("int32", ge=1, le=100, description="quality; 100 is no file"),
        },
    )
