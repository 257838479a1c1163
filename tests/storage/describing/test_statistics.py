"""Statistics of shards: what they hold, how they merge, and that NumPy says the same of all."""

from __future__ import annotations

import base64
import json
import math
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

import synthdata as sd
from synthdata.storage import shard_job
from synthdata.storage.describing import duplicates
from synthdata.storage.describing.statistics import Statistics, merged
from synthdata.storage.describing.summary import summary_lines
from tests import strategies
from tests.storage.describing.summaries import Rows, gathered, part, rows_of, summarised

GREY = sd.Output(image=sd.Image(1, 2, 1))


def greys(*values: int) -> Rows:
    """Images of two pixels of one grey."""
    return [[np.full((1, 2, 1), value, np.uint8)] for value in values]


def of_values(feature: Any, *values: Any) -> dict[str, Any]:
    """The summary of one scalar or tensor."""
    output = sd.Output(image={}, metadata={"x": feature})
    rows = rows_of(output, *(sd.Sample({}, None, {"x": value}) for value in values))
    return summarised(output, train=[rows])


def test_each_channel_of_an_image_has_mean_deviation_and_ends() -> None:
    images = np.random.default_rng(0).integers(0, 256, (20, 600, 5, 3), np.uint8)
    output = sd.Output(image=sd.Image(600, 5, 3))
    summary = summarised(output, train=[[[image] for image in images]])
    for channel, name in enumerate(("red", "green", "blue")):
        values = images[..., channel].astype(np.float64)
        assert part(summary, "image", name) == {
            "count": values.size,
            "mean": pytest.approx(values.mean(), rel=1e-12),
            "std": pytest.approx(values.std(), rel=1e-12),
            "min": values.min(),
            "max": values.max(),
        }


def test_the_ends_of_channels_that_stay_within_the_range_are_their_own() -> None:
    output = sd.Output(image=sd.Image(1, 1, 3))
    pixels = [[(9, 0, 7)], [(5, 255, 7)], [(6, 3, 200)]]
    rows = [[np.array([pixel], np.uint8)] for pixel in pixels]
    summary = summarised(output, train=[rows])
    ends = [part(summary, "image", name) for name in ("red", "green", "blue")]
    assert [(each["min"], each["max"]) for each in ends] == [(5, 9), (0, 255), (7, 200)]


def test_the_ends_are_found_when_all_channels_had_one_of_them_before() -> None:
    output = sd.Output(image=sd.Image(sd.UpTo(1), 1, 3))
    for first, second in ((0, 9), (255, 8)):
        rows = [[np.full((1, 1, 3), value, np.uint8)] for value in (first, second)]
        found = part(summarised(output, train=[rows]), "image", "blue")
        assert (found["min"], found["max"]) == tuple(sorted((first, second)))


@pytest.mark.parametrize("size", [7, 100])  # held until there are some, and summed at once
def test_images_that_vary_have_their_sizes_summed(size: int) -> None:
    output = sd.Output(image=sd.Image(sd.UpTo(size), sd.UpTo(size), 3))
    rows = [[np.full((height, size, 3), height, np.uint8)] for height in (0, 1, size)]
    summary = summarised(output, train=[rows])
    heights, widths = part(summary, "image", "height"), part(summary, "image", "width")
    assert (heights["min"], heights["max"], heights["count"]) == (0, size, 3)
    assert (widths["min"], widths["std"]) == (size, 0)
    assert part(summary, "image", "red")["count"] == (1 + size) * size


def test_classes_are_counted_one_a_sample_or_several() -> None:
    output = sd.Output(
        image={},
        label={"one": sd.ClassLabel(["no", "yes"]), "all": sd.ClassLabel(["a", "b", "c"], max=3)},
    )
    rows = rows_of(
        output,
        sd.Sample({}, {"one": "yes", "all": ["a", "c"]}),
        sd.Sample({}, {"one": 1, "all": []}),
        sd.Sample({}, {"one": "no", "all": ["c", "c"]}),
    )
    summary = summarised(output, train=[rows])
    assert part(summary, "label.one", "class") == {"counts": [["no", 1], ["yes", 2]]}
    assert part(summary, "label.all", "class") == {"counts": [["a", 1], ["b", 0], ["c", 3]]}
    assert part(summary, "label.all", "per sample") == {"counts": [["0", 1], ["2", 2]]}


def test_boxes_have_sizes_in_pixels_and_as_parts_of_their_image() -> None:
    output = sd.Output(
        image={"a": sd.Image(1, 1), "b": sd.Image(sd.UpTo(20), 40)},
        label=sd.Boxes(5, image="b"),
    )
    images = {"a": np.zeros((1, 1, 3), np.uint8), "b": np.zeros((10, 40, 3), np.uint8)}
    two = np.array([[0, 0, 10, 5], [5, 2, 25, 10]], np.float32)
    none = np.zeros((0, 4), np.float32)
    rows = rows_of(output, sd.Sample(images, two), sd.Sample(images, none))
    summary = summarised(output, train=[rows])
    assert part(summary, "label", "per sample") == {"counts": [["0", 1], ["2", 1]]}
    means = {of: part(summary, "label", of)["mean"] for of in ("width", "height", "area")}
    assert means == {"width": 15, "height": 6.5, "area": (50 + 160) / 2}
    assert part(summary, "label", "width / image")["max"] == 0.5
    assert part(summary, "label", "height / image")["min"] == 0.5
    assert part(summary, "label", "area / image")["mean"] == pytest.approx(210 / 2 / 400)


def test_masks_have_the_pixels_of_each_class_or_of_the_background() -> None:
    output = sd.Output(
        image={},
        label={"named": sd.Mask(2, 2, names=("sky", "sea")), "plain": sd.Mask(2, 2, "uint16")},
    )
    named = np.array([[0, 1], [1, 1]], np.uint8)
    plain = np.array([[0, 0], [7, 500]], np.uint16)
    rows = rows_of(output, sd.Sample({}, {"named": named, "plain": plain}))
    summary = summarised(output, train=[rows * 2])
    assert part(summary, "label.named", "pixels") == {"counts": [["sky", 2], ["sea", 6]]}
    assert part(summary, "label.plain", "pixels") == {"counts": [["0", 4], ["others", 4]]}
    assert part(summary, "label.plain", "largest value")["mean"] == 500


def test_points_polygons_and_texts_are_counted() -> None:
    output = sd.Output(
        image=sd.Image(9, 9, 1),
        label={"points": sd.Keypoints(2, max=3), "outlines": sd.Polygons(3)},
        metadata={"word": sd.Text()},
    )
    image = np.zeros((9, 9, 1), np.uint8)
    points = np.array([[[1, 1, 2], [0, 0, 0]], [[2, 2, 1], [3, 3, 2]]], np.float32)
    outlines = [np.zeros((3, 2), np.float32), np.zeros((5, 2), np.float32)]
    rows = rows_of(
        output,
        sd.Sample(image, {"points": points, "outlines": outlines}, {"word": "Grüße"}),
        sd.Sample(image, {"points": points[:0], "outlines": []}, {"word": ""}),
    )
    summary = summarised(output, train=[rows])
    seen = [["not there", 1], ["hidden", 1], ["visible", 2]]
    assert part(summary, "label.points", "visibility") == {"counts": seen}
    assert part(summary, "label.points", "per sample") == {"counts": [["0", 1], ["2", 1]]}
    assert part(summary, "label.outlines", "per sample") == {"counts": [["0", 1], ["2", 1]]}
    assert part(summary, "label.outlines", "corners")["mean"] == 4
    lengths = part(summary, "metadata.word", "characters")
    assert (lengths["min"], lengths["max"]) == (0, 5)


def test_integers_of_64_bits_are_summed_exactly() -> None:
    values = [2**64 - 1, 2**64 - 3]
    found = part(of_values(sd.Scalar("uint64"), *values), "metadata.x", "value")
    assert found == {
        "count": 2,
        "mean": float(2**64 - 2),
        "std": 1.0,
        "min": 2**64 - 3,
        "max": 2**64 - 1,
    }


def test_a_float_that_never_changes_has_no_deviation() -> None:
    found = part(of_values(sd.Scalar("float64"), *[0.1] * 1000), "metadata.x", "value")
    assert (found["mean"], found["std"]) == (0.1, 0.0)


def test_floats_far_from_zero_keep_their_deviation() -> None:
    values = [1e9 + number for number in range(1000)]
    found = part(of_values(sd.Scalar("float64"), *values), "metadata.x", "value")
    assert found["std"] == pytest.approx(math.sqrt((1000**2 - 1) / 12), rel=1e-9)


def test_what_is_no_number_is_counted_and_left_out_of_the_rest() -> None:
    feature = sd.Tensor("float32", (4,), finite=False)
    values = np.array([math.nan, 1, math.inf, 3], np.float32)
    found = part(of_values(feature, values), "metadata.x", "value")
    expected = {"count": 2, "mean": 2.0, "std": 1.0, "min": 1.0, "max": 3.0}
    assert found == {**expected, "nan": 1, "infinite": 1}


def test_sums_beyond_float64_are_unknown_and_harm_nothing_else() -> None:
    largest = np.finfo(np.float64).max
    found = part(of_values(sd.Scalar("float64"), largest, -largest), "metadata.x", "value")
    assert (found["mean"], found["std"], found["max"]) == (None, None, largest)


def test_many_objects_a_sample_are_counted_in_few_buckets() -> None:
    output = sd.Output(image={}, label=sd.ClassLabel(["a"], max=1000))
    rows = rows_of(output, *(sd.Sample({}, ["a"] * count) for count in (0, 7, 8, 1000)))
    found = part(summarised(output, train=[rows]), "label", "per sample")
    assert found == {"counts": [["0–7", 2], ["8–15", 1], ["1000", 1]]}


def test_an_array_may_be_used_for_something_else_after_it_was_added() -> None:
    output = sd.Output(
        image=sd.Image(2, 2, 1), label=sd.Boxes(2), metadata={"x": sd.Tensor("int16", (3,))}
    )
    row: list[Any] = [
        np.ones((2, 2, 1), np.uint8),
        np.array([[0, 0, 1, 1]], np.float32),
        np.array([1, 2, 3], np.int16),
    ]
    statistics = Statistics(output)
    statistics.add(row)
    expected = gathered(output, [[array.copy() for array in row]])
    for array in row:
        array[...] = 0
    assert statistics.to_json() == expected


def test_an_array_that_lies_otherwise_in_memory_has_the_same_statistics() -> None:
    output = sd.Output(image=sd.Image(50, 60, 3, "float32"), label=sd.Mask(50, 60))
    rng = np.random.default_rng(0)
    image, mask = rng.random((50, 60, 3), np.float32), rng.integers(0, 9, (50, 60), np.uint8)
    lying = [np.asfortranarray(image), np.repeat(mask, 2, axis=1)[:, ::2]]
    assert gathered(output, [[image, mask]]) == gathered(output, [lying])


def test_images_with_the_same_bytes_are_duplicates_and_other_shapes_are_not() -> None:
    output = sd.Output(image=sd.Image(sd.UpTo(4), sd.UpTo(4), 1), label=sd.ClassLabel(["a", "b"]))
    flat, high = np.zeros((1, 4, 1), np.uint8), np.zeros((4, 1, 1), np.uint8)
    rows = rows_of(output, sd.Sample(flat, "a"), sd.Sample(high, "a"), sd.Sample(flat, "b"))
    assert summarised(output, train=[rows[:2]])["duplicates"]["repeated"] == 0
    assert summarised(output, train=[rows])["duplicates"]["repeated"] == 1


def test_duplicates_are_found_from_shard_to_shard_and_from_split_to_split() -> None:
    summary = summarised(
        GREY, train=[greys(1, 2), greys(2, 3)], test=[greys(3, 4, 4)], more=[greys(3)]
    )
    assert summary["duplicates"] == {"counted": True, "repeated": 4, "across": 1}


def test_without_images_whole_samples_are_compared() -> None:
    found = of_values(sd.Scalar("int8"), 1, 2, 1)
    assert found["duplicates"]["repeated"] == 1


def test_duplicates_of_very_many_samples_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "MOST", 4)
    assert summarised(GREY, a=[greys(1, 1)], b=[greys(1, 1)])["duplicates"]["repeated"] == 3
    summary = summarised(GREY, a=[greys(1, 1)], b=[greys(1, 1, 1)])
    assert summary["duplicates"] == {"counted": False}
    assert "duplicates: not counted, there are too many samples" in summary_lines(summary)


def test_where_there_will_be_too_many_samples_none_is_hashed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given: dict[str, Any] = {"samples": 6, "samples_per_shard": 3, "workers": 0}
    given["params"] = {"size": 16}
    hashes: list[str | None] = []

    def kept(progress: Any) -> None:
        for record in (tmp_path / str(len(hashes)) / ".synthdata/shards").glob("*-00000-*"):
            hashes.append(json.loads(record.read_text())["statistics"]["hashes"])
            raise KeyboardInterrupt

    for most in (6, 5):
        monkeypatch.setattr(shard_job, "MOST", most)
        target = tmp_path / str(len(hashes))
        with pytest.raises(KeyboardInterrupt):
            sd.write("shapes-v1", target, progress=kept, **given)
    assert [one and len(base64.b64decode(one)) for one in hashes] == [24, None]
    sd.write("shapes-v1", target, **given)
    text = (target / "README.md").read_text(encoding="utf-8")
    assert "Duplicates: not counted, there are too many samples" in text


def test_shards_are_merged_one_by_one_and_none_is_kept() -> None:
    alive: weakref.WeakSet[Data] = weakref.WeakSet()

    def shards() -> Iterator[Data]:
        for value in range(5):
            assert len(alive) <= 1  # the one before is still the caller's
            data = Data(gathered(GREY, greys(value)))
            alive.add(data)
            yield data
            del data

    summary = merged({"train": shards(), "test": shards()}, GREY)
    assert (summary["samples"], summary["duplicates"]["across"]) == (10, 5)


class Data(dict[str, Any]):
    """JSON of a shard that can be watched; it is compared and hashed by identity."""

    __hash__ = object.__hash__  # type: ignore[assignment]
    __eq__ = object.__eq__


def test_without_samples_all_is_empty_and_nothing_fails() -> None:
    output = sd.Source(sd.Recipe(generator="records-v1", samples=1)).output
    every: list[list[Rows]] = [[], [[]], [[], []]]
    for shards in every:
        summary = summarised(output, train=shards)
        assert summary["samples"] == 0
        assert part(summary, "image.left", "red")["mean"] is None
        assert part(summary, "label.light", "class")["counts"][0] == ["day", 0]
        assert "metadata.readings: value: no numbers" in summary_lines(summary)


def test_statistics_of_another_output_are_refused() -> None:
    data = gathered(GREY, greys(1))
    other = sd.Output(image=sd.Image(1, 2, 1), label=sd.ClassLabel(["a"]))
    with pytest.raises(ValueError, match="shorter"):
        merged({"train": [data]}, other)


def test_each_split_has_its_own_statistics() -> None:
    summary = summarised(GREY, train=[greys(10, 20)], test=[greys(60)])
    whole, train, test = (
        part(each, "image", "grey")["mean"] for each in (summary, *summary["splits"])
    )
    assert (whole, train, test) == (30, 15, 60)
    assert [split["samples"] for split in summary["splits"]] == [2, 1]


def test_the_statistics_of_a_shard_are_small() -> None:
    source = sd.Source(sd.Recipe(generator="records-v1", samples=500))
    rows = [[leaf.value_in(sample) for leaf in source.output.leaves] for sample in source]
    data = gathered(source.output, rows)
    assert len(data.pop("hashes")) < 500 * 11
    assert len(json.dumps(data)) < 4_000


def close(found: Any, expected: Any) -> bool:
    """Whether two summaries are equal but for the last digits of floats."""
    if isinstance(found, float) and isinstance(expected, float):
        return math.isclose(found, expected, rel_tol=1e-6, abs_tol=1e-6)
    if isinstance(found, dict):
        return found.keys() == expected.keys() and all(close(found[k], expected[k]) for k in found)
    if isinstance(found, list):
        return len(found) == len(expected) and all(map(close, found, expected))
    return bool(found == expected)


@pytest.mark.parametrize("generator", ["shapes-v1", "records-v1"])
def test_shards_merge_to_what_one_shard_over_all_says(generator: str) -> None:
    source = sd.Source(sd.Recipe(generator=generator, samples=30))
    rows = [[leaf.value_in(sample) for leaf in source.output.leaves] for sample in source]
    whole = summarised(source.output, train=[rows])
    parts = summarised(source.output, train=[rows[:7], rows[7:7], rows[7:29], rows[29:]])
    assert close(parts, whole)


def _elements(values: list[Any]) -> Any:
    return np.concatenate([np.empty(0), *(np.ravel(value) for value in values)])


def _check_numbers(found: dict[str, Any], values: list[Any]) -> None:
    numbers = _elements(values).astype(np.float64)
    finite = numbers[np.isfinite(numbers)]
    assert found["count"] == len(finite)
    if len(finite):
        with np.errstate(all="ignore"):
            mean, std = finite.mean(), finite.std()
        scale = float(max(abs(finite))) + 1e-300
        if math.isfinite(mean) and math.isfinite(scale * scale * len(finite)):
            assert found["mean"] == pytest.approx(mean, rel=1e-9, abs=1e-12 * scale)
            assert found["std"] == pytest.approx(std, rel=1e-6, abs=1e-7 * scale)
        assert (float(found["min"]), float(found["max"])) == (finite.min(), finite.max())


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_of_any_output_the_numbers_are_those_of_numpy(data: DataObject) -> None:
    output = data.draw(strategies.outputs())
    samples = data.draw(st.lists(strategies.samples(output), max_size=4))
    rows = rows_of(output, *samples)
    cut = data.draw(st.integers(0, len(rows)))
    summary = summarised(output, train=[rows[:cut], rows[cut:]])
    assert summary == summarised(output, train=[rows[:cut], rows[cut:]])
    assert summary["samples"] == len(rows)
    json.dumps(summary, allow_nan=False)
    assert len(summary_lines(summary)) > 2
    for place, leaf in enumerate(output.leaves):
        values = [row[place] for row in rows]
        parts = {each["of"]: each for each in summary["features"][place]["parts"]}
        if isinstance(leaf.feature, sd.Scalar | sd.Tensor):
            _check_numbers(parts["value"], values)
        if isinstance(leaf.feature, sd.Image):
            for channel, found in enumerate(list(parts.values())[: leaf.feature.channels]):
                _check_numbers(found, [value[..., channel] for value in values])
        if isinstance(leaf.feature, sd.ClassLabel):
            places = _elements(values).astype(int)
            assert [count for _, count in parts["class"]["counts"]] == [
                int((places == number).sum()) for number in range(len(leaf.feature.names))
            ]
