"""Affine maps: where things go in the image is where boxes, masks, points and polygons go."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import synthdata as sd
from synthdata.builtin.affine import TRIES, Affine
from synthdata.polygons import area, clipped

STILL = {"angle": 0, "scale": 1, "shift_x": 0, "shift_y": 0}
SIZE = 64


def affine(output: sd.Output, **params: Any) -> Affine:
    return Affine(Affine.Params(**{**STILL, **params}), output)


def spot(points: Any, size: int = SIZE) -> Any:
    """An image with a soft spot of its own at each point."""
    y, x = np.mgrid[:size, :size] + 0.5
    found = [np.exp(-((x - px) ** 2 + (y - py) ** 2) / 8) for px, py in points]
    return np.stack(found, axis=2).astype(np.float32)


def centroids(image: Any) -> Any:
    y, x = np.mgrid[: image.shape[0], : image.shape[1]] + 0.5
    return [
        ((band * x).sum() / band.sum(), (band * y).sum() / band.sum())
        for band in np.moveaxis(image.astype(np.float64), 2, 0)
    ]


POINTS = [(24.0, 30.0), (40.0, 28.0), (33.0, 41.0)]
MAPS: Any = [
    {"angle": 25},
    {"scale": 1.3},
    {"shear": 12},
    {"shift_x": 0.1, "shift_y": -0.05},
    {"mirror": 1},
    {"angle": -140, "scale": 0.8, "shear": -9, "shift_x": -0.1, "shift_y": 0.1, "mirror": 1},
]


@pytest.mark.parametrize("params", MAPS, ids=range(len(MAPS)))
def test_points_go_where_the_light_goes(params: Any) -> None:
    output = sd.Output(
        image=sd.Image(SIZE, SIZE, 3, "float32"),
        label={"keypoints": sd.Keypoints(3), "polygons": sd.Polygons(1)},
    )
    label = {
        "keypoints": np.array([[*point, 2] for point in POINTS], np.float32),
        "polygons": [np.array(POINTS, np.float32)],
    }
    sample = sd.Sample(spot(POINTS), label)
    made = affine(output, **params).apply(sample, sd.Rng())
    where = centroids(made.image)
    np.testing.assert_allclose(made.label["keypoints"][:, :2], where, atol=0.05)
    np.testing.assert_allclose(made.label["polygons"][0], where, atol=0.05)
    assert not np.allclose(where, POINTS, atol=0.5)


def test_a_positive_angle_turns_clockwise() -> None:
    output = sd.Output(image=sd.Image(SIZE, SIZE, 1, "float32"))
    made = affine(output, angle=90).apply(sd.Sample(spot([(52, 32)])), sd.Rng())
    np.testing.assert_allclose(centroids(made.image), [(32, 52)], atol=0.05)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_shift_by_whole_pixels_moves_each_value(dtype: Any, channels: int) -> None:
    output = sd.Output(image=sd.Image(20, 20, channels, dtype))
    image = np.random.default_rng(0).integers(0, 255, (20, 20, channels)).astype(dtype)
    made = affine(output, shift_x=0.1, shift_y=-0.05, fill=7).apply(sd.Sample(image), sd.Rng())
    assert made.image.dtype == image.dtype
    np.testing.assert_array_equal(made.image[:-1, 2:], image[1:, :-2])
    assert (made.image[-1] == 7).all()
    assert (made.image[:, :2] == 7).all()


def turned(index: int, **params: Any) -> tuple[Any, Any]:
    source = {"generator": "shapes-v1", "params": {"size": 96, "task": "detect"}}
    steps = [{"transform": "affine-v1", "params": params}]
    generator = sd.make("transformed-v1", source=source, transforms=steps)
    plain = sd.Source.of(sd.make("shapes-v1", size=96, task="detect"))
    return sd.Source.of(generator)[index], plain[index]


@pytest.mark.parametrize("index", range(12))
def test_boxes_enclose_the_masks_of_their_objects(index: int) -> None:
    sample, before = turned(index, angle={"uniform": [-40, 40]}, mirror=0.5)
    assert len(sample.label["boxes"]) == len(before.label["boxes"])
    mask = sample.metadata["mask"]
    for number, (x0, y0, x1, y1) in enumerate(sample.metadata["boxes"], 1):
        rows, columns = np.nonzero(mask == number)
        if len(rows):
            assert x0 - 1 <= columns.min() <= columns.max() + 1 <= x1 + 1
            assert y0 - 1 <= rows.min() <= rows.max() + 1 <= y1 + 1


@pytest.mark.parametrize("index", range(12))
def test_masks_lie_where_the_matrix_says(index: int) -> None:
    sample, before = turned(index)
    back = np.linalg.inv(sample.metadata["affine"])
    y, x = np.mgrid[:96, :96] + 0.5
    source = np.floor(np.einsum("ij,jyx->iyx", back, np.stack([x, y, np.ones_like(x)]))[:2])
    inside = ((source >= 0) & (source < 96)).all(axis=0)
    column, row = np.where(inside, source, 0).astype(int)
    expected = np.where(inside, before.metadata["mask"][row, column], 0)
    # Rounding may fall to either side of the border of a pixel.
    assert (expected != sample.metadata["mask"]).mean() < 1e-3


def test_the_value_around_the_image_is_within_the_declared_bounds() -> None:
    light = {"generator": "noise-v1", "params": {"shape": [16, 16, 3], "values": 200}}
    step = {"transform": "affine-v1", "params": {"scale": 0.5, "fill": 9}}
    source = sd.Source.of(sd.make("transformed-v1", source=light, transforms=[step]))
    assert source.output.image == sd.Image(16, 16, 3, "uint8", 9, 200)
    assert source[0].image.min() == 9


def test_an_object_is_never_lost() -> None:
    output = sd.Output(image=sd.Image(SIZE, SIZE, 1), label=sd.Boxes(2))
    boxes = np.array([[0, 0, 10, 10], [50, 50, 64, 64]], np.float32)
    sample = sd.Sample(np.zeros((SIZE, SIZE, 1), np.uint8), boxes)
    params = {"shift_x": {"uniform": [-1, 1]}, "angle": {"uniform": [-180, 180]}}
    for index in range(50):
        made = affine(output, **params, keep=0.9).apply(sample, sd.Rng(index=index))
        assert (made.label[:, 2:] > made.label[:, :2]).all()
        assert made.label.min() >= 0
        assert made.label.max() <= SIZE


def test_where_every_map_would_lose_an_object_the_sample_stays_as_it_is() -> None:
    output = sd.Output(image=sd.Image(SIZE, SIZE, 1), label=sd.Boxes(1))
    image = np.random.default_rng(0).integers(0, 255, (SIZE, SIZE, 1)).astype(np.uint8)
    sample = sd.Sample(image, np.array([[0, 0, 10, 10]], np.float32))
    rng = sd.Rng()
    made = affine(output, shift_x={"choice": [-0.5, -0.6]}).apply(sample, rng)
    np.testing.assert_array_equal(made.image, image)
    np.testing.assert_array_equal(made.metadata["affine"], np.eye(3))
    counted = sd.Rng()
    for _ in range(TRIES):
        counted.integers(2), counted.random()
    assert rng.random() == counted.random()


def test_a_keypoint_that_leaves_is_not_there_and_one_that_was_not_stays_so() -> None:
    output = sd.Output(image=sd.Image(SIZE, SIZE, 1), label=sd.Keypoints(3))
    points = np.array([[60, 5, 2], [20, 5, 1], [0, 0, 0]], np.float32)
    sample = sd.Sample(np.zeros((SIZE, SIZE, 1), np.uint8), points)
    made = affine(output, shift_x=0.25).apply(sample, sd.Rng())
    np.testing.assert_array_equal(made.label, [[0, 0, 0], [36, 5, 1], [0, 0, 0]])


def test_several_maps_are_one_matrix() -> None:
    source = {"generator": "shapes-v1", "params": {"size": 32}}
    step = {"transform": "affine-v1", "params": {**STILL, "shift_x": 0.125}}
    generator = sd.make("transformed-v1", source=source, transforms=[step, step])
    matrix = sd.Source.of(generator)[0].metadata["affine"]
    np.testing.assert_array_equal(matrix, [[1, 0, 8], [0, 1, 0], [0, 0, 1]])


def test_the_same_generator_and_index_give_the_same_map() -> None:
    one, same, other = turned(3)[0], turned(3)[0], turned(4)[0]
    np.testing.assert_array_equal(one.image, same.image)
    assert (one.metadata["affine"] != other.metadata["affine"]).any()


@pytest.mark.parametrize(
    ("output", "complaint"),
    [
        (sd.Output(image=sd.Tensor("uint8", (4, 4))), "there is none"),
        (sd.Output(image={"a": sd.Image(4, 4), "b": sd.Image(5, 4)}), "one size"),
        (sd.Output(image=sd.Image(4, 4), label=sd.Mask(8, 8)), "label .8, 8. uint8"),
        (sd.Output(image=sd.Image(4, 4, 3, "float64")), "uint8, uint16, float32 is expected"),
        (
            sd.Output(image=sd.Image(4, 4), metadata={"affine": sd.Scalar("int32")}),
            "declared already",
        ),
    ],
)
def test_what_has_no_such_map_is_refused(output: sd.Output, complaint: str) -> None:
    with pytest.raises(sd.DeclarationError, match=complaint):
        affine(output)


def test_a_concave_polygon_is_cut_at_the_edge() -> None:
    star = [[2, -4], [4, 2], [10, 2], [5, 6], [7, 12], [2, 8], [-3, 12], [-1, 6], [-6, 2], [0, 2]]
    found = clipped(star, (10, 8))
    assert found.min() >= 0
    assert found[:, 0].max() <= 8
    assert found[:, 1].max() <= 10
    # Against the share of points of a fine grid of the image that lie in the star.
    y, x = (np.mgrid[:500, :400] + 0.5) / 50
    assert area(found) == pytest.approx(_inside(star, x, y).mean() * 80, rel=0.01)


def _inside(corners: Any, x: Any, y: Any) -> Any:
    """Whether points lie in a polygon, by the number of edges to the right of them."""
    odd = np.zeros(x.shape, bool)
    for (x0, y0), (x1, y1) in zip(corners, [*corners[1:], corners[0]], strict=True):
        if y0 != y1:
            odd ^= ((y0 <= y) != (y1 <= y)) & (x < x0 + (y - y0) / (y1 - y0) * (x1 - x0))
    return odd
