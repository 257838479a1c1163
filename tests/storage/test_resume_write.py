"""Promise P6: a write that is killed, at any moment, goes on and ends in the same bytes."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import synthdata as sd
from synthdata.storage.progress import Report
from tests.execution.generators import Dying
from tests.execution.processes import ROOT, all_gone, children, until
from tests.storage.slow_pictures import SlowPictures
from tests.storage.trees import FORMATS, leftovers, tree

SHARDS = 10
SPLITS = {"train": 24, "test": 6}


def start(name: str, target: Path, workers: int, seconds: float) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.storage.writing_script", name, str(target)]
    environment = {**os.environ, "SYNTHDATA_TEST_SECONDS": str(seconds)}
    return subprocess.Popen(
        [*command, str(workers)], cwd=ROOT, env=environment, stderr=subprocess.DEVNULL
    )


def workers_of(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [int(child) for child in text.split()]


def finish(name: str, target: Path, workers: int = 0) -> Report:
    return sd.write(
        SlowPictures(seconds=0.01),
        target,
        format=name,
        splits=SPLITS,
        seed=7,
        samples_per_shard=3,
        workers=workers,
    )


def unbroken(name: str, folder: Path) -> dict[str, str]:
    finish(name, folder / "whole/a")
    return tree(folder / "whole/a")


def nothing_is_half_visible(target: Path, expected: dict[str, str]) -> None:
    """Whatever stands under its final name is what it will be in the end."""
    for path, digest in tree(target).items():
        assert expected.get(path) == digest, path


def kill_once(name: str, target: Path, chance: random.Random, expected: dict[str, str]) -> bool:
    """Kill the parent or a worker at a random moment of a write; tell whether it was in time."""
    parent = start(name, target, 2, 0.02)
    records = target / ".synthdata/shards"
    ready = lambda: records.is_dir() or parent.poll() is not None  # noqa: E731
    until(ready, 120, "the first shard is there")
    time.sleep(chance.random() * 0.5)
    pids = workers_of(parent.pid)
    kills_parent = chance.random() < 0.5
    victim = parent.pid if kills_parent or not pids else chance.choice(pids)
    in_time = parent.poll() is None and not (target / "manifest.json").exists()
    if in_time:
        try:
            os.kill(victim, signal.SIGKILL)
        except ProcessLookupError:
            in_time = False
    if victim == parent.pid:
        parent.wait()
        until(lambda: all_gone(pids), 5, "no worker outlives its parent")
    else:
        assert parent.wait(120) == 0  # a worker is replaced
    nothing_is_half_visible(target, expected)
    return in_time


def rounds(name: str, folder: Path, count: int, seed: int) -> int:
    """Kill writes in turn; return how many of them were still at work."""
    expected = unbroken(name, folder)
    chance = random.Random(seed)
    hits = 0
    for number in range(count):
        target = folder / f"{number}/a"
        hits += kill_once(name, target, chance, expected)
        finish(name, target)
        assert tree(target) == expected
        assert leftovers(target) == []
    return hits


@pytest.mark.parametrize("name", ["tfrecord", "coco"])
def test_a_write_that_was_killed_ends_in_the_same_bytes(name: str, tmp_path: Path) -> None:
    assert rounds(name, tmp_path, 3, seed=len(name)) >= 1


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_fifty_kills_of_each_format_change_no_byte(name: str, tmp_path: Path) -> None:
    hits = rounds(name, tmp_path, 50, seed=len(name))
    print(f"{name}: {hits} of 50 kills came while it was at work")
    assert hits >= 30


def test_a_second_run_makes_only_the_shards_that_are_missing(tmp_path: Path) -> None:
    target = tmp_path / "a"
    parent = start("npz", target, 0, 0.2)
    records = target / ".synthdata/shards"
    until(lambda: records.is_dir() and len(list(records.iterdir())) >= 2, 120, "two shards")
    parent.kill()
    parent.wait()
    done = len(list(records.iterdir()))
    assert 2 <= done < SHARDS
    report = finish("npz", target)
    assert report.made == SHARDS - done
    assert tree(target) == unbroken("npz", tmp_path)


@pytest.mark.parametrize("damage", ["gone", "short"])
def test_a_recorded_shard_whose_file_is_damaged_is_made_again(damage: str, tmp_path: Path) -> None:
    target = tmp_path / "a"
    parent = start("tfrecord", target, 0, 0.2)
    shard = target / "train-00001-of-00008.tfrecord"
    records = target / ".synthdata/shards"
    until(lambda: records.is_dir() and len(list(records.iterdir())) >= 2, 120, "two shards")
    parent.kill()
    parent.wait()
    if damage == "gone":
        shard.unlink()
    else:
        shard.write_bytes(shard.read_bytes()[:-1])
    finish("tfrecord", target)
    assert tree(target) == unbroken("tfrecord", tmp_path)


def test_a_damaged_record_is_an_error_that_names_it(tmp_path: Path) -> None:
    target = tmp_path / "a"
    with pytest.raises(sd.SampleError):
        sd.write(Dying(at=5, way="raise"), target, samples=9, samples_per_shard=3, workers=0)
    record = next((target / ".synthdata/shards").iterdir())
    record.write_text('{"split": "train"')
    with pytest.raises(sd.TargetError, match=rf"{record.name} is damaged"):
        sd.write(Dying(at=5, way="raise"), target, samples=9, samples_per_shard=3, workers=0)


def test_a_second_writer_is_refused_while_the_first_goes_on(tmp_path: Path) -> None:
    target = tmp_path / "a"
    parent = start("npz", target, 0, 0.1)
    until((target / ".synthdata/plan.json").exists, 120, "it has begun")
    with pytest.raises(sd.TargetError, match=f"is being written by process {parent.pid}"):
        finish("npz", target)
    assert parent.wait(120) == 0
    assert tree(target) == unbroken("npz", tmp_path)


def test_ctrl_c_leaves_no_worker_and_what_can_be_gone_on_with(tmp_path: Path) -> None:
    target = tmp_path / "a"
    parent = start("npz", target, 2, 0.2)
    records = target / ".synthdata/shards"
    until(lambda: records.is_dir() and list(records.iterdir()) != [], 120, "a shard")
    pids = workers_of(parent.pid)
    began = time.monotonic()
    parent.send_signal(signal.SIGINT)
    assert parent.wait(30) != 0
    assert time.monotonic() - began < 10
    until(lambda: all_gone(pids), 5, "no worker is left")
    finish("npz", target)
    assert tree(target) == unbroken("npz", tmp_path)


@pytest.mark.parametrize("way", ["exit", "segfault", "kill"])
def test_a_worker_that_dies_is_replaced_and_no_byte_changes(way: str, tmp_path: Path) -> None:
    def run(target: Path, once: Path) -> None:
        dying = Dying(at=4, way=way, once=once)
        sd.write(dying, target, samples=9, samples_per_shard=3, workers=2, format="npz")

    (tmp_path / "died").touch()  # never dies
    run(tmp_path / "1/a", tmp_path / "died")
    (tmp_path / "died").unlink()
    run(tmp_path / "2/a", tmp_path / "died")
    assert tree(tmp_path / "1/a") == tree(tmp_path / "2/a")
    assert leftovers(tmp_path / "2/a") == []
    assert children() == set()


def test_a_sample_that_kills_each_worker_is_named(tmp_path: Path) -> None:
    with pytest.raises(sd.WorkerDiedError, match=r"sample 4 .*3 times of 3"):
        sd.write(Dying(at=4, way="kill"), tmp_path / "a", samples=9, workers=2, format="npz")
    report = sd.write(
        Dying(at=4, way="kill"), tmp_path / "b", samples=9, workers=2, on_error="skip", format="npz"
    )
    assert report.samples == {"train": 8}
    plan = json.loads((tmp_path / "b/manifest.json").read_text())["shards"][0]
    assert plan["left_out"] == [4]
    assert {failure["error"] for failure in plan["failures"]} == {"WorkerDiedError"}


def test_a_sample_that_hangs_meets_the_timeout(tmp_path: Path) -> None:
    hanging = Dying(at=4, way="hang")
    with pytest.raises(sd.SampleTimeoutError, match=r"sample 4 .*timeout=1"):
        sd.write(
            hanging,
            tmp_path / "a",
            samples=9,
            workers=1,
            timeout=1.0,
            format="npz",
            samples_per_shard=9,
        )
