"""Records of several images, labels and structured metadata: an example of a rich declaration."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from synthdata.features import (
    Boxes,
    ClassLabel,
    Image,
    Keypoints,
    Polygons,
    Scalar,
    Tensor,
    Text,
    UpTo,
)
from synthdata.generator import BaseParams, Generator
from synthdata.output import Output
from synthdata.sample import Sample

COLOURS = {"red": (200, 60, 50), "green": (70, 160, 80), "blue": (60, 90, 200)}
LIGHTS = ("day", "dusk", "night")
_BRIGHTNESS = (1.0, 0.6, 0.25)
_NEAR, _FAR = 1.0, 10.0
"""Metres between which the crates stand; the wall behind them is at ``_FAR``."""


class _Crate(NamedTuple):
    """A crate as the left camera sees it: pixel bounds, metres away, and its colour."""

    x0: int
    y0: int
    x1: int
    y1: int
    depth: float
    colour: str


class Records(Generator):
    """A stereo camera before crates: two images and a depth map, several labels, rich metadata.

    The cameras stand side by side, so a point at depth z is seen ``focal * baseline / z`` pixels
    further left in the right image. Nearer crates hide farther ones.
    """

    class Params(BaseParams):
        """Size of the images and the cameras."""

        height: int = Field(48, ge=16, le=1024, description="height of the images in pixels")
        width: int = Field(64, ge=16, le=1024, description="width of the images in pixels")
        max_crates: int = Field(4, ge=0, le=50, description="largest number of crates")
        focal: float = Field(40.0, gt=0, le=10_000, description="focal length in pixels")
        baseline: float = Field(0.2, gt=0, le=10, description="distance of the cameras in metres")
        readings: int = Field(16, ge=1, le=1024, description="largest number of sensor readings")

    @classmethod
    def describe(cls, params: Any) -> Output:
        """Declare dicts of images, labels and metadata, the last of them nested."""
        height, width, most = params.height, params.width, max(params.max_crates, 1)
        return Output(
            image={
                "left": Image(height, width, description="what the left camera sees"),
                "right": Image(height, width, description="what the right camera sees"),
                "depth": Tensor("float32", (height, width), _NEAR, _FAR, description="metres"),
            },
            label={
                "light": ClassLabel(LIGHTS),
                "colours": ClassLabel(tuple(COLOURS), max=most, description="one a crate"),
                "boxes": Boxes(most, image="left", description="hidden parts included"),
                "outlines": Polygons(most, 4, image="left", description="corners of the boxes"),
                "centres": Keypoints(1, max=most, image="left"),
                "nearest": Scalar("float32", _NEAR, _FAR, description="metres"),
            },
            metadata={
                "caption": Text(max_bytes=256),
                "count": Scalar("int32", 0, params.max_crates, description="crates"),
                "readings": Tensor("float64", (UpTo(params.readings),)),
                "camera": {
                    "focal": Scalar("float32", description="pixels"),
                    "baseline": Scalar("float32", description="metres"),
                    "position": Tensor("float64", (3,), description="x, y, z in metres"),
                    "calibrated": Scalar("bool"),
                },
            },
        )

    def sample(self, rng: np.random.Generator) -> Sample:
        """Place the crates, draw them from the farthest to the nearest, and describe them."""
        params = self.params
        light = int(rng.integers(len(LIGHTS)))
        count = int(rng.integers(params.max_crates, endpoint=True))
        crates = sorted((self._crate(rng) for _ in range(count)), key=lambda crate: -crate.depth)
        left, depth = self._draw(crates, _BRIGHTNESS[light], shifted=False)
        right, _ = self._draw(crates, _BRIGHTNESS[light], shifted=True)
        nearest = crates[-1].depth if crates else _FAR
        return Sample(
            {"left": left, "right": right, "depth": depth},
            {
                "light": light,
                "colours": [crate.colour for crate in crates],
                "boxes": np.array([crate[:4] for crate in crates], np.float32).reshape(-1, 4),
                "outlines": [_corners(crate) for crate in crates],
                "centres": _centres(crates, depth),
                "nearest": nearest,
            },
            {
                "caption": f"{count} crates by {LIGHTS[light]}, the nearest at {nearest:.1f} m",
                "count": count,
                "readings": rng.normal(size=rng.integers(params.readings, endpoint=True)),
                "camera": {
                    "focal": params.focal,
                    "baseline": params.baseline,
                    "position": rng.uniform(-1, 1, 3),
                    "calibrated": bool(rng.random() < 0.9),
                },
            },
        )

    def _crate(self, rng: np.random.Generator) -> _Crate:
        height, width = self.params.height, self.params.width
        tall, wide = rng.integers(height // 6, height // 2), rng.integers(width // 6, width // 2)
        y0 = int(rng.integers(height - tall, endpoint=True))
        x0 = int(rng.integers(width - wide, endpoint=True))
        # A float32 depth orders the crates as the depth map, which holds float32, shows them.
        depth = float(np.float32(rng.uniform(_NEAR, _FAR)))
        colour = list(COLOURS)[rng.integers(len(COLOURS))]
        return _Crate(x0, y0, x0 + int(wide), y0 + int(tall), depth, colour)

    def _draw(
        self, crates: list[_Crate], brightness: float, *, shifted: bool
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        height, width = self.params.height, self.params.width
        wall = np.linspace(90, 130, width)[None, :, None].repeat(height, 0).repeat(3, 2)
        picture, depth = wall, np.full((height, width), _FAR, np.float32)
        for crate in crates:
            disparity = round(self.params.focal * self.params.baseline / crate.depth)
            shift = disparity if shifted else 0
            window = (
                slice(crate.y0, crate.y1),
                slice(max(crate.x0 - shift, 0), max(crate.x1 - shift, 0)),
            )
            picture[window] = COLOURS[crate.colour]
            depth[window] = crate.depth
        return (picture * brightness).astype(np.uint8), depth


def _corners(crate: _Crate) -> NDArray[np.float32]:
    x0, y0, x1, y1 = crate[:4]
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], np.float32)


def _centres(crates: list[_Crate], depth: NDArray[np.float32]) -> NDArray[np.float32]:
    """The centre of each crate, visible (2) unless a nearer crate stands before it (1)."""
    points = np.zeros((len(crates), 1, 3), np.float32)
    for point, crate in zip(points[:, 0], crates, strict=True):
        x, y = (crate.x0 + crate.x1) // 2, (crate.y0 + crate.y1) // 2
        hidden = depth[y, x] < crate.depth
        point[:] = x, y, 1 if hidden else 2
    return points
