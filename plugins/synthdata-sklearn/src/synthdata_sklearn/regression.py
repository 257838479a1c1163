"""The generator of scatter plots of two correlated variables."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from pydantic import Field

import synthdata as sd
from synthdata_sklearn.point_params import PointParams, draw_points, point_features, point_image
from synthdata_sklearn.point_set import Floats, PointSet
from synthdata_sklearn.randomness import random_state, single
from synthdata_sklearn.sklearn_generator import SklearnGenerator


class Regression(SklearnGenerator):
    """A scatter plot of y over x, from a line to a cloud; the label is their correlation.

    y is a multiple of x with noise, rising as often as falling. Each axis fills the image, so
    that the slope gives nothing away. The label is Pearson's r of the points that are shown, from
    -1 to 1.
    """

    class Params(PointParams):
        """Size, points and noise."""

        noise: Annotated[sd.Distribution, sd.within(0, 1000)] = Field(
            sd.LogUniform(1, 300),
            description="standard deviation of y around its line, whose slope is between 0 and 100",
        )

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        """Declare the image, the correlation, and the points."""
        return sd.Output(
            image=point_image(params),
            label=sd.Scalar("float32", ge=-1, le=1, description="Pearson's r"),
            metadata={
                **point_features(params),
                "slope": sd.Scalar("float32", ge=-100, le=100, description="of y without noise"),
                "noise": sd.Scalar("float32", ge=0, le=1000),
            },
        )

    def sample(self, rng: np.random.Generator) -> sd.Sample:
        """Make the points and draw them."""
        params = self.params
        noise, sign = single(params.noise.sample(rng)), 1 - 2 * int(rng.integers(2))
        points, slope = _line(rng, params.points, noise, sign)
        drawn = draw_points(rng, params, points, classed=False, square=False)
        return sd.Sample(
            drawn.image,
            correlation(points.data),
            {**drawn.metadata, "slope": slope, "noise": noise},
        )


def _line(rng: np.random.Generator, points: int, noise: float, sign: int) -> tuple[PointSet, float]:
    from sklearn.datasets import make_regression

    x, y, slope = make_regression(
        points, n_features=1, noise=noise, coef=True, random_state=random_state(rng)
    )
    data = np.column_stack([x[:, 0], sign * y])
    return PointSet.of(data, np.zeros(points)), sign * float(slope)


def correlation(data: Floats) -> float:
    """Return Pearson's r of the two columns.

    ``np.corrcoef`` leaves the sums to BLAS, whose rounding is not the same everywhere.
    """
    x, y = (column - column.mean() for column in data.T.astype(np.float64))
    r = (x * y).sum() / np.sqrt((x * x).sum() * (y * y).sum())
    return float(np.clip(r, -1, 1))
