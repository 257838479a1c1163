"""Where things are drawn, against elementary geometry; no reader takes part."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import segno
from numpy.typing import NDArray

import synthdata as sd
from synthdata_barcodes.coverage import cover
from synthdata_barcodes.qr import LEVELS
from synthdata_barcodes.symbologies import SYMBOLOGIES, encode
from synthdata_barcodes.view import Paper, placed, project, turned

CLEAN: dict[str, Any] = {
    "contrast": 1,
    "paper": 200,
    "tint": 0,
    "shade": 0,
    "blur": 0,
    "shrink": 1,
    "noise": 0,
    "jpeg": 100,
    "channels": 1,
}


def samples(id: str, seed: int, count: int, **params: Any) -> list[sd.Sample]:
    recipe = sd.Recipe(generator=id, params=params, seed=seed, samples=count)
    return list(sd.Source(recipe))


def area(corners: NDArray[Any]) -> float:
    """Of a polygon, by the shoelace formula; positive if it goes clockwise, as y goes down."""
    x, y = corners[:, 0], corners[:, 1]
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def inside(corners: NDArray[Any], size: int, margin: float) -> NDArray[np.bool_]:
    """Pixels whose middle is more than a margin inside a convex, clockwise polygon."""
    y, x = np.mgrid[:size, :size] + 0.5
    deep = np.full((size, size), np.inf)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        edge = math.hypot(x1 - x0, y1 - y0)
        deep = np.minimum(deep, ((x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)) / edge)
    return deep > margin


def modules_of_qr(sample: sd.Sample) -> NDArray[np.bool_]:
    code = segno.make_qr(
        sample.metadata["payload"],
        version=sample.metadata["version"],
        error=LEVELS[sample.metadata["class"]],
        mask=sample.metadata["mask"],
        boost_error=False,
    )
    return np.array([list(row) for row in code.matrix], bool)


def grey_at(image: NDArray[np.uint8], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Grey levels at points, between the middles of the pixels around them."""
    x, y = points[:, 0] - 0.5, points[:, 1] - 0.5
    x0, y0 = np.floor(x).astype(int), np.floor(y).astype(int)
    x1, y1 = x - x0, y - y0
    grey = image[..., 0].astype(float)
    upper = grey[y0, x0] * (1 - x1) + grey[y0, x0 + 1] * x1
    lower = grey[y0 + 1, x0] * (1 - x1) + grey[y0 + 1, x0 + 1] * x1
    result: NDArray[np.float64] = upper * (1 - y1) + lower * y1
    return result


def test_a_paper_that_faces_the_camera_is_turned_and_enlarged_only() -> None:
    paper = Paper(4, 2, (1, 1))
    view = placed(turned(paper, 90, 0, 0), paper, 10, (200, 200), (0.5, 0.5))
    # Clockwise by 90°, the top left corner of the code is at the top right.
    expected = [(110, 80), (110, 120), (90, 120), (90, 80)]
    np.testing.assert_allclose(project(view.matrix, paper.corners()), expected, atol=1e-9)


@pytest.mark.parametrize("toward", [0, 90, 200])
def test_a_tilted_paper_is_seen_as_a_pinhole_sees_it(toward: float) -> None:
    paper, tilt = Paper(6, 8, (0, 0)), 40.0
    # By hand, in space: turn around the axis by Rodrigues' formula, then divide by the depth.
    axis = np.array([math.cos(math.radians(toward)), math.sin(math.radians(toward)), 0])
    points = np.column_stack([paper.corners() - (3, 4), np.zeros(4)])
    c, s = math.cos(math.radians(tilt)), math.sin(math.radians(tilt))
    turned_points = (
        points * c + np.cross(axis, points) * s + np.outer(points @ axis, axis) * (1 - c)
    )
    depth = 2 * 10 + turned_points[:, 2:]  # 10 is the diagonal
    expected = turned_points[:, :2] * 20 / depth
    np.testing.assert_allclose(
        project(turned(paper, 0, tilt, toward), paper.corners()), expected, atol=1e-9
    )


def test_ink_adds_up_to_the_area_of_the_dark_modules() -> None:
    rng = np.random.default_rng(0)
    for angle in (0, 13, 45, 100):
        modules, paper = rng.random((9, 11)) < 0.5, Paper(11, 9, (2, 1))
        view = placed(
            turned(paper, angle, 0, 0), paper, 7.3, (200, 200), (rng.random(), rng.random())
        )
        coverage = cover(modules, paper, view.matrix, (200, 200))
        assert coverage.ink.sum() == pytest.approx(modules.sum() * 7.3**2, rel=0.005)
        assert coverage.paper.sum() == pytest.approx(15 * 11 * 7.3**2, rel=0.005)
        assert (coverage.ink <= coverage.paper).all()


@pytest.mark.parametrize("tilt", [0, 50])
def test_every_module_of_a_qr_code_is_where_the_homography_says(tilt: float) -> None:
    params = {"tilt": tilt, "module": 6, "size": 400, "quiet": 0}
    for sample in samples("qr-v1", 1, 10, **CLEAN, **params):
        modules = modules_of_qr(sample)
        rows, columns = np.indices(modules.shape).reshape(2, -1) + 0.5
        middles = project(sample.metadata["homography"], np.column_stack([columns, rows]))
        dark = grey_at(sample.image, middles) < 100
        np.testing.assert_array_equal(dark.reshape(modules.shape), modules)


@pytest.mark.parametrize("name", SYMBOLOGIES)
def test_every_bar_is_where_the_homography_says(name: str) -> None:
    params = {"symbologies": [name], "module": 4, "size": 640}
    for sample in samples("barcode-v1", 2, 4, **CLEAN, **params):
        payload = sample.metadata["payload"]
        modules = encode(name, payload).modules  # type: ignore[arg-type]  # a parameter of the test
        assert len(modules) == sample.metadata["columns"]
        columns = np.arange(len(modules)) + 0.5
        middles = np.column_stack([columns, np.full_like(columns, 5.5)])
        dark = grey_at(sample.image, project(sample.metadata["homography"], middles)) < 100
        np.testing.assert_array_equal(dark, modules)


@pytest.mark.parametrize("id", ["qr-v1", "barcode-v1"])
def test_ink_is_inside_the_corners_and_nowhere_else(id: str) -> None:
    for sample in samples(id, 3, 12, **CLEAN, backgrounds=["paper"]):
        corners = sample.metadata["corners"][:, :2].astype(float)
        dark = sample.image[..., 0] < 100
        size = len(dark)
        assert area(corners) > 0  # clockwise: no code is mirrored
        assert not dark[~inside(corners, size, -0.75)].any()
        assert 0.3 < dark[inside(corners, size, 0)].mean() < 0.7
        # Up to each side, since finder patterns and outer bars reach all of them.
        for side in range(4):
            shrunk = corners.copy()
            middle = corners.mean(axis=0)
            shrunk[[side, (side + 1) % 4]] = (
                0.97 * (corners - middle)[[side, (side + 1) % 4]] + middle
            )
            band = inside(corners, size, 0) & ~inside(shrunk, size, 0)
            assert dark[band].any()


@pytest.mark.parametrize("id", ["qr-v1", "barcode-v1"])
def test_corners_are_where_the_homography_says_and_in_the_image(id: str) -> None:
    for sample in samples(id, 4, 20):
        corners = sample.metadata["corners"]
        side = sample.image.shape[0]
        if id == "qr-v1":
            columns = rows = 17 + 4 * sample.metadata["version"]
        else:
            columns = sample.metadata["columns"]
            back = np.linalg.inv(sample.metadata["homography"].astype(float))
            rows = round(project(back, corners[2:3, :2].astype(float))[0, 1])
            assert 16 <= rows <= 32
        expected = np.array([(0, 0), (columns, 0), (columns, rows), (0, rows)], float)
        np.testing.assert_allclose(
            project(sample.metadata["homography"], expected), corners[:, :2], atol=1e-3
        )
        assert (corners[:, :2] > 0).all()
        assert (corners[:, :2] < side).all()
        assert (corners[:, 2] == 2).all()


def test_a_code_that_does_not_fit_is_made_smaller() -> None:
    for sample in samples("qr-v1", 5, 10, module=64, tilt=0, angle=0, quiet=4):
        side = 17 + 4 * sample.metadata["version"] + 8
        assert sample.metadata["module"] == pytest.approx((192 - 2) / side)


def test_the_angle_turns_the_code_clockwise() -> None:
    for sample in samples("barcode-v1", 6, 10, tilt=0, angle={"uniform": [-90, 90]}):
        (x, y) = (sample.metadata["corners"][1] - sample.metadata["corners"][0])[:2].tolist()
        assert math.degrees(math.atan2(y, x)) == pytest.approx(sample.metadata["angle"], abs=1e-3)
