from __future__ import annotations

import contextlib
import io
import json
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import synthdata as sd
from synthdata.check import compile_check
from synthdata.storage.encoding import Encoding
from synthdata.storage.formats.coco import Coco
from synthdata.testing.digests import stream_digest
from tests import strategies
from tests.storage.driving import assemble, came_back, read, shards_of, values_of, write

NAMES = ["кот", "犬", "a b"]

STREET = sd.Output(
    image=sd.Image(sd.UpTo(12), sd.UpTo(20)),
    label={
        "boxes": sd.Boxes(4),
        "kinds": sd.ClassLabel(NAMES, max=4),
        "outlines": sd.Polygons(4, 6),
        "points": sd.Keypoints(3, 4),
    },
    metadata={
        "light": sd.ClassLabel(["日", "夜"]),
        "tags": sd.ClassLabel(["a", "b"], max=2),
        "caption": sd.Text(200),
        "noise": sd.Scalar("float32", finite=False),
        "big": sd.Scalar("uint64"),
        "depth": sd.Tensor("float32", (sd.UpTo(3), 2)),
        "others": sd.Boxes(7),
    },
)


def street(rng: np.random.Generator) -> sd.Sample:
    height, width = int(rng.integers(6, 13)), int(rng.integers(13, 21))
    count = int(rng.integers(5))
    low = rng.uniform(0, 3, (count, 2))
    boxes = np.hstack([low, low + rng.uniform(0.1, 3, (count, 2))]).astype("f4")
    points = np.dstack([rng.uniform(0, 6, (count, 3, 2)), rng.integers(1, 3, (count, 3, 1))])
    points[:, 1] = 0
    return sd.Sample(
        rng.integers(0, 256, (height, width, 3), np.uint8),
        {
            "boxes": boxes,
            "kinds": rng.integers(0, 3, count),
            "outlines": [
                rng.uniform(0, 6, (int(rng.integers(3, 7)), 2)).astype("f4") for _ in range(count)
            ],
            "points": points.astype("f4"),
        },
        {
            "light": int(rng.integers(2)),
            "tags": rng.integers(0, 2, int(rng.integers(3))),
            "caption": f'"{count}" кот\n犬\u2028',
            "noise": [float("nan"), float("inf"), rng.normal()][int(rng.integers(3))],
            "big": 2**64 - 1 - count,
            "depth": rng.normal(size=(int(rng.integers(4)), 2)).astype("f4"),
            "others": np.array([[0, 0, 1, 1]] * int(rng.integers(3)), "f4").reshape(-1, 4),
        },
    )


def street_source(samples: int = 12) -> sd.Source:
    return sd.Source.of(sd.from_function(street, STREET), seed=3, samples=samples)


def opened(path: Path) -> Any:
    """What pycocotools makes of a file of annotations."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        # The wheel is built for an older NumPy.
        warnings.filterwarnings("ignore", category=DeprecationWarning, module="pycocotools")
        coco = pytest.importorskip("pycocotools.coco")
        return coco.COCO(str(path))


def files(path: Path) -> dict[str, bytes]:
    return {
        str(each.relative_to(path)): each.read_bytes()
        for each in sorted(path.rglob("*"))
        if each.is_file()
    }


def annotated(output: sd.Output, sample: sd.Sample, folder: Path) -> list[dict[str, Any]]:
    """The annotations of one sample, after a look that it comes back."""
    source = sd.Source.of(sd.from_function(lambda rng: sample, output), seed=0, samples=1)
    rows = came_back(Coco, source, folder, shards=1)
    assert stream_digest(assemble(output, rows)) == stream_digest(source)
    coco = opened(folder / "annotations/instances_train.json")
    found: list[dict[str, Any]] = coco.loadAnns(coco.getAnnIds())
    return found


def test_all_samples_come_back_with_the_same_bytes(tmp_path: Path) -> None:
    source = street_source(20)
    rows = came_back(Coco, source, tmp_path, shards=3)
    assert stream_digest(assemble(source.output, rows)) == stream_digest(source)


def test_pycocotools_sees_the_objects_of_each_image(tmp_path: Path) -> None:
    source = street_source(20)
    rows = [values_of(source, index) for index in range(20)]
    write(Coco(STREET, Encoding()), tmp_path, rows, splits={"train": 14, "val": 6}, shards=3)
    for split, indices in (("train", range(14)), ("val", range(14, 20))):
        coco = opened(tmp_path / f"annotations/instances_{split}.json")
        assert [entry["name"] for entry in coco.loadCats(coco.getCatIds())] == NAMES
        assert sorted(coco.imgs) == list(indices)
        for index in indices:
            _same_objects(coco, index, source[index], tmp_path / "images" / split)


def _same_objects(coco: Any, index: int, sample: sd.Sample, images: Path) -> None:
    entry, label = coco.imgs[index], sample.label
    assert (entry["height"], entry["width"]) == sample.image.shape[:2]
    pixels = pytest.importorskip("PIL.Image").open(images / entry["file_name"])
    assert (np.asarray(pixels) == sample.image).all()
    assert entry["metadata"]["caption"] == sample.metadata["caption"]
    found = coco.loadAnns(coco.getAnnIds(imgIds=[index]))
    assert [coco.cats[each["category_id"]]["name"] for each in found] == [
        NAMES[kind] for kind in label["kinds"]
    ]
    for each, (x0, y0, x1, y1), outline, points in zip(
        found, label["boxes"].astype(float), label["outlines"], label["points"], strict=True
    ):
        assert each["bbox"] == [x0, y0, x1 - x0, y1 - y0]
        assert each["segmentation"] == [outline.ravel().tolist()]
        assert each["keypoints"] == points.ravel().tolist()
        assert each["num_keypoints"] == 2
        assert each["iscrowd"] == 0


@pytest.mark.parametrize("kind", ["bbox", "keypoints"])
def test_evaluation_finds_a_detector_right_that_finds_what_is_there(
    kind: str, tmp_path: Path
) -> None:
    came_back(Coco, street_source(), tmp_path, shards=3)
    truth = opened(tmp_path / "annotations/instances_train.json")
    kept = ("image_id", "category_id", kind)
    found = [{**{key: each[key] for key in kept}, "score": 1.0} for each in truth.anns.values()]
    evaluation = pytest.importorskip("pycocotools.cocoeval")
    with contextlib.redirect_stdout(io.StringIO()):
        evaluated = evaluation.COCOeval(truth, truth.loadRes(found), kind)
        evaluated.params.kpt_oks_sigmas = np.full(3, 0.05)
        evaluated.evaluate()
        evaluated.accumulate()
        evaluated.summarize()
    assert evaluated.stats[0] == pytest.approx(1)


def test_ids_are_unique_over_all_shards_and_splits_and_of_annotations_begin_at_1(
    tmp_path: Path,
) -> None:
    source = street_source(20)
    rows = [values_of(source, index) for index in range(20)]
    write(Coco(STREET, Encoding()), tmp_path, rows, splits={"train": 14, "val": 6}, shards=3)
    wholes = [
        json.loads((tmp_path / f"annotations/instances_{split}.json").read_text())
        for split in ("train", "val")
    ]
    images = [entry["id"] for whole in wholes for entry in whole["images"]]
    annotations = [each["id"] for whole in wholes for each in whole["annotations"]]
    assert images == list(range(20))
    assert len(annotations) == sum(len(sample.label["boxes"]) for sample in source)
    assert len(set(annotations)) == len(annotations)
    assert min(annotations) > 0
    assert all(
        each["image_id"] in {entry["id"] for entry in whole["images"]}
        for whole in wholes
        for each in whole["annotations"]
    )


def test_shards_do_not_change_the_merged_annotations(tmp_path: Path) -> None:
    def merged(shards: int) -> Any:
        came_back(Coco, street_source(), tmp_path / str(shards), shards=shards)
        path = tmp_path / str(shards) / "annotations/instances_train.json"
        whole = json.loads(path.read_text())
        for entry in whole["images"]:
            entry["file_name"] = entry["file_name"].partition("/")[2]
        return whole

    assert merged(1) == merged(2) == merged(5)


def test_the_same_samples_are_the_same_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        came_back(Coco, street_source(), tmp_path / name)
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_the_files_of_a_shard_are_a_folder_of_images_and_a_file(tmp_path: Path) -> None:
    source = street_source(2)
    (shard,) = shards_of("test", 2, 1)
    with Coco(STREET, Encoding()).writer(shard, tmp_path) as writer:
        for index in range(2):
            writer.add(shard.key(index), values_of(source, index))
    assert list(files(tmp_path)) == [
        "annotations/parts/test-00000-of-00001.jsonl",
        "images/test/00000/000000000.png",
        "images/test/00000/000000001.png",
    ]


@pytest.mark.parametrize("task", ["classify", "detect"])
def test_shapes_come_back_with_pixels_in_their_boxes(task: str, tmp_path: Path) -> None:
    shapes = sd.make("shapes-v1", size=32, task=task)

    class Bare(sd.Generator):
        @classmethod
        def describe(cls, params: Any) -> sd.Output:
            kept = {key: shapes.output.metadata[key] for key in shapes.output.metadata}
            del kept["mask"]
            return sd.Output(image=shapes.output.image, label=shapes.output.label, metadata=kept)

        def sample(self, rng: np.random.Generator) -> sd.Sample:
            made = shapes.sample(rng)
            return made._replace(
                metadata={key: made.metadata[key] for key in made.metadata if key != "mask"}
            )

    source = sd.Source.of(Bare(), seed=1, samples=6)
    rows = came_back(Coco, source, tmp_path)
    assert stream_digest(assemble(source.output, rows)) == stream_digest(source)
    coco = opened(tmp_path / "annotations/instances_train.json")
    for index, sample in enumerate(source):
        areas = [each["area"] for each in coco.imgToAnns[index]]
        x0, y0, x1, y1 = sample.metadata["boxes"].T
        assert areas == ((x1 - x0) * (y1 - y0)).tolist()  # whole pixels, so that it is exact


def test_width_and_height_are_not_swapped(tmp_path: Path) -> None:
    output = sd.Output(image=sd.Image(10, 30), label=sd.Boxes(1))
    sample = sd.Sample(np.zeros((10, 30, 3), np.uint8), np.array([[20, 1, 29, 4]], "f4"))
    (annotation,) = annotated(output, sample, tmp_path)
    entry = opened(tmp_path / "annotations/instances_train.json").imgs[0]
    assert (entry["width"], entry["height"]) == (30, 10)
    assert annotation["bbox"] == [20, 1, 9, 3]
    assert annotation["area"] == 27
    assert annotation["category_id"] == 1


def test_the_area_of_an_outline_is_that_of_the_polygon(tmp_path: Path) -> None:
    output = sd.Output(image=sd.Image(20, 20), label=sd.Polygons(1, 4))
    corners = np.array([[2, 3], [8, 3], [2, 11]], "f4")
    sample = sd.Sample(np.zeros((20, 20, 3), np.uint8), [corners])
    (annotation,) = annotated(output, sample, tmp_path)
    assert annotation["area"] == 6 * 8 / 2
    assert annotation["bbox"] == [2, 3, 6, 8]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        mask = opened(tmp_path / "annotations/instances_train.json").annToMask(annotation)
    assert mask.shape == (20, 20)
    assert abs(int(mask.sum()) - 24) <= 7  # half of the 14 pixels at the legs


def test_points_without_boxes_have_a_box_with_an_area(tmp_path: Path) -> None:
    output = sd.Output(image=sd.Image(10, 20), label=sd.Keypoints(2, 3))
    points = [[[3, 4, 2], [8, 9, 1]], [[20, 10, 2], [0, 0, 0]], [[0, 0, 0], [0, 0, 0]]]
    sample = sd.Sample(np.zeros((10, 20, 3), np.uint8), np.array(points, "f4"))
    found = annotated(output, sample, tmp_path)
    assert [each["bbox"] for each in found] == [[3, 4, 5, 5], [19, 9, 1, 1], [0, 0, 20, 10]]
    assert [each["num_keypoints"] for each in found] == [2, 1, 0]
    assert opened(tmp_path / "annotations/instances_train.json").cats[1]["keypoints"] == ["0", "1"]


def test_the_points_of_one_object_are_one_annotation(tmp_path: Path) -> None:
    output = sd.Output(image=sd.Image(10, 20), label=sd.Keypoints(2))
    sample = sd.Sample(np.zeros((10, 20, 3), np.uint8), np.array([[3, 4, 2], [8, 9, 1]], "f4"))
    (annotation,) = annotated(output, sample, tmp_path)
    assert annotation["keypoints"] == [3, 4, 2, 8, 9, 1]


@pytest.mark.parametrize("boxes", [[], [[1, 1, 2, 2], [3, 3, 5, 5]]])
def test_the_only_class_of_an_image_is_that_of_its_boxes(
    boxes: list[list[int]], tmp_path: Path
) -> None:
    output = sd.Output(
        image=sd.Image(8, 8), label={"boxes": sd.Boxes(3), "kind": sd.ClassLabel(["a", "b"])}
    )
    array = np.array(boxes, "f4").reshape(-1, 4)
    sample = sd.Sample(np.zeros((8, 8, 3), np.uint8), {"boxes": array, "kind": 1})
    found = annotated(output, sample, tmp_path)
    coco = opened(tmp_path / "annotations/instances_train.json")
    assert [coco.cats[each["category_id"]]["name"] for each in found] == ["b"] * len(boxes)
    assert coco.imgs[0]["label"]["kind"] == "b"


def test_a_class_without_boxes_stands_in_the_entry_of_the_image(tmp_path: Path) -> None:
    output = sd.Output(image=sd.Image(8, 8), label=sd.ClassLabel(["a", "b"]))
    assert annotated(output, sd.Sample(np.zeros((8, 8, 3), np.uint8), 1), tmp_path) == []
    assert opened(tmp_path / "annotations/instances_train.json").imgs[0]["label"] == "b"


HINT = "declare it with instances=True"
NUMBERS = sd.Mask(8, 8, instances=True)


@pytest.mark.parametrize(
    ("label", "metadata", "refused", "reason"),
    [
        ({}, {"more": sd.Image(8, 8)}, "metadata.more", "one image a sample"),
        ({"a": sd.Boxes(3), "b": sd.Boxes(3)}, {}, "label.b", "label.a is there"),
        ({"a": sd.Boxes(3), "b": sd.Polygons(4)}, {}, "label.b", "max=4, but label.a .*max=3"),
        (
            {
                "a": sd.Boxes(3),
                "b": sd.ClassLabel(["x"], max=3),
                "c": sd.ClassLabel(["y"], max=3),
            },
            {},
            "label.c",
            "label.b is there",
        ),
        ({}, {"mask": sd.Mask(8, 8)}, "metadata.mask", "one image a sample, and that is image"),
        ({}, {"m": sd.Mask(8, 8)}, "metadata.m", f"that is image; .*{HINT}"),
        ({"a": NUMBERS}, {"m": sd.Mask(8, 8)}, "metadata.m", f"that is image; .*{HINT}"),
        ({"a": NUMBERS, "b": NUMBERS}, {}, "label.b", "label.a is there"),
        ({"a": sd.Boxes(3)}, {"m": NUMBERS}, "metadata.m", "not beside .* which are label.a"),
        ({"a": sd.Mask(8, 9, instances=True)}, {}, "label.a", "it is .8, 9. uint8, but image is"),
        (
            {"a": NUMBERS, "b": sd.ClassLabel(["x"], 2), "c": sd.ClassLabel(["x"], 3)},
            {},
            "label.c",
            "label.b is there",
        ),
        ({"a": NUMBERS, "b": sd.Boxes(3), "c": sd.Keypoints(2, 4)}, {}, "label.c", "max=4, but"),
    ],
)
def test_what_it_cannot_hold_is_refused_by_name(
    label: Any, metadata: Any, refused: str, reason: str
) -> None:
    output = sd.Output(image=sd.Image(8, 8), label=label or None, metadata=metadata)
    with pytest.raises(sd.FormatError, match=reason) as caught:
        Coco(output, Encoding())
    assert caught.value.features == (refused,)


def test_an_image_that_is_no_image_file_is_refused() -> None:
    with pytest.raises(sd.FormatError, match="image: it would be no image file"):
        Coco(sd.Output(image=sd.Image(8, 8, 3, "float32")), Encoding())
    with pytest.raises(sd.FormatError, match="needs an Image"):
        Coco(sd.Output(image=sd.Mask(8, 8)), Encoding())


def test_the_image_is_the_one_that_the_boxes_lie_in() -> None:
    output = sd.Output(
        image={"left": sd.Image(8, 8), "right": sd.Image(8, 8)}, label=sd.Boxes(3, "right")
    )
    with pytest.raises(sd.FormatError) as caught:
        Coco(output, Encoding())
    assert caught.value.features == ("image.left",)


def test_lists_that_do_not_pair_up_are_an_error_of_the_sample(tmp_path: Path) -> None:
    source = street_source(1)
    values = values_of(source, 0)
    values[2] = np.zeros(len(values[1]) + 1, np.int64)
    (shard,) = shards_of("train", 1, 1)
    with (
        Coco(STREET, Encoding()).writer(shard, tmp_path) as writer,
        pytest.raises(ValueError, match=r"objects do not pair up, .* in label\.kinds"),
    ):
        writer.add("000000000", values)
    assert list(files(tmp_path)) == ["annotations/parts/train-00000-of-00001.jsonl"]


def test_damaged_and_missing_files_are_errors(tmp_path: Path) -> None:
    source = street_source(3)
    form = Coco(STREET, Encoding())
    shards = write(form, tmp_path, [values_of(source, index) for index in range(3)])
    part = tmp_path / "annotations/parts/train-00000-of-00001.jsonl"
    text = part.read_bytes()
    for damage in (
        text[:-9],
        text.replace(b'"bbox"', b'"bbux"'),
        text.replace(b'"segmentation": [[', b'"segmentation": [[[1], '),
        text.replace(b'"segmentation": [[', b'"segmentation": [], "s": [['),
        text.replace(b'"caption": "', b'"caption": 3, "c": "'),
        text.replace(b'"noise": ', b'"noise": "many", "n": '),
        b"[]\n",
    ):
        assert damage != text
        part.write_bytes(damage)
        with pytest.raises(ValueError, match=r"00001\.jsonl is damaged: line \d"):
            list(read(form, tmp_path, shards))
    part.unlink()
    with pytest.raises(FileNotFoundError):
        form.reader(shards[0], tmp_path)
    part.write_bytes(text)
    (tmp_path / "images/train/00000/000000001.png").unlink()
    with pytest.raises(FileNotFoundError):
        list(read(form, tmp_path, shards))


@st.composite
def outputs(draw: st.DrawFn) -> sd.Output:
    """An Output of objects with all, some or none of what they can have, and other things."""
    most = draw(st.integers(1, 3))
    size = st.integers(1, 5) | st.builds(sd.UpTo, st.integers(1, 5))
    label = {
        "boxes": sd.Boxes(most),
        "kinds": sd.ClassLabel(NAMES, max=most),
        "outlines": sd.Polygons(most, 5),
        "points": sd.Keypoints(2, most),
    }
    kept = draw(st.sets(st.sampled_from(sorted(label)), min_size=1))
    extra = strategies.plain_features().filter(
        lambda kind: not isinstance(kind, sd.Image | sd.Mask)
    )
    return sd.Output(
        image=sd.Image(draw(size), draw(size), draw(st.integers(1, 4))),
        label={name: feature for name, feature in label.items() if name in kept},
        metadata=draw(st.dictionaries(st.sampled_from("ab"), extra)),
    )


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_what_it_does_not_refuse_comes_back_with_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    output = data.draw(outputs())
    form = Coco(output, Encoding())
    samples = data.draw(st.lists(strategies.samples(output), max_size=3))
    rows = [compile_check(output)(sample) for sample in samples]
    for row in rows:
        fewest = min(len(row[place]) for place in form.objects.places or [1])
        for place in form.objects.places:
            row[place] = row[place][:fewest]
    _comes_back(form, tmp_path_factory.mktemp("set"), rows)


def _comes_back(form: Coco, folder: Path, rows: list[list[Any]]) -> None:
    try:
        shards = write(form, folder, rows)
    except ValueError as error:
        if not re.search("has no pixels|empty lists tell only", str(error)):
            raise
        return
    found = list(read(form, folder, shards))
    output = form.output
    assert stream_digest(assemble(output, found)) == stream_digest(assemble(output, rows))
    assert [list(map(type, row)) for row in found] == [list(map(type, row)) for row in rows]


spans = st.lists(st.floats(0, 8, width=32), min_size=2, max_size=2, unique=True).map(sorted)
corners = st.tuples(spans, spans).map(lambda xy: (xy[0][0], xy[1][0], xy[0][1], xy[1][1]))


@settings(max_examples=100, deadline=None)
@given(st.lists(corners, max_size=4))
def test_corners_of_any_float32_come_back_with_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, boxes: list[tuple[float, ...]]
) -> None:
    form = Coco(sd.Output(image=sd.Image(8, 8), label=sd.Boxes(4)), Encoding())
    array = np.array(boxes, np.float32).reshape(-1, 4)
    _comes_back(form, tmp_path_factory.mktemp("set"), [[np.zeros((8, 8, 3), np.uint8), array]])
