"""The format "arrayrecord", read by ours, by array_record and by TensorFlow Datasets."""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import synthdata as sd
from synthdata.check import compile_check
from synthdata.storage.encoding import Encoding
from synthdata.storage.formats.arrayrecord import ArrayRecord
from synthdata.storage.formats.example import Examples
from synthdata.storage.shard import Shard
from synthdata.testing.digests import stream_digest
from tests.storage.driving import assemble, came_back, read, values_of, write
from tests.storage.formats.peculiar import OUTPUT, differing, rows, rows_of_tfds
from tests.strategies import outputs, samples

SOURCES: list[tuple[str, dict[str, Any]]] = [
    ("records-v1", {}),
    ("shapes-v1", {"task": "detect"}),
]


def _source(id: str, params: dict[str, Any], count: int = 12) -> sd.Source:
    return sd.Source(sd.Recipe(generator=id, params=params, seed=3, samples=count))


@pytest.mark.parametrize(("id", "params"), SOURCES)
def test_samples_come_back_as_they_were(id: str, params: dict[str, Any], tmp_path: Path) -> None:
    source = _source(id, params)
    found = came_back(ArrayRecord, source, tmp_path)
    given = [values_of(source, index) for index in range(len(source))]
    assert stream_digest(assemble(source.output, found)) == stream_digest(
        assemble(source.output, given)
    )


@pytest.mark.parametrize("encoding", ["png", "webp", "raw"])
def test_everything_that_can_be_declared_comes_back_to_the_last_bit(
    encoding: Any, tmp_path: Path
) -> None:
    files = ArrayRecord(OUTPUT, Encoding(encoding))
    given = rows(9)
    shards = write(files, tmp_path, given, shards=2)
    assert differing(OUTPUT, list(read(files, tmp_path, shards)), given) == set()


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_whatever_conforms_comes_back(data: st.DataObject) -> None:
    output = data.draw(outputs())
    check = compile_check(output)
    given = [check(data.draw(samples(output))) for _ in range(2)]
    with tempfile.TemporaryDirectory() as folder:
        files = ArrayRecord(output, Encoding())
        shards = write(files, Path(folder), given)
        assert differing(output, list(read(files, Path(folder), shards)), given) == set()


def test_samples_are_had_in_any_order(tmp_path: Path) -> None:
    source = _source("shapes-v1", {"size": 16})
    files = ArrayRecord(source.output, Encoding())
    given = [values_of(source, index) for index in range(len(source))]
    (shard,) = write(files, tmp_path, given)
    order = random.Random(0).sample(range(len(given)), len(given))
    with files.reader(shard, tmp_path) as reader:
        found = [reader[place] for place in order]
        assert len(reader) == len(given)
        assert differing(source.output, found, [given[place] for place in order]) == set()
        with pytest.raises(IndexError):
            reader[len(given)]


def test_a_shard_may_be_without_samples(tmp_path: Path) -> None:
    files = ArrayRecord(OUTPUT, Encoding())
    (shard,) = write(files, tmp_path, [])
    with files.reader(shard, tmp_path) as reader:
        assert len(reader) == 0
        assert list(reader) == []


def test_array_record_finds_each_sample_by_itself(tmp_path: Path) -> None:
    data_source = pytest.importorskip("array_record.python.array_record_data_source")
    given = rows(5)
    write(ArrayRecord(OUTPUT, Encoding()), tmp_path, given)
    examples = Examples(OUTPUT, Encoding(), deep=False)
    with data_source.ArrayRecordDataSource(
        str(tmp_path / "train-00000-of-00001.array_record")
    ) as found:
        assert len(found) == 5
        assert differing(OUTPUT, [examples.unpack(found[3])], [given[3]]) == set()


def test_the_same_samples_are_the_same_bytes(tmp_path: Path) -> None:
    trees = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write(ArrayRecord(OUTPUT, Encoding()), tmp_path / name, rows(50), shards=2)
        trees.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})
    assert trees[0] == trees[1]


def _one_shard(folder: Path) -> tuple[ArrayRecord, Shard, Path, list[list[Any]]]:
    source = _source("shapes-v1", {"size": 16}, 3)
    files = ArrayRecord(source.output, Encoding())
    given = [values_of(source, index) for index in range(3)]
    (shard,) = write(files, folder, given)
    return files, shard, folder / "train-00000-of-00001.array_record", given


def test_a_flipped_bit_is_an_error_or_lies_where_nothing_is_written(tmp_path: Path) -> None:
    files, shard, path, given = _one_shard(tmp_path)
    whole = path.read_bytes()
    written = [place for place, byte in enumerate(whole) if byte]
    errors = []
    for place in random.Random(0).sample(written, 100):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 8]) + whole[place + 1 :])
        try:
            found = list(read(files, tmp_path, [shard]))
        except ValueError as error:
            errors.append(str(error))
        else:
            assert differing(files.output, found, given) == set()
    assert len(errors) > 80
    assert all(f"{path} is damaged" in error for error in errors)


def test_a_truncated_file_is_an_error(tmp_path: Path) -> None:
    files, shard, path, _ = _one_shard(tmp_path)
    whole = path.read_bytes()
    for end in (0, 1, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:end])
        with pytest.raises(ValueError, match="is damaged"):
            files.reader(shard, tmp_path)


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    files, shard, path, _ = _one_shard(tmp_path)
    path.unlink()
    with pytest.raises(FileNotFoundError):
        files.reader(shard, tmp_path)


def test_a_full_disk_is_an_os_error(tmp_path: Path) -> None:
    files, shard, path, given = _one_shard(tmp_path)
    path.unlink()
    path.symlink_to("/dev/full")
    with (
        pytest.raises(OSError, match="No space left") as error,
        files.writer(shard, tmp_path) as writer,
    ):
        writer.add(shard.key(0), given[0])
    assert error.value.errno == 28


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "array_record.python.array_record_module", None)
    with pytest.raises(sd.FormatError, match="needs array-record, which is not installed"):
        ArrayRecord(OUTPUT, Encoding())


@pytest.fixture(scope="module")
def tfds() -> Any:
    pytest.importorskip("tensorflow")
    return pytest.importorskip("tensorflow_datasets")


@pytest.mark.parametrize(("id", "params"), SOURCES)
def test_tfds_reads_each_sample(id: str, params: dict[str, Any], tfds: Any, tmp_path: Path) -> None:
    source = _source(id, params)
    files = ArrayRecord(source.output, Encoding())
    given = [values_of(source, index) for index in range(12)]
    write(files, tmp_path, given, splits={"train": 8, "test": 4}, shards=3)
    builder = tfds.builder_from_directory(str(tmp_path))
    for split, theirs in (("train", given[:8]), ("test", given[8:]), ("train[25%:]", given[2:8])):
        found = builder.as_data_source(split=split)
        assert len(found) == len(theirs)
        assert differing(source.output, rows_of_tfds(source.output, found), theirs) == set()


@pytest.mark.parametrize("encoding", ["png", "raw"])
def test_tfds_reads_everything_that_can_be_declared(
    encoding: Any, tfds: Any, tmp_path: Path
) -> None:
    given = rows(5, least=2)  # TFDS fails where several dimensions are of no size
    write(ArrayRecord(OUTPUT, Encoding(encoding)), tmp_path, given, shards=3)
    found = tfds.builder_from_directory(str(tmp_path)).as_data_source(split="train")
    assert differing(OUTPUT, rows_of_tfds(OUTPUT, found), given) == {"metadata.uint32.both"}
