import numpy as np
import pytest

from synthdata_sklearn.frame import fitted


def test_points_just_fit_into_the_image_and_up_is_up() -> None:
    data = np.array([(0, 0), (2, 0), (2, 1)], np.float32)
    assert fitted(data, 100, 10).tolist() == [[10, 70], [90, 70], [90, 30]]


def test_each_axis_fills_the_image_where_they_are_scaled_apart() -> None:
    data = np.array([(0, 0), (2, 0), (2, 1)], np.float32)
    assert fitted(data, 100, 10, square=False).tolist() == [[10, 90], [90, 90], [90, 10]]


@pytest.mark.parametrize("square", [False, True])
def test_points_in_one_place_lie_in_the_middle(square: bool) -> None:
    data = np.full((3, 2), 5, np.float32)
    assert fitted(data, 64, 4, square=square).tolist() == [[32, 32]] * 3


def test_rounding_carries_no_point_beyond_the_margin() -> None:
    rng = np.random.default_rng(7)
    for _ in range(300):
        data = rng.normal(rng.normal() * 100, 0.1, (30, 2)).astype(np.float32)
        margin = np.float32(rng.uniform(2, 7))
        placed = fitted(data, 97, float(margin))
        assert placed.min() >= margin
        assert placed.max() <= np.float32(97 - float(margin))
