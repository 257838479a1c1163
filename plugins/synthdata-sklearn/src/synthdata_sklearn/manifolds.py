"""The generator of bent sheets in space, seen from anywhere."""

from __future__ import annotations

import math
from typing import Annotated, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

import synthdata as sd
from synthdata_sklearn.families import s_curve, swiss_roll
from synthdata_sklearn.point_params import PointParams, draw_points, point_features, point_image
from synthdata_sklearn.point_set import Floats, rotated
from synthdata_sklearn.randomness import random_state, single
from synthdata_sklearn.sklearn_generator import SklearnGenerator

NAMES: Final = ("s_curve", "swiss_roll")
UNITS: Final = (1.0, 7.0)
"""Noise 1 of each: the radius of the arcs of an S, and half of that of a roll."""


class Manifolds(SklearnGenerator):
    """An S curve or a Swiss roll, sheets of points in space; the label is which of the two.

    The camera looks along the width of the sheet where ``yaw`` and ``pitch`` are 0, and there is
    no perspective. Nearer points lie on farther ones.
    """

    class Params(PointParams):
        """Size, points, noise, camera and colours."""

        points: int = Field(400, ge=20, le=2000, description="number of points")
        noise: Annotated[sd.Distribution, sd.within(0, 0.3)] = Field(
            sd.Uniform(0, 0.05),
            description="standard deviation of the points, over the radius of an S curve's arcs "
            "or half of that of a roll",
        )
        yaw: Annotated[sd.Distribution, sd.within(-180, 180)] = Field(
            sd.Uniform(-40, 40),
            description="degrees that the sheet is turned, clockwise from above",
        )
        pitch: Annotated[sd.Distribution, sd.within(-90, 90)] = Field(
            sd.Uniform(-40, 40), description="degrees that its top is then tipped to the camera"
        )
        colors: Literal["one", "position"] = Field(
            "one", description="one colour for all points, or their position along the curve"
        )

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        """Declare the image, the kind of sheet, and the points in space."""
        position = sd.Tensor(
            "float32", (params.points,), ge=0, le=1, description="along the curve, of each point"
        )
        return sd.Output(
            image=point_image(params),
            label=sd.ClassLabel(NAMES),
            metadata={
                **point_features(params, dimensions=3),
                "position": position,
                "noise": sd.Scalar("float32", ge=0, le=0.3),
                "yaw": sd.Scalar("float32", ge=-180, le=180, description="degrees"),
                "pitch": sd.Scalar("float32", ge=-90, le=90, description="degrees"),
            },
        )

    def sample(self, rng: np.random.Generator) -> sd.Sample:
        """Make a sheet, turn it and draw it from the farthest point to the nearest."""
        params = self.params
        kind, noise = int(rng.integers(len(NAMES))), single(params.noise.sample(rng))
        yaw, pitch = single(params.yaw.sample(rng)), single(params.pitch.sample(rng))
        make = (s_curve, swiss_roll)[kind]
        points = make(random_state(rng), params.points, noise * UNITS[kind])
        seen = rotated(points.data, camera(yaw, pitch))
        order = np.argsort(-seen[:, 1], kind="stable")
        points, seen = points.reordered(order), seen[order]
        drawn = draw_points(
            rng, params, points, view=_flat(seen), colors=params.colors, classed=False
        )
        return sd.Sample(
            drawn.image,
            kind,
            {
                **drawn.metadata,
                "position": points.position,
                "noise": noise,
                "yaw": yaw,
                "pitch": pitch,
            },
        )


def camera(yaw: float, pitch: float) -> NDArray[np.float64]:
    """Return the rotation to the camera's axes: x to the right, y away from it, z up.

    Args:
        yaw: degrees around z, first.
        pitch: degrees around x, then.
    """
    cos, sin = math.cos(math.radians(yaw)), math.sin(math.radians(yaw))
    around_z = np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]])
    cos, sin = math.cos(math.radians(pitch)), math.sin(math.radians(pitch))
    # Row by row with + and ×: a product by BLAS may round otherwise elsewhere.
    x, y, z = around_z
    return np.array([x, cos * y - sin * z, sin * y + cos * z])


def _flat(seen: Floats) -> Floats:
    return np.ascontiguousarray(seen[:, ::2])
