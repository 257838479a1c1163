from collections.abc import Callable

import numpy as np
import pytest

import synthdata as sd

Draw = Callable[..., list[sd.Sample]]


def test_the_label_is_the_correlation_of_the_points_as_they_are_drawn(draw: Draw) -> None:
    labels = []
    for sample in draw("regression-v1", 60):
        x, y = sample.metadata["points"].T.astype(float)
        assert float(sample.label) == pytest.approx(np.corrcoef(x, -y)[0, 1], abs=1e-4)
        labels.append(float(sample.label))
    assert min(labels) < -0.9
    assert max(labels) > 0.9
    assert min(abs(label) for label in labels) < 0.2


def test_without_noise_the_points_are_a_line_of_the_slope_that_the_metadata_say(
    draw: Draw,
) -> None:
    for sample in draw("regression-v1", 20, noise=0):
        x, y = sample.metadata["data"].T
        slope = float(sample.metadata["slope"])
        assert y == pytest.approx(slope * x, rel=1e-5)
        assert float(sample.label) == np.sign(slope)


def test_the_points_reach_from_border_to_border(draw: Draw) -> None:
    for sample in draw("regression-v1", 10, size=100, radius=2):
        points = sample.metadata["points"]
        assert points.min(axis=0).tolist() == [3, 3]
        assert points.max(axis=0).tolist() == [97, 97]
