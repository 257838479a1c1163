"""Verify finds what differs, and repair makes that again and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import synthdata as sd
from tests.execution.generators import Failing
from tests.storage.trees import leftovers, recipe, tree


@pytest.fixture
def target(tmp_path: Path) -> Path:
    sd.write(recipe(), tmp_path / "a", samples_per_shard=4, workers=0)
    return tmp_path / "a"


def flip(path: Path, place: int = 60) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


def test_a_data_set_that_is_whole_is_true_at_each_level(target: Path) -> None:
    for level, remade in (("fast", 0), ("full", 0), ("deep", 20)):
        report = sd.verify(target, level)  # type: ignore[arg-type]
        assert report
        assert (report.remade, report.problems) == (remade, ())
        assert report.files == len(tree(target)) - 1  # the manifest cannot hold its own checksum
        assert "is whole" in str(report)


def test_a_flipped_bit_is_found_by_checksums_and_not_by_sizes(target: Path) -> None:
    flip(target / "train-00001-of-00004.tfrecord")
    assert sd.verify(target, "fast")
    report = sd.verify(target)
    assert not report
    [problem] = report.problems
    assert (problem.path, problem.fault, problem.shard) == (
        *("train-00001-of-00004.tfrecord", "content", 1),
    )


@pytest.mark.parametrize("path", ["train-00002-of-00004.tfrecord", "features.json", "README.md"])
def test_any_file_that_is_missing_or_short_is_found_by_sizes(path: str, target: Path) -> None:
    data = (target / path).read_bytes()
    (target / path).write_bytes(data[:-1])
    [problem] = sd.verify(target, "fast").problems
    assert (problem.path, problem.fault) == (path, "size")
    assert f"{len(data) - 1} bytes, and {len(data)} were written" in str(problem)
    (target / path).unlink()
    assert [one.fault for one in sd.verify(target, "fast").problems] == ["missing"]


def test_samples_of_another_seed_are_found_by_making_them_again(
    target: Path, tmp_path: Path
) -> None:
    sd.write(recipe(seed=8), tmp_path / "b/a", samples_per_shard=4, workers=0)
    told = json.loads((tmp_path / "b/a/manifest.json").read_text())
    told["plan"] = json.loads((target / "manifest.json").read_text())["plan"]
    (tmp_path / "b/a/manifest.json").write_text(json.dumps(told))
    assert sd.verify(tmp_path / "b/a")
    report = sd.verify(tmp_path / "b/a", "deep")
    assert {problem.fault for problem in report.problems} == {"sample"}
    assert "place 3 of test: image is not what" in str(report)


def test_only_the_bad_shards_and_files_are_made_again(target: Path) -> None:
    before = tree(target)
    flip(target / "train-00001-of-00004.tfrecord")
    (target / "test-00000-of-00001.tfrecord").unlink()
    flip(target / "README.md")
    times = {path: path.stat().st_mtime_ns for path in target.glob("train-*")}
    done = sd.repair(target, workers=0)
    assert (done.shards, done.files) == ((1, 4), ("README.md",))
    assert not done.found
    assert tree(target) == before
    assert leftovers(target) == []
    changed = [path for path, time in times.items() if path.stat().st_mtime_ns != time]
    assert [path.name for path in changed] == ["train-00001-of-00004.tfrecord"]


def test_nothing_is_done_to_what_is_whole(target: Path) -> None:
    times = {path: path.stat().st_mtime_ns for path in target.glob("*.*")}
    assert sd.repair(target).shards == ()
    assert times == {path: path.stat().st_mtime_ns for path in target.glob("*.*")}


def test_write_makes_again_what_is_missing_of_a_whole_data_set(target: Path) -> None:
    before = tree(target)
    (target / "train-00003-of-00004.tfrecord").unlink()
    (target / "recipe.yaml").unlink()
    report = sd.write(recipe(), target, samples_per_shard=4, workers=0)
    assert report.made == 1
    assert tree(target) == before


def test_a_shard_that_comes_out_otherwise_is_an_error(tmp_path: Path) -> None:
    options: dict[str, Any] = {"samples": 9, "samples_per_shard": 3, "on_error": "skip"}
    target = tmp_path / "a"
    sd.write(Failing(every=5), target, workers=0, **options)
    told = json.loads((target / "manifest.json").read_text())
    told["plan"]["origin"]["params"]["every"] = 4
    (target / "manifest.json").write_text(json.dumps(told))
    (target / "train-00002-of-00003.tfrecord").unlink()
    with pytest.raises(sd.TargetError, match="shard 2 of train was made again, and is not what it"):
        sd.repair(target, workers=0)


@pytest.mark.parametrize("text", ["", "{}", "[1]", "\x00", '{"plan": 3}'])
def test_a_damaged_manifest_is_an_error_that_says_so(text: str, target: Path) -> None:
    (target / "manifest.json").write_text(text)
    for use in (sd.verify, sd.stored, sd.repair):
        with pytest.raises(sd.TargetError, match=r"manifest.json is damaged"):
            use(target)


def test_a_folder_without_a_data_set_is_an_error(tmp_path: Path) -> None:
    for use in (sd.verify, sd.stored):
        with pytest.raises(sd.TargetError, match="holds no data set of synthdata"):
            use(tmp_path)
    with pytest.raises(sd.TargetError, match="nowhere"):
        sd.verify(tmp_path / "nowhere")
    with pytest.raises(sd.BuildError, match="level='most': expected 'fast' or 'full' or 'deep'"):
        sd.verify(tmp_path, "most")  # type: ignore[arg-type]


def test_of_images_with_loss_deep_compares_the_rest(tmp_path: Path) -> None:
    sd.write(recipe(), tmp_path / "a", encoding="jpeg", workers=0)
    report = sd.verify(tmp_path / "a", "deep")
    assert report
    assert report.remade == 20
