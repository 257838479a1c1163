"""Whole data sets in object stores: written by workers, verified, repaired and read back."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest

import synthdata as sd
from synthdata.storage.targets.target import target_of
from synthdata.testing.digests import stream_digest
from tests.storage.targets import s3
from tests.storage.trees import recipe, tree


def contents(url: str, options: dict[str, Any]) -> dict[str, str]:
    target = target_of(url, options)
    return {path: target.sha256(path) for path in target.paths()}


@pytest.mark.parametrize("name", ["folder"])
def test_an_object_store_ends_up_with_the_bytes_of_a_folder(
    name: str, port: int, tmp_path: Path
) -> None:
    url, options = f"s3://bucket/{uuid.uuid4()}/a", s3.options(port)
    given: dict[str, Any] = {"format": name, "samples_per_shard": 6, "workers": 2}
    sd.write(recipe(), url, storage_options=options, **given)
    sd.write(recipe(), tmp_path / "a", **given)
    assert contents(url, options) == tree(tmp_path / "a")
    assert target_of(url, options).paths(".synthdata/") == []
    assert sd.verify(url, "deep", storage_options=options)
    again = sd.write(recipe(), url, storage_options=options, **given)
    assert again.made == 0
    dataset = sd.read(url, "train", batch_size=4, storage_options=options)
    expected = sd.build(recipe(), split="train", batch_size=4)
    assert stream_digest(dataset.as_numpy_iterator()) == stream_digest(expected.as_numpy_iterator())


def test_a_shard_that_is_gone_from_a_store_is_made_again(port: int) -> None:
    url, options = f"s3://bucket/{uuid.uuid4()}/a", s3.options(port)
    given: dict[str, Any] = {"samples_per_shard": 6, "storage_options": options, "workers": 0}
    sd.write(recipe(), url, **given)
    before = contents(url, options)
    target_of(url, options).remove(["train-00001-of-00003.tfrecord"])
    target_of(url, options).write("README.md", b"other words")
    assert not sd.verify(url, "fast", storage_options=options)
    done = sd.repair(url, workers=0, storage_options=options)
    assert (done.shards, done.files) == ((1,), ("README.md",))
    assert contents(url, options) == before


def test_a_write_goes_on_after_its_connection_was_dropped(
    port: int, network: s3.Network, tmp_path: Path
) -> None:
    url = f"s3://bucket/{uuid.uuid4()}/a"
    broken, sound = s3.options(network.port, patient=False), s3.options(port)
    source = recipe(params={"size": 128}, splits={"train": 12})
    given: dict[str, Any] = {"samples_per_shard": 4, "workers": 0, "encoding": "raw"}
    network.drop(10**6, sent=300_000)
    with pytest.raises(sd.TargetError):
        sd.write(source, url, storage_options=broken, **given)
    there = contents(url, sound)
    assert "manifest.json" not in there
    network.drop(0)
    sd.write(source, url, storage_options=broken, **given)
    sd.write(source, tmp_path / "a", **given)
    assert contents(url, sound) == tree(tmp_path / "a")
    assert all(tree(tmp_path / "a")[path] == digest for path, digest in there.items())


def test_what_lies_in_memory_is_written_and_read_in_this_process() -> None:
    url = f"memory://{uuid.uuid4()}/a"
    sd.write(recipe(), url, samples_per_shard=6, workers=2)
    assert sd.verify(url, "deep")
    count = sum(len(batch["image"]) for batch in sd.read(url, "train").as_numpy_iterator())
    assert count == 16
