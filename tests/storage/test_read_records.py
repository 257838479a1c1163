"""TFRecord files decoded by TensorFlow itself: the same batches as by our own reader."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import synthdata as sd
from tests import strategies
from tests.execution.generators import Ragged
from tests.storage.trees import recipe

DECODED = "decoded by TensorFlow itself"


def are_the_same(target: Path, **options: Any) -> bool:
    """Whether TensorFlow and our own reader give the same structure and the same bytes."""
    ours = sd.read(target, executor="inline", **options)
    theirs = sd.read(target, **options)
    assert theirs.element_spec == ours.element_spec
    for one, other in zip(theirs.as_numpy_iterator(), ours.as_numpy_iterator(), strict=True):
        for left, right in zip(tf.nest.flatten(one), tf.nest.flatten(other), strict=True):
            if left.dtype == object:
                assert left.tolist() == right.tolist()
            else:
                assert left.tobytes() == right.tobytes()
    return True


def test_what_lies_in_images_numbers_and_bytes_is_decoded_there(tmp_path: Path) -> None:
    sd.write(recipe(), tmp_path / "a", workers=0, samples_per_shard=6)
    assert DECODED in sd.explain(sd.read(tmp_path / "a", "train"))
    assert sd.stats(sd.read(tmp_path / "a", "train")).executor == "records"


@pytest.mark.parametrize("encoding", ["png", "jpeg", "raw"])
def test_each_encoding_is_decoded_to_the_same_pixels(encoding: Any, tmp_path: Path) -> None:
    sd.write(recipe(params={"size": 40}), tmp_path / "a", encoding=encoding, workers=0)
    options: dict[str, Any] = {"split": "train", "batch_size": 5}
    assert DECODED in sd.explain(sd.read(tmp_path / "a", **options))
    assert are_the_same(tmp_path / "a", **options)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_output_comes_out_as_by_our_own_reader(data: st.DataObject) -> None:
    output = data.draw(strategies.outputs())
    samples = [data.draw(strategies.samples(output)) for _ in range(3)]
    made = sd.from_function(lambda rng: samples[rng.index], output)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "a"
        sd.write(made, target, samples=3, workers=0)
        assert are_the_same(target, batch_size=2)


@pytest.mark.parametrize(
    ("made", "options"),
    [
        (Ragged(longest=50), {}),
        (sd.make("shapes-v1", size=16), {"variable": "ragged"}),
        (sd.make("shapes-v1", size=16), {"executor": "threads"}),
        (sd.make("shapes-v1", size=16), {"workers": 0}),
    ],
)
def test_what_is_not_decoded_there_is_read_as_ever(
    made: sd.Generator, options: dict[str, Any], tmp_path: Path
) -> None:
    sd.write(made, tmp_path / "a", samples=4, workers=0)
    dataset = sd.read(tmp_path / "a", **options)
    assert DECODED not in sd.explain(dataset)
    assert sum(1 for _ in dataset) == 1


def test_a_damaged_record_is_an_error_that_names_the_shard(tmp_path: Path) -> None:
    sd.write(recipe(), tmp_path / "a", samples_per_shard=6, workers=0)
    shard = tmp_path / "a/train-00001-of-00003.tfrecord"
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 1
    shard.write_bytes(data)
    with pytest.raises(
        tf.errors.OpError, match=r"shard 1 of train cannot be read: .*synthdata repair"
    ):
        list(sd.read(tmp_path / "a", "train"))


def test_metadata_that_nobody_sees_are_not_decoded(tmp_path: Path) -> None:
    output = sd.Output(
        image=sd.Image(4, 4), label=sd.ClassLabel(["a"]), metadata={"p": sd.Polygons(2)}
    )
    square = np.array([[0, 0], [1, 0], [1, 1]], np.float32)
    sample = sd.Sample(np.zeros((4, 4, 3), np.uint8), 0, {"p": [square]})
    sd.write(sd.from_function(lambda rng: sample, output), tmp_path / "a", samples=3, workers=0)
    assert DECODED not in sd.explain(sd.read(tmp_path / "a"))
    assert DECODED in sd.explain(sd.read(tmp_path / "a", as_supervised=True))


def test_wrong_options_are_refused_as_by_build(tmp_path: Path) -> None:
    sd.write(recipe(), tmp_path / "a", workers=0)
    with pytest.raises(sd.BuildError, match="batch_size=0: expected 1"):
        sd.read(tmp_path / "a", "train", batch_size=0)
    with pytest.raises(sd.BuildError, match="start=16: there are 16 samples"):
        sd.read(tmp_path / "a", "train", start=16)


def test_what_is_shorter_is_filled_with_the_padding_of_its_feature(tmp_path: Path) -> None:
    output = sd.Output(
        image=sd.Image(4, 4),
        label=sd.ClassLabel(["a", "b"], max=3),
        metadata={"wave": sd.Tensor("float16", (sd.UpTo(2),))},
    )
    image = np.zeros((4, 4, 3), np.uint8)
    samples = [sd.Sample(image, [1] * n, {"wave": np.ones(n, np.float16)}) for n in range(3)]
    made = sd.from_function(lambda rng: samples[rng.index], output)
    sd.write(made, tmp_path / "a", samples=3, workers=0)
    dataset = sd.read(tmp_path / "a", batch_size=3)
    assert DECODED in sd.explain(dataset)
    [batch] = dataset.as_numpy_iterator()
    assert batch["label"].tolist() == [[-1, -1, -1], [1, -1, -1], [1, 1, -1]]
    assert batch["metadata"]["wave"].tolist() == [[0, 0], [1, 0], [1, 1]]
