import math
from collections.abc import Callable

import numpy as np
import pytest

import synthdata as sd
from synthdata_sklearn.palette import CLASSES, INK, position_colors
from synthdata_sklearn.scatter import Scatter

Draw = Callable[..., list[sd.Sample]]
CLASSED = ["blobs-v1", "circles-v1", "moons-v1", "point-sets-v1", "quantiles-v1"]


def mask_of(sample: sd.Sample) -> np.ndarray:
    found = sample.metadata.get("mask", sample.label)
    assert isinstance(found, np.ndarray)
    return found


def slow_pixel(
    x: int, y: int, points: list[tuple[float, float]], radius: float
) -> tuple[int, float]:
    """The last point that covers half of a pixel, -1 if none does, and the largest coverage."""
    top, most = -1, 0.0
    for number, (across, down) in enumerate(points):
        part = radius + 0.5 - math.hypot(x + 0.5 - across, y + 0.5 - down)
        most = max(most, min(part, 1))
        top = number if part >= 0.5 else top
    return top, most


@pytest.mark.parametrize("radius", [1.0, 1.7, 6.0])
def test_a_pixel_shows_the_last_dot_that_covers_half_of_it(radius: float) -> None:
    points = np.random.default_rng(3).uniform(radius + 1, 31 - radius, (12, 2)).astype(np.float32)
    scatter = Scatter.draw(points, radius, 32)
    mask = scatter.mask(np.arange(12))
    image = scatter.image(np.zeros((12, 3), np.uint8))
    for y in range(32):
        for x in range(32):
            top, most = slow_pixel(x, y, [(float(a), float(b)) for a, b in points], radius)
            assert mask[y, x] == top + 1
            assert abs(float(image[y, x, 0]) - 255 * (1 - most)) <= 0.5 + 1e-9


def test_a_dot_has_the_area_of_its_disc() -> None:
    for radius in (2.0, 3.3, 5.0):
        image = Scatter.draw(np.array([(20.25, 19.6)], np.float32), radius, 40).image(
            np.zeros((1, 3), np.uint8)
        )
        ink = (255 - image[:, :, 0].astype(float)).sum() / 255
        assert ink == pytest.approx(math.pi * radius**2, rel=0.05)


@pytest.mark.parametrize("id", CLASSED)
def test_the_mask_has_the_class_of_the_point_on_top(id: str, draw: Draw) -> None:
    for sample in draw(id, 40):
        x, y = np.floor(sample.metadata["points"][-1]).astype(int)
        assert mask_of(sample)[y, x] == sample.metadata["classes"][-1] + 1


@pytest.mark.parametrize("id", CLASSED)
def test_the_mask_has_no_pixel_far_from_the_points_of_its_class(id: str, draw: Draw) -> None:
    for sample in draw(id, 10):
        mask, points = mask_of(sample), sample.metadata["points"].astype(float)
        for number in range(1, int(mask.max()) + 1):
            own = points[sample.metadata["classes"] == number - 1]
            centers = np.argwhere(mask == number)[:, ::-1] + 0.5
            nearest = np.linalg.norm(centers[:, None] - own, axis=2).min(axis=1)
            assert nearest.max() <= sample.metadata["radius"] + 1e-6


@pytest.mark.parametrize("id", CLASSED)
def test_with_one_colour_the_image_does_not_give_the_class_away(id: str, draw: Draw) -> None:
    for sample in draw(id, 5):
        assert (sample.image == sample.image[:, :, :1]).all()
        assert sample.image.min() == INK[0]


@pytest.mark.parametrize("id", CLASSED)
def test_with_a_colour_a_class_every_mask_pixel_is_nearest_to_its_own(id: str, draw: Draw) -> None:
    for sample in draw(id, 5, colors="class", radius=3):
        mask, whole = mask_of(sample), np.zeros(sample.image.shape[:2], bool)
        # Beyond radius - 1/2 a dot is mixed with white, and may look like another colour.
        y, x = np.indices(whole.shape) + 0.5
        for across, down in sample.metadata["points"]:
            whole |= np.hypot(x - across, y - down) <= 2.5
        pixels = sample.image[whole].astype(int)
        nearest = ((pixels[:, None] - CLASSES.astype(int)) ** 2).sum(axis=2).argmin(axis=1)
        assert whole.sum() > 100
        assert (nearest + 1 == mask[whole]).all()


def test_positions_go_from_violet_to_yellow() -> None:
    colors = position_colors(np.array([0, 0.5, 1], np.float32))
    assert colors.tolist() == [[68, 1, 84], [33, 145, 140], [253, 231, 37]]
