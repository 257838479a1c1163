"""The transform that turns, scales, shears, shifts and mirrors a sample with its annotations."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from pydantic import Field

from synthdata.distributions import Distribution, within
from synthdata.elementary import Constant, Uniform
from synthdata.errors import DeclarationError
from synthdata.features import Boxes, Image, Keypoints, Mask, Polygons, Tensor
from synthdata.generator import BaseParams
from synthdata.output import Leaf, Output, each_feature
from synthdata.polygons import area, clipped
from synthdata.sample import Sample
from synthdata.transform import Transform

Floats: TypeAlias = NDArray[np.float64]
Size: TypeAlias = tuple[int, int]

MATRIX: Final = "affine"
"""Name of the metadata that hold the matrix."""

TRIES: Final = 16
"""Matrices drawn until one keeps each object in the image; then the sample stays as it is."""

_TENSOR: Final = Tensor("float64", (3, 3), description="from the generator's pixels to these")

_DTYPES: Final = ("uint8", "uint16", "float32")


class Affine(Transform):
    """An affine map of the image, with boxes, masks, keypoints and polygons carried along.

    Images are interpolated linearly, masks take the nearest pixel. A box becomes the box around
    what it is turned into, cut at the edge; a polygon is cut at the edge; a keypoint that leaves
    becomes one that is not there. Objects are never lost: where less than ``keep`` of the area of
    one would stay inside, another map is drawn, 16 times at most, and then none is applied.

    The metadata ``affine`` hold the map, a matrix (3, 3) from the generator's pixels to those of
    the image, whatever number of such steps there are. Other metadata stay as the generator made
    them.
    """

    class Params(BaseParams):
        """How far the image is turned, scaled, sheared, shifted and mirrored."""

        angle: Annotated[Distribution, within(-360, 360)] = Field(
            Uniform(-15, 15), description="in degrees, clockwise as one sees it"
        )
        scale: Annotated[Distribution, within(0.05, 20)] = Field(
            Uniform(0.8, 1.1), description="greater than 1 is larger"
        )
        shear: Annotated[Distribution, within(-80, 80)] = Field(
            Constant(0), description="of the vertical, in degrees"
        )
        shift_x: Annotated[Distribution, within(-1, 1)] = Field(
            Uniform(-0.1, 0.1), description="to the right, as a part of the width"
        )
        shift_y: Annotated[Distribution, within(-1, 1)] = Field(
            Uniform(-0.1, 0.1), description="down, as a part of the height"
        )
        mirror: float = Field(0, ge=0, le=1, description="how often left and right are swapped")
        keep: float = Field(
            0.5, gt=0, le=1, description="least part of a box or polygon that stays inside"
        )
        fill: int = Field(0, ge=0, le=255, description="value around the image, in its own units")

    def __init__(self, params: Any, input: Output) -> None:
        super().__init__(params, input)
        self._leaves = input.leaves
        self._assemble = input.assembler(whole=True)

    @classmethod
    def describe(cls, params: Any, input: Output) -> Output:
        """Declare the same with the matrix.

        Raises:
            DeclarationError: if images and masks are not all of one size, or of other dtypes.
        """
        framed = [leaf for leaf in input.leaves if isinstance(leaf.feature, Image | Mask)]
        sizes = {leaf.feature.shape[:2] for leaf in framed}
        if len(sizes) != 1:
            came = ", ".join(f"{leaf.name} {leaf.feature}" for leaf in framed) or "none"
            raise DeclarationError(
                f"images and masks of one size are expected, but there is {came}"
            )
        for leaf in framed:
            if isinstance(leaf.feature, Image) and leaf.feature.dtype not in _DTYPES:
                raise DeclarationError(
                    f"an image of {', '.join(_DTYPES)} is expected, but {leaf.name} is "
                    f"{leaf.feature}"
                )
        if MATRIX in input.metadata and input.metadata[MATRIX] != _TENSOR:
            raise DeclarationError(f"metadata.{MATRIX} of another kind is declared already")
        parts = {
            name: each_feature(getattr(input, name), partial(_roomier, params.fill))
            for name in ("image", "label", "metadata")
        }
        parts["metadata"] = {**parts["metadata"], MATRIX: _TENSOR}
        return Output(**parts)

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Map the images of a sample and what lies in them."""
        values = [leaf.value_in(sample) for leaf in self._leaves]
        size = _size(self._leaves, values)
        matrix = self._matrix(values, size, rng)
        before = sample.metadata.get(MATRIX, np.eye(3))
        if matrix is not None:
            values = [
                _mapped(leaf, value, matrix, size, self.params.fill)
                for leaf, value in zip(self._leaves, values, strict=True)
            ]
            before = matrix @ before
        tree = self._assemble(values)
        metadata = {**tree.get("metadata", {}), MATRIX: before}
        return Sample(tree["image"], tree.get("label"), metadata)

    def _matrix(self, values: list[Any], size: Size, rng: np.random.Generator) -> Floats | None:
        objects = [
            corners
            for leaf, value in zip(self._leaves, values, strict=True)
            for corners in _outlines(leaf, value)
        ]
        for _ in range(TRIES):
            matrix = self._drawn(size, rng)
            if all(_kept(corners, matrix, size) >= self.params.keep for corners in objects):
                return matrix
        return None

    def _drawn(self, size: Size, rng: np.random.Generator) -> Floats:
        """Draw a matrix about the middle of the image."""
        params, (height, width) = self.params, size
        angle = math.radians(float(params.angle.sample(rng)))
        scale = float(params.scale.sample(rng))
        shear = math.tan(math.radians(float(params.shear.sample(rng))))
        shift = [
            float(params.shift_x.sample(rng)) * width,
            float(params.shift_y.sample(rng)) * height,
        ]
        mirror = -1.0 if rng.random() < params.mirror else 1.0
        turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        linear = turn @ np.array([[scale * mirror, scale * shear], [0, scale]])
        middle = np.array([width / 2, height / 2])
        matrix = np.eye(3)
        matrix[:2, :2] = linear
        matrix[:2, 2] = middle + shift - linear @ middle
        return matrix


def _roomier(fill: int, feature: Any) -> Any:
    """A feature with room for corners that cuts add, and for the value around images."""
    if isinstance(feature, Polygons):
        return dataclasses.replace(feature, max_points=2 * feature.max_points)
    if isinstance(feature, Image):
        ge = None if feature.ge is None else min(feature.ge, fill)
        le = None if feature.le is None else max(feature.le, fill)
        return dataclasses.replace(feature, ge=ge, le=le)
    return feature


def points(matrix: Floats, xy: Any) -> Floats:
    """Map points.

    Args:
        matrix: (3, 3), affine.
        xy: (points, 2), in pixels.
    """
    mapped: Floats = np.asarray(xy, np.float64) @ matrix[:2, :2].T + matrix[:2, 2]
    return mapped


def _size(leaves: tuple[Leaf, ...], values: list[Any]) -> Size:
    sizes = {
        value.shape[:2]
        for leaf, value in zip(leaves, values, strict=True)
        if isinstance(leaf.feature, Image | Mask)
    }
    if len(sizes) > 1:
        raise ValueError(f"images and masks of one size are expected, but there are {sizes}")
    [size] = sizes
    return size  # type: ignore[no-any-return]


def _outlines(leaf: Leaf, value: Any) -> list[Any]:
    """The corners of each object that must not be lost."""
    if isinstance(leaf.feature, Boxes):
        return [_corners(box) for box in value]
    return list(value) if isinstance(leaf.feature, Polygons) else []


def _corners(box: Any) -> Floats:
    x0, y0, x1, y1 = (float(edge) for edge in box)
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])


def _kept(corners: Any, matrix: Floats, size: Size) -> float:
    """The part of the area of an outline that stays inside the image."""
    mapped = points(matrix, corners)
    if (mapped >= 0).all() and (mapped <= size[::-1]).all():
        return 1.0
    whole = area(mapped)
    return area(clipped(mapped, size)) / whole if whole else 1.0


def _mapped(leaf: Leaf, value: Any, matrix: Floats, size: Size, fill: int) -> Any:
    how = _CARRIED.get(type(leaf.feature))
    return value if how is None else how(value, matrix, size, fill)


def _image(value: Any, matrix: Floats, size: Size, fill: int) -> Any:
    if value.dtype == np.uint8 and value.shape[2] == 3:
        return _warped(value, matrix, Pillow.Resampling.BILINEAR, (fill,) * 3)
    # Of four bands Pillow would take the last for alpha, and weigh the others by it.
    bands = [
        _warped(
            band if value.dtype == np.uint8 else band.astype(np.float32),
            matrix,
            Pillow.Resampling.BILINEAR,
            fill,
        )
        for band in np.moveaxis(value, 2, 0)
    ]
    made = np.stack(bands, axis=2)
    return made if value.dtype.kind == "f" else np.rint(made).astype(value.dtype)


def _mask(value: Any, matrix: Floats, size: Size, fill: int) -> Any:
    whole = value.astype(np.int32)
    return _warped(whole, matrix, Pillow.Resampling.NEAREST, 0).astype(value.dtype)


def _warped(value: Any, matrix: Floats, resampling: Pillow.Resampling, fill: Any) -> Any:
    image = Pillow.fromarray(np.ascontiguousarray(value))
    back = np.linalg.inv(matrix)[:2].ravel().tolist()
    return np.array(
        image.transform(
            image.size, Pillow.Transform.AFFINE, back, resample=resampling, fillcolor=fill
        )
    )


def _boxes(value: Any, matrix: Floats, size: Size, fill: int) -> Any:
    height, width = size
    found = [points(matrix, _corners(box)) for box in value]
    boxes = [[*one.min(axis=0), *one.max(axis=0)] for one in found]
    made = np.array(boxes, np.float32).reshape(-1, 4)
    return made.clip(0, np.array([width, height] * 2, np.float32))


def _keypoints(value: Any, matrix: Floats, size: Size, fill: int) -> Any:
    height, width = size
    there = value[..., 2] > 0
    xy = points(matrix, value[..., :2].reshape(-1, 2)).reshape(value[..., :2].shape)
    inside = there & (xy >= 0).all(axis=-1) & (xy <= [width, height]).all(axis=-1)
    return np.where(inside[..., None], np.concatenate([xy, value[..., 2:]], axis=-1), 0).astype(
        np.float32
    )


def _polygons(value: Any, matrix: Floats, size: Size, fill: int) -> Any:
    return [clipped(points(matrix, corners), size).astype(np.float32) for corners in value]


_CARRIED: Final[dict[type, Callable[[Any, Floats, Size, int], Any]]] = {
    Image: _image,
    Mask: _mask,
    Boxes: _boxes,
    Keypoints: _keypoints,
    Polygons: _polygons,
}
