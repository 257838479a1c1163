"""The generator of point sets to be told apart."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeAlias, get_args

import numpy as np
from pydantic import Field

import synthdata as sd
from synthdata_sklearn.cluster_centers import cluster_centers
from synthdata_sklearn.families import blobs, circles, moons, s_curve, swiss_roll
from synthdata_sklearn.names import distinct
from synthdata_sklearn.point_params import (
    ClassedPointParams,
    draw_points,
    point_features,
    point_image,
    point_mask,
)
from synthdata_sklearn.point_set import PointSet
from synthdata_sklearn.randomness import random_state, single
from synthdata_sklearn.sklearn_generator import SklearnGenerator

FamilyName: TypeAlias = Literal["blobs", "circles", "moons", "s_curve", "swiss_roll"]

FAMILIES: Final[tuple[FamilyName, ...]] = get_args(FamilyName)

MAX_PARTS: Final = 5
"""Most clusters of a set of blobs: moons and circles have two parts, curves are one."""

BLOB_SPREAD: Final = 0.8
SEPARATION: Final = 4 * BLOB_SPREAD

ROLL_UNIT: Final = 7.0
"""Noise 1 of a roll: its turns lie 2 π apart, and so as near as moons do to their own size."""


class PointSets(SklearnGenerator):
    """Blobs, circles, moons, an S curve or a Swiss roll; the label is which of them.

    The curves are seen along their width, so that they are lines. The mask and the classes of the
    points say which cluster, circle or moon a point belongs to.
    """

    class Params(ClassedPointParams):
        """Size, points, families, noise, and how far the points are turned."""

        families: Annotated[tuple[FamilyName, ...], distinct] = Field(
            FAMILIES, min_length=1, description="the classes, each as likely as the others"
        )
        noise: Annotated[sd.Distribution, sd.within(0, 0.3)] = Field(
            sd.Uniform(0.02, 0.1),
            description="standard deviation of the points, over the radius of circles, moons and "
            "the arcs of an S, or 7 of the 14 units of a roll's radius; not of blobs",
        )
        angle: Annotated[sd.Distribution, sd.within(-360, 360)] = Field(
            sd.Uniform(0, 360), description="how far the points are turned, in degrees clockwise"
        )

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        """Declare the image, the family, and the points."""
        names = tuple(str(number) for number in range(1, MAX_PARTS + 1))
        return sd.Output(
            image=point_image(params),
            label=sd.ClassLabel(params.families),
            metadata={
                **point_features(params, names),
                "mask": point_mask(params, names),
                "noise": sd.Scalar("float32", ge=0, le=0.3),
                "angle": sd.Scalar("float32", ge=-360, le=360, description="degrees clockwise"),
            },
        )

    def sample(self, rng: np.random.Generator) -> sd.Sample:
        """Choose a family, make its points, turn them and draw them."""
        params = self.params
        family = int(rng.integers(len(params.families)))
        noise, angle = single(params.noise.sample(rng)), single(params.angle.sample(rng))
        points = _make(params.families[family], rng, params.points, noise)
        view = points.turned(angle).data
        drawn = draw_points(rng, params, points, view=view, colors=params.colors)
        return sd.Sample(
            drawn.image,
            family,
            {**drawn.metadata, "mask": drawn.mask, "noise": noise, "angle": angle},
        )


def _make(family: FamilyName, rng: np.random.Generator, points: int, noise: float) -> PointSet:
    state = random_state(rng)
    if family == "moons":
        return moons(state, points, noise)
    if family == "circles":
        return circles(state, points, noise, rng.uniform(0.3, 0.7))
    if family == "s_curve":
        return s_curve(state, points, noise).seen_along_width()
    if family == "swiss_roll":
        return swiss_roll(state, points, noise * ROLL_UNIT).seen_along_width()
    centers = cluster_centers(rng, 2 + int(rng.integers(MAX_PARTS - 1)), SEPARATION)
    return blobs(state, points, centers, rng.uniform(0.4, 1) * BLOB_SPREAD)
