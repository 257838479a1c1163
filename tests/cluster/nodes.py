"""A Ray cluster of real nodes on this machine, and what is left of it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from synthdata.cluster.joining import imported_ray
from tests.execution.processes import gone, until

FAST = {
    "health_check_initial_delay_ms": 500,
    "health_check_period_ms": 500,
    "health_check_failure_threshold": 3,
}
"""So that the loss of a node is noticed in two seconds, not in twenty."""


class Nodes:
    """Two nodes of one CPU each, the first of which is the head.

    Args:
        cluster: of ``ray.cluster_utils``.
        folder: of all its files.
    """

    def __init__(self, cluster: Any, folder: Path) -> None:
        self._cluster, self.folder = cluster, folder

    @property
    def address(self) -> str:
        """HOST:PORT."""
        return str(self._cluster.address)

    def add(self, **options: Any) -> Any:
        """Add a node of one CPU, and wait for it."""
        return self._cluster.add_node(num_cpus=1, **options)

    def remove(self, node: Any) -> None:
        """End a node and all of its processes."""
        self._cluster.remove_node(node, allow_graceful=False)


def raylet(node: Any) -> int:
    """The pid of the process that is a node."""
    return int(node.all_processes["raylet"][0].process.pid)


def kill_raylet(node: Any) -> None:
    """Kill a node, as the loss of its machine would; what it has started ends once it is gone."""
    process = node.all_processes["raylet"][0].process
    process.kill()
    process.wait(10)


def processes_of(folder: Path) -> list[int]:
    """The pids of all processes whose command line names a folder."""
    pids = [int(path.name) for path in Path("/proc").glob("[0-9]*")]
    return [pid for pid in pids if str(folder).encode() in _read(pid, "cmdline") and not gone(pid)]


def of_nodes(pids: Iterable[int], folder: Path) -> list[int]:
    """Those of some processes that are tasks and actors of the nodes of a cluster."""
    return [
        pid
        for pid in pids
        if b"ray::" in _read(pid, "cmdline") and str(folder).encode() in _read(pid, "environ")
    ]


def crews(folder: Path) -> dict[int, int]:
    """The worker processes of the nodes of a cluster: for the pid of each that of its parent."""
    found = {}
    for pid in processes_of(Path("synthdata.execution.worker")):
        parent = _read(pid, "status").partition(b"PPid:\t")[2].partition(b"\n")[0]
        if parent and of_nodes([int(parent)], folder):
            found[pid] = int(parent)
    return found


def _read(pid: int, name: str) -> bytes:
    """A file of a process; nothing of one that has ended."""
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


@contextmanager
def head(cpus: int) -> Iterator[Nodes]:
    """A cluster of a head alone; nothing is left of it afterwards."""
    imported_ray()
    from ray.cluster_utils import Cluster

    # The path of a socket has 107 bytes at the most, so it is no tmp_path.
    folder = Path(tempfile.mkdtemp(prefix="sdr-", dir="/tmp"))
    options = {"num_cpus": cpus, "include_dashboard": False}
    before = os.environ.get("RAY_TMPDIR")
    os.environ["RAY_TMPDIR"] = str(folder)  # of all files, and of the address for "auto"
    cluster: Any = Cluster(initialize_head=True, head_node_args={**options, "_system_config": FAST})
    try:
        yield Nodes(cluster, folder)
    finally:
        cluster.shutdown()
        until(lambda: not processes_of(folder), 30, "no process of the cluster is left")
        shutil.rmtree(folder)
        if before is None:
            del os.environ["RAY_TMPDIR"]
        else:
            os.environ["RAY_TMPDIR"] = before
