"""Params, declaration and picture that all generators of points have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

import synthdata as sd
from synthdata_sklearn.frame import fitted
from synthdata_sklearn.palette import class_colors, one_color, position_colors
from synthdata_sklearn.point_set import PointSet
from synthdata_sklearn.randomness import single
from synthdata_sklearn.scatter import Scatter


class PointParams(sd.Params):
    """Size of the image, number and size of the points."""

    size: int = Field(96, ge=32, le=1024, description="side of the image in pixels")
    points: int = Field(200, ge=20, le=2000, description="number of points")
    radius: Annotated[sd.Distribution, sd.within(1, 6)] = Field(
        sd.Uniform(1.2, 2.5), description="radius of a point's dot in pixels"
    )


class ClassedPointParams(PointParams):
    """The same, and whether the picture gives the classes away."""

    colors: Literal["one", "class"] = Field(
        "one",
        description="the colour of the points: one for all, so that their class is to be seen "
        "from where they lie, or one for each class",
    )


@dataclass(frozen=True, slots=True)
class Drawing:
    """A point set as it lies in an image.

    Attributes:
        image: (size, size, 3) uint8.
        mask: (size, size) uint8, 1 + the class of the point that a pixel shows, or 0.
        metadata: values of the features that ``point_features`` declares.
    """

    image: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    metadata: dict[str, Any]


def point_image(params: PointParams) -> sd.Image:
    """Declare the image."""
    return sd.Image(params.size, params.size, 3)


def point_mask(params: PointParams, names: Sequence[str]) -> sd.Mask:
    """Declare the mask of the classes."""
    return sd.Mask(
        params.size,
        params.size,
        names=("background", *names),
        description="class of the point that a pixel shows",
    )


def point_features(
    params: PointParams, names: Sequence[str] | None = None, *, dimensions: int = 2
) -> dict[str, Any]:
    """Declare the points, for the metadata.

    Args:
        params: of the generator.
        names: of the classes; None where all points are of one.
        dimensions: of the points before they were drawn.
    """
    count, size = params.points, params.size
    classes = {"classes": _classes(count, names)} if names else {}
    return {
        "points": sd.Tensor(
            "float32", (count, 2), ge=0, le=size, description="x, y in pixels, the lowest first"
        ),
        "data": sd.Tensor(
            "float32", (count, dimensions), description="as scikit-learn made them, y upwards"
        ),
        **classes,
        "radius": sd.Scalar("float32", ge=1, le=6, description="of the dots, in pixels"),
    }


def _classes(count: int, names: Sequence[str]) -> sd.Tensor:
    """Declare a class a point: a Tensor, as each sample has as many points as the others."""
    listed = ", ".join(f"{number} {name}" for number, name in enumerate(names))
    return sd.Tensor(
        "int64", (count,), ge=0, le=len(names) - 1, description=f"of each point: {listed}"
    )


def draw_points(
    rng: np.random.Generator,
    params: PointParams,
    points: PointSet,
    *,
    view: NDArray[np.float32] | None = None,
    colors: Literal["one", "class", "position"] = "one",
    classed: bool = True,
    square: bool = True,
) -> Drawing:
    """Draw a point set so that it just fits into the image.

    Args:
        rng: of the sample; it draws the radius.
        params: of the generator.
        points: the points.
        view: (points, 2), where they lie as they are seen; None is their own data.
        colors: what a point's colour says.
        classed: whether the metadata have the classes.
        square: whether both axes are scaled alike.
    """
    radius = single(params.radius.sample(rng))
    places = fitted(points.data if view is None else view, params.size, radius + 1, square=square)
    scatter = Scatter.draw(places, radius, params.size)
    classes = {"classes": points.classes} if classed else {}
    metadata = {"points": places, "data": points.data, **classes, "radius": radius}
    image = scatter.image(_colors(points, colors))
    return Drawing(image, scatter.mask(points.classes), metadata)


def _colors(points: PointSet, colors: str) -> NDArray[np.uint8]:
    if colors == "position" and points.position is not None:
        return position_colors(points.position)
    if colors == "class":
        return class_colors(points.classes)
    return one_color(len(points.data))
