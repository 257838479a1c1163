"""What every target promises, wherever it lies: a folder, memory, an S3 server."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import pickle
import uuid
from pathlib import Path

import pytest
from upath import UPath

from synthdata.errors import TargetError
from synthdata.storage.targets.target import FileInfo, Target, target_of
from tests.storage.targets import s3


@pytest.fixture(params=["folder", "memory", "s3"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Target:
    if request.param == "folder":
        return target_of(tmp_path / "deep" / "data")
    if request.param == "memory":
        return target_of(f"memory://{uuid.uuid4()}/deep/data")
    port = request.getfixturevalue("port")
    return target_of(f"s3://bucket/{uuid.uuid4()}/deep/data", s3.options(port))


def stage(folder: Path, files: dict[str, bytes]) -> None:
    for path, data in files.items():
        there = folder / path
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_bytes(data)


def publish(target: Target, files: dict[str, bytes]) -> list[FileInfo]:
    with target.staging() as folder:
        stage(folder, files)
        return target.publish(folder)


def contents(target: Target) -> dict[str, bytes]:
    return {path: target.read(path) for path in target.paths()}


FILES = {
    "b.bin": os.urandom(70_000),
    "train/a-00000-of-00002/1.png": b"one",
    "train/a-00000-of-00002/2.png": b"",
    "train/labels/a.txt": "schön, 中".encode(),
}


def test_what_is_published_is_there_and_is_told_with_its_hash(target: Target) -> None:
    target.prepare()
    infos = publish(target, FILES)
    expected = [
        FileInfo(path, len(data), hashlib.sha256(data).hexdigest())
        for path, data in sorted(FILES.items())
    ]
    assert infos == expected
    assert contents(target) == FILES
    assert [target.size(path) for path in FILES] == [len(data) for data in FILES.values()]
    assert [target.sha256(info.path) for info in infos] == [info.sha256 for info in infos]


def test_folders_that_shards_share_are_merged_and_files_replaced(target: Target) -> None:
    target.prepare()
    publish(target, {"train/x.txt": b"old", "train/labels/x.txt": b"x", "all.txt": b"old"})
    new = {"train/y.txt": b"y", "train/labels/y.txt": b"y", "all.txt": b"new"}
    publish(target, new)
    assert contents(target) == {"train/x.txt": b"old", "train/labels/x.txt": b"x", **new}


def test_a_small_file_takes_the_place_of_an_older_one(target: Target) -> None:
    target.prepare()
    target.write("deep/er/manifest.json", b"{}")
    target.write("deep/er/manifest.json", b'{"a": 1}')
    assert contents(target) == {"deep/er/manifest.json": b'{"a": 1}'}


def test_paths_are_sorted_and_chosen_by_what_they_begin_with(target: Target) -> None:
    target.prepare()
    names = ["train/b", "train/a/1", "train-x", "z", ".synthdata/records/1"]
    for name in names:
        target.write(name, b"")
    assert target.paths() == ["train-x", "train/a/1", "train/b", "z"]
    assert target.paths("train") == ["train-x", "train/a/1", "train/b"]
    assert target.paths("train/") == ["train/a/1", "train/b"]
    assert target.paths("train/a") == ["train/a/1"]
    assert target.paths("nothing/") == []
    assert target.paths(".synthdata/records/") == [".synthdata/records/1"]


def test_a_target_that_nobody_wrote_has_no_paths(target: Target) -> None:
    assert target.paths() == []


@pytest.mark.parametrize("count", [2, 50])  # a few are asked for, many are listed
def test_the_sizes_of_those_files_that_are_there_are_told(target: Target, count: int) -> None:
    target.prepare()
    there = {f"train/{number:05d}": b"x" * number for number in range(count)}
    publish(target, {**there, "z": b"zz"})
    asked = [*there, "train/missing", "missing"]
    assert target.sizes(asked) == {path: len(data) for path, data in there.items()}
    assert target.sizes([]) == {}


def test_small_files_are_read_in_their_order_and_missing_ones_are_none(target: Target) -> None:
    target.prepare()
    data = {f"records/{number:05d}": b"%d" % number for number in range(100)}
    publish(target, data)
    asked = [*reversed(data), "records/missing"]
    assert list(target.read_each(asked)) == [*reversed(data.values()), None]
    some = target.read_each(asked)
    assert next(some) == b"99"
    del some  # whoever has enough need not take the rest


def test_a_missing_file_is_told_apart_from_trouble(target: Target) -> None:
    target.prepare()
    target.write("folder/file", b"")
    for path in ("missing", "missing/too"):
        assert target.size(path) is None
        for ask in (target.open, target.read, target.sha256):
            with pytest.raises(FileNotFoundError):
                ask(path)
        with pytest.raises(FileNotFoundError), target.local(path):
            pass
        with pytest.raises(FileNotFoundError), target.fetch(["folder/file", path]):
            pass
    assert target.size("folder") is None


def test_what_is_removed_is_gone_and_may_have_been_gone_before(target: Target) -> None:
    target.prepare()
    publish(target, FILES)
    target.remove(["b.bin", "train/a-00000-of-00002/1.png", "missing", "missing/too"])
    assert target.paths() == ["train/a-00000-of-00002/2.png", "train/labels/a.txt"]
    target.remove(target.paths())
    assert target.paths() == []


def test_local_paths_hold_the_files_under_their_names(target: Target) -> None:
    target.prepare()
    publish(target, FILES)
    with target.local("b.bin") as path:
        assert (path.name, path.read_bytes()) == ("b.bin", FILES["b.bin"])
    with target.fetch(FILES) as folder:
        assert {path: (folder / path).read_bytes() for path in FILES} == FILES


def test_an_open_file_is_read_in_pieces_and_from_any_place(target: Target) -> None:
    target.prepare()
    data = os.urandom(3_000_000)
    target.write("big", data)
    with target.open("big") as file:
        assert file.read(10) == data[:10]
        assert file.seek(-1_000_000, io.SEEK_END) == 2_000_000
        assert file.read() == data[2_000_000:]
        file.seek(5)
        assert file.read(1_500_000) == data[5:1_500_005]


def test_staging_leaves_nothing_whatever_happens(target: Target) -> None:
    target.prepare()
    with contextlib.suppress(KeyError), target.staging() as folder:
        stage(folder, FILES)
        raise KeyError
    assert not folder.exists()
    assert target.paths() == []


def test_another_process_gets_the_same_target(target: Target) -> None:
    target.prepare()
    target.write("a", b"a")
    copy = pickle.loads(pickle.dumps(target))
    assert copy.read("a") == b"a"
    assert (str(copy), copy.name, copy.parent_name) == (str(target), "data", "deep")


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../x", "", "a//b", "./a", "a/"])
def test_no_path_leads_out_of_the_target(target: Target, path: str) -> None:
    with pytest.raises(TargetError, match="not the path of a file within the data set"):
        target.read(path)
    with pytest.raises(TargetError, match="within the data set"):
        target.write(path, b"")


def test_only_one_writer_has_the_lock(target: Target) -> None:
    target.prepare()
    with target.lock():
        with (
            pytest.raises(TargetError, match=f"is being written by process {os.getpid()} on "),
            target.lock(),
        ):
            pass
        with pytest.raises(TargetError), target.lock():
            pass
    with target.lock():
        pass
    with pytest.raises(KeyError), target.lock():
        raise KeyError
    with target.lock():
        pass
    assert target.paths() == []


def test_paths_and_urls_mean_their_targets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a b").mkdir()
    target_of("a b").write("x", b"1")
    (tmp_path / "elsewhere").mkdir()
    relative = target_of("a b")
    monkeypatch.chdir(tmp_path / "elsewhere")
    again = [target_of(tmp_path / "a b"), target_of((tmp_path / "a b").as_uri()), relative]
    again += [target_of(UPath(tmp_path / "a b"))]
    assert [target.read("x") for target in again] == [b"1"] * 4
    assert str(relative) == "a b"

    url = f"memory://{uuid.uuid4()}/1.0.0"
    target_of(url).write("x", b"2")
    assert target_of(UPath(url)).read("x") == b"2"
    assert target_of(url + "/").read("x") == b"2"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "expected a folder or a URL"),
        ("s4://bucket/x", "Protocol not known: s4.*expected a path, or a URL such as s3://bucket"),
        ("s3://", "expected a bucket"),
        ("simplecache::s3://bucket/x", "not a chain"),
        ("file://server/x", "three slashes"),
        ("oss://bucket/x", "oss:// needs ossfs, which is not installed: pip install ossfs"),
        ("sftp://host/x", "sftp:// needs .*paramiko"),
    ],
)
def test_a_url_that_cannot_be_is_refused_with_what_to_do(url: str, words: str) -> None:
    with pytest.raises(TargetError, match=words):
        target_of(url)


def test_options_that_a_store_does_not_know_are_refused_without_their_values() -> None:
    with pytest.raises(TargetError, match="storage options") as caught:
        target_of("zip://x/y", {"fo": "/missing-secret-place", "password": "hunter2"})
    assert "hunter2" not in str(caught.value)
