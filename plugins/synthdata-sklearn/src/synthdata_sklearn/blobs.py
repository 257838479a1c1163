"""The generator of clusters to be counted."""

from __future__ import annotations

from typing import Annotated, Any, Final

import numpy as np
from pydantic import Field

import synthdata as sd
from synthdata_sklearn.cluster_centers import MAX_CLUSTERS, MAX_DISTANCE, cluster_centers
from synthdata_sklearn.families import blobs
from synthdata_sklearn.point_params import (
    ClassedPointParams,
    draw_points,
    point_features,
    point_image,
    point_mask,
)
from synthdata_sklearn.randomness import random_state, single
from synthdata_sklearn.sklearn_generator import SklearnGenerator

MAX_SEPARATION: Final = 4
MAX_SPREAD: Final = MAX_DISTANCE / MAX_SEPARATION


class Blobs(SklearnGenerator):
    """Normal clusters of points; the label is how many there are, the mask says where.

    Clusters are numbered from left to right, by their centres, from 1. The view just holds the
    points, so that one cluster alone fills it.
    """

    class Params(ClassedPointParams):
        """Size, points, and how many clusters there are, how wide, how far apart."""

        max_clusters: int = Field(
            5, ge=1, le=MAX_CLUSTERS, description="most clusters; each number is as likely"
        )
        spread: Annotated[sd.Distribution, sd.within(0.01, MAX_SPREAD)] = Field(
            sd.Uniform(0.3, 0.8),
            description="standard deviation of the clusters; their centres lie in a square of "
            "side 20",
        )
        separation: float = Field(
            4,
            ge=0,
            le=MAX_SEPARATION,
            description="least distance of two centres, in standard deviations; below about 4 "
            "clusters may run together, and the label cannot be seen",
        )

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        """Declare the image, the number of clusters, and the points."""
        names = _names(params)
        return sd.Output(
            image=point_image(params),
            label=sd.ClassLabel(names, description="number of clusters"),
            metadata={
                **point_features(params, names),
                "mask": point_mask(params, names),
                "spread": sd.Scalar("float32", ge=0, le=1),
            },
        )

    def sample(self, rng: np.random.Generator) -> sd.Sample:
        """Place the centres, make the clusters and draw them."""
        params = self.params
        count, spread = (
            1 + int(rng.integers(params.max_clusters)),
            single(params.spread.sample(rng)),
        )
        centers = cluster_centers(rng, count, params.separation * spread)
        points = blobs(random_state(rng), params.points, centers, spread)
        drawn = draw_points(rng, params, points, colors=params.colors)
        return sd.Sample(
            drawn.image, count - 1, {**drawn.metadata, "mask": drawn.mask, "spread": spread}
        )


def _names(params: Any) -> tuple[str, ...]:
    return tuple(str(number) for number in range(1, params.max_clusters + 1))
