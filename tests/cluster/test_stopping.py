"""Promise P4 on a cluster: whoever asks may be stopped or killed at any moment."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.nodes import Nodes, crews, processes_of
from tests.cluster.writing_script import write
from tests.execution.processes import ROOT, all_gone, until
from tests.storage.trees import leftovers, tree


def start(target: Path, cluster: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.cluster.writing_script", str(target), cluster]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    records = target / ".synthdata/shards"
    until(lambda: records.is_dir() and list(records.iterdir()) != [], 60, "a shard")
    return process


@pytest.mark.parametrize("way", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "kill"])
def test_a_driver_that_is_stopped_leaves_no_worker_and_is_gone_on_with(
    way: signal.Signals, cluster: Nodes, expected: dict[str, str], tmp_path: Path
) -> None:
    target = tmp_path / "a"
    driver = start(target, cluster.address)
    pids = crews(cluster.folder)
    assert pids
    driver.send_signal(way)
    assert driver.wait(60) != 0
    until(lambda: all_gone(pids), 30, "no worker outlives the driver")
    assert not (target / "manifest.json").exists()
    write(target, None)
    assert tree(target) == expected
    assert leftovers(target) == []


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of temporary files with a path short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="sdr-", dir="/tmp") as name:
        monkeypatch.setenv("TMPDIR", name)
        yield Path(name)


def test_a_ray_of_its_own_does_not_outlive_a_driver_that_is_killed(
    folder: Path, tmp_path: Path
) -> None:
    driver = start(tmp_path / "a", "local")
    pids = processes_of(folder)
    assert pids
    driver.kill()
    driver.wait()
    until(lambda: all_gone(pids), 30, "no process of Ray is left")
