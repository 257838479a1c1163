"""Masks and metadata are checked against the picture and by code that the generator lacks."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
from scipy import ndimage
from skimage import measure

import synthdata as sd
from synthdata_cells.outline import Outline

CLEAN: dict[str, Any] = {
    "blur": 0,
    "haze": 0,
    "background": 0.01,
    "shade": 0,
    "signal": 1e6,
    "read_noise": 0,
    "exposure": 0.5,
    "offset": 0,
    "texture": 0,
    "nucleoli": 0,
    "dome": 0,
    "brightness_spread": 0,
    "mitotic": 0,
    "apoptotic": 0,
}


def samples(number: int, /, **params: Any) -> list[sd.Sample]:
    recipe = sd.Recipe(generator="nuclei-v1", params=params, seed=7, samples=number)
    return list(sd.Source(recipe))


def test_the_mask_is_where_the_light_of_a_clean_image_is() -> None:
    for sample in samples(4, **CLEAN, dtype="float32", overlap=0):
        # Half of a nucleus' light is where half of the pixel is covered.
        bright = sample.image[..., 0] > 0.25
        assert (bright != (sample.label > 0)).mean() < 0.001


def test_separate_nuclei_are_the_connected_pieces_of_a_clean_image() -> None:
    for sample in samples(4, **CLEAN, clustering=0, count=8, radius=8, size=512):
        pieces = measure.label(sample.image[..., 0] > 64, connectivity=1)
        if pieces.max() != sample.label.max():
            continue  # two of them touch by chance
        pairs = np.unique(np.stack([pieces.ravel(), sample.label.ravel()]), axis=1)
        large = [(a, b) for a, b in pairs.T if a and b]
        assert sorted(b for _, b in large) == list(range(1, sample.metadata["count"] + 1))


def test_every_nucleus_is_one_piece_and_numbers_have_no_gap() -> None:
    for sample in samples(6, clustering=1, overlap=0.5, count=60, apoptotic=0.3, roughness=0.3):
        numbers = np.unique(sample.label)
        assert numbers.tolist() == list(range(sample.metadata["count"] + 1))
        for number in numbers[1:]:
            assert measure.label(sample.label == number, connectivity=1).max() == 1


def test_boxes_centres_and_areas_are_those_of_the_mask() -> None:
    for sample in samples(8):
        for k, region in enumerate(measure.regionprops(sample.label)):
            top, left, bottom, right = region.bbox
            assert sample.metadata["boxes"][k].tolist() == [left, top, right, bottom]
            assert sample.metadata["areas"][k] == region.area
            y, x = np.array(region.centroid) + 0.5
            np.testing.assert_allclose(sample.metadata["centres"][k], (x, y), rtol=1e-4)


def polygon(metadata: dict[str, Any], k: int) -> np.ndarray[Any, Any]:
    """Points x, y of an outline, by the formula in the docstring of Outline."""
    t = np.linspace(0, 2 * math.pi, 720, endpoint=False)
    edge = 1 + sum(c * np.cos(n * t + p) for n, (c, p) in enumerate(metadata["waves"][k], 2))
    a, b = metadata["axes"][k]
    u, v, angle = a * edge * np.cos(t), b * edge * np.sin(t), metadata["angles"][k]
    x, y = u * np.cos(angle) - v * np.sin(angle), u * np.sin(angle) + v * np.cos(angle)
    return np.column_stack([x, y]) + metadata["places"][k]


def test_the_outline_in_the_metadata_encloses_the_pixels_of_the_mask() -> None:
    checked = 0
    for sample in samples(4, overlap=0, clustering=0, roughness=0.25, radius=14, count=10):
        for k, (x0, y0, x1, y1) in enumerate(sample.metadata["boxes"]):
            if min(x0, y0) <= 0 or max(x1, y1) >= 256:
                continue
            points = polygon(sample.metadata, k)
            inside = measure.grid_points_in_poly((256, 256), points[:, ::-1] - 0.5)
            assert (inside != (sample.label == k + 1)).sum() <= 3
            x, y = points.T
            shoelace = abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2
            outline = Outline(0, 0, sample.metadata["axes"][k], 0, sample.metadata["waves"][k])
            assert outline.area() == pytest.approx(shoelace, rel=0.001)
            assert sample.metadata["areas"][k] == pytest.approx(shoelace, rel=0.05)
            checked += 1
    assert checked > 15


def test_no_nucleus_loses_more_than_overlap_allows() -> None:
    taken = 0
    for sample in samples(6, overlap=0.3, clustering=1, count=60, radius=12):
        for k in range(sample.metadata["count"]):
            points = polygon(sample.metadata, k)[:, ::-1] - 0.5
            low = np.clip(np.floor(points.min(axis=0)), 0, 256).astype(int)
            high = np.clip(np.ceil(points.max(axis=0)) + 1, 0, 256).astype(int)
            whole = measure.grid_points_in_poly(tuple(high - low), points - low).sum()
            assert sample.metadata["areas"][k] >= 0.7 * whole - 4
            taken += sample.metadata["areas"][k] < 0.95 * whole
    assert taken > 10


def test_noise_has_the_variance_of_photons_and_of_reading() -> None:
    calm = CLEAN | {"signal": 200, "read_noise": 0.025, "background": 1, "offset": 0.1}
    for sample in samples(2, **calm, count=0, dtype="float32"):
        # By hand: 200 electrons read 0.5, so one reads 0.0025; variance 200 + 25 electrons.
        assert sample.image.mean() == pytest.approx(0.6, abs=0.001)
        assert sample.image.std() == pytest.approx(0.0025 * 15, rel=0.02)


def test_haze_and_blur_keep_the_light() -> None:
    hazy = CLEAN | {"haze": 0.5, "blur": 2, "haze_width": 1}
    inner = {"count": 1, "radius": 10, "size": 253, "dtype": "float32"}
    for sharp, soft in zip(samples(6, **CLEAN, **inner), samples(6, **hazy, **inner), strict=True):
        x, y = sharp.metadata["places"][0]
        if min(x, y) > 60 and max(x, y) < 190:
            assert soft.image.sum() == pytest.approx(sharp.image.sum(), rel=0.01)
            assert soft.image.max() < sharp.image.max()
            hazed = ndimage.center_of_mass(soft.image[..., 0] - 0.005)
            np.testing.assert_allclose(np.array(hazed) + 0.5, (y, x), atol=1)


def test_kinds_are_drawn_as_often_as_asked_for() -> None:
    kinds = [samples(1, mitotic=1, apoptotic=0), samples(1, mitotic=0, apoptotic=1)]
    assert [set(drawn[0].metadata["kinds"].tolist()) for drawn in kinds] == [{1}, {2}]


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_images_have_the_dtype_asked_for(dtype: str) -> None:
    (sample,) = samples(1, dtype=dtype)
    assert sample.image.dtype == dtype
    assert sample.image.shape == (256, 256, 1)
    assert sample.label.dtype == "uint16"


@pytest.mark.parametrize(
    "params",
    [
        {"size": 32, "radius": 100},
        {"count": 0},
        {"size": 35, "radius": 3, "count": 2000, "haze": 0.9, "haze_width": 4},
        {"blur": 8, "shade": 1, "exposure": 4, "offset": 0.5, "background": 10},
        {"signal": 1, "read_noise": 1, "texture": 1, "grain": 1, "nucleoli": 10, "dome": 1},
        {"elongation": 4, "roughness": 0.3, "radius_spread": 0.5, "brightness_spread": 1.5},
    ],
    ids=["large", "none", "full", "bright", "dim", "odd"],
)
def test_the_ends_of_each_range_draw_a_sample(params: dict[str, Any]) -> None:
    assert len(samples(3, **params)) == 3


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"mitotic": 0.6, "apoptotic": 0.6}, "at most 1 together, but 0.6 and 0.6"),
        ({"radius": 2}, "numbers from 3 to 100"),
    ],
    ids=["kinds", "radius"],
)
def test_params_that_cannot_be_drawn_are_refused(params: dict[str, Any], message: str) -> None:
    with pytest.raises(sd.ParamsError, match=re.escape(message)):
        sd.make("nuclei-v1", **params)
