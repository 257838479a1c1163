from collections.abc import Callable

import numpy as np
import pytest

import synthdata as sd

Draw = Callable[..., list[sd.Sample]]


def test_without_noise_each_class_is_one_half_circle(draw: Draw) -> None:
    for sample in draw("moons-v1", 20, noise=0):
        data, classes = sample.metadata["data"], sample.metadata["classes"]
        upper, lower = data[classes == 0], data[classes == 1]
        assert len(upper) == len(lower) == 100
        assert np.hypot(*upper.T) == pytest.approx(1, abs=1e-6)
        assert upper[:, 1].min() >= -1e-6
        assert np.hypot(*(lower - (1, 0.5)).T) == pytest.approx(1, abs=1e-6)
        assert lower[:, 1].max() <= 0.5 + 1e-6


def test_the_mask_lies_on_the_half_circles_that_geometry_says(draw: Draw) -> None:
    # The moons reach from -1 to 2 and from -1/2 to 1; 3 is what fills the image.
    size, radius = 200, 2.0
    scale = (size - 2 * (radius + 1)) / 3
    for sample in draw("moons-v1", 10, noise=0, angle=0, size=size, radius=radius):
        row, column = np.nonzero(sample.label)
        x = (column + 0.5 - size / 2) / scale + 0.5
        y = (size / 2 - row - 0.5) / scale + 0.25
        on_upper = abs(np.hypot(x, y) - 1) * scale <= radius + 0.5
        on_lower = abs(np.hypot(x - 1, y - 0.5) - 1) * scale <= radius + 0.5
        values = sample.label[row, column]
        assert (np.where(values == 1, on_upper & (y > -0.1), on_lower & (y < 0.6))).all()


def test_a_quarter_turn_is_clockwise(draw: Draw) -> None:
    for angle, upper_is_left in ((0, True), (90, False)):
        for sample in draw("moons-v1", 5, angle=angle):
            classes, points = sample.metadata["classes"], sample.metadata["points"]
            (x0, y0), (x1, y1) = (points[classes == k].mean(axis=0) for k in (0, 1))
            assert (x0 < x1) == upper_is_left
            assert y0 < y1


def test_noise_has_the_deviation_that_the_metadata_say(draw: Draw) -> None:
    for sample in draw("moons-v1", 10, points=2000, noise={"uniform": [0.05, 0.2]}):
        data, classes = sample.metadata["data"], sample.metadata["classes"]
        # Most points lie off the ends; there the distance to the circle is the noise across it.
        middle = data[(classes == 0) & (abs(data[:, 0]) < 0.5) & (data[:, 1] > 0.3)]
        across = np.hypot(*middle.T) - 1
        assert across.std() == pytest.approx(float(sample.metadata["noise"]), rel=0.15)
