"""scikit-learn's functions that make points, as functions from a RandomState to a PointSet."""

from __future__ import annotations

import math

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

from synthdata_sklearn.point_set import PointSet


def moons(state: RandomState, points: int, noise: float) -> PointSet:
    """Two half circles of radius 1: class 0 is the upper one, around (0, 0), 1 around (1, 0.5)."""
    from sklearn.datasets import make_moons

    return PointSet.of(*make_moons(points, noise=noise, random_state=state))


def circles(state: RandomState, points: int, noise: float, factor: float) -> PointSet:
    """Two circles around the origin: class 0 of radius 1, class 1 of radius ``factor``."""
    from sklearn.datasets import make_circles

    return PointSet.of(*make_circles(points, noise=noise, factor=factor, random_state=state))


def blobs(state: RandomState, points: int, centers: NDArray[np.float64], spread: float) -> PointSet:
    """Normal clusters of standard deviation ``spread`` around centers of shape (clusters, 2)."""
    from sklearn.datasets import make_blobs

    return PointSet.of(*make_blobs(points, centers=centers, cluster_std=spread, random_state=state))


def quantiles(state: RandomState, points: int, classes: int) -> PointSet:
    """One normal cluster around the origin, cut into rings of equally many points from within."""
    from sklearn.datasets import make_gaussian_quantiles

    return PointSet.of(
        *make_gaussian_quantiles(n_samples=points, n_classes=classes, random_state=state)
    )


def s_curve(state: RandomState, points: int, noise: float) -> PointSet:
    """A sheet bent into an S; x and z lie in the plane of the curve, y along its width of 2."""
    from sklearn.datasets import make_s_curve

    data, angle = make_s_curve(points, noise=noise, random_state=state)
    return PointSet.along(data, angle / (3 * math.pi) + 0.5)


def swiss_roll(state: RandomState, points: int, noise: float) -> PointSet:
    """A sheet rolled up from radius 4.7 to 14.1; y lies along its width of 21."""
    from sklearn.datasets import make_swiss_roll

    data, angle = make_swiss_roll(points, noise=noise, random_state=state)
    return PointSet.along(data, (angle - 1.5 * math.pi) / (3 * math.pi))
