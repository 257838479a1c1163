"""The generator of scikit-image's random shapes; shape_canvas.py lays them on each other."""

from __future__ import annotations

import importlib
from typing import Annotated, Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

import synthdata as sd
from synthdata_sklearn.names import distinct
from synthdata_sklearn.randomness import single
from synthdata_sklearn.shape_canvas import PAPER, SHAPES, ShapeCanvas, ShapeName

LEAST_SIZE: Final = 10
"""Pixels of the smallest shape: a circle of 6 pixels is drawn as a square of 5 × 5."""

PLACES: Final = 30
"""Places tried for a shape before it is left out."""


class RandomShapes(sd.Generator):
    """Rectangles, circles, triangles and ellipses on white; the label has boxes and classes.

    Each shape is drawn by scikit-image's ``random_shapes`` on an image of its own, so that its
    pixels are known also where shapes lie on each other. Boxes, mask and visibility are of the
    pixels that are seen; the k-th shape is k in the mask. A shape that finds no place is left
    out. Shapes may touch, and an ellipse may be as good as a circle.
    """

    class Params(sd.Params):
        """Size, and which shapes there are, how many, how large, how they look."""

        size: int = Field(96, ge=32, le=1024, description="side of the image in pixels")
        shapes: Annotated[tuple[ShapeName, ...], distinct] = Field(
            SHAPES, min_length=1, description="the classes, each as likely as the others"
        )
        max_shapes: int = Field(
            6,
            ge=1,
            le=20,
            description="most shapes; each number is as likely, before some are left out",
        )
        min_size: float = Field(
            0.1,
            ge=0.1,
            le=0.2,
            description="least extent of a shape, over the image's side; but 10 pixels, or more",
        )
        max_size: float = Field(
            0.4, ge=0.2, le=0.6, description="largest extent of a shape, over the image's side"
        )
        max_overlap: float = Field(
            0, ge=0, le=0.9, description="largest part of a shape that others may hide"
        )
        contrast: int = Field(
            40,
            ge=1,
            le=255,
            description="grey levels by which each channel of a shape is darker than white, at "
            "least",
        )
        noise: Annotated[sd.Distribution, sd.within(0, 128)] = Field(
            sd.Uniform(0, 8), description="standard deviation of the pixel noise, in grey levels"
        )

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        """Declare the image, boxes and classes, and what else is known of the shapes."""
        size, most = params.size, params.max_shapes
        classes = sd.ClassLabel(params.shapes, max=most, description="the lowest first")
        boxes = sd.Boxes(most, description="around the visible pixels of each shape")
        return sd.Output(
            image=sd.Image(size, size, 3),
            label={"boxes": boxes, "classes": classes},
            metadata={
                "mask": sd.Mask(size, size, le=most, description="0, or k at the k-th shape"),
                "visibility": sd.Tensor(
                    "float32", (sd.UpTo(most),), ge=0, le=1, description="part that is visible"
                ),
                "colors": sd.Tensor("uint8", (sd.UpTo(most), 3), description="RGB"),
                "noise": sd.Scalar("float32", ge=0, le=128, description="grey levels"),
            },
        )

    def open(self) -> None:
        """Import scikit-image, so that the first sample does not have to."""
        importlib.import_module("skimage.draw").random_shapes  # noqa: B018  # loads it

    def sample(self, rng: np.random.Generator) -> sd.Sample:
        """Draw the shapes one by one, then the noise."""
        params = self.params
        canvas = ShapeCanvas(params.size, params.max_overlap)
        for _ in range(1 + int(rng.integers(params.max_shapes))):
            name = params.shapes[int(rng.integers(len(params.shapes)))]
            for _ in range(PLACES):
                drawn = _draw(name, params, rng)
                if drawn is not None and canvas.lay(name, drawn):
                    break
        noise = single(params.noise.sample(rng))
        image = _noisy(canvas.image, noise, rng) if noise else canvas.image
        count = len(canvas.names)
        metadata = {
            "mask": canvas.mask,
            "visibility": canvas.visibility(),
            "colors": np.array(canvas.colors, np.uint8).reshape(count, 3),
            "noise": noise,
        }
        label = {"boxes": canvas.boxes().reshape(count, 4), "classes": canvas.names}
        return sd.Sample(image, label, metadata)


def _draw(name: ShapeName, params: Any, rng: np.random.Generator) -> NDArray[np.uint8] | None:
    """Draw one shape alone, or None where it would be cut off."""
    from skimage.draw import random_shapes

    least, most = (
        max(LEAST_SIZE, round(part * params.size)) for part in (params.min_size, params.max_size)
    )
    image, labels = random_shapes(  # type: ignore[no-untyped-call]  # has no types
        (params.size, params.size),
        max_shapes=1,
        min_size=least,
        max_size=most,
        shape=name,
        intensity_range=((0, PAPER - params.contrast),),
        rng=rng,
    )
    [(_, ((top, _), (left, _)))] = labels
    # scikit-image (0.26 too) draws what of a triangle is above the image at its lower border.
    drawn: NDArray[np.uint8] | None = image if top >= 0 and left >= 0 else None
    return drawn


def _noisy(image: NDArray[np.uint8], noise: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    shift = rng.standard_normal(image.shape, np.float32) * np.float32(noise)
    return np.clip(np.rint(image + shift), 0, 255).astype(np.uint8)
