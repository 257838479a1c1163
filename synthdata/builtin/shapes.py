"""The generator of filled shapes on textures; drawing them is for the modules shape_*.py."""

from __future__ import annotations

import math
from typing import Annotated, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from synthdata.builtin.shape_colors import draw_palette
from synthdata.builtin.shape_outlines import LEAST_RADIUS, SHAPES, Shape, ShapeName
from synthdata.builtin.shape_scene import Scene
from synthdata.builtin.shape_textures import TEXTURES, Floats, TextureName, texture
from synthdata.distributions import Distribution, within
from synthdata.elementary import Uniform
from synthdata.features import Boxes, ClassLabel, Image, Mask, Scalar, Tensor, UpTo, distinct
from synthdata.generator import BaseParams, Generator
from synthdata.output import Output
from synthdata.sample import Sample

PLACEMENTS: Final = 20
"""Places tried for a shape before it is left out."""

OVERHANG: Final = 0.5
"""Most of its radius that a shape may lose beyond the border of an image of several shapes."""


class Shapes(Generator):
    """Circles, stars, hearts and other shapes on textured backgrounds, with exact labels.

    A pixel belongs to the topmost shape that covers half of it or more; boxes and visibility are
    of these pixels. Later shapes lie on earlier ones. One that finds no place where it leaves
    each earlier one visible enough is left out, so that a crowded image has fewer shapes than
    were drawn for it, and fewer large ones. The first shape is always there, wholly inside the
    image; the others may lose up to half of their radius beyond its border.

    The metadata describe the whole scene, whatever the task is, in the units in which it was
    drawn: pixels from the upper left corner, degrees clockwise from upright, grey levels.
    """

    class Params(BaseParams):
        """What the images show, and which of it is the label."""

        size: int = Field(64, ge=16, le=2048, description="side of the image in pixels")
        task: Literal["classify", "detect", "segment"] = Field(
            "classify",
            description="label: the class of one shape, boxes and classes of several, or the mask "
            "in which the k-th shape is k",
        )
        shapes: Annotated[tuple[ShapeName, ...], AfterValidator(distinct)] = Field(
            SHAPES, min_length=1, description="the classes, each as likely as the others"
        )
        max_shapes: int = Field(
            5, ge=1, le=50, description="most shapes of an image to detect or segment"
        )
        radius: Annotated[Distribution, within(0, 0.5)] = Field(
            Uniform(0.15, 0.35),
            description="radius of the circle around a shape, over the image's side",
        )
        angle: Annotated[Distribution, within(-360, 360)] = Field(
            Uniform(0, 360), description="how far a shape is turned, in degrees clockwise"
        )
        min_visibility: float = Field(
            0.3, gt=0, le=1, description="least part of a shape that others leave visible"
        )
        backgrounds: Annotated[tuple[TextureName, ...], AfterValidator(distinct)] = Field(
            TEXTURES, min_length=1, description="the textures, each as likely as the others"
        )
        background_contrast: Annotated[Distribution, within(0, 255)] = Field(
            Uniform(0, 64),
            description="most that the two colours of the background differ in a channel, "
            "in grey levels",
        )
        tone: Literal["light", "dark", "any"] = Field(
            "light", description="whether shapes are lighter or darker than their background"
        )
        contrast: int = Field(
            100,
            ge=1,
            le=255,
            description="by how much they are, at least, in grey levels of luma; from each other "
            "shapes are half as far in RGB space where that is possible",
        )
        noise: Annotated[Distribution, within(0, 128)] = Field(
            Uniform(0, 8), description="standard deviation of the pixel noise, in grey levels"
        )

        @field_validator("radius")
        @classmethod
        def _large_enough(cls, radius: Any, info: ValidationInfo) -> Any:
            size = info.data.get("size")
            if size is not None and radius.support[0] * size < LEAST_RADIUS:
                raise ValueError(
                    f"at size {size} a radius of {radius.support[0]} is less than "
                    f"{LEAST_RADIUS:g} pixels; draw from {LEAST_RADIUS / size:g} or more"
                )
            return radius

    @classmethod
    def describe(cls, params: Any) -> Output:
        """Declare an RGB image, the label of the task, and the scene as metadata."""
        size, names, most = params.size, params.shapes, _most(params)
        mask = Mask(size, size, le=most, description="0, or k at the k-th shape")
        classes = ClassLabel(names, max=most, description="of each shape, the lowest first")
        boxes = Boxes(most, description="around the visible pixels of each shape")
        label = {
            "classify": ClassLabel(names),
            "detect": {"boxes": boxes, "classes": classes},
            "segment": mask,
        }

        def each(description: str, *, ge: float | None = None, le: float | None = None) -> Tensor:
            return Tensor("float32", (UpTo(most),), ge=ge, le=le, description=description)

        return Output(
            image=Image(size, size, 3),
            label=label[params.task],
            metadata={
                "classes": classes,
                "boxes": boxes,
                "mask": mask,
                "visibility": each("part of its pixels that are visible", ge=0, le=1),
                "center": Tensor(
                    "float32", (UpTo(most), 2), ge=0, le=size, description="x, y in pixels"
                ),
                "radius": each("of the circle around it, in pixels", ge=0, le=size),
                "angle": each("degrees clockwise from upright", ge=-360, le=360),
                "color": Tensor("uint8", (UpTo(most), 3), description="RGB"),
                "background": ClassLabel(params.backgrounds),
                "background_colors": Tensor("uint8", (2, 3), description="ends of the texture"),
                "noise": Scalar("float32", ge=0, description="standard deviation, grey levels"),
            },
        )

    def sample(self, rng: np.random.Generator) -> Sample:
        """Arrange the shapes, then paint the background, the shapes and the noise."""
        params = self.params
        scene, classes = self._arrange(rng)
        background = int(rng.integers(len(params.backgrounds)))
        pattern = texture(params.backgrounds[background], params.size, rng)
        palette = draw_palette(
            rng, len(classes), params.contrast, params.background_contrast.sample(rng)
        )
        if params.tone == "dark" or (params.tone == "any" and rng.random() < 0.5):
            palette = palette.negative()
        canvas = scene.paint(pattern, palette)
        noise = _single(params.noise.sample(rng))
        if noise:
            canvas += _noise(rng, canvas.shape) * np.float32(noise)

        shapes = [layer.shape for layer in scene.layers]
        metadata = {
            "classes": classes,
            "boxes": scene.boxes(),
            "mask": scene.mask,
            "visibility": scene.visibility(),
            "center": np.array([(shape.x, shape.y) for shape in shapes], np.float32),
            "radius": np.array([shape.radius for shape in shapes], np.float32),
            "angle": np.array([shape.angle for shape in shapes], np.float32),
            "color": np.array(palette.shapes, np.uint8),
            "background": background,
            "background_colors": np.array(palette.background, np.uint8),
            "noise": noise,
        }
        return Sample(_grey_levels(canvas), self._label(metadata), metadata)

    def _label(self, metadata: dict[str, Any]) -> Any:
        if self.params.task == "segment":
            return metadata["mask"]
        if self.params.task == "detect":
            return {"boxes": metadata["boxes"], "classes": metadata["classes"]}
        return metadata["classes"][0]

    def _arrange(self, rng: np.random.Generator) -> tuple[Scene, list[int]]:
        """Draw which shapes lie where, the lowest first."""
        params = self.params
        scene, classes = Scene(params.size), []
        for number in range(1 + int(rng.integers(_most(params)))):
            kind = int(rng.integers(len(params.shapes)))
            radius = _single(params.radius.sample(rng) * params.size)
            angle = _single(params.angle.sample(rng))
            # The first is wholly inside, so that no image is empty.
            inset = radius if number == 0 else radius * (1 - OVERHANG)
            for _ in range(PLACEMENTS):
                x, y = (_single(rng.uniform(inset, params.size - inset)) for _ in "xy")
                if scene.add(
                    Shape(params.shapes[kind], x, y, radius, angle), params.min_visibility
                ):
                    classes.append(kind)
                    break
        return scene, classes


def _most(params: Any) -> int:
    most: int = 1 if params.task == "classify" else params.max_shapes
    return most


def _single(value: float) -> float:
    """The nearest number that float32 has: what is drawn is then exactly what the metadata say."""
    return float(np.float32(value))


def _noise(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Noise of mean 0 and standard deviation 1 that is nearly normal, and never beyond 3.5.

    It is the sum of four random bytes, which takes 45 µs for 3 × 64 × 64 pixels where the normal
    distribution takes 150 µs.
    """
    count = math.prod(shape)
    words = rng.integers(2**64 - 1, size=-(-count // 2), dtype=np.uint64, endpoint=True)
    # The byte order of any machine gives the same noise.
    words = words.astype("<u8", copy=False)
    total = words.view(np.uint8)[: 4 * count].reshape(4, *shape).sum(axis=0, dtype=np.uint16)
    noise: Floats = (total - np.float32(4 * 127.5)) / np.float32(math.sqrt(4 * (256**2 - 1) / 12))
    return noise


def _grey_levels(canvas: Floats) -> NDArray[np.uint8]:
    """From (3, size, size) of floats to (size, size, 3) of bytes."""
    canvas += 0.5
    np.clip(canvas, 0, 255, out=canvas)
    # Three times as fast as a copy of the transposed array.
    return np.stack(list(canvas.astype(np.uint8)), axis=2)
