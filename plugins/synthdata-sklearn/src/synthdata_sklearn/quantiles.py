"""The generator of one cluster that is cut into rings."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import Field

import synthdata as sd
from synthdata_sklearn.families import quantiles
from synthdata_sklearn.point_params import (
    ClassedPointParams,
    draw_points,
    point_features,
    point_image,
    point_mask,
)
from synthdata_sklearn.randomness import random_state
from synthdata_sklearn.sklearn_generator import SklearnGenerator


class Quantiles(SklearnGenerator):
    """A normal cluster cut into rings of equally many points; the label says which ring is which.

    The label is a mask: 0, or the number of the ring of the point that a pixel shows, from the
    innermost, 1. Where the points cannot be shared out evenly the outermost ring has those left.
    """

    class Params(ClassedPointParams):
        """Size, points and rings."""

        classes: int = Field(3, ge=2, le=10, description="number of rings")

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        """Declare the image, the mask of the rings, and the points."""
        names = _names(params)
        return sd.Output(
            image=point_image(params),
            label=point_mask(params, names),
            metadata=point_features(params, names),
        )

    def sample(self, rng: np.random.Generator) -> sd.Sample:
        """Make the cluster and draw it."""
        params = self.params
        points = quantiles(random_state(rng), params.points, params.classes)
        drawn = draw_points(rng, params, points, colors=params.colors)
        return sd.Sample(drawn.image, drawn.mask, drawn.metadata)


def _names(params: Any) -> tuple[str, ...]:
    return tuple(str(number) for number in range(1, params.classes + 1))
