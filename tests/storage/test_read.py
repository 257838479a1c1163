"""Reading back: the same dataset as build makes, from files of any format."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import synthdata as sd
from synthdata.testing.digests import stream_digest
from tests.execution.generators import Failing, Ragged
from tests.storage.trees import FORMATS, HELD, recipe


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files") / "a"
    sd.write(recipe(), folder, samples_per_shard=5, workers=0)
    return folder


def elements(dataset: tf.data.Dataset) -> list[Any]:
    return list(dataset.as_numpy_iterator())


OPTIONS: list[dict[str, Any]] = [
    {"batch_size": 6},
    {"batch_size": 5, "shuffle": True, "repeat": 2},
    {"batch_size": 3, "shard": (1, 3), "drop_remainder": True},
    {"batch_size": 4, "start": 7, "as_supervised": True},
    {"batch_size": 4, "executor": "threads", "workers": 2},
    {"batch_size": 4, "executor": "processes", "workers": 2, "shuffle": True},
]


@pytest.mark.parametrize("options", OPTIONS)
def test_it_is_the_dataset_that_build_makes(options: dict[str, Any], target: Path) -> None:
    ours = sd.read(target, "train", **options)
    if not options.get("shuffle"):  # build shuffles by the indices of the recipe too
        options = {**options, "executor": "inline", "workers": None}
    built = sd.build(recipe(), split="train", **options)
    assert ours.element_spec == built.element_spec
    assert ours.cardinality() == built.cardinality()
    assert stream_digest(map(_tree, elements(ours))) == stream_digest(map(_tree, elements(built)))


def _tree(element: Any) -> Any:
    return (
        dict(zip(("image", "label"), element, strict=True)) if type(element) is tuple else element
    )


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "yolo"])
def test_each_format_reads_back_as_it_was_built(name: str, tmp_path: Path) -> None:
    drop = HELD.get(name, {}).get("drop", [])
    sd.write(recipe(), tmp_path / "a", format=name, drop=drop, samples_per_shard=6, workers=0)
    found = elements(sd.read(tmp_path / "a", "train", batch_size=4, executor="inline"))
    expected = elements(sd.build(recipe(), split="train", batch_size=4, executor="inline"))
    for element in expected:
        for path in drop:
            del element["metadata"][path.partition(".")[2]]
    assert stream_digest(found) == stream_digest(expected)


@pytest.mark.parametrize("variable", ["pad", "ragged"])
def test_what_varies_is_padded_or_ragged_as_build_has_it(variable: Any, tmp_path: Path) -> None:
    sd.write(Ragged(longest=50), tmp_path / "a", samples=12, seed=3, workers=0)
    options: dict[str, Any] = {"batch_size": 5, "variable": variable, "executor": "inline"}
    ours = sd.read(tmp_path / "a", **options)
    built = sd.build(Ragged(longest=50), samples=12, seed=3, **options)
    assert ours.element_spec == built.element_spec
    for one, other in zip(ours, built, strict=True):
        for left, right in zip(tf.nest.flatten(one), tf.nest.flatten(other), strict=True):
            if isinstance(left, tf.RaggedTensor):
                left, right = left.to_tensor(), right.to_tensor()
            np.testing.assert_array_equal(left, right)


def test_an_iterator_is_saved_and_goes_on_bit_for_bit(target: Path, tmp_path: Path) -> None:
    def dataset() -> Any:
        return sd.read(target, "train", batch_size=2, shuffle=True, repeat=3)

    expected = elements(dataset())
    iterator = iter(dataset())
    for _ in range(5):
        next(iterator)
    saved = tf.train.Checkpoint(iterator=iterator).save(str(tmp_path / "state"))
    fresh = iter(dataset())
    tf.train.Checkpoint(iterator=fresh).restore(saved)
    rest = [tf.nest.map_structure(lambda tensor: tensor.numpy(), one) for one in fresh]
    assert stream_digest(rest) == stream_digest(expected[5:])


def test_samples_that_were_left_out_leave_no_gap(tmp_path: Path) -> None:
    sd.write(
        Failing(every=5),
        tmp_path / "a",
        samples=20,
        on_error="skip",
        workers=0,
        samples_per_shard=3,
    )
    dataset = sd.read(tmp_path / "a", batch_size=4, with_index=True)
    assert dataset.cardinality() == 4
    batches = elements(dataset)
    assert [row for one in batches for row in one["index"].tolist()] == list(range(16))
    labels = [row for one in batches for row in one["label"].tolist()]
    assert labels == [index for index in range(20) if index % 5 != 3]


def test_a_stored_split_is_a_source_in_any_order(target: Path) -> None:
    stored = sd.stored(target, "train")
    made = sd.Source(recipe(), split="train")
    assert len(stored) == len(made) == 16
    for place in (15, 0, 7, 7, -1):
        assert (stored[place].image == made[place].image).all()
    assert stream_digest(stored[4:9]) == stream_digest(made[4:9])
    with pytest.raises(IndexError):
        stored[16]


def test_which_split_must_be_said_where_there_are_several(target: Path) -> None:
    with pytest.raises(sd.RecipeError, match=r"has the splits train, test; say split=$"):
        sd.read(target)
    with pytest.raises(sd.RecipeError, match="say split=, not 'dev'"):
        sd.stored(target, "dev")


def test_a_shard_that_is_damaged_is_named_with_the_sample(tmp_path: Path) -> None:
    sd.write(recipe(), tmp_path / "a", samples_per_shard=5, workers=0)
    shard = tmp_path / "a/train-00001-of-00004.tfrecord"
    shard.write_bytes(shard.read_bytes()[:-9])
    stored = sd.stored(tmp_path / "a", "train")
    assert stored[0] is not None
    with pytest.raises(
        sd.SampleError, match=r"shard 1 of train cannot be read: .*`synthdata repair`"
    ):
        stored[5]
    shard.unlink()
    with pytest.raises(sd.SampleError, match="shard 1 of train cannot be read"):
        sd.stored(tmp_path / "a", "train")[5]


def test_more_shards_than_are_kept_open_can_be_read(tmp_path: Path) -> None:
    sd.write(recipe(splits={"train": 40}), tmp_path / "a", samples_per_shard=1, workers=0)
    stored, made = sd.stored(tmp_path / "a"), sd.Source(recipe(splits={"train": 40}))
    for place in itertools.chain(range(40), range(0, 40, 7)):
        assert (stored[place].image == made[place].image).all()
