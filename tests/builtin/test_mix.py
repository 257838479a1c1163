"""Mixes: which part each sample is of, that it is the part's own sample, and what is refused."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import synthdata as sd

SMALL = {"generator": "shapes-v1", "params": {"size": 16, "radius": 0.2}, "name": "small"}
LARGE = {"generator": "shapes-v1", "params": {"size": 16, "radius": 0.4}, "name": "large"}
COUNT = 1000


def mixed(*parts: dict[str, Any], seed: int = 0) -> sd.Source:
    recipe = sd.Recipe(generator="mix-v1", params={"recipes": list(parts)}, seed=seed)
    return sd.Source(recipe)


def sources(source: sd.Source, start: int = 0) -> list[int]:
    return [int(source[start + index].metadata["source"]) for index in range(COUNT)]


def test_each_part_is_drawn_by_its_weight() -> None:
    drawn = sources(mixed({**SMALL, "weight": 3}, LARGE))
    # Five standard deviations of a binomial of 1000 draws of 1/4.
    assert abs(sum(drawn) / COUNT - 0.25) < 5 * (0.25 * 0.75 / COUNT) ** 0.5


def test_the_first_random_number_of_a_sample_picks_the_part() -> None:
    source = mixed({**SMALL, "weight": 3}, LARGE, seed=9)
    expected = [
        int(np.random.Generator(np.random.Philox(key=[9, index])).random() * 4 >= 3)
        for index in range(40)
    ]
    assert [source[index].metadata["source"] for index in range(40)] == expected


@pytest.mark.parametrize("own", [None, 5])
def test_a_sample_is_that_of_its_part_at_the_same_index(own: int | None) -> None:
    parts = [{**SMALL, "seed": own}, {**LARGE, "seed": own}]
    source = mixed(*parts, seed=3)
    alone = [
        sd.Source(sd.Recipe(generator=part["generator"], params=part["params"], seed=own or 3))
        for part in parts
    ]
    places = set()
    for index in range(20):
        sample = source[index]
        place = int(sample.metadata["source"])
        expected = alone[place][index]
        np.testing.assert_array_equal(sample.image, expected.image)
        assert sample.label == expected.label
        np.testing.assert_array_equal(sample.metadata["boxes"], expected.metadata["boxes"])
        places.add(place)
    assert places == {0, 1}


def test_a_retry_draws_the_part_and_its_sample_again() -> None:
    generator = sd.make("mix-v1", recipes=[SMALL, LARGE])
    generator.open()
    found = {
        (sample.metadata["source"], sample.image.tobytes())
        for sample in (generator.sample(sd.Rng(0, 4, attempt)) for attempt in range(6))
    }
    generator.close()
    assert len(found) == 6
    assert {place for place, _ in found} == {0, 1}


def test_a_weight_may_be_a_schedule() -> None:
    waning = {**SMALL, "weight": {"schedule": [[0, 1], [COUNT, 0]]}}
    source = mixed(waning, {**LARGE, "weight": {"schedule": [[0, 0], [COUNT, 1]]}})
    assert source[0].metadata["source"] == 0
    assert set(sources(source, start=COUNT)) == {1}


def test_metadata_that_all_parts_share_are_kept() -> None:
    grey = {"generator": "noise-v1", "params": {"shape": [8, 8, 1]}}
    dark = {"generator": "noise-v1", "params": {"shape": [8, 8, 1]}, "name": "other"}
    assert list(mixed(grey, dark).output.metadata) == ["source"]
    assert {"boxes", "radius", "source"} <= set(mixed(SMALL, LARGE).output.metadata)


def test_a_part_stands_in_the_recipe_with_its_qualified_id_and_all_params() -> None:
    recipe = sd.Recipe(generator="mix-v1", params={"recipes": [{"generator": "shapes-v1"}]})
    resolved: Any = recipe.resolve().params
    [part] = resolved["recipes"]
    assert part["generator"] == part["name"] == "synthdata/shapes-v1"
    assert part["params"]["size"] == sd.make("shapes-v1").params.size
    assert recipe.resolve().resolve() == recipe.resolve()


def test_mixes_nest_and_travel_to_another_process() -> None:
    inner = {"generator": "mix-v1", "params": {"recipes": [SMALL, LARGE]}, "name": "both"}
    other = {**SMALL, "name": "alone"}
    generator = sd.make("mix-v1", recipes=[inner, other])
    assert generator.output.metadata["source"].names == ("both", "alone")  # type: ignore[union-attr]
    sent = pickle.loads(pickle.dumps(generator))
    for index in range(8):
        one, same = (sd.Source.of(each)[index] for each in (generator, sent))
        np.testing.assert_array_equal(one.image, same.image)


@pytest.mark.parametrize(
    ("parts", "complaint"),
    [
        ([], "one or more are expected"),
        ([{"generator": "shape-v1"}], "recipes.0: .*did you mean shapes-v1"),
        ([{"generator": "shapes-v1", "params": {"siz": 3}}], "siz is unknown"),
        ([{"generator": "shapes-v1", "wieght": 3}], "wieght is unknown"),
        ([{**SMALL, "weight": -1}], "weight: numbers from 0"),
        ([{**SMALL, "weight": 0}], "all weights are 0"),
        ([SMALL, SMALL], "'small'; say name: of each"),
        (
            [SMALL, {"generator": "shapes-v1", "params": {"size": 32}}],
            r"image of synthdata/shapes-v1 is \(32, 32, 3\) uint8, but of small \(16, 16, 3\)",
        ),
        ([SMALL, {"generator": "noise-v1", "params": {"shape": [16, 16, 3]}}], "label of"),
    ],
)
def test_recipes_that_cannot_be_mixed_are_refused(parts: Any, complaint: str) -> None:
    with pytest.raises(sd.ParamsError, match=complaint):
        sd.make("mix-v1", recipes=parts)


def test_a_sample_that_no_part_has_weight_for_is_named() -> None:
    source = mixed({**SMALL, "weight": {"schedule": [[0, 0], [10, 1]]}})
    with pytest.raises(sd.SampleError, match=r"mix-v1 sample 0 .*all weights are 0"):
        source[0]


def test_a_part_that_fails_is_named(tmp_path: Any) -> None:
    (tmp_path / "broken.png").write_bytes(b"no image")
    photos = {"generator": "photos-v1", "params": {"folder": str(tmp_path)}}
    with pytest.raises(sd.SynthDataError, match=r"photos-v1 .*broken\.png"):
        mixed(photos)[0]
