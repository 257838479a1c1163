from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

import synthdata as sd
from synthdata.storage.encoding import Encoding
from synthdata.storage.formats.npz import Npz
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


def loaded(source: sd.Source, folder: Path) -> dict[str, NDArray[Any]]:
    """The arrays of one shard as NumPy loads them, without pickle."""
    (path,) = written(Npz, source, folder, shards=1)
    with np.load(path) as arrays:
        return dict(arrays)


def between(lengths: NDArray[Any], place: int) -> slice:
    """Where the values of a sample lie."""
    end = int(lengths[: place + 1].sum())
    return slice(end - int(lengths[place]), end)


@pytest.mark.parametrize("source", SOURCES)
def test_samples_come_back_as_they_were(source: sd.Source, tmp_path: Path) -> None:
    assert_comes_back(Npz, source, tmp_path)


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_what_is_accepted_comes_back(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert_accepted_comes_back(Npz, data, tmp_path_factory.mktemp("target"))


def test_numpy_loads_an_array_a_feature(tmp_path: Path) -> None:
    source = made("records-v1", 9)
    arrays = loaded(source, tmp_path)
    assert_array_equal(arrays["key"], np.arange(9))
    assert_array_equal(arrays["image/left"], np.stack([s.image["left"] for s in source]))
    assert_array_equal(arrays["image/depth"], np.stack([s.image["depth"] for s in source]))
    assert_array_equal(arrays["label/light"], np.array([s.label["light"] for s in source]))
    nearest = arrays["label/nearest"]
    assert nearest.dtype == np.float32
    assert_array_equal(nearest, [sample.label["nearest"] for sample in source])
    assert arrays["metadata/camera/calibrated"].dtype == bool


def test_what_varies_in_number_lies_one_after_the_other_with_lengths(tmp_path: Path) -> None:
    source = made("records-v1", 9)
    arrays = loaded(source, tmp_path)
    for place, sample in enumerate(source):
        part = between(arrays["label/boxes.lengths"], place)
        assert_array_equal(arrays["label/boxes"][part], sample.label["boxes"])
        part = between(arrays["metadata/readings.lengths"], place)
        assert_array_equal(arrays["metadata/readings"][part], sample.metadata["readings"])
        part = between(arrays["metadata/caption.lengths"], place)
        caption = arrays["metadata/caption"][part].tobytes().decode()
        assert caption == sample.metadata["caption"]


def test_polygons_have_lengths_and_counts(tmp_path: Path) -> None:
    source = odd_output.source(9)
    arrays = loaded(source, tmp_path)
    corners, lengths = arrays["label/outlines"], arrays["label/outlines.lengths"]
    for place, sample in enumerate(source):
        numbers = range(len(lengths))[between(arrays["label/outlines.counts"], place)]
        found = [corners[between(lengths, number)].tolist() for number in numbers]
        assert found == [outline.tolist() for outline in sample.label["outlines"]]


def test_what_varies_in_size_lies_flat_with_shapes(tmp_path: Path) -> None:
    source = odd_output.source(9)
    arrays = loaded(source, tmp_path)
    shapes = arrays["image/left.shapes"]
    for place, sample in enumerate(source):
        part = between(shapes.prod(1), place)
        image = arrays["image/left"][part].reshape(shapes[place])
        assert_array_equal(image, sample.image["left"])


def test_samples_are_had_in_any_order(tmp_path: Path) -> None:
    source = made("shapes-v1", 6)
    written(Npz, source, tmp_path)
    shard = driving.shards_of("train", 6, 2)[1]
    with Npz(source.output, Encoding("raw")).reader(shard, tmp_path) as reader:
        assert len(reader) == 3
        for place in (2, 0, 1, 2):
            assert_array_equal(reader[place][0], source[3 + place].image)
        with pytest.raises(IndexError):
            reader[3]


def test_what_is_read_may_be_changed(tmp_path: Path) -> None:
    source = made("shapes-v1", 1)
    written(Npz, source, tmp_path, shards=1)
    shard = driving.shards_of("train", 1, 1)[0]
    with Npz(source.output, Encoding()).reader(shard, tmp_path) as reader:
        reader[0][0][:] = 0
        assert_array_equal(reader[0][0], source[0].image)


def test_a_value_that_changes_after_it_was_added_is_written_as_it_was(tmp_path: Path) -> None:
    made_of = Npz(sd.Output(image=sd.Image(2, 2)), Encoding())
    shard = driving.shards_of("train", 1, 1)[0]
    image = np.ones((2, 2, 3), np.uint8)
    with made_of.writer(shard, tmp_path) as writer:
        writer.add(shard.key(0), [image])
        image[:] = 2
    with made_of.reader(shard, tmp_path) as reader:
        assert (reader[0][0] == 1).all()


def test_gaps_are_seen_in_the_keys(tmp_path: Path) -> None:
    made_of = Npz(sd.Output(image=sd.Scalar("int8")), Encoding())
    shard = driving.shards_of("train", 9, 1)[0]
    with made_of.writer(shard, tmp_path) as writer:
        for index in (1, 4):
            writer.add(shard.key(index), [np.int8(index)])
    with np.load(tmp_path / f"{shard.stem}.npz") as arrays:
        assert_array_equal(arrays["key"], [1, 4])
        assert_array_equal(arrays["image"], [1, 4])


@pytest.mark.parametrize("encoding", [Encoding("jpeg"), Encoding("webp"), Encoding("webp", 80)])
def test_an_encoding_of_images_is_refused(encoding: Encoding) -> None:
    with pytest.raises(sd.FormatError, match=rf"encoding='{encoding.name}' means nothing"):
        Npz(sd.Output(image=sd.Image(2, 2)), encoding)


def test_bytes_are_the_same_when_written_twice(tmp_path: Path) -> None:
    assert_same_bytes(Npz, odd_output.source(6), tmp_path)
    with zipfile.ZipFile(next(tmp_path.glob("first/*"))) as archive:
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_cut_file_is_a_value_error(tmp_path: Path) -> None:
    assert outcomes_of_cuts(Npz, made("records-v1", 3), tmp_path, 100) == {"ValueError"}


def test_a_flipped_byte_is_a_value_error(tmp_path: Path) -> None:
    outcomes = outcomes_of_flips(Npz, odd_output.source(2), tmp_path, 300)
    # It is as it was with another date, or other rights on the members.
    assert outcomes == {"ValueError", "as it was"}


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    shard = driving.shards_of("train", 1, 1)[0]
    with pytest.raises(FileNotFoundError):
        Npz(made("shapes-v1", 1).output, Encoding()).reader(shard, tmp_path)


def test_a_file_of_another_output_is_a_value_error(tmp_path: Path) -> None:
    written(Npz, made("shapes-v1", 1, size=16), tmp_path, shards=1)
    shard = driving.shards_of("train", 1, 1)[0]
    with pytest.raises(ValueError, match=r"image: shape \(1, 16, 16, 3\)"):
        Npz(made("shapes-v1", 1, size=32).output, Encoding()).reader(shard, tmp_path)
    with pytest.raises(ValueError, match="array image/left is missing"):
        Npz(made("records-v1", 1).output, Encoding()).reader(shard, tmp_path)
