from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

import synthdata as sd
from synthdata.check import compile_check
from synthdata.storage.encoding import Encoding
from synthdata.storage.formats.folder import Folder
from synthdata.storage.shard import Shard
from synthdata.testing.digests import stream_digest
from tests import strategies
from tests.storage.driving import assemble, came_back, read, shards_of, values_of, write

SHAPES = {"size": 32, "task": "detect", "max_shapes": 3}

RICH = sd.Output(
    image={"left": sd.Image(6, sd.UpTo(9)), "grey": sd.Image(4, 5, 1, "uint16")},
    label={
        "mask": sd.Mask(6, 4, le=3),
        "boxes": sd.Boxes(3, "left"),
        "kinds": sd.ClassLabel(["кот", "犬", "a b"], max=3),
        "kind": sd.ClassLabel(["кот", "犬"]),
        "outlines": sd.Polygons(3, 4, "left"),
        "points": sd.Keypoints(2, 3, "left"),
    },
    metadata={
        "text": sd.Text(200),
        "camera": {"focal": sd.Scalar("float32"), "place": sd.Tensor("float64", (2,))},
        "big": sd.Scalar("uint64", le=2**63 - 1),
        "right": sd.Scalar("bool"),
    },
)


def rich(rng: np.random.Generator) -> sd.Sample:
    count, width = int(rng.integers(4)), int(rng.integers(5, 10))
    boxes = rng.uniform(0, 2, (count, 4)).astype("f4") + np.array([0, 0, 2.5, 2.5], "f4")
    points = np.dstack([rng.uniform(0, 4, (count, 2, 2)), np.full((count, 2, 1), 2)])
    return sd.Sample(
        {
            "left": rng.integers(0, 256, (6, width, 3), np.uint8),
            "grey": rng.integers(0, 2**16, (4, 5, 1), np.uint16),
        },
        {
            "mask": rng.integers(0, 4, (6, 4), np.uint8),
            "boxes": boxes,
            "kinds": rng.integers(0, 3, count),
            "kind": int(rng.integers(2)),
            "outlines": [
                rng.uniform(0, 4, (int(rng.integers(3, 5)), 2)).astype("f4") for _ in range(count)
            ],
            "points": points.astype("f4"),
        },
        {
            "text": f'"{count}" кот\n犬\t\u2028\x00',
            "camera": {"focal": rng.uniform(), "place": rng.normal(size=2)},
            "big": 2**63 - 1 - count,
            "right": count > 1,
        },
    )


def rich_source(samples: int = 12) -> sd.Source:
    return sd.Source.of(sd.from_function(rich, RICH), seed=3, samples=samples)


def opened(path: Path, cache: Path, **options: Any) -> Any:
    """What Hugging Face's datasets makes of a folder, offline."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        datasets = pytest.importorskip("datasets")
        patch.setattr(datasets.config, "HF_HUB_OFFLINE", True)  # if it was imported before
        datasets.disable_progress_bars()
        return datasets.load_dataset(
            "imagefolder", data_dir=str(path), cache_dir=str(cache), **options
        )


def files(path: Path) -> dict[str, bytes]:
    return {
        str(each.relative_to(path)): each.read_bytes()
        for each in sorted(path.rglob("*"))
        if each.is_file()
    }


@pytest.mark.parametrize("id", ["shapes-v1", "rich"])
def test_all_samples_come_back_with_the_same_bytes(id: str, tmp_path: Path) -> None:
    source = rich_source()
    if id == "shapes-v1":
        source = sd.Source(sd.Recipe(generator=id, params=SHAPES, seed=1, samples=10))
    rows = came_back(Folder, source, tmp_path)
    assert stream_digest(assemble(source.output, rows)) == stream_digest(source)


def test_a_file_is_an_image_that_pillow_opens(tmp_path: Path) -> None:
    source = rich_source(2)
    came_back(Folder, source, tmp_path, shards=1)
    with PIL.Image.open(tmp_path / "train/00000/000000001.image.left.png") as picture:
        assert (np.asarray(picture) == source[1].image["left"]).all()
    with PIL.Image.open(tmp_path / "train/00000/000000001.label.mask.png") as picture:
        assert (np.asarray(picture) == source[1].label["mask"]).all()


def test_datasets_opens_splits_with_images_labels_and_nested_values(tmp_path: Path) -> None:
    source = rich_source(20)
    form = Folder(source.output, Encoding())
    rows = [values_of(source, index) for index in range(20)]
    write(form, tmp_path / "set", rows, splits={"train": 14, "validation": 6}, shards=3)
    found = opened(tmp_path / "set", tmp_path / "cache")
    assert {split: len(rows) for split, rows in found.items()} == {"train": 14, "validation": 6}
    for index, row in enumerate([*found["train"], *found["validation"]]):
        sample = source[index]
        label, metadata = sample.label, sample.metadata
        assert (np.asarray(row["image"]["left"]) == sample.image["left"]).all()
        assert (np.asarray(row["image"]["grey"]) == sample.image["grey"][:, :, 0]).all()
        assert (np.asarray(row["label"]["mask"]) == label["mask"]).all()
        assert row["label"]["boxes"] == label["boxes"].tolist()
        assert row["label"]["outlines"] == [each.tolist() for each in label["outlines"]]
        assert row["label"]["points"] == label["points"].tolist()
        assert row["label"]["kind"] == ["кот", "犬"][label["kind"]]
        assert row["label"]["kinds"] == [["кот", "犬", "a b"][kind] for kind in label["kinds"]]
        assert row["metadata"]["text"] == metadata["text"]
        assert row["metadata"]["camera"]["focal"] == metadata["camera"]["focal"]
        assert row["metadata"]["camera"]["place"] == metadata["camera"]["place"].tolist()
        assert row["metadata"]["big"] == metadata["big"]
        assert row["metadata"]["right"] == metadata["right"]


def test_datasets_finds_the_only_image_under_its_own_name(tmp_path: Path) -> None:
    source = sd.Source(sd.Recipe(generator="shapes-v1", params=SHAPES, samples=6))
    came_back(Folder, source, tmp_path / "set")
    found = opened(tmp_path / "set", tmp_path / "cache", split="train")
    assert found.column_names == ["image", "metadata", "label"]
    for index, row in enumerate(found):
        assert (np.asarray(row["image"]) == source[index].image).all()
        assert (np.asarray(row["metadata"]["mask"]) == source[index].metadata["mask"]).all()


def test_lines_name_files_by_path_from_the_folder_of_the_split(tmp_path: Path) -> None:
    came_back(Folder, rich_source(4), tmp_path)
    lines = (tmp_path / "train/metadata.jsonl").read_bytes().splitlines()
    names = [json.loads(line)["image"]["left_file_name"] for line in lines]
    assert names == [
        "00000/000000000.image.left.png",
        "00000/000000001.image.left.png",
        "00001/000000002.image.left.png",
        "00001/000000003.image.left.png",
    ]


def test_the_same_samples_are_the_same_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        came_back(Folder, rich_source(), tmp_path / name)
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_the_files_of_a_shard_lie_in_one_folder(tmp_path: Path) -> None:
    source = rich_source(4)
    form = Folder(source.output, Encoding())
    (shard,) = shards_of("test", 4, 1)
    with form.writer(shard, tmp_path) as writer:
        for index in range(4):
            writer.add(shard.key(index), values_of(source, index))
    assert {name.rpartition("/")[0] for name in files(tmp_path)} == {"test/00000"}


def test_keys_may_have_gaps_and_a_shard_may_be_empty(tmp_path: Path) -> None:
    source = rich_source(4)
    form = Folder(source.output, Encoding())
    shard, empty = Shard("train", 0, 2, 0, range(4)), Shard("train", 1, 2, 0, range(4, 4))
    with form.writer(shard, tmp_path) as writer:
        for index in (1, 3):
            writer.add(shard.key(index), values_of(source, index))
    with form.writer(empty, tmp_path):
        pass
    rows = list(read(form, tmp_path, [shard, empty]))
    expected = [source[1], source[3]]
    assert stream_digest(assemble(source.output, rows)) == stream_digest(expected)


def test_samples_are_read_in_any_order(tmp_path: Path) -> None:
    source = rich_source(5)
    form = Folder(source.output, Encoding())
    shards = write(form, tmp_path, [values_of(source, index) for index in range(5)])
    with form.reader(shards[0], tmp_path) as reader:
        rows = [reader[place] for place in (4, 0, 2)]
    assert stream_digest(assemble(source.output, rows)) == stream_digest(
        [source[4], source[0], source[2]]
    )


@pytest.mark.parametrize(
    ("feature", "reason"),
    [
        (sd.Image(4, 4, 3, "float32"), "no image file"),
        (sd.Image(4, 4, 5), "no image file"),
        (sd.Mask(4, 4, "int32"), "no image file"),
        (sd.Scalar("float32", finite=False), "NaN"),
        (sd.Tensor("uint64", (2,)), r"2\*\*63"),
        (sd.Scalar("uint64", le=2**63), r"2\*\*63"),
    ],
)
def test_what_it_cannot_hold_is_refused_by_name(feature: Any, reason: str) -> None:
    output = sd.Output(image=sd.Image(8, 8), metadata={"odd": {"one": feature}})
    with pytest.raises(sd.FormatError, match=f"'folder' cannot hold metadata.odd.one: .*{reason}"):
        Folder(output, Encoding())


@pytest.mark.parametrize("key", ["file_name", "left_file_name", "file_names"])
def test_a_name_that_would_be_taken_for_a_file_is_refused(key: str) -> None:
    output = sd.Output(image=sd.Image(8, 8), metadata={key: sd.Text()})
    with pytest.raises(sd.FormatError, match="give it another name"):
        Folder(output, Encoding())


def test_raw_images_are_refused() -> None:
    with pytest.raises(sd.FormatError, match="encoding='raw'"):
        Folder(sd.Output(image=sd.Image(8, 8)), Encoding("raw"))


def test_an_output_without_images_is_refused() -> None:
    with pytest.raises(sd.FormatError, match="needs an Image or a Mask"):
        Folder(sd.Output(image=sd.Tensor("float32", (3,))), Encoding())


def test_an_image_without_pixels_is_an_error_of_the_sample(tmp_path: Path) -> None:
    form = Folder(sd.Output(image=sd.Image(sd.UpTo(4), 4)), Encoding())
    with (
        form.writer(shards_of("train", 1, 1)[0], tmp_path) as writer,
        pytest.raises(ValueError, match=r"image has no pixels, its shape is \(0, 4, 3\)"),
    ):
        writer.add("000000000", [np.zeros((0, 4, 3), np.uint8)])


def test_a_shape_that_empty_lists_do_not_tell_is_an_error_of_the_sample(tmp_path: Path) -> None:
    varying = sd.Tensor("float32", (sd.UpTo(4), sd.UpTo(4)))
    form = Folder(sd.Output(image=sd.Image(4, 4), metadata={"t": varying}), Encoding())
    image = np.zeros((4, 4, 3), np.uint8)
    with form.writer(shards_of("train", 1, 1)[0], tmp_path) as writer:
        writer.add("000000000", [image, np.zeros((0, 0), np.float32)])
        with pytest.raises(ValueError, match=r"metadata.t has shape \(0, 3\)"):
            writer.add("000000001", [image, np.zeros((0, 3), np.float32)])
    assert list(files(tmp_path)) == ["train/00000/000000000.png", "train/00000/samples.jsonl"]


@pytest.mark.parametrize("encoding", [Encoding("jpeg", 90), Encoding("webp"), Encoding("webp", 90)])
def test_other_encodings_are_images_too(encoding: Encoding, tmp_path: Path) -> None:
    source = sd.Source(sd.Recipe(generator="shapes-v1", params=SHAPES, samples=2))
    rows = came_back(Folder, source, tmp_path / "set", encoding=encoding)
    suffix = "jpg" if encoding.name == "jpeg" else "webp"
    assert (tmp_path / f"set/train/00000/000000000.{suffix}").exists()
    assert abs(rows[0][0].astype(int) - source[0].image).mean() < 12
    found = opened(tmp_path / "set", tmp_path / "cache", split="train")
    assert (np.asarray(found[0]["image"]) == rows[0][0]).all()


def test_damaged_and_missing_files_are_errors_that_name_them(tmp_path: Path) -> None:
    source = sd.Source(sd.Recipe(generator="shapes-v1", params=SHAPES, samples=2))
    form = Folder(source.output, Encoding())
    shards = write(form, tmp_path, [values_of(source, index) for index in range(2)])
    image = tmp_path / "train/00000/000000000.png"
    whole = image.read_bytes()
    image.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"000000000\.png is damaged"):
        list(read(form, tmp_path, shards))
    image.write_bytes((tmp_path / "train/00000/000000000.metadata.mask.png").read_bytes())
    with pytest.raises(ValueError, match=r"000000000\.png holds \(32, 32\) uint8, but image is"):
        list(read(form, tmp_path, shards))
    image.unlink()
    with pytest.raises(FileNotFoundError):
        list(read(form, tmp_path, shards))
    image.write_bytes(whole)
    lines = tmp_path / "train/00000/samples.jsonl"
    text = lines.read_bytes()
    for damage in (text[:-5], text.replace(b'"radius"', b'"Radius"'), text.replace(b"[", b"{")):
        lines.write_bytes(damage)
        with pytest.raises(ValueError, match=r"samples\.jsonl is damaged: line \d"):
            list(read(form, tmp_path, shards))
    lines.unlink()
    with pytest.raises(FileNotFoundError):
        form.reader(shards[0], tmp_path)


def accepted(output: sd.Output) -> sd.Output | None:
    """The Output without what the format refuses, or None if nothing is left."""
    try:
        Folder(output, Encoding())
    except sd.FormatError as error:
        if len(error.features) == len(output.leaves):
            return None
        dumped = output.model_dump()
        for name in error.features:
            *path, last = name.split(".")
            tree = dumped
            for key in path:
                tree = tree[key]
            del tree[last]
        try:
            reduced = sd.Output(**{"image": {}, **dumped})
        except sd.DeclarationError:
            return None
        return accepted(reduced)
    return output


@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
@given(st.data())
def test_what_it_does_not_refuse_comes_back_with_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    drawn = data.draw(strategies.outputs())
    metadata = {**drawn.metadata, "picture": sd.Image(3, 4)}
    output = accepted(sd.Output(image=drawn.image, label=drawn.label, metadata=metadata))
    assume(output is not None)
    assert output is not None
    event(f"{len(output.leaves)} leaves")
    samples = data.draw(st.lists(strategies.samples(output), max_size=3))
    rows = [compile_check(output)(sample) for sample in samples]
    form = Folder(output, Encoding())
    folder = tmp_path_factory.mktemp("set")
    try:
        shards = write(form, folder, rows)
    except ValueError as error:
        if not re.search("has no pixels|empty lists tell only", str(error)):
            raise
        return
    found = list(read(form, folder, shards))
    assert stream_digest(assemble(output, found)) == stream_digest(assemble(output, rows))
    assert [list(map(type, row)) for row in found] == [list(map(type, row)) for row in rows]
