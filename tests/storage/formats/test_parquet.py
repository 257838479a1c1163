from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

import synthdata as sd
from synthdata.storage.encoding import Encoding
from synthdata.storage.formats.parquet import MOST_BYTES, MOST_ROWS, Parquet
from tests.storage import driving
from tests.storage.formats import odd_output
from tests.storage.formats.proving import (
    assert_accepted_comes_back,
    assert_comes_back,
    assert_same_bytes,
    made,
    outcomes_of_cuts,
    outcomes_of_flips,
    written,
)

SOURCES = [made("shapes-v1", 5), made("records-v1", 8), odd_output.source(40)]


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Opens a folder as ``datasets`` does, offline."""
    for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    import datasets

    datasets.disable_progress_bars()
    return lambda folder: datasets.load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))


@pytest.mark.parametrize("source", SOURCES)
def test_samples_come_back_as_they_were(source: sd.Source, tmp_path: Path) -> None:
    assert_comes_back(Parquet, source, tmp_path)


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_what_is_accepted_comes_back(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert_accepted_comes_back(Parquet, data, tmp_path_factory.mktemp("target"))


def test_datasets_opens_images_and_classes_with_names(tmp_path: Path, opened: Any) -> None:
    source = made("shapes-v1", 7)
    written(Parquet, source, tmp_path / "target")
    found = opened(tmp_path / "target")
    assert list(found) == ["train"]
    features = found["train"].features
    assert type(features["image"]).__name__ == "Image"
    assert type(features["metadata"]["mask"]).__name__ == "Image"
    label: Any = source.output.label
    assert features["label"].names == list(label.names)
    assert features["metadata"]["classes"].feature.names == list(label.names)
    for sample, ours in zip(found["train"], source, strict=True):
        assert_array_equal(np.asarray(sample["image"]), ours.image)
        assert_array_equal(np.asarray(sample["metadata"]["mask"]), ours.metadata["mask"])
        assert sample["label"] == ours.label
        assert sample["metadata"]["boxes"] == ours.metadata["boxes"].tolist()


def test_datasets_opens_splits_by_the_names_of_files(tmp_path: Path, opened: Any) -> None:
    source = made("shapes-v1", 9, size=16)
    rows = [driving.values_of(source, index) for index in range(9)]
    target = tmp_path / "target"
    target.mkdir()
    splits = {"train": 5, "validation": 2, "hard_ones": 2}
    driving.write(Parquet(source.output, Encoding()), target, rows, splits=splits, shards=2)
    found = opened(target)
    assert {name: len(split) for name, split in found.items()} == splits
    assert_array_equal(np.asarray(found["hard_ones"][1]["image"]), source[8].image)


def test_datasets_opens_nested_records(tmp_path: Path, opened: Any) -> None:
    source = made("records-v1", 8)
    written(Parquet, source, tmp_path / "target")
    for sample, ours in zip(opened(tmp_path / "target")["train"], source, strict=True):
        assert_array_equal(np.asarray(sample["image"]["left"]), ours.image["left"])
        assert_array_equal(np.asarray(sample["image"]["right"]), ours.image["right"])
        assert_array_equal(np.array(sample["image"]["depth"], "f4"), ours.image["depth"])
        label, metadata = sample["label"], sample["metadata"]
        assert label["colours"] == ours.label["colours"].tolist()
        assert label["outlines"] == [outline.tolist() for outline in ours.label["outlines"]]
        assert label["centres"] == ours.label["centres"].tolist()
        assert label["nearest"] == ours.label["nearest"]
        assert metadata["caption"] == ours.metadata["caption"]
        assert metadata["readings"] == ours.metadata["readings"].tolist()
        assert metadata["camera"]["position"] == ours.metadata["camera"]["position"].tolist()
        assert metadata["camera"]["calibrated"] is bool(ours.metadata["camera"]["calibrated"])


def test_datasets_opens_odd_things(tmp_path: Path, opened: Any) -> None:
    source = odd_output.source(12)
    written(Parquet, source, tmp_path / "target")
    # Those without pixels, which are no image files, stay as they are.
    found = opened(tmp_path / "target")["train"].cast(undecoded(source, opened, tmp_path))
    for sample, ours in zip(found, source, strict=True):
        light = np.load(io.BytesIO(sample["image"]["sky"]["light"]))
        assert_array_equal(light, ours.image["sky"]["light"])
        metadata = sample["metadata"]
        assert metadata["text"] == ours.metadata["text"]
        assert metadata["deeper"]["still"]["text"] == ours.metadata["deeper"]["still"]["text"]
        assert metadata["_type"] == 2**64 - 1
        for dtype, value in ours.metadata["one"].items():
            assert_array_equal(value.dtype.type(metadata["one"][dtype]), value)
        for dtype, values in ours.metadata["some"].items():
            assert_array_equal(np.array(metadata["some"][dtype], dtype), values)
        assert_array_equal(np.array(metadata["odd"], float).reshape(-1, 2), ours.metadata["odd"])
        several = metadata["two-sided"]
        assert several["shape"] == list(ours.metadata["two-sided"].shape)
        assert several["values"] == ours.metadata["two-sided"].ravel().tolist()


def undecoded(source: sd.Source, opened: Any, tmp_path: Path) -> Any:
    """The features of the odd Output, but that the image of any size is not decoded."""
    import datasets

    features = opened(tmp_path / "target")["train"].features.copy()
    features["image"] = {**features["image"], "left": datasets.Image(decode=False)}
    return features


def test_other_readers_of_parquet_need_no_metadata(tmp_path: Path) -> None:
    source = made("records-v1", 4)
    (path,) = written(Parquet, source, tmp_path, shards=1)
    rows = pyarrow.parquet.read_table(path).to_pylist()
    assert [row["metadata"]["caption"] for row in rows] == [s.metadata["caption"] for s in source]
    assert rows[0]["image"]["left"]["bytes"].startswith(b"\x89PNG")


def test_a_row_group_ends_by_rows_or_by_bytes(tmp_path: Path) -> None:
    few = sd.Source.of(sd.from_function(_small, SMALL), samples=2 * MOST_ROWS + 1)
    large = sd.Source.of(sd.from_function(_large, LARGE), samples=5)
    for name, source, groups in (
        ("few", few, [MOST_ROWS, MOST_ROWS, 1]),
        ("large", large, [2, 2, 1]),
    ):
        assert_comes_back_in_one(source, tmp_path / name, groups)


def assert_comes_back_in_one(source: sd.Source, folder: Path, groups: list[int]) -> None:
    (path,) = written(Parquet, source, folder, shards=1)
    about = pyarrow.parquet.read_metadata(path)
    assert [about.row_group(n).num_rows for n in range(about.num_row_groups)] == groups
    shard = driving.shards_of("train", len(source), 1)[0]
    with Parquet(source.output, Encoding()).reader(shard, folder) as reader:
        assert len(reader) == len(source)
        for place in (len(source) - 1, 0, len(source) // 2):
            assert_array_equal(reader[place][0], source[place].image)


SMALL = sd.Output(image=sd.Scalar("int32"))
LARGE = sd.Output(image=sd.Tensor("uint8", (MOST_BYTES // 2,)))


def _small(rng: np.random.Generator) -> sd.Sample:
    return sd.Sample(int(rng.integers(2**31)))


def _large(rng: np.random.Generator) -> sd.Sample:
    return sd.Sample(np.full(MOST_BYTES // 2, rng.integers(256), np.uint8))


def test_a_value_that_changes_after_it_was_added_is_written_as_it_was(tmp_path: Path) -> None:
    made_of = Parquet(sd.Output(image=sd.Tensor("uint8", (2, 2))), Encoding())
    shard = driving.shards_of("train", 1, 1)[0]
    image = np.ones((2, 2), np.uint8)
    with made_of.writer(shard, tmp_path) as writer:
        writer.add(shard.key(0), [image])
        image[:] = 2
    with made_of.reader(shard, tmp_path) as reader:
        assert (reader[0][0] == 1).all()


def test_raw_images_are_npy_files(tmp_path: Path) -> None:
    source = made("shapes-v1", 2, size=16)
    (path,) = written(Parquet, source, tmp_path, encoding=Encoding("raw"), shards=1)
    for row, ours in zip(pyarrow.parquet.read_table(path).to_pylist(), source, strict=True):
        assert_array_equal(np.load(io.BytesIO(row["image"])), ours.image)


def test_bytes_are_the_same_when_written_twice(tmp_path: Path) -> None:
    assert_same_bytes(Parquet, odd_output.source(6), tmp_path)


def test_a_cut_file_is_a_value_error(tmp_path: Path) -> None:
    assert outcomes_of_cuts(Parquet, made("records-v1", 3), tmp_path, 100) == {"ValueError"}


def test_a_flipped_byte_is_a_value_error(tmp_path: Path) -> None:
    outcomes = outcomes_of_flips(Parquet, made("records-v1", 2), tmp_path, 200)
    # It is as it was with other statistics, or another name of who wrote it.
    assert outcomes == {"ValueError", "as it was"}


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    shard = driving.shards_of("train", 1, 1)[0]
    with pytest.raises(FileNotFoundError):
        Parquet(made("shapes-v1", 1).output, Encoding()).reader(shard, tmp_path)


def test_a_file_of_another_output_is_a_value_error(tmp_path: Path) -> None:
    written(Parquet, made("shapes-v1", 1), tmp_path, shards=1)
    shard = driving.shards_of("train", 1, 1)[0]
    with pytest.raises(ValueError, match="its columns are image: struct"):
        Parquet(made("records-v1", 1).output, Encoding()).reader(shard, tmp_path)


def test_without_pyarrow_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(sd.FormatError, match=r"needs pyarrow, .* 'synthdata\[parquet\]'"):
        Parquet(made("shapes-v1", 1).output, Encoding())
