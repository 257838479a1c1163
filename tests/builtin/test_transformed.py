"""Transformed samples: the same sample underneath, steps in their order, and what is refused."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFilter

import synthdata as sd

SHAPES = {"generator": "shapes-v1", "params": {"size": 32}}
BLUR = {"transform": "filters-v1", "params": {"filters": [{"blur": {"radius": 2}}]}}
EDGES = {"transform": "filters-v1", "params": {"filters": ["edges"]}}


def transformed(source: Any, *steps: Any, seed: int = 0) -> sd.Source:
    params = {"source": source, "transforms": list(steps)}
    return sd.Source(sd.Recipe(generator="transformed-v1", params=params, seed=seed))


def plain(seed: int = 0) -> sd.Source:
    return sd.Source(sd.Recipe(generator="shapes-v1", params=SHAPES["params"], seed=seed))


def test_without_steps_a_sample_is_that_of_its_generator() -> None:
    for index in range(4):
        one, same = transformed(SHAPES, seed=5)[index], plain(seed=5)[index]
        np.testing.assert_array_equal(one.image, same.image)
        assert one.label == same.label


def test_steps_apply_in_their_order() -> None:
    image = Image.fromarray(plain()[0].image)
    blurred = image.filter(ImageFilter.GaussianBlur(2)).filter(ImageFilter.FIND_EDGES)
    found = image.filter(ImageFilter.FIND_EDGES).filter(ImageFilter.GaussianBlur(2))
    np.testing.assert_array_equal(transformed(SHAPES, BLUR, EDGES)[0].image, np.array(blurred))
    np.testing.assert_array_equal(transformed(SHAPES, EDGES, BLUR)[0].image, np.array(found))


def test_filters_leave_label_and_metadata_as_they_are() -> None:
    one, same = transformed(SHAPES, BLUR)[2], plain()[2]
    assert one.label == same.label
    assert list(one.metadata) == list(same.metadata)
    np.testing.assert_array_equal(one.metadata["mask"], same.metadata["mask"])


def test_both_images_of_a_pair_are_filtered_and_a_map_of_floats_is_not() -> None:
    records = {"generator": "records-v1"}
    made, same = transformed(records, EDGES)[0], sd.Source.of(sd.make("records-v1"))[0]
    changed = {key: not np.array_equal(made.image[key], value) for key, value in same.image.items()}
    floats = {key: value.dtype.kind == "f" for key, value in same.image.items()}
    assert changed == {key: not is_float for key, is_float in floats.items()}
    assert set(floats.values()) == {True, False}


def test_grey_images_are_filtered_too() -> None:
    grey = {"generator": "noise-v1", "params": {"shape": [16, 16, 1]}}
    image = sd.Source.of(sd.make("noise-v1", shape=[16, 16, 1]))[0].image[:, :, 0]
    expected = np.array(Image.fromarray(image).filter(ImageFilter.FIND_EDGES))
    np.testing.assert_array_equal(transformed(grey, EDGES)[0].image[:, :, 0], expected)


def test_bounds_that_filters_may_leave_are_not_declared() -> None:
    dark = {"generator": "noise-v1", "params": {"shape": [16, 16, 3], "values": 3}}
    noise = {"transform": "filters-v1", "params": {"filters": [{"noise": {"std": 50}}]}}
    source = transformed(dark, noise)
    assert source.output.image == sd.Image(16, 16, 3)
    assert source[0].image.max() > 3


def test_a_step_stands_in_the_recipe_with_its_qualified_id_and_all_params() -> None:
    recipe = sd.Recipe(
        generator="transformed-v1",
        params={"source": SHAPES, "transforms": [{"transform": "affine-v1"}]},
    )
    resolved: Any = recipe.resolve().params
    assert resolved["source"]["generator"] == "synthdata/shapes-v1"
    [step] = resolved["transforms"]
    assert step["transform"] == "synthdata/affine-v1"
    assert step["params"]["angle"] == {"uniform": [-15, 15]}


def test_it_travels_to_another_process_and_into_a_mix() -> None:
    params = {"source": SHAPES, "transforms": [BLUR]}
    blurred = {"generator": "transformed-v1", "params": params, "name": "blurred"}
    mix = sd.make("mix-v1", recipes=[blurred, {**SHAPES, "name": "sharp"}])
    sent = pickle.loads(pickle.dumps(mix))
    for index in range(6):
        one, same = (sd.Source.of(each)[index] for each in (mix, sent))
        np.testing.assert_array_equal(one.image, same.image)


@pytest.mark.parametrize(
    ("source", "step", "complaint"),
    [
        ({"generator": "shape-v1"}, BLUR, "source: .*did you mean shapes-v1"),
        (SHAPES, {"transform": "blur-v1"}, r"transforms\.0: .*no installed distribution"),
        (SHAPES, {"transform": "filters"}, r"transforms\.0: 'filters' is not a generator id"),
        (SHAPES, {"transform": "filters-v1"}, r"transforms\.0: filters-v1: filters is missing"),
        (SHAPES, {"transform": "filters-v1", "params": {"filter": []}}, "did you mean 'filters'"),
        (
            {"generator": "spots-v1", "params": {"dtype": "float32"}},
            BLUR,
            r"filters-v1: an image of uint8 .* is expected, but there is image .* float32",
        ),
    ],
)
def test_what_cannot_be_transformed_is_refused(source: Any, step: Any, complaint: str) -> None:
    with pytest.raises(sd.ParamsError, match=complaint):
        sd.make("transformed-v1", source=source, transforms=[step])
