from __future__ import annotations

import gc
import tarfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import webdataset
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

import synthdata as sd
from synthdata.storage.encoding import Encoding
from synthdata.storage.formats.sample_files import SampleFiles
from synthdata.storage.formats.webdataset import WebDataset
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


def opened(paths: list[Path], decoder: str) -> list[dict[str, Any]]:
    """The samples as the library ``webdataset`` reads them."""
    urls = [str(path) for path in paths]
    with warnings.catch_warnings():
        # It leaves its files open, until they are found as garbage.
        warnings.filterwarnings("ignore", "unclosed file", ResourceWarning)
        found = list(webdataset.WebDataset(urls, shardshuffle=False).decode(decoder))
        gc.collect()
    return found


@pytest.mark.parametrize("source", SOURCES)
def test_samples_come_back_as_they_were(source: sd.Source, tmp_path: Path) -> None:
    assert_comes_back(WebDataset, source, tmp_path)


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_what_is_accepted_comes_back(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert_accepted_comes_back(WebDataset, data, tmp_path_factory.mktemp("target"))


def test_webdataset_reads_an_image_its_class_and_its_metadata(tmp_path: Path) -> None:
    source = made("shapes-v1", 5)
    found = opened(written(WebDataset, source, tmp_path), "rgb8")
    for place, (sample, ours) in enumerate(zip(found, source, strict=True)):
        assert sample["__key__"] == f"{place:09d}"
        assert_array_equal(sample["png"], ours.image)
        assert sample["cls"] == ours.label
        assert sample["json"].keys() == {"metadata"}
        assert sample["json"]["metadata"]["boxes"] == ours.metadata["boxes"].tolist()


def test_webdataset_reads_several_images_labels_and_large_tensors(tmp_path: Path) -> None:
    source = made("records-v1", 7)
    found = opened(written(WebDataset, source, tmp_path), "rgb8")
    for sample, ours in zip(found, source, strict=True):
        assert_array_equal(sample["left.png"], ours.image["left"])
        assert_array_equal(sample["right.png"], ours.image["right"])
        assert_array_equal(sample["depth.npy"], ours.image["depth"])
        label, metadata = sample["json"]["label"], sample["json"]["metadata"]
        assert label["boxes"] == ours.label["boxes"].tolist()
        assert label["outlines"] == [outline.tolist() for outline in ours.label["outlines"]]
        assert label["colours"] == ours.label["colours"].tolist()
        assert label["light"] == ours.label["light"]
        assert metadata["caption"] == ours.metadata["caption"]
        assert metadata["readings"] == ours.metadata["readings"].tolist()
        assert metadata["camera"]["position"] == ours.metadata["camera"]["position"].tolist()
        assert metadata["camera"]["calibrated"] is bool(ours.metadata["camera"]["calibrated"])


def test_webdataset_reads_odd_things(tmp_path: Path) -> None:
    source = odd_output.source(12)
    found = opened(written(WebDataset, source, tmp_path), "pilrgba")
    for sample, ours in zip(found, source, strict=True):
        assert_array_equal(np.asarray(sample["right.png"]), ours.image["right"])
        assert_array_equal(sample["sky.light.npy"], ours.image["sky"]["light"])
        assert_array_equal(sample["label.instances.npy"], ours.label["instances"])
        assert_array_equal(sample["metadata.two-sided.npy"], ours.metadata["two-sided"])
        listed, metadata = sample["json"]["metadata"], ours.metadata
        assert listed["text"] == metadata["text"]
        assert listed["deeper"]["still"]["text"] == metadata["deeper"]["still"]["text"]
        assert listed["one"] == {dtype: value.item() for dtype, value in metadata["one"].items()}
        assert_array_equal(np.array(listed["odd"], float).reshape(-1, 2), metadata["odd"])


def test_images_without_pixels_are_arrays_to_webdataset(tmp_path: Path) -> None:
    output = sd.Output(image=sd.Image(sd.UpTo(4), 3))
    source = sd.Source.of(sd.from_function(_empty, output), samples=2)
    assert_comes_back(WebDataset, source, tmp_path)
    (sample, *_) = opened(sorted(tmp_path.iterdir()), "rgb8")
    assert sample["npy"].shape == (0, 3, 3)


def test_webdataset_reads_lossy_images_but_masks_as_they_were(tmp_path: Path) -> None:
    source = odd_output.source(3)
    paths = written(WebDataset, made("shapes-v1", 2), tmp_path / "a", encoding=Encoding("jpeg"))
    for sample, ours in zip(opened(paths, "rgb8"), made("shapes-v1", 2), strict=True):
        assert np.abs(sample["jpg"].astype(int) - ours.image).mean() < 10
    paths = written(WebDataset, source, tmp_path / "b", encoding=Encoding("jpeg"))
    for sample, ours in zip(opened(paths, "l8"), source, strict=True):
        assert_array_equal(sample["label.classes.png"], ours.label["classes"])


def test_samples_are_had_in_any_order(tmp_path: Path) -> None:
    source = made("shapes-v1", 6)
    written(WebDataset, source, tmp_path)
    shard = driving.shards_of("train", 6, 2)[1]
    with WebDataset(source.output, Encoding()).reader(shard, tmp_path) as reader:
        assert len(reader) == 3
        for place in (2, 0, 1, 2):
            assert_array_equal(reader[place][0], source[3 + place].image)


def test_headers_tell_nothing_of_who_wrote_them_and_when(tmp_path: Path) -> None:
    with tarfile.open(written(WebDataset, made("shapes-v1", 2), tmp_path)[0]) as archive:
        members = archive.getmembers()
    # The mask of shapes-v1 is an image of its own.
    endings = ["png", "metadata.mask.png", "cls", "json"]
    assert [member.name for member in members] == [f"000000000.{ending}" for ending in endings]
    for member in members:
        about = (member.mtime, member.uid, member.gid, member.uname, member.gname, member.mode)
        assert about == (0, 0, 0, "", "", 0o644)


def test_bytes_are_the_same_when_written_twice(tmp_path: Path) -> None:
    assert_same_bytes(WebDataset, odd_output.source(6), tmp_path)


def test_a_long_name_comes_back(tmp_path: Path) -> None:
    output = sd.Output(image={"far_" * 40: sd.Image(2, 3), "near": sd.Image(2, 3)})
    source = sd.Source.of(sd.from_function(_pair, output), samples=2)
    assert_comes_back(WebDataset, source, tmp_path)
    (sample, *_) = opened(sorted(tmp_path.iterdir()), "rgb8")
    assert_array_equal(sample["far_" * 40 + ".png"], source[0].image["far_" * 40])


def test_names_that_meet_are_told_apart_by_their_whole_path(tmp_path: Path) -> None:
    output = sd.Output(image={"label": sd.Image(2, 2, 1)}, label=sd.Mask(2, 2))
    source = sd.Source.of(sd.from_function(_labelled, output), samples=2)
    assert_comes_back(WebDataset, source, tmp_path)
    (sample, *_) = opened(sorted(tmp_path.iterdir()), "l8")
    assert_array_equal(sample["image.label.png"], source[0].image["label"][:, :, 0])
    assert_array_equal(sample["label.png"], source[0].label)


def test_a_name_that_webdataset_would_take_for_its_own_has_its_whole_path(tmp_path: Path) -> None:
    output = sd.Output(image={"__view": sd.Image(2, 2, 1)})
    source = sd.Source.of(sd.from_function(_view, output), samples=2)
    assert_comes_back(WebDataset, source, tmp_path)
    (sample, *_) = opened(sorted(tmp_path.iterdir()), "l8")
    assert_array_equal(sample["image.__view.png"], source[0].image["__view"][:, :, 0])


def test_text_is_readable_in_the_json(tmp_path: Path) -> None:
    output = sd.Output(image=sd.Image(2, 2), label=sd.Text())
    source = sd.Source.of(sd.from_function(_titled, output), samples=1)
    (path,) = written(WebDataset, source, tmp_path, shards=1)
    with tarfile.open(path) as archive:
        member = archive.extractfile("000000000.json")
        assert member is not None
        assert member.read().decode() == '{"label":"画像 é"}'


def test_names_that_differ_in_case_only_are_refused() -> None:
    output = sd.Output(
        image={"Left": sd.Image(2, 2), "left": sd.Image(2, 2)},
        metadata={"a": sd.Scalar("int8"), "A": sd.Scalar("int8")},
    )
    with pytest.raises(sd.FormatError, match=r"image\.left: .* image\.Left, .* case") as caught:
        WebDataset(output, Encoding())
    assert caught.value.features == ("image.left",)


def test_a_cut_file_is_a_value_error(tmp_path: Path) -> None:
    outcomes = outcomes_of_cuts(WebDataset, made("shapes-v1", 3, size=16), tmp_path, 300)
    # It is as it was without some of the zeros that fill the last of tar's records.
    assert outcomes == {"ValueError", "as it was"}


def test_a_file_cut_between_two_samples_is_a_value_error(tmp_path: Path) -> None:
    source = made("shapes-v1", 3, size=16)
    (path,) = written(WebDataset, source, tmp_path, shards=1)
    with tarfile.open(path) as archive:
        begin = archive.getmember("000000002.png").offset
    path.write_bytes(path.read_bytes()[:begin])
    shard = driving.shards_of("train", 3, 1)[0]
    with pytest.raises(ValueError, match=f"zeros are expected after byte {begin}"):
        WebDataset(source.output, Encoding()).reader(shard, tmp_path)


def test_a_flipped_byte_is_a_value_error_if_it_is_seen(tmp_path: Path) -> None:
    # A tar file has no checksums of what is in it: "verify" sees what this does not.
    outcomes = outcomes_of_flips(WebDataset, odd_output.source(1), tmp_path, 300)
    assert "ValueError" in outcomes


@pytest.mark.parametrize(
    ("feature", "ending", "content"),
    [
        (sd.Scalar("uint8"), "json", b'{"image":300}'),
        (sd.Scalar("float32"), "json", b'{"image":1e300}'),
        (sd.Scalar("uint8"), "json", b'{"label":3}'),
        (sd.Scalar("uint8"), "json", b"[]"),
        (sd.Scalar("uint8"), "json", b"\xff"),
        (sd.Scalar("uint8"), "npy", b""),
        (sd.Tensor("uint8", (99,)), "npy", b"\x93NUMPY\x01\x00\x08\x00{'descr'("),
        (sd.Image(2, 2), "png", b"\x89PNG"),
    ],
)
def test_members_that_are_not_what_they_should_be_are_value_errors(
    feature: Any, ending: str, content: bytes
) -> None:
    files = SampleFiles(sd.Output(image=feature), Encoding())
    with pytest.raises(ValueError):  # noqa: PT011 - of many kinds
        files.decode([ending], lambda _: content)


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    shard = driving.shards_of("train", 1, 1)[0]
    with pytest.raises(FileNotFoundError):
        WebDataset(made("shapes-v1", 1).output, Encoding()).reader(shard, tmp_path)


def _empty(rng: np.random.Generator) -> sd.Sample:
    return sd.Sample(np.zeros((0, 3, 3), np.uint8))


def _pair(rng: np.random.Generator) -> sd.Sample:
    far, near = rng.integers(0, 256, (2, 2, 3, 3), np.uint8)
    return sd.Sample({"far_" * 40: far, "near": near})


def _labelled(rng: np.random.Generator) -> sd.Sample:
    image, mask = rng.integers(0, 256, (2, 2, 2), np.uint8)
    return sd.Sample({"label": image[:, :, None]}, mask)


def _view(rng: np.random.Generator) -> sd.Sample:
    return sd.Sample({"__view": rng.integers(0, 256, (2, 2, 1), np.uint8)})


def _titled(rng: np.random.Generator) -> sd.Sample:
    return sd.Sample(np.zeros((2, 2, 3), np.uint8), "画像 é")
