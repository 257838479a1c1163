"""A cluster of two nodes writes the same bytes as one machine, whatever is killed."""

from __future__ import annotations

import logging
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

import synthdata as sd
from synthdata.storage.progress import Progress, Report
from tests.cluster.nodes import Nodes, kill_raylet, processes_of, raylet
from tests.cluster.writing_script import write
from tests.execution.generators import Dying
from tests.execution.processes import ROOT, all_gone, gone, until
from tests.storage.trees import leftovers, tree

SHARDS = 10


def test_a_node_that_is_killed_in_the_middle_changes_no_byte(
    cluster: Nodes,
    second: Any,
    expected: dict[str, str],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    target = tmp_path / "a"
    killed_at: list[Progress] = []

    def kill(progress: Progress) -> None:
        if not killed_at and progress.shards >= 3 and progress.samples > progress.shards * 4:
            kill_raylet(second)
            killed_at.append(progress)

    with caplog.at_level(logging.WARNING, logger="synthdata"):
        report = write(target, cluster.address, kill)

    assert killed_at[0].shards < SHARDS - 3
    assert gone(raylet(second))
    assert "was lost, its work is done again" in caplog.text
    assert report.made == SHARDS
    assert tree(target) == expected
    assert leftovers(target) == []
    assert write(target, cluster.address).made == 0


def test_one_shard_that_was_damaged_is_made_again_alone(
    cluster: Nodes, expected: dict[str, str], tmp_path: Path
) -> None:
    target = tmp_path / "a"
    write(target, None)
    shard = target / "train-00003-of-00008.tfrecord"
    data = bytearray(shard.read_bytes())
    data[100] ^= 1
    shard.write_bytes(data)
    times = {path: path.stat().st_mtime_ns for path in target.glob("*.tfrecord")}

    repaired = sd.repair(target, cluster=cluster.address)

    assert repaired.shards == (3,)
    assert tree(target) == expected
    changed = [path for path, time in times.items() if path.stat().st_mtime_ns != time]
    assert changed == [shard]


def test_a_sample_that_kills_each_process_is_named_and_fails_alone(
    cluster: Nodes, second: Any, tmp_path: Path
) -> None:
    def poisoned(target: Path, **options: Any) -> Report:
        dying = Dying(at=7, way="kill")
        options = {"samples": 12, "samples_per_shard": 2, "format": "npz", **options}
        return sd.write(dying, target, cluster=cluster.address, **options)

    with pytest.raises(sd.WorkerDiedError, match=r"sample 7 .*3 times of 3"):
        poisoned(tmp_path / "a")
    report = poisoned(tmp_path / "b", on_error="skip", ledger=tmp_path / "ledger.jsonl")
    assert (report.samples, report.left_out) == ({"train": 11}, 1)
    [line] = (tmp_path / "ledger.jsonl").read_text().splitlines()
    assert '"index": 7' in line
    assert "WorkerDiedError" in line


def test_a_sample_that_hangs_meets_the_timeout(cluster: Nodes, tmp_path: Path) -> None:
    with pytest.raises(sd.SampleTimeoutError, match=r"sample 1 .*timeout=0.5"):
        sd.write(
            Dying(at=1, way="hang"),
            tmp_path / "a",
            samples=4,
            samples_per_shard=2,
            timeout=0.5,
            cluster=cluster.address,
        )


def test_an_exception_of_a_generator_ends_the_write_and_the_rest_goes_on_from_there(
    cluster: Nodes, tmp_path: Path
) -> None:
    target = tmp_path / "a"
    with pytest.raises(sd.GeneratorFailedError, match=r"sample 5 ") as failure:
        sd.write(
            Dying(at=5, way="raise"),
            target,
            samples=6,
            samples_per_shard=2,
            workers=1,
            cluster=cluster.address,
        )
    assert "misbehave" in "".join(failure.value.__notes__)
    assert len(list((target / ".synthdata/shards").iterdir())) == 2


def test_a_second_driver_of_the_same_target_is_refused(
    cluster: Nodes, expected: dict[str, str], tmp_path: Path
) -> None:
    target = tmp_path / "a"
    command = [sys.executable, "-m", "synthdata", "write", "shapes-v1", str(target), "-n", "4"]
    command += ["--cluster", cluster.address]
    refused: list[subprocess.CompletedProcess[str]] = []

    def try_too(progress: Progress) -> None:
        if not refused and progress.shards:
            refused.append(
                subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
            )

    write(target, cluster.address, try_too)
    assert refused[0].returncode == 2
    assert "is being written by process" in refused[0].stderr
    assert tree(target) == expected


def test_no_process_outlives_a_ray_of_this_process_s_own(
    expected: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(tempfile.mkdtemp(prefix="sdr-", dir="/tmp"))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    seen: list[int] = []
    write(tmp_path / "a", "local", lambda progress: seen.extend(processes_of(folder)))
    assert tree(tmp_path / "a") == expected
    assert seen
    until(lambda: all_gone(seen), 10, "no process is left")
    assert list(folder.iterdir()) == []
    folder.rmdir()
