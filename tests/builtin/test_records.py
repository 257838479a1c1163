"""records-v1: images, labels and metadata tell the same story."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import synthdata as sd
from synthdata.builtin.records import COLOURS, LIGHTS


def source(count: int = 60, **params: Any) -> sd.Source:
    return sd.Source(sd.Recipe(generator="records-v1", params=params, seed=7, samples=count))


def test_the_depth_map_shows_each_crate_where_its_visible_centre_is() -> None:
    seen = 0
    for sample in source():
        depths = sorted(set(np.unique(sample.image["depth"])), reverse=True)
        for box, ((x, y, visibility),) in zip(
            sample.label["boxes"], sample.label["centres"], strict=True
        ):
            assert (x, y) == ((box[0] + box[2]) // 2, (box[1] + box[3]) // 2)
            if visibility == 2:
                seen += 1
                assert sample.image["depth"][int(y), int(x)] in depths[1:]
    assert seen > 50


def test_a_visible_centre_has_the_crate_s_colour_under_the_light() -> None:
    for sample in source():
        light = {"day": 1.0, "dusk": 0.6, "night": 0.25}[LIGHTS[sample.label["light"]]]
        for colour, ((x, y, visibility),) in zip(
            sample.label["colours"], sample.label["centres"], strict=True
        ):
            if visibility == 2:
                want = (np.array(list(COLOURS.values())[colour]) * light).astype(np.uint8)
                np.testing.assert_array_equal(sample.image["left"][int(y), int(x)], want)


def test_the_right_camera_sees_a_crate_shifted_by_focal_times_baseline_over_depth() -> None:
    for sample in source(max_crates=1, focal=40.0, baseline=0.5):
        if sample.metadata["count"] == 0:
            continue
        x0, y0, x1, _ = sample.label["boxes"][0].astype(int)
        shift = round(40.0 * 0.5 / float(sample.label["nearest"]))
        if x0 >= shift:
            left, right = sample.image["left"][y0], sample.image["right"][y0]
            np.testing.assert_array_equal(right[x0 - shift : x1 - shift], left[x0:x1])


def test_counts_agree_and_the_nearest_is_the_smallest_depth() -> None:
    for sample in source():
        count = sample.metadata["count"]
        assert len(sample.label["boxes"]) == len(sample.label["outlines"]) == count
        assert sample.label["nearest"] == sample.image["depth"].min()
        assert sample.metadata["caption"].startswith(f"{count} crates by ")


def test_outlines_are_the_corners_of_the_boxes() -> None:
    for sample in source():
        for box, outline in zip(sample.label["boxes"], sample.label["outlines"], strict=True):
            np.testing.assert_array_equal([*outline.min(0), *outline.max(0)], box)


@pytest.mark.parametrize(
    "params",
    [
        {"max_crates": 0},
        {"height": 16, "width": 16, "max_crates": 50},
        {"focal": 10_000.0, "baseline": 10.0},
        {"readings": 1},
    ],
)
def test_params_at_their_bounds_make_samples_that_conform(params: dict[str, Any]) -> None:
    assert len(list(source(**params))) == 60


def test_the_same_index_gives_the_same_record() -> None:
    first, again = source()[11], source()[11]
    np.testing.assert_array_equal(first.image["left"], again.image["left"])
    assert first.metadata["caption"] == again.metadata["caption"]
