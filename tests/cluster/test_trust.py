"""What a cluster is refused for, before the first sample."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import synthdata as sd
from synthdata.cluster import ray_errands
from synthdata.cluster.joining import imported_ray
from synthdata.storage.progress import Progress
from tests.cluster.nodes import Nodes, head
from tests.cluster.writing_script import write as write_shards
from tests.execution.generators import Counter, Dying
from tests.storage.trees import leftovers, tree


def write(target: Any, cluster: str, what: Any = "shapes-v1", **options: Any) -> Any:
    return sd.write(what, target, samples=4, cluster=cluster, **options)


@pytest.fixture
def other(cluster: Nodes, tmp_path: Path) -> Iterator[Callable[[], None]]:
    """Adds a node that has another Pillow, by its metadata."""
    dist_info = tmp_path / "other/pillow-99.0.dist-info"
    dist_info.mkdir(parents=True)
    (dist_info / "METADATA").write_text("Metadata-Version: 2.1\nName: pillow\nVersion: 99.0\n")
    path = os.pathsep.join([str(tmp_path / "other"), os.environ.get("PYTHONPATH", "")])
    nodes: list[Any] = []
    yield lambda: nodes.append(cluster.add(env_vars={"PYTHONPATH": path}))
    for node in nodes:
        cluster.remove(node)


def test_a_node_with_other_versions_is_named_with_them(
    cluster: Nodes, other: Callable[[], None], tmp_path: Path
) -> None:
    other()
    with pytest.raises(sd.ClusterError, match=r"node \S+ \(\w+\) has pillow 99.0, not \d"):
        write(tmp_path / "a", cluster.address)
    assert tree(tmp_path / "a") == {}
    assert leftovers(tmp_path / "a") == []


def test_a_node_with_other_versions_feeds_nobody(cluster: Nodes, other: Callable[[], None]) -> None:
    pytest.importorskip("tensorflow")
    other()
    with pytest.raises(sd.ClusterError, match=r"node \S+ \(\w+\) has pillow 99.0, not \d"):
        sd.build(Counter(), executor="ray", cluster=cluster.address)


def test_a_node_with_other_versions_that_joins_later_makes_no_shard(
    cluster: Nodes, other: Callable[[], None], tmp_path: Path
) -> None:
    joined: list[Progress] = []

    def join(progress: Progress) -> None:
        if progress.shards and not joined:
            other()
            joined.append(progress)

    with pytest.raises(sd.ClusterError, match=r"node \S+ has pillow 99.0, not \d"):
        write_shards(tmp_path / "a", cluster.address, join)


def test_a_node_whose_module_is_another_is_named_with_it(
    cluster: Nodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in (("here", ""), ("there", "# Changed, and not released.\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "of_one_version.py").write_text(
            "from tests.execution.generators import Counter\n\n\n"
            f"class Things(Counter):\n    pass\n{text}"
        )
    path = os.pathsep.join([str(tmp_path / "there"), os.environ.get("PYTHONPATH", "")])
    node = cluster.add(env_vars={"PYTHONPATH": path})
    try:
        monkeypatch.syspath_prepend(tmp_path / "here")
        things = importlib.import_module("of_one_version").Things()
        # The driver's own path comes first on nodes, so that it must not lead there.
        monkeypatch.undo()
        with pytest.raises(sd.ClusterError, match=r"has of_one_version of digest \w+, not of dig"):
            write(tmp_path / "a", cluster.address, things)
    finally:
        cluster.remove(node)


def test_a_folder_that_nodes_do_not_see_is_refused_with_what_to_use(
    cluster: Nodes, tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir()
    descriptor = os.open(tmp_path / "mine", os.O_RDONLY)
    try:
        # Of this path, each process sees another folder, or none.
        target = f"/proc/self/fd/{descriptor}/a"
        with pytest.raises(sd.TargetError, match=r"not all nodes .* s3://bucket/folder"):
            write(target, cluster.address)
    finally:
        os.close(descriptor)
    assert tree(tmp_path / "mine") == {}
    assert leftovers(tmp_path / "mine/a") == []


def test_a_target_of_this_process_alone_is_refused(cluster: Nodes) -> None:
    with pytest.raises(sd.TargetError, match="of this process alone"):
        write("memory://refused/a", cluster.address)


def test_a_cluster_without_a_cpu_is_an_error_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_errands, "PATIENCE", 1.0)
    with (
        head(0) as nodes,
        pytest.raises(sd.ClusterError, match="no node with a CPU for 1 s"),
    ):
        write(tmp_path / "a", nodes.address)


@pytest.fixture
def busy(cluster: Nodes) -> Iterator[None]:
    """Somebody else has all CPUs of the cluster."""
    ray = imported_ray()
    ray.init(address=cluster.address, log_to_driver=False)
    holder = ray.remote(num_cpus=1)(Counter).remote()
    ray.get(holder.__ray_ready__.remote())
    yield
    ray.shutdown()


@pytest.mark.usefixtures("busy")
def test_a_cluster_that_others_keep_busy_is_an_error_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_errands, "PATIENCE", 1.0)
    with pytest.raises(sd.ClusterError, match="no free CPU for 1 s"):
        write(tmp_path / "a", "auto")


@pytest.mark.usefixtures("busy")
def test_another_cluster_than_the_one_that_was_joined_is_refused(
    cluster: Nodes, tmp_path: Path
) -> None:
    with pytest.raises(sd.ClusterError, match=f"joined the Ray cluster {cluster.address} already"):
        write(tmp_path / "a", "local")


def test_no_cluster_is_an_error_that_says_how_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    with pytest.raises(sd.ClusterError, match="`ray start --head` starts one"):
        write(tmp_path / "a", "auto")
    with pytest.raises(sd.ClusterError, match="Ray's client is not supported"):
        write(tmp_path / "a", "ray://head:10001")


def test_without_ray_the_error_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)  # its import fails
    with pytest.raises(sd.ClusterError, match=r"pip install 'synthdata\[ray\]'"):
        write(tmp_path / "a", "local")


def test_params_that_json_does_not_hold_are_refused(tmp_path: Path) -> None:
    class Local(Counter):
        """It has no name by which a node could import it."""

    with pytest.raises(sd.ClusterError, match=r"Local.* cannot be sent to a cluster: .*module"):
        write(tmp_path / "a", "local", Local())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cluster": ""}, "cluster=''.*HOST:PORT"),
        ({"cluster": "local", "workers": 0}, "workers=0"),
    ],
    ids=["empty", "no workers"],
)
def test_options_that_cannot_be_are_refused(
    options: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(sd.BuildError, match=message):
        sd.write(Dying(), tmp_path / "a", samples=4, **options)
