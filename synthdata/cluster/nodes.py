"""Ask each node of a cluster, before the first sample, whether it can do a job as this machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from synthdata.cluster.node import look, reach
from synthdata.cluster.travel import Travels
from synthdata.cluster.versions import Needs, version_differences, versions
from synthdata.errors import ClusterError, TargetError

PAUSE: Final = 0.5
"""Seconds between two looks at a cluster that has no CPU yet."""

ANSWER_PATIENCE: Final = 180.0
"""Seconds that nodes have to answer, which may have to start a process for it."""


def ask_versions(ray: Any, needs: Needs, patience: float) -> None:
    """Ask all nodes that have a CPU what is installed there.

    Args:
        ray: the module.
        needs: what decides the bytes of a job's samples.
        patience: seconds for which the cluster may have no CPU.

    Raises:
        ClusterError: if there is no node, or one differs from this machine; names each of them.
    """
    _wait_for_cpus(ray, patience)
    ours = versions(needs)
    differing = []
    for node, theirs in _answers(ray, look, needs):
        if isinstance(theirs, str):
            differing.append(f"{node} cannot say what it has: {theirs}")
        elif found := version_differences(ours, theirs):
            differing.append(f"{node} has {', '.join(found)}")
    if differing:
        raise ClusterError(
            f"the nodes of the cluster are not as this machine: {'; '.join(differing)}; install "
            "the same versions everywhere, or samples would not be the same bytes"
        )


def ask_target(ray: Any, job: Travels, sent: bytes) -> None:
    """Ask all nodes that have a CPU whether they can write the target of a job.

    Args:
        ray: the module.
        job: what is to be done.
        sent: it, as it travels, pickled.

    Raises:
        TargetError: if a node cannot share the target; names each of them.
    """
    with job.marked() as mark:
        answers = _answers(ray, reach, sent, mark)
        if blind := [f"{node} {answer}" for node, answer in answers if answer]:
            raise TargetError(
                f"{job.where}: not all nodes of the cluster share it: {'; '.join(blind)}; name a "
                "folder that all nodes have mounted, or a URL such as s3://bucket/folder",
                target=job.where,
            )


def cpus(ray: Any) -> int:
    """Return how many CPUs a cluster has."""
    return int(ray.cluster_resources().get("CPU", 0))


def _wait_for_cpus(ray: Any, patience: float) -> None:
    end = time.monotonic() + patience
    while not cpus(ray):
        if time.monotonic() > end:
            raise ClusterError(
                f"the cluster has had no node with a CPU for {patience:.0f} s; add one by "
                "`ray start --address=HOST:PORT` on it, and see `ray status`"
            )
        time.sleep(PAUSE)


def _answers(ray: Any, function: Callable[..., Any], *args: Any) -> list[tuple[str, Any]]:
    """Return what a function returns on each node, or an error's text, by the node's name."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    asked = {}
    for node in _nodes(ray):
        strategy = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
        # It takes no CPU, so that a node that others keep busy answers too.
        remote = ray.remote(num_cpus=0, max_retries=1, scheduling_strategy=strategy)(function)
        asked[node["NodeID"]] = (_name(node), remote.remote(*args))
    refs = [ref for _, ref in asked.values()]
    ray.wait(refs, num_returns=len(refs), timeout=ANSWER_PATIENCE)
    answers = [(id, name, _answer(ray, ref)) for id, (name, ref) in asked.items()]
    living = {node["NodeID"] for node in _nodes(ray)}
    return [(name, answer) for id, name, answer in answers if id in living]


def _answer(ray: Any, ref: Any) -> Any:
    try:
        return ray.get(ref, timeout=0)
    except ray.exceptions.GetTimeoutError:
        return f"no answer within {ANSWER_PATIENCE:.0f} s"
    except ray.exceptions.RayError as error:
        return str(error).strip().rpartition("\n")[2]


def _nodes(ray: Any) -> list[dict[str, Any]]:
    return [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]


def _name(node: dict[str, Any]) -> str:
    return f"node {node['NodeManagerHostname']} ({node['NodeID'][:8]})"
