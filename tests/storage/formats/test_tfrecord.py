"""The format "tfrecord", read by ours, by TensorFlow and by TensorFlow Datasets."""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import synthdata as sd
from synthdata.check import compile_check
from synthdata.output import Output
from synthdata.storage.encoding import Encoding
from synthdata.storage.formats.example import Examples
from synthdata.storage.formats.tfrecord import TFRecord
from synthdata.storage.shard import Shard
from synthdata.testing.digests import stream_digest
from tests.storage.driving import assemble, came_back, read, values_of, write
from tests.storage.formats.peculiar import OUTPUT, differing, rows
from tests.strategies import outputs, samples

SOURCES: list[tuple[str, dict[str, Any]]] = [
    ("records-v1", {}),
    ("shapes-v1", {"task": "detect"}),
    ("shapes-v1", {"task": "segment"}),
]


def _source(id: str, params: dict[str, Any], count: int = 12) -> sd.Source:
    return sd.Source(sd.Recipe(generator=id, params=params, seed=3, samples=count))


def _digest(output: Output, found: list[list[Any]]) -> str:
    return stream_digest(assemble(output, found))


@pytest.mark.parametrize(("id", "params"), SOURCES)
def test_samples_come_back_as_they_were(id: str, params: dict[str, Any], tmp_path: Path) -> None:
    source = _source(id, params)
    found = came_back(TFRecord, source, tmp_path)
    assert _digest(source.output, found) == stream_digest(
        assemble(source.output, [values_of(source, index) for index in range(len(source))])
    )


@pytest.mark.parametrize("encoding", ["png", "webp", "raw"])
def test_everything_that_can_be_declared_comes_back_to_the_last_bit(
    encoding: Any, tmp_path: Path
) -> None:
    files = TFRecord(OUTPUT, Encoding(encoding))
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
        files = TFRecord(output, Encoding())
        shards = write(files, Path(folder), given)
        assert differing(output, list(read(files, Path(folder), shards)), given) == set()


def test_arrays_that_come_back_can_be_written_to(tmp_path: Path) -> None:
    output = sd.Output(
        image=sd.Tensor("float64", (2,)),
        metadata={"list": sd.Tensor("float32", (2,)), "classes": sd.ClassLabel(["a"], max=2)},
    )
    files = TFRecord(output, Encoding())
    given = compile_check(output)(
        sd.Sample(np.zeros(2), None, {"list": np.zeros(2, "f4"), "classes": [0]})
    )
    for value in next(read(files, tmp_path, write(files, tmp_path, [given]))):
        value[0] = 1


def test_samples_are_had_in_any_order(tmp_path: Path) -> None:
    source = _source("shapes-v1", {"size": 16})
    files = TFRecord(source.output, Encoding())
    given = [values_of(source, index) for index in range(len(source))]
    (shard,) = write(files, tmp_path, given)
    order = random.Random(0).sample(range(len(given)), len(given))
    with files.reader(shard, tmp_path) as reader:
        assert len(reader) == len(given)
        assert (
            differing(source.output, [reader[place] for place in order], [given[n] for n in order])
            == set()
        )
        with pytest.raises(IndexError):
            reader[len(given)]


def test_a_shard_without_samples_is_an_empty_file(tmp_path: Path) -> None:
    files = TFRecord(OUTPUT, Encoding())
    (shard,) = write(files, tmp_path, [])
    assert (tmp_path / "train-00000-of-00001.tfrecord").read_bytes() == b""
    with files.reader(shard, tmp_path) as reader:
        assert len(reader) == 0
        assert list(reader) == []


def _one_shard(folder: Path) -> tuple[TFRecord, Shard, Path]:
    source = _source("shapes-v1", {"size": 16}, 3)
    files = TFRecord(source.output, Encoding())
    (shard,) = write(files, folder, [values_of(source, index) for index in range(3)])
    return files, shard, folder / "train-00000-of-00001.tfrecord"


def _read_both_ways(files: TFRecord, shard: Shard, folder: Path) -> None:
    with (
        files.reader(shard, folder) as reader,
        pytest.raises(ValueError, match="is damaged at the record at byte") as error,
    ):
        list(reader)
    assert str(folder) in str(error.value)
    with files.reader(shard, folder) as reader, pytest.raises(ValueError, match="is damaged"):
        [reader[place] for place in range(len(reader))]


def test_a_flipped_bit_anywhere_is_an_error(tmp_path: Path) -> None:
    files, shard, path = _one_shard(tmp_path)
    whole = path.read_bytes()
    # All of what stands around the first record, and a part of all else.
    places = [*range(12), *random.Random(0).sample(range(12, len(whole)), 100), len(whole) - 1]
    for place in places:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 8]) + whole[place + 1 :])
        _read_both_ways(files, shard, tmp_path)


def test_a_file_that_ends_within_a_record_is_an_error(tmp_path: Path) -> None:
    files, shard, path = _one_shard(tmp_path)
    whole = path.read_bytes()
    for end in (1, 8, 11, 12, 13, len(whole) // 2, len(whole) - 4, len(whole) - 1):
        path.write_bytes(whole[:end])
        _read_both_ways(files, shard, tmp_path)
        with files.reader(shard, tmp_path) as reader, pytest.raises(ValueError, match="is damaged"):
            len(reader)


def test_a_sample_of_another_output_is_an_error(tmp_path: Path) -> None:
    _, shard, _ = _one_shard(tmp_path)
    other = sd.Output(image=sd.Image(8, 8), metadata={"other": sd.Text()})
    with (
        TFRecord(other, Encoding()).reader(shard, tmp_path) as reader,
        pytest.raises(ValueError, match="'metadata/other' is a bytes_list is expected"),
    ):
        list(reader)


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    files, shard, path = _one_shard(tmp_path)
    path.unlink()
    with pytest.raises(FileNotFoundError):
        files.reader(shard, tmp_path)


def test_a_full_disk_is_an_os_error(tmp_path: Path) -> None:
    files, shard, path = _one_shard(tmp_path)
    with files.reader(shard, tmp_path) as reader:
        values = reader[0]
    path.unlink()
    path.symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"), files.writer(shard, tmp_path) as writer:
        writer.add(shard.key(0), values)


_AGAIN = """
import sys
from pathlib import Path
from synthdata.storage.encoding import Encoding
from synthdata.storage.formats.tfrecord import TFRecord
from tests.storage.driving import write
from tests.storage.formats.peculiar import OUTPUT, rows
write(TFRecord(OUTPUT, Encoding()), Path(sys.argv[1]), rows(5), shards=2)
assert "tensorflow" not in sys.modules
"""


def test_another_process_writes_the_same_bytes_without_tensorflow(tmp_path: Path) -> None:
    trees = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        subprocess.run([sys.executable, "-c", _AGAIN, str(folder)], check=True, timeout=100)
        trees.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert trees[0] == trees[1]
    assert len(trees[0]) == 2 + 2 + 2  # shards, files of TFDS, names of two features


@pytest.fixture(scope="module")
def tf() -> Any:
    return pytest.importorskip("tensorflow")


def test_tensorflow_writes_the_same_files(tf: Any, tmp_path: Path) -> None:
    given = rows(3)
    write(TFRecord(OUTPUT, Encoding()), tmp_path, given)
    ours = tmp_path / "train-00000-of-00001.tfrecord"
    theirs = tmp_path / "theirs"
    with tf.io.TFRecordWriter(str(theirs)) as writer:
        for record in tf.data.TFRecordDataset(str(ours)).as_numpy_iterator():
            example = tf.train.Example.FromString(record)
            writer.write(example.SerializeToString(deterministic=True))
    assert theirs.read_bytes() == ours.read_bytes()


def test_the_entries_are_what_a_parser_in_the_graph_needs(tf: Any) -> None:
    examples = Examples(OUTPUT, Encoding())
    given = rows(1)[0]
    payloads = [
        payload
        for each, value in zip(examples.packings, given, strict=True)
        for payload in each.pack(value)
    ]
    dtypes = {"bytes": tf.string, "float": tf.float32, "int64": tf.int64}
    spec = {
        entry.key: tf.io.FixedLenSequenceFeature([], dtypes[entry.kind], allow_missing=True)
        if entry.count is None
        else tf.io.FixedLenFeature([entry.count], dtypes[entry.kind])
        for entry in examples.entries
    }
    parsed = tf.io.parse_single_example(examples.pack(given), spec)
    for entry, payload in zip(examples.entries, payloads, strict=True):
        found = parsed[entry.key].numpy()
        if entry.kind == "float":
            assert found.tobytes() == payload
        else:
            assert found.tolist() == ([payload] if entry.kind == "bytes" else payload)
