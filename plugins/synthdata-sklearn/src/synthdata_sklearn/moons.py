"""The generator of two interleaved half circles."""

from __future__ import annotations

from typing import Annotated, Any, Final

import numpy as np
from pydantic import Field

import synthdata as sd
from synthdata_sklearn.families import moons
from synthdata_sklearn.point_params import (
    ClassedPointParams,
    draw_points,
    point_features,
    point_image,
    point_mask,
)
from synthdata_sklearn.randomness import random_state, single
from synthdata_sklearn.sklearn_generator import SklearnGenerator

NAMES: Final = ("upper", "lower")


class Moons(SklearnGenerator):
    """Two interleaved half circles, turned and with noise; the label says which is which.

    The label is a mask: 0, or 1 + the class of the point that a pixel shows. Turned by half a
    circle the upper moon lies where the lower one lay, so that beyond 90 degrees nothing but
    colour tells them apart.
    """

    class Params(ClassedPointParams):
        """Size, points, their noise, and how far they are turned."""

        noise: Annotated[sd.Distribution, sd.within(0, 0.5)] = Field(
            sd.Uniform(0.02, 0.12),
            description="standard deviation of the points, over the radius of the half circles",
        )
        angle: Annotated[sd.Distribution, sd.within(-360, 360)] = Field(
            sd.Uniform(-45, 45), description="how far the points are turned, in degrees clockwise"
        )

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        """Declare the image, the mask of the classes, and the points."""
        return sd.Output(
            image=point_image(params),
            label=point_mask(params, NAMES),
            metadata={
                **point_features(params, NAMES),
                "noise": sd.Scalar("float32", ge=0, le=0.5),
                "angle": sd.Scalar("float32", ge=-360, le=360, description="degrees clockwise"),
            },
        )

    def sample(self, rng: np.random.Generator) -> sd.Sample:
        """Make the moons, turn them and draw them."""
        params = self.params
        noise, angle = single(params.noise.sample(rng)), single(params.angle.sample(rng))
        points = moons(random_state(rng), params.points, noise)
        view = points.turned(angle).data
        drawn = draw_points(rng, params, points, view=view, colors=params.colors)
        return sd.Sample(
            drawn.image, drawn.mask, {**drawn.metadata, "noise": noise, "angle": angle}
        )
