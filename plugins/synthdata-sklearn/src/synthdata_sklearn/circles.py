"""The generator of two circles, one in the other."""

from __future__ import annotations

from typing import Annotated, Any, Final

import numpy as np
from pydantic import Field

import synthdata as sd
from synthdata_sklearn.families import circles
from synthdata_sklearn.point_params import (
    ClassedPointParams,
    draw_points,
    point_features,
    point_image,
    point_mask,
)
from synthdata_sklearn.randomness import random_state, single
from synthdata_sklearn.sklearn_generator import SklearnGenerator

NAMES: Final = ("outer", "inner")


class Circles(SklearnGenerator):
    """A circle of points in a larger one; the label says which is which.

    The label is a mask: 0, or 1 + the class of the point that a pixel shows.
    """

    class Params(ClassedPointParams):
        """Size, points, their noise, and the radius of the inner circle."""

        noise: Annotated[sd.Distribution, sd.within(0, 0.5)] = Field(
            sd.Uniform(0, 0.06),
            description="standard deviation of the points, over the radius of the outer circle",
        )
        factor: Annotated[sd.Distribution, sd.within(0.1, 0.9)] = Field(
            sd.Uniform(0.3, 0.7), description="radius of the inner circle over that of the outer"
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
                "factor": sd.Scalar("float32", ge=0.1, le=0.9),
            },
        )

    def sample(self, rng: np.random.Generator) -> sd.Sample:
        """Make the circles and draw them."""
        params = self.params
        noise, factor = single(params.noise.sample(rng)), single(params.factor.sample(rng))
        points = circles(random_state(rng), params.points, noise, factor)
        drawn = draw_points(rng, params, points, colors=params.colors)
        return sd.Sample(
            drawn.image, drawn.mask, {**drawn.metadata, "noise": noise, "factor": factor}
        )
