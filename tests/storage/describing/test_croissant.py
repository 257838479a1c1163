"""croissant.json, validated and read by mlcroissant without a network."""

from __future__ import annotations

import hashlib
import itertools
import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

import synthdata as sd
from synthdata.storage.describing.croissant import MOST_FILES, croissant
from synthdata.storage.encoding import Encoding
from synthdata.storage.formats.parquet import Parquet
from tests import strategies
from tests.storage.describing.summaries import about, rows_of
from tests.storage.driving import values_of, write

# Of what mlcroissant calls.
pytestmark = [
    pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame.reset_index"),
]

RECOMMENDED = {"citeAs", "datePublished", "license"}
"""What mlcroissant misses, and nobody knows."""


def validated(described: dict[str, Any], caplog: pytest.LogCaptureFixture) -> Any:
    """The data set as mlcroissant has it, which warns of nothing but what nobody knows."""
    import mlcroissant

    text = json.dumps(described, allow_nan=False)
    with caplog.at_level(logging.WARNING):
        found = mlcroissant.Dataset(jsonld=json.loads(text))
    issues = found.metadata.ctx.issues
    assert not issues.errors
    missed = {str(warning).split('"')[1].rpartition("/")[2] for warning in issues.warnings}
    assert missed == RECOMMENDED
    assert not [record for record in caplog.records if "@context" in record.getMessage()]
    return found


def files_in(folder: Path) -> list[tuple[str, int, str]]:
    """Path, size and checksum of each file, the last first: the order must not matter."""
    return [
        (
            path.relative_to(folder).as_posix(),
            path.stat().st_size,
            hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in sorted(folder.rglob("*"), reverse=True)
        if path.is_file()
    ]


def named(*paths: str) -> list[tuple[str, int, str]]:
    """Files that need not be there."""
    return [(path, 9, hashlib.sha256(path.encode()).hexdigest()) for path in paths]


@pytest.mark.parametrize("generator", ["shapes-v1", "records-v1"])
@pytest.mark.parametrize("format_name", ["parquet", "tfrecord"])
def test_what_the_generators_make_is_valid(
    generator: str, format_name: str, caplog: pytest.LogCaptureFixture
) -> None:
    output = sd.Source(sd.Recipe(generator=generator, samples=1)).output
    files = named(f"a.{format_name}", f"b.{format_name}-00000-of-00001")
    others = named("README.md", "recipe.yaml", "sub/a.labels.txt")
    found = validated(croissant(about(), output, files, format_name, others=others), caplog)
    [samples] = [each for each in found.metadata.record_sets if each.uuid == "samples"]
    ids = ["samples/" + leaf.name.replace(".", "/") for leaf in output.leaves]
    assert [field.uuid for field in samples.fields if field.uuid != "samples/split"] == ids


def test_each_file_is_listed_with_its_checksum(caplog: pytest.LogCaptureFixture) -> None:
    output = sd.Output(image=sd.Image(1, 1))
    files = named("train-00001-of-00002.npz", "train-00000-of-00002.npz")
    others = named("README.md")
    found = validated(croissant(about(), output, files, "npz", others=others), caplog)
    listed = [
        (each.content_url, each.content_size, each.sha256) for each in found.metadata.file_objects
    ]
    expected = [(path, f"{size} B", digest) for path, size, digest in sorted(others + files)]
    assert sorted(listed) == expected


def test_very_many_files_are_named_by_a_pattern(caplog: pytest.LogCaptureFixture) -> None:
    output = sd.Output(image=sd.Image(1, 1))
    images = (f"train/00000/{number:09d}.png" for number in range(MOST_FILES + 1))
    files = named(*images, "train/00000/samples.jsonl")
    found = validated(croissant(about(), output, files, "folder"), caplog)
    assert [each.uuid for each in found.metadata.file_objects] == ["train/00000/samples.jsonl"]
    [shards] = found.metadata.file_sets
    assert shards.includes == ["**/*.jsonl", "**/*.png"]


def test_mlcroissant_reads_the_samples_of_parquet(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    import mlcroissant

    source = sd.Source(sd.Recipe(generator="records-v1", samples=9))
    rows = [values_of(source, index) for index in range(9)]
    parquet = Parquet(source.output, Encoding())
    write(parquet, tmp_path, rows, splits={"train": 6, "test": 3}, shards=2)
    described = croissant(about(train=6, test=3), source.output, files_in(tmp_path), "parquet")
    validated(described, caplog)
    path = tmp_path / "croissant.json"
    path.write_text(json.dumps(described))
    # By caption and place: the order of files is mlcroissant's.
    found = sorted(
        mlcroissant.Dataset(path).records("samples"),
        key=lambda record: record["samples/split"] != b"train",
    )
    assert [record["samples/split"] for record in found] == [b"train"] * 6 + [b"test"] * 3
    leaves = [leaf.name for leaf in source.output.leaves]
    for record, row in zip(found, rows, strict=True):
        expected = dict(zip(leaves, row, strict=True))
        left = np.asarray(record["samples/image/left"])
        assert np.array_equal(left, expected["image.left"])
        assert record["samples/metadata/caption"].decode() == expected["metadata.caption"]
        assert record["samples/label/light"] == expected["label.light"]
        for name in ("label.boxes", "metadata.readings", "image.depth"):
            value = np.array(record["samples/" + name.replace(".", "/")], expected[name].dtype)
            assert np.array_equal(value.reshape(expected[name].shape), expected[name])


def test_the_splits_and_the_names_of_classes_are_records(caplog: pytest.LogCaptureFixture) -> None:
    output = sd.Output(
        image={}, label={"kind": sd.ClassLabel(["Kreis", "四角"]), "m": sd.Mask(1, 1, names=["x"])}
    )
    found = validated(croissant(about(train=8, test=4), output, named("a.npz"), "npz"), caplog)
    assert [record["splits/name"] for record in found.records("splits")] == ["train", "test"]
    assert [record["splits/samples"] for record in found.records("splits")] == [7, 3]
    names = [each["classes/label/kind/name"] for each in found.records("classes/label/kind")]
    assert names == ["Kreis", "四角"]
    assert len(list(found.records("classes/label/m"))) == 1


@pytest.mark.parametrize(("format_name", "shape"), [("npz", "-1,2,-1"), ("parquet", "-1")])
def test_shapes_are_those_that_the_format_gives(
    format_name: str, shape: str, caplog: pytest.LogCaptureFixture
) -> None:
    output = sd.Output(image=sd.Tensor("float32", (sd.UpTo(3), 2, sd.UpTo(4))))
    files = named(f"a.{format_name}")
    found = validated(croissant(about(), output, files, format_name), caplog)
    [samples] = [each for each in found.metadata.record_sets if each.uuid == "samples"]
    assert samples.fields[-1].array_shape == shape


def test_the_order_of_files_changes_nothing() -> None:
    output = sd.Output(image=sd.Image(1, 1))
    files = named("b.npz", "a.npz", "README.md")
    texts = {json.dumps(croissant(about(), output, order, "npz")) for order in (files, files[::-1])}
    assert len(texts) == 1


@settings(
    deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_output_is_valid_and_read_from_parquet(
    data: DataObject, caplog: pytest.LogCaptureFixture, tmp_path_factory: pytest.TempPathFactory
) -> None:
    import mlcroissant

    output = data.draw(strategies.outputs())
    rows = rows_of(output, *data.draw(st.lists(strategies.samples(output), min_size=1, max_size=2)))
    # A picture without pixels is no picture to mlcroissant.
    pictures = [isinstance(leaf.feature, sd.Image | sd.Mask) for leaf in output.leaves]
    assume(all(value.size for row in rows for value in itertools.compress(row, pictures)))
    folder = tmp_path_factory.mktemp("odd")
    write(Parquet(output, Encoding()), folder, rows)
    described = croissant(about(), output, files_in(folder), "parquet")
    validated(described, caplog)
    (folder / "croissant.json").write_text(json.dumps(described))
    found = list(mlcroissant.Dataset(folder / "croissant.json").records("samples"))
    assert len(found) == len(rows)
    for record, row in zip(found, rows, strict=True):
        for leaf, value in zip(output.leaves, row, strict=True):
            read = record["samples/" + "/".join(leaf.path)]
            if isinstance(leaf.feature, sd.Text):
                assert read.decode() == value
            elif leaf.feature.kind == "class_label":
                assert np.array_equal(np.array(read, np.int64), value)
