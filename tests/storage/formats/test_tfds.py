"""What TensorFlow Datasets reads of the format "tfrecord"."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import synthdata as sd
from synthdata.storage.encoding import Encoding
from synthdata.storage.format import About, Written
from synthdata.storage.formats.tfrecord import TFRecord
from synthdata.storage.shard import Shard
from tests.storage.driving import came_back, read, values_of, write
from tests.storage.formats.peculiar import OUTPUT, differing, rows, rows_of_tfds

SOURCES: list[tuple[str, dict[str, Any]]] = [
    ("records-v1", {}),
    ("shapes-v1", {"task": "detect"}),
    ("shapes-v1", {"task": "segment"}),
]


def _source(id: str, params: dict[str, Any], count: int = 12) -> sd.Source:
    return sd.Source(sd.Recipe(generator=id, params=params, seed=3, samples=count))


@pytest.fixture(scope="module")
def tfds() -> Any:
    pytest.importorskip("tensorflow")
    return pytest.importorskip("tensorflow_datasets")


@pytest.mark.parametrize(("id", "params"), SOURCES)
def test_tfds_reads_each_sample(id: str, params: dict[str, Any], tfds: Any, tmp_path: Path) -> None:
    source = _source(id, params)
    came_back(TFRecord, source, tmp_path)
    dataset = tfds.builder_from_directory(str(tmp_path)).as_dataset(split="train")
    given = [values_of(source, index) for index in range(len(source))]
    assert differing(source.output, rows_of_tfds(source.output, dataset), given) == set()


@pytest.mark.parametrize("encoding", ["png", "raw"])
def test_tfds_reads_everything_that_can_be_declared(
    encoding: Any, tfds: Any, tmp_path: Path
) -> None:
    given = rows(6, least=1)  # TensorFlow decodes no image without pixels
    write(TFRecord(OUTPUT, Encoding(encoding)), tmp_path, given, shards=3)
    dataset = tfds.builder_from_directory(str(tmp_path)).as_dataset(split="train")
    found = rows_of_tfds(OUTPUT, dataset)
    # TensorFlow cannot read these from bytes; they are held as int64.
    assert differing(OUTPUT, found, given) == {"metadata.uint32.both"}
    place = [leaf.name for leaf in OUTPUT.leaves].index("metadata.uint32.both")
    for got, want in zip(found, given, strict=True):
        np.testing.assert_array_equal(got[place], want[place])


def test_tfds_reads_arrays_and_lists_without_elements(tfds: Any, tmp_path: Path) -> None:
    kept = {name: item for name, item in OUTPUT.label.items() if name != "free"}  # type: ignore[union-attr]
    images = {name: item for name, item in OUTPUT.image.items() if item.varying is False}  # type: ignore[union-attr]
    metadata = {name: item for name, item in OUTPUT.metadata.items() if name != "uint32"}
    output = sd.Output(image=images, label=kept, metadata=metadata)
    given = rows(1, output=output)
    write(TFRecord(output, Encoding()), tmp_path, given)
    dataset = tfds.builder_from_directory(str(tmp_path)).as_dataset(split="train")
    assert differing(output, rows_of_tfds(output, dataset), given) == set()


def test_tfds_loads_by_name_with_splits_slices_and_names_of_classes(
    tfds: Any, tmp_path: Path
) -> None:
    source = _source("shapes-v1", {"size": 16}, 20)
    given = [values_of(source, index) for index in range(20)]
    folder = tmp_path / "my_shapes" / "1.0.0"
    folder.mkdir(parents=True)
    files = TFRecord(source.output, Encoding())
    write(files, folder, given, splits={"train": 14, "held-out": 6}, shards=3, name="my_shapes")

    (train, held_out), info = tfds.load(
        "my_shapes", data_dir=str(tmp_path), split=["train", "held-out"], with_info=True
    )
    assert differing(source.output, rows_of_tfds(source.output, train), given[:14]) == set()
    assert differing(source.output, rows_of_tfds(source.output, held_out), given[14:]) == set()
    assert (info.name, str(info.version), info.description) == ("my_shapes", "1.0.0", "Things.")
    assert info.splits["train"].num_examples == 14
    label = source.output.label
    assert isinstance(label, sd.ClassLabel)
    assert tuple(info.features["label"].names) == label.names

    part = tfds.load("my_shapes", data_dir=str(tmp_path), split="train[25%:75%]")
    assert differing(source.output, rows_of_tfds(source.output, part), given[4:10]) == set()
    pairs = tfds.load("my_shapes", data_dir=str(tmp_path), split="train", as_supervised=True)
    image, found = next(iter(pairs))
    np.testing.assert_array_equal(image.numpy(), given[0][0])
    assert found.numpy() == given[0][1]


def test_tfds_reads_shards_of_which_failing_samples_were_left_out(
    tfds: Any, tmp_path: Path
) -> None:
    source = _source("shapes-v1", {"size": 16}, 6)
    files = TFRecord(source.output, Encoding())
    kept = [[0, 2], [], [5]]
    written = []
    for number, indices in enumerate(kept):
        shard = Shard("train", number, 3, 0, range(2 * number, 2 * number + 2))
        with files.writer(shard, tmp_path) as writer:
            for index in indices:
                writer.add(shard.key(index), values_of(source, index))
        written.append(Written(shard, len(indices), 100))
    splits = {"train": tuple(written), "test": ()}
    about = About(
        "x", "1.0.0", "", "x", None, None, 0, splits, lambda path: (tmp_path / path).open("rb")
    )
    files.conclude(about, tmp_path)

    builder = tfds.builder_from_directory(str(tmp_path))
    found = rows_of_tfds(source.output, builder.as_dataset(split="train"))
    given = [values_of(source, index) for index in (0, 2, 5)]
    assert differing(source.output, found, given) == set()


def test_tfds_reads_pictures_of_jpeg_and_the_files_of_webp(tfds: Any, tmp_path: Path) -> None:
    source = _source("shapes-v1", {"size": 32}, 2)
    given = [values_of(source, index) for index in range(2)]
    for name in ("jpeg", "webp"):
        folder = tmp_path / name
        folder.mkdir()
        files = TFRecord(source.output, Encoding(name))
        (shard,) = write(files, folder, given)
        found = list(tfds.builder_from_directory(str(folder)).as_dataset(split="train"))
        for element, ours in zip(found, read(files, folder, [shard]), strict=True):
            image = element["image"].numpy()
            if name == "webp":
                image = Encoding("webp").codec(source.output.image).decode(image)  # type: ignore[arg-type]
            # TensorFlow decodes JPEG with a faster, coarser transform.
            assert np.abs(image.astype(int) - ours[0]).mean() <= (2 if name == "jpeg" else 0)


def test_names_of_classes_that_no_line_holds_are_numbers_for_tfds(
    tfds: Any, tmp_path: Path
) -> None:
    output = sd.Output(
        image=sd.Image(4, 4),
        label={
            "spaced": sd.ClassLabel([" a", "b"]),
            "broken": sd.ClassLabel(["a\nb", "c"]),
            "a": {"b": sd.ClassLabel(["one file"])},
            "a-b": sd.ClassLabel(["for", "both"]),
            "good": sd.ClassLabel(["a b", "日本"]),
        },
    )
    write(TFRecord(output, Encoding()), tmp_path, [])
    features = tfds.builder_from_directory(str(tmp_path)).info.features["label"]
    assert features["good"].names == ["a b", "日本"]
    assert features["spaced"].names == features["broken"].names == ["0", "1"]
    assert features["a"]["b"].names == ["0"]
    assert features["a-b"].names == ["0", "1"]


def test_descriptions_of_features_are_kept(tmp_path: Path) -> None:
    write(TFRecord(OUTPUT, Encoding()), tmp_path, [])
    tree = json.loads((tmp_path / "features.json").read_text("utf-8"))
    metadata = tree["featuresDict"]["features"]["metadata"]["featuresDict"]["features"]
    assert metadata["caption"]["description"] == "what is seen"
