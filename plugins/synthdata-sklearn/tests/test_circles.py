from collections.abc import Callable

import numpy as np
import pytest

import synthdata as sd

Draw = Callable[..., list[sd.Sample]]


def test_without_noise_the_mask_is_two_rings_of_the_radii_that_geometry_says(draw: Draw) -> None:
    size, radius = 200, 2.0
    outer = size / 2 - radius - 1
    for sample in draw("circles-v1", 20, noise=0, size=size, radius=radius):
        row, column = np.nonzero(sample.label)
        distance = np.hypot(column + 0.5 - size / 2, row + 0.5 - size / 2)
        expected = np.where(
            sample.label[row, column] == 1, outer, outer * float(sample.metadata["factor"])
        )
        assert abs(distance - expected).max() <= radius + 0.01


def test_the_factor_is_the_inner_radius_over_the_outer(draw: Draw) -> None:
    for sample in draw("circles-v1", 20, noise=0, factor={"uniform": [0.1, 0.9]}):
        distance = np.hypot(*sample.metadata["data"].T)
        classes = sample.metadata["classes"]
        assert distance[classes == 0] == pytest.approx(1, abs=1e-6)
        assert distance[classes == 1] == pytest.approx(float(sample.metadata["factor"]), abs=1e-6)


def test_noise_has_the_deviation_that_the_metadata_say(draw: Draw) -> None:
    for sample in draw("circles-v1", 10, points=2000, noise={"uniform": [0.02, 0.06]}):
        outer = sample.metadata["data"][sample.metadata["classes"] == 0]
        deviation = (np.hypot(*outer.T) - 1).std()
        assert deviation == pytest.approx(float(sample.metadata["noise"]), rel=0.15)
