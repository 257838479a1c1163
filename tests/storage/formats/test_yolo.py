from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

import synthdata as sd
from synthdata.check import compile_check
from synthdata.storage.encoding import Encoding
from synthdata.storage.formats.yolo import Yolo
from synthdata.storage.shard import Shard
from synthdata.testing.digests import stream_digest
from tests import strategies
from tests.storage.driving import assemble, came_back, read, shards_of, values_of, write

NAMES = ["кот", "no", "a: b"]
IMAGE = sd.Image(sd.UpTo(12), sd.UpTo(20))
BOXES = sd.Output(image=IMAGE, label={"boxes": sd.Boxes(4), "kinds": sd.ClassLabel(NAMES, max=4)})
POSE = sd.Output(
    image=IMAGE,
    label={
        "boxes": sd.Boxes(4),
        "kinds": sd.ClassLabel(NAMES, max=4),
        "points": sd.Keypoints(3, 4),
    },
)
OUTLINES = sd.Output(
    image=IMAGE, label={"outlines": sd.Polygons(4, 6), "kinds": sd.ClassLabel(NAMES, max=4)}
)
ONE_CLASS = sd.Output(image=IMAGE, label=sd.Boxes(4))


def drawn(rng: np.random.Generator, output: sd.Output) -> sd.Sample:
    height, width = int(rng.integers(6, 13)), int(rng.integers(13, 21))
    count = int(rng.integers(5))
    low = rng.uniform(0, 3, (count, 2)) * rng.integers(0, 2, (count, 1))
    boxes = np.hstack([low, low + rng.uniform(0.1, 3, (count, 2))]).astype("f4")
    points = np.dstack([rng.uniform(0, 6, (count, 3, 2)), rng.integers(1, 3, (count, 3, 1))])
    points[:, 1] = 0
    label = {
        "boxes": boxes,
        "kinds": rng.integers(0, 3, count),
        "outlines": [
            rng.uniform(0, 6, (int(rng.integers(3, 7)), 2)).astype("f4") for _ in range(count)
        ],
        "points": points.astype("f4"),
    }
    image = rng.integers(0, 256, (height, width, 3), np.uint8)
    declared = output.label
    if not isinstance(declared, dict):
        return sd.Sample(image, boxes)
    return sd.Sample(image, {key: label[key] for key in declared})


def source_of(output: sd.Output, samples: int = 12) -> sd.Source:
    return sd.Source.of(sd.from_function(drawn, output, output=output), seed=3, samples=samples)


def files(path: Path) -> dict[str, bytes]:
    return {
        str(each.relative_to(path)): each.read_bytes()
        for each in sorted(path.rglob("*"))
        if each.is_file()
    }


def by_hand(target: Path, split: str) -> list[tuple[Path, list[list[float]]]]:
    """The images of a split and their lines, as Ultralytics finds them from ``data.yaml``.

    Images are all below the folder of the split; of each the labels are where ``/images/`` is
    ``/labels/`` and the suffix ``.txt``. All numbers but the class and visibilities are from 0
    to 1.
    """
    data = yaml.safe_load((target / "data.yaml").read_text())
    images = sorted((target / data[split]).rglob("*.png"))
    found = []
    for image in images:
        head, tail = str(image).rsplit("/images/", 1)
        text = Path(f"{head}/labels/{tail}").with_suffix(".txt").read_text()
        found.append((image, [[float(part) for part in row.split()] for row in text.splitlines()]))
    return found


@pytest.mark.parametrize("output", [BOXES, POSE, OUTLINES, ONE_CLASS])
def test_all_samples_come_back_with_the_same_bytes(output: sd.Output, tmp_path: Path) -> None:
    source = source_of(output, 20)
    rows = came_back(Yolo, source, tmp_path, shards=3)
    assert stream_digest(assemble(output, rows)) == stream_digest(source)


def test_labels_are_the_class_and_centre_and_size_as_parts_of_the_image(tmp_path: Path) -> None:
    output = sd.Output(
        image=sd.Image(10, 40), label={"b": sd.Boxes(2), "c": sd.ClassLabel(NAMES, max=2)}
    )
    boxes = np.array([[0, 0, 20, 5], [20, 5, 40, 10]], "f4")
    sample = sd.Sample(np.zeros((10, 40, 3), np.uint8), {"b": boxes, "c": [2, 0]})
    came_back(Yolo, sd.Source.of(sd.from_function(lambda rng: sample, output), samples=1), tmp_path)
    ((_, rows),) = by_hand(tmp_path, "train")
    assert rows == [[2, 0.25, 0.25, 0.5, 0.5], [0, 0.75, 0.75, 0.5, 0.5]]


def test_labels_of_each_image_are_found_from_data_yaml(tmp_path: Path) -> None:
    source = source_of(POSE, 20)
    rows = [values_of(source, index) for index in range(20)]
    splits = {"train": 11, "validation": 6, "test": 3}
    write(Yolo(POSE, Encoding()), tmp_path, rows, splits=splits, shards=3)
    data = yaml.safe_load((tmp_path / "data.yaml").read_text())
    assert data == {
        "train": "images/train",
        "val": "images/validation",
        "test": "images/test",
        "kpt_shape": [3, 3],
        "names": {0: "кот", 1: "no", 2: "a: b"},
    }
    found = [each for split in ("train", "val", "test") for each in by_hand(tmp_path, split)]
    assert len(found) == 20
    for sample, (image, rows_) in zip(source, found, strict=True):
        with PIL.Image.open(image) as picture:
            assert (np.asarray(picture) == sample.image).all()
        height, width = sample.image.shape[:2]
        assert [int(row[0]) for row in rows_] == sample.label["kinds"].tolist()
        for row, box, points in zip(
            rows_, sample.label["boxes"], sample.label["points"], strict=True
        ):
            cx, cy, w, h = row[1:5]
            corners = [(cx - w / 2) * width, (cy - h / 2) * height]
            corners += [(cx + w / 2) * width, (cy + h / 2) * height]
            np.testing.assert_allclose(corners, box, atol=1e-5)
            pose = np.array(row[5:]).reshape(3, 3) * (width, height, 1)
            np.testing.assert_allclose(pose, points, atol=1e-5)
            assert all(0 <= part <= 1 for part in row[1:5])


def test_outlines_are_the_class_and_corners(tmp_path: Path) -> None:
    source = source_of(OUTLINES, 6)
    came_back(Yolo, source, tmp_path)
    for sample, (_, rows) in zip(source, by_hand(tmp_path, "train"), strict=True):
        height, width = sample.image.shape[:2]
        assert [row[0] for row in rows] == sample.label["kinds"].tolist()
        for row, outline in zip(rows, sample.label["outlines"], strict=True):
            corners = np.array(row[1:]).reshape(-1, 2) * (width, height)
            np.testing.assert_allclose(corners, outline, atol=1e-5)


def test_an_image_without_objects_has_an_empty_label_file(tmp_path: Path) -> None:
    empty = sd.Sample(np.zeros((6, 6, 3), np.uint8), np.zeros((0, 4), "f4"))
    source = sd.Source.of(sd.from_function(lambda rng: empty, ONE_CLASS), samples=1)
    came_back(Yolo, source, tmp_path, shards=1)
    assert (tmp_path / "labels/train/00000/000000000.txt").read_bytes() == b""
    assert yaml.safe_load((tmp_path / "data.yaml").read_text())["names"] == {0: "object"}


def test_the_same_samples_are_the_same_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        came_back(Yolo, source_of(POSE), tmp_path / name)
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_the_files_of_a_shard_lie_in_two_folders(tmp_path: Path) -> None:
    source = source_of(BOXES, 2)
    (shard,) = shards_of("test", 2, 1)
    with Yolo(BOXES, Encoding()).writer(shard, tmp_path) as writer:
        for index in range(2):
            writer.add(shard.key(index), values_of(source, index))
    assert list(files(tmp_path)) == [
        "images/test/00000/000000000.png",
        "images/test/00000/000000001.png",
        "images/test/00000/samples.txt",
        "labels/test/00000/000000000.txt",
        "labels/test/00000/000000001.txt",
    ]


def test_keys_may_have_gaps_and_a_shard_may_be_empty(tmp_path: Path) -> None:
    source, form = source_of(BOXES, 4), Yolo(BOXES, Encoding())
    shard, empty = Shard("train", 0, 2, 0, range(4)), Shard("train", 1, 2, 0, range(4, 4))
    with form.writer(shard, tmp_path) as writer:
        for index in (1, 3):
            writer.add(shard.key(index), values_of(source, index))
    with form.writer(empty, tmp_path):
        pass
    rows = list(read(form, tmp_path, [shard, empty]))
    assert stream_digest(assemble(BOXES, rows)) == stream_digest([source[1], source[3]])


def test_a_scene_of_shapes_is_held_when_the_rest_is_dropped(tmp_path: Path) -> None:
    shapes = sd.make("shapes-v1", size=32, task="detect")
    with pytest.raises(sd.FormatError, match="neither the image nor of the objects") as caught:
        Yolo(shapes.output, Encoding())
    assert caught.value.features == tuple(
        leaf.name for leaf in shapes.output.leaves if leaf.path[0] == "metadata"
    )
    output = sd.Output(image=shapes.output.image, label=shapes.output.label)
    bare = sd.from_function(lambda rng: shapes.sample(rng)[:2], output)
    source = sd.Source.of(bare, seed=1, samples=6)
    rows = came_back(Yolo, source, tmp_path)
    assert stream_digest(assemble(output, rows)) == stream_digest(source)


@pytest.mark.parametrize(
    ("label", "refused", "reason"),
    [
        ({"a": sd.Boxes(3), "text": sd.Text()}, "label.text", "neither"),
        ({"a": sd.Boxes(3), "b": sd.Boxes(3)}, "label.b", "label.a is there"),
        ({"a": sd.Boxes(3), "b": sd.Polygons(3)}, "label.b", "not both"),
        ({"a": sd.Boxes(3), "b": sd.Keypoints(2)}, "label.b", "neither"),
        ({"a": sd.Boxes(3), "b": sd.ClassLabel(["x"])}, "label.b", "neither"),
        ({"a": sd.Boxes(3), "b": sd.ClassLabel(["x"], max=2)}, "label.b", "neither"),
        ({"a": sd.Polygons(3), "b": sd.Keypoints(2, 3)}, "label.b", "need boxes"),
        ({"a": sd.Boxes(3), "b": sd.Mask(8, 8)}, "label.b", "neither"),
    ],
)
def test_what_it_cannot_hold_is_refused_by_name(label: Any, refused: str, reason: str) -> None:
    with pytest.raises(sd.FormatError, match=reason) as caught:
        Yolo(sd.Output(image=sd.Image(8, 8), label=label), Encoding())
    assert caught.value.features == (refused,)


def test_an_output_without_an_image_file_or_objects_is_refused() -> None:
    with pytest.raises(sd.FormatError, match="image: it would be no image file"):
        Yolo(sd.Output(image=sd.Image(8, 8, 3, "float32"), label=sd.Boxes(2)), Encoding())
    for output in (
        sd.Output(image=sd.Image(8, 8), label=sd.ClassLabel(["x"])),
        sd.Output(image=sd.Image(8, 8), label=sd.Keypoints(2, 3)),
        sd.Output(image=sd.Tensor("float32", (3,))),
    ):
        with pytest.raises(sd.FormatError, match="needs an Image with Boxes or Polygons"):
            Yolo(output, Encoding())


def test_samples_that_it_cannot_hold_are_errors(tmp_path: Path) -> None:
    source = source_of(BOXES, 1)
    image, boxes, _ = values_of(source, 0)
    with Yolo(BOXES, Encoding()).writer(shards_of("train", 1, 1)[0], tmp_path) as writer:
        with pytest.raises(ValueError, match=r"do not pair up.* in label\.kinds"):
            writer.add("000000000", [image, boxes, np.zeros(len(boxes) + 1, np.int64)])
        with pytest.raises(ValueError, match="image has no pixels"):
            writer.add("000000000", [image[:0], boxes[:0], np.zeros(0, np.int64)])
    assert list(files(tmp_path)) == ["images/train/00000/samples.txt"]


def test_damaged_and_missing_files_are_errors(tmp_path: Path) -> None:
    source, form = source_of(POSE, 3), Yolo(POSE, Encoding())
    shards = write(form, tmp_path, [values_of(source, index) for index in range(3)])
    path = next(
        path for path in sorted(tmp_path.glob("labels/*/*/*.txt")) if path.read_bytes().strip()
    )
    text = path.read_bytes()
    row = text.splitlines()[0]
    for damage in (text[:-1], row[:-2] + b"\n", row + b" 1\n", b"x" + text, b"0 1 2\n"):
        path.write_bytes(damage)
        with pytest.raises(ValueError, match=rf"{path.name} is damaged"):
            list(read(form, tmp_path, shards))
    path.unlink()
    with pytest.raises(FileNotFoundError):
        list(read(form, tmp_path, shards))
    path.write_bytes(text)
    (tmp_path / "images/train/00000/samples.txt").unlink()
    with pytest.raises(FileNotFoundError):
        form.reader(shards[0], tmp_path)


def comes_back(output: sd.Output, folder: Path, row: list[Any]) -> None:
    form = Yolo(output, Encoding())
    found = list(read(form, folder, write(form, folder, [row])))
    assert stream_digest(assemble(output, found)) == stream_digest(assemble(output, [row]))
    assert [list(map(type, each)) for each in found] == [list(map(type, row))]


tiny = st.sampled_from([float(np.float32(size)) for size in (0.0, -0.0, 1e-45, 1e-30, 1.5e-7)])


@st.composite
def framed(draw: st.DrawFn) -> tuple[int, int, list[list[float]]]:
    """A height, a width, and boxes of any float32 corners in it."""
    height, width = draw(st.integers(1, 60)), draw(st.integers(1, 60))

    def span(size: int) -> tuple[float, float]:
        numbers = st.floats(0, size, width=32) | tiny
        return draw(st.tuples(numbers, numbers).filter(lambda ends: ends[0] < ends[1]))

    boxes = []
    for _ in range(draw(st.integers(1, 3))):
        (x0, x1), (y0, y1) = span(width), span(height)
        boxes.append([x0, y0, x1, y1])
    return height, width, boxes


@settings(max_examples=100, deadline=None)
@example((50, 7, [[1e-45, 1e-30, 7, 50], [-0.0, 0.0, 7, 1e-45], [0, 0, 1.75, 50]]))
@given(framed())
def test_corners_of_any_float32_come_back_with_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, drawn: tuple[int, int, list[list[float]]]
) -> None:
    height, width, boxes = drawn
    output = sd.Output(image=sd.Image(height, width), label=sd.Boxes(3))
    image, array = np.zeros((height, width, 3), np.uint8), np.array(boxes, np.float32)
    row = compile_check(output)(sd.Sample(image, array))
    comes_back(output, tmp_path_factory.mktemp("set"), row)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 60), st.integers(1, 60), st.data())
def test_points_of_any_float32_come_back_with_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, height: int, width: int, data: st.DataObject
) -> None:
    point = st.tuples(*(st.floats(0, size, width=32) | tiny for size in (width, height)))
    corners = np.array(data.draw(st.lists(point, min_size=3, max_size=5)), np.float32)
    image = np.zeros((height, width, 3), np.uint8)
    outlines = sd.Output(image=sd.Image(height, width), label=sd.Polygons(1, 5))
    comes_back(outlines, tmp_path_factory.mktemp("outlines"), [image, [corners]])
    pose = sd.Output(
        image=sd.Image(height, width),
        label={"boxes": sd.Boxes(1), "points": sd.Keypoints(len(corners), 1)},
    )
    seen = data.draw(st.lists(st.integers(1, 2), min_size=len(corners), max_size=len(corners)))
    points = np.column_stack([corners, seen]).astype(np.float32)[None]
    row = [image, np.array([[0, 0, width, height]], np.float32), points]
    comes_back(pose, tmp_path_factory.mktemp("pose"), row)


@settings(max_examples=50, deadline=None)
@given(st.sampled_from([BOXES, POSE, OUTLINES]), st.integers(1, 4), st.data())
def test_samples_of_any_size_and_channels_come_back_with_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory,
    declared: sd.Output,
    channels: int,
    data: st.DataObject,
) -> None:
    output = sd.Output(image=sd.Image(4, sd.UpTo(5), channels), label=declared.label)
    sample = data.draw(strategies.samples(output).filter(lambda sample: sample.image.size))
    row = compile_check(output)(sample)
    fewest = min(map(len, row[1:]))
    row = [row[0], *(value[:fewest] for value in row[1:])]
    comes_back(output, tmp_path_factory.mktemp("set"), row)
