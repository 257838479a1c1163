from __future__ import annotations

import contextlib
import io
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import synthdata as sd
from synthdata.check import compile_check
from synthdata.storage.encoding import Encoding
from synthdata.storage.formats.coco import Coco
from synthdata.storage.formats.yolo import Yolo
from synthdata.testing.digests import stream_digest
from tests.storage.driving import assemble, came_back, read, shards_of, write

KINDS = ["cat", "犬"]
PART = "annotations/parts/train-00000-of-00001.jsonl"

SMALL = np.array([[0, 1, 1], [0, 1, 0], [2, 0, 0]], np.uint8)
COUNTS = {1: [3, 2, 1, 1, 2], 2: [2, 1, 6]}
"""Run lengths of SMALL by hand: its columns are 0 0 2, 1 1 0, 1 0 0."""


def black(mask: NDArray[Any]) -> NDArray[np.uint8]:
    return np.zeros((*mask.shape, 3), np.uint8)


def beside(**features: Any) -> sd.Output:
    """An Output of an image, 3 × 3, with a mask of instances and other things in its label."""
    return sd.Output(
        image=sd.Image(3, 3), label={"mask": sd.Mask(3, 3, le=4, instances=True), **features}
    )


def annotated(output: sd.Output, sample: sd.Sample, folder: Path) -> list[dict[str, Any]]:
    """The annotations of one sample, after a look that it comes back."""
    source = sd.Source.of(sd.from_function(lambda rng: sample, output), seed=0, samples=1)
    rows = came_back(Coco, source, folder, shards=1)
    assert stream_digest(assemble(output, rows)) == stream_digest(source)
    found: list[dict[str, Any]] = whole(folder)["annotations"]
    return found


def whole(folder: Path) -> Any:
    return json.loads((folder / "annotations/instances_train.json").read_text(encoding="utf-8"))


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without what pycocotools prints, whose wheel is built for an older NumPy."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        yield


def opened(folder: Path) -> Any:
    with quiet():
        coco = pytest.importorskip("pycocotools.coco")
        return coco.COCO(str(folder / "annotations/instances_train.json"))


def pasture(rng: np.random.Generator) -> sd.Sample:
    """Rectangles one over the other, of which some are wholly hidden."""
    height, width = int(rng.integers(8, 21)), int(rng.integers(8, 31))
    count = int(rng.integers(7))
    mask = np.zeros((height, width), np.uint16)
    boxes = np.zeros((count, 4), np.float32)
    for number in range(count):
        x0, y0 = int(rng.integers(width - 3)), int(rng.integers(height - 3))
        x1, y1 = int(rng.integers(x0 + 1, width + 1)), int(rng.integers(y0 + 1, height + 1))
        mask[y0:y1, x0:x1] = number + 1
        boxes[number] = x0, y0, x1, y1
    return sd.Sample(
        rng.integers(0, 256, (height, width, 3), np.uint8),
        {"boxes": boxes, "kinds": rng.integers(0, 2, count), "mask": mask},
    )


PASTURE = sd.Output(
    image=sd.Image(sd.UpTo(20), sd.UpTo(30)),
    label={
        "boxes": sd.Boxes(6),
        "kinds": sd.ClassLabel(KINDS, max=6),
        "mask": sd.Mask(sd.UpTo(20), sd.UpTo(30), "uint16", 6, instances=True),
    },
)


@pytest.fixture(scope="module")
def source() -> sd.Source:
    return sd.Source.of(sd.from_function(pasture, PASTURE), seed=5, samples=30)


@pytest.fixture(scope="module")
def folder(source: sd.Source, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The samples as they are written, after a look that they come back."""
    folder = tmp_path_factory.mktemp("pasture")
    rows = came_back(Coco, source, folder, shards=3)
    assert stream_digest(assemble(source.output, rows)) == stream_digest(source)
    return folder


def test_pycocotools_sees_the_pixels_of_each_object(source: sd.Source, folder: Path) -> None:
    coco, hidden = opened(folder), 0
    tools = pytest.importorskip("pycocotools.mask")
    for index, sample in enumerate(source):
        label: Any = sample.label
        found = coco.loadAnns(coco.getAnnIds(imgIds=[index]))
        assert [coco.cats[each["category_id"]]["name"] for each in found] == [
            KINDS[kind] for kind in label["kinds"]
        ]
        for number, (each, box) in enumerate(zip(found, label["boxes"], strict=True), 1):
            with quiet():
                mask = coco.annToMask(each)
            assert np.array_equal(mask == 1, label["mask"] == number)
            assert each["area"] == tools.area(coco.annToRLE(each)) == mask.sum()
            assert each["bbox"] == [*box[:2], *(box[2:] - box[:2])]
            assert each["iscrowd"] == 0
            hidden += not mask.any()
    assert hidden > 3


def test_evaluation_finds_masks_right_that_are_what_is_there(folder: Path) -> None:
    truth = opened(folder)
    evaluation = pytest.importorskip("pycocotools.cocoeval")
    # Whatever is found, an object without a pixel is missed.
    seen = [each for each in truth.dataset["annotations"] if each["area"]]
    truth.dataset["annotations"] = seen
    found = [{**each, "segmentation": truth.annToRLE(each), "score": 1.0} for each in seen]
    with quiet():
        truth.createIndex()
        evaluated = evaluation.COCOeval(truth, truth.loadRes(found), "segm")
        evaluated.evaluate()
        evaluated.accumulate()
        evaluated.summarize()
    assert evaluated.stats[0] == pytest.approx(1)


def test_run_lengths_go_down_the_columns_and_begin_with_what_is_not_of_the_object(
    tmp_path: Path,
) -> None:
    found = annotated(beside(), sd.Sample(black(SMALL), {"mask": SMALL}), tmp_path)
    assert [each["segmentation"] for each in found] == [
        {"size": [3, 3], "counts": counts} for counts in COUNTS.values()
    ]
    assert [each["area"] for each in found] == [3, 1]
    assert [each["bbox"] for each in found] == [[1, 0, 2, 2], [0, 2, 1, 1]]
    assert [each["instance"] for each in found] == [1, 2]


def test_an_object_that_is_hidden_has_no_pixel_and_its_box(tmp_path: Path) -> None:
    boxes = np.array([[1, 0, 3, 2], [0, 2, 1, 3], [0.5, 0, 2, 2]], "f4")
    sample = sd.Sample(black(SMALL), {"mask": SMALL, "boxes": boxes})
    *_, last = annotated(beside(boxes=sd.Boxes(4)), sample, tmp_path)
    assert last["bbox"] == [0.5, 0, 1.5, 2]
    assert last["area"] == 0
    assert last["segmentation"] == {"size": [3, 3], "counts": [9]}


def test_a_mask_alone_is_an_object_for_each_number_that_occurs(tmp_path: Path) -> None:
    output = sd.Output(image=sd.Image(3, 3), label=sd.Mask(3, 3, "int64", instances=True))
    mask = np.array([0, 2**63 - 1, 7])[SMALL]
    found = annotated(output, sd.Sample(black(mask), mask), tmp_path)
    assert [each["instance"] for each in found] == [7, 2**63 - 1]
    assert [each["segmentation"]["counts"] for each in found] == [COUNTS[2], COUNTS[1]]
    assert [each["name"] for each in whole(tmp_path)["categories"]] == ["object"]


def test_ids_are_unique_and_exact_in_a_double_whatever_a_mask_could_hold(tmp_path: Path) -> None:
    output = sd.Output(image=sd.Image(3, 3), label=sd.Mask(3, 3, "uint64", instances=True))
    masks = [np.arange(first, first + 9, dtype=np.uint64).reshape(3, 3) for first in (0, 1, 50)]
    rows = [[black(mask), mask] for mask in masks]
    write(Coco(output, Encoding()), tmp_path, rows)
    ids = [each["id"] for each in whole(tmp_path)["annotations"]]
    assert len(set(ids)) == len(ids) == 8 + 9 + 9
    assert 0 < min(ids) <= max(ids) <= 3 * 9


def test_the_only_class_beside_a_mask_is_that_of_all_its_objects(tmp_path: Path) -> None:
    output = beside(kind=sd.ClassLabel(KINDS))
    sample = sd.Sample(black(SMALL), {"mask": SMALL, "kind": 1})
    assert [each["category_id"] for each in annotated(output, sample, tmp_path)] == [2, 2]


@pytest.mark.parametrize("le", [None, 4])
def test_a_list_of_classes_beside_a_mask_is_that_of_its_objects(
    le: int | None, tmp_path: Path
) -> None:
    label: Any = {"mask": sd.Mask(3, 3, le=le, instances=True), "kinds": sd.ClassLabel(KINDS, 4)}
    output = sd.Output(image=sd.Image(3, 3), label=label)
    sample = sd.Sample(black(SMALL), {"mask": SMALL, "kinds": np.array([1, 0, 1])})
    found = annotated(output, sample, tmp_path)
    assert [each["category_id"] for each in found] == [2, 1, 2]
    assert [each["bbox"] for each in found] == [[1, 0, 2, 2], [0, 2, 1, 1], [0, 0, 0, 0]]


def test_classes_that_are_fewer_than_the_mask_allows_are_of_the_image(tmp_path: Path) -> None:
    output = beside(tags=sd.ClassLabel(KINDS, max=2))
    sample = sd.Sample(black(SMALL), {"mask": SMALL, "tags": np.array([1])})
    assert len(annotated(output, sample, tmp_path)) == 2
    assert whole(tmp_path)["images"][0]["label"] == {"tags": ["犬"]}


def test_polygons_beside_a_mask_stand_in_the_entry_of_the_image(tmp_path: Path) -> None:
    corners = np.array([[1, 0], [3, 0], [1, 2]], "f4")
    output = beside(outlines=sd.Polygons(9))
    sample = sd.Sample(black(SMALL), {"mask": SMALL, "outlines": [corners]})
    found = annotated(output, sample, tmp_path)
    assert [each["segmentation"]["counts"] for each in found] == list(COUNTS.values())
    assert whole(tmp_path)["images"][0]["label"] == {"outlines": [corners.tolist()]}


def test_a_mask_of_classes_is_refused_without_the_advice_to_number_objects() -> None:
    output = sd.Output(image=sd.Image(8, 8), label=sd.Mask(8, 8, names=["no", "yes"]))
    with pytest.raises(sd.FormatError, match="one image a sample") as caught:
        Coco(output, Encoding())
    assert "instances" not in str(caught.value)


@pytest.mark.parametrize(
    ("mask", "boxes", "message"),
    [
        (SMALL, 1, r"label\.mask has the value 2, but there are 1 objects in label\.boxes; "),
        (SMALL, 0, r"label\.mask has the value 2, but there are 0 objects"),
        (SMALL[:2], 2, r"label\.mask has shape \(2, 3\), but the image is 3 × 3"),
    ],
)
def test_a_mask_that_does_not_fit_is_an_error_of_the_sample(
    mask: NDArray[np.uint8], boxes: int, message: str, tmp_path: Path
) -> None:
    label = {"mask": sd.Mask(sd.UpTo(3), 3, instances=True), "boxes": sd.Boxes(4)}
    output = sd.Output(image=sd.Image(3, 3), label=label)
    (shard,) = shards_of("train", 1, 1)
    sample = {"mask": mask, "boxes": np.tile(np.array([0, 0, 1, 1], "f4"), (boxes, 1))}
    with (
        Coco(output, Encoding()).writer(shard, tmp_path) as writer,
        pytest.raises(ValueError, match=message),
    ):
        writer.add("000000000", compile_check(output)(sd.Sample(black(SMALL), sample)))
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [Path(PART).name]


def test_damaged_masks_are_errors(tmp_path: Path) -> None:
    output = beside()
    form = Coco(output, Encoding())
    shards = write(form, tmp_path, [[black(SMALL), SMALL]])
    part = tmp_path / PART
    text = part.read_bytes()
    for old, new in (
        (b'"instance": 2', b'"instance": 256'),
        (b'"instance": 2', b'"instance": 1.5'),
        (b'"instance": 2', b'"number": 2'),
        (b'"counts": [2, 1, 6]', b'"counts": [2, 1, 7]'),
        (b'"counts": [2, 1, 6]', b'"counts": [2, -1, 8]'),
        (b'"counts": [2, 1, 6]', b'"counts": [2.0, 1, 6]'),
        (b'"counts": [2, 1, 6]', b'"counts": []'),
        (b'"counts": [2, 1, 6]', b'"counts": "2, 1, 6"'),
        (b'"counts": [2, 1, 6]', b'"runs": [2, 1, 6]'),
        (b'"size": [3, 3]', b'"size": [9, 1]'),
        (b'"segmentation": {', b'"segmentation": [], "s": {'),
        (b'"height": 3', b'"height": 4'),
    ):
        assert text.count(old) > 0
        part.write_bytes(text.replace(old, new))
        with pytest.raises(ValueError, match=r"00001\.jsonl is damaged: line 1"):
            list(read(form, tmp_path, shards))
    part.write_bytes(text.replace(b"[2, 1, 6]", b"[2, 2, 5]"))
    with pytest.raises(ValueError, match="segmentations lie over each other"):
        list(read(form, tmp_path, shards))


def test_yolo_takes_boxes_as_before_and_refuses_a_mask_of_instances() -> None:
    numbers = sd.Mask(8, 8, instances=True)
    lists = {"boxes": sd.Boxes(4), "kinds": sd.ClassLabel(KINDS, 4)}
    for label, metadata, refused in (
        ({**lists, "mask": numbers}, {}, "label.mask"),
        ({"mask": numbers}, lists, "label.mask"),
    ):
        output = sd.Output(image=sd.Image(8, 8), label=label, metadata=metadata)
        with pytest.raises(sd.FormatError, match="neither the image nor of the objects") as caught:
            Yolo(output, Encoding())
        assert caught.value.features == (refused,)


LISTS: dict[str, Any] = {
    "boxes": sd.Boxes(3),
    "kinds": sd.ClassLabel(KINDS, max=3),
    "points": sd.Keypoints(2, 3),
}
INTEGERS = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"]


@st.composite
def outputs(draw: st.DrawFn) -> sd.Output:
    """An Output with a mask of instances, and some, all or none of the lists of objects."""
    kept = draw(st.sets(st.sampled_from(sorted(LISTS))))
    most = draw(st.sampled_from([None, 3])) if kept else None
    size = sd.UpTo(6)
    mask = sd.Mask(size, size, draw(st.sampled_from(INTEGERS)), most, instances=True)
    label = {name: feature for name, feature in LISTS.items() if name in kept}
    return sd.Output(image=sd.Image(size, size), label={"mask": mask, **label})


@st.composite
def rows_of(draw: st.DrawFn, output: sd.Output) -> list[Any]:
    """A sample whose lists are as long as one another, and whose mask numbers their objects."""
    label: Any = output.label
    shape = draw(st.tuples(st.integers(1, 6), st.integers(1, 6)))
    count = draw(st.integers(0, 3))
    highest = int(np.iinfo(label["mask"].dtype).max)
    numbers = st.integers(0, count if len(label) > 1 else highest)
    few = draw(st.lists(numbers, min_size=1, max_size=5))
    pixels = draw(st.lists(st.sampled_from(few), min_size=36, max_size=36))
    mask = np.array(pixels[: shape[0] * shape[1]], label["mask"].dtype).reshape(shape)
    values = {
        "mask": mask,
        "boxes": np.tile(np.array([0, 0.25, 0.5, 1], "f4"), (count, 1)),
        "kinds": np.arange(count) % 2,
        "points": np.tile(np.array([0.5, 1, 2], "f4"), (count, 2, 1)),
    }
    sample = sd.Sample(black(mask), {name: values[name] for name in label})
    return compile_check(output)(sample)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_any_mask_comes_back_with_the_same_bytes_and_pycocotools_agrees_to_the_pixel(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    output = data.draw(outputs())
    form, folder = Coco(output, Encoding()), tmp_path_factory.mktemp("set")
    rows = data.draw(st.lists(rows_of(output), max_size=3))
    found = list(read(form, folder, write(form, folder, rows)))
    assert stream_digest(assemble(output, found)) == stream_digest(assemble(output, rows))
    assert [list(map(type, row)) for row in found] == [list(map(type, row)) for row in rows]
    (place,) = (place for place, leaf in enumerate(output.leaves) if leaf.name == "label.mask")
    assert all(row[place].flags.c_contiguous for row in found)
    for each in whole(folder)["annotations"]:
        own = rows[each["image_id"]][place] == each["instance"]
        _agrees(each, own, tight=form.objects.boxes is None)


def _agrees(annotation: dict[str, Any], own: NDArray[np.bool_], *, tight: bool) -> None:
    tools = pytest.importorskip("pycocotools.mask")
    with quiet():
        runs = tools.frPyObjects(annotation["segmentation"], *own.shape)
        assert np.array_equal(tools.decode(runs) == 1, own)
    # pycocotools' own run lengths of the mask, which it compresses, are the same.
    with quiet():
        assert tools.encode(np.asfortranarray(own.astype(np.uint8))) == runs
    assert annotation["area"] == tools.area(runs)
    if tight:
        assert annotation["bbox"] == tools.toBbox(runs).tolist()
