"""Data sets that are fed by a cluster, and who feeds them, end; and what is refused before."""

from __future__ import annotations

import gc
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import synthdata as sd
from synthdata.cluster import feeding
from synthdata.cluster.joining import imported_ray
from synthdata.cluster.sharing import Sites
from synthdata.execution.supply import useful_slots
from synthdata.order import Order
from synthdata.plan import Plan
from synthdata.running import ATTRIBUTE
from tests.cluster.feeding import build, feeders
from tests.cluster.nodes import Nodes, crews, kill_raylet, processes_of
from tests.execution.consuming import labels
from tests.execution.generators import Counter, Slow
from tests.execution.processes import ROOT, all_gone, until

tf = pytest.importorskip("tensorflow")


@pytest.mark.usefixtures("second")
def test_no_actor_outlives_its_data_sets_and_the_cluster_is_left_by_the_last(
    cluster: Nodes,
) -> None:
    training = build(Slow(), cluster.address)
    validation = build(Counter(), cluster.address, workers=1)
    assert labels(training) == list(range(40))
    actors, workers = feeders(cluster.folder), crews(cluster.folder)
    assert len(actors) == 2
    assert len(workers) == 3
    del training
    until(lambda: len(feeders(cluster.folder)) == 1, 10, "one has no data set any more")
    assert labels(validation) == list(range(40))
    del validation
    until(lambda: all_gone([*actors, *workers]), 10, "actors and workers are gone")
    until(lambda: not imported_ray().is_initialized(), 10, "the cluster is left")


def test_a_cluster_that_was_joined_by_others_is_left_to_them(cluster: Nodes) -> None:
    ray = imported_ray()
    ray.init(address=cluster.address, log_to_driver=False)
    try:
        assert labels(sd.build(Counter(), executor="ray", samples=4)) == [0, 1, 2, 3]
        until(lambda: not feeders(cluster.folder), 10, "the actor is gone")
        assert ray.is_initialized()
    finally:
        ray.shutdown()


def test_a_cluster_that_was_left_by_others_feeds_nobody_any_more(cluster: Nodes) -> None:
    dataset = build(Slow(seconds=0.01), cluster.address, samples=None)
    batches = iter(dataset)
    next(batches)
    imported_ray().shutdown()
    with pytest.raises(tf.errors.OpError, match="this process has left the Ray cluster"):
        deque(batches, maxlen=0)
    assert not imported_ray().is_initialized()  # no other Ray is started by the way
    del dataset, batches
    gc.collect()  # the frames of the error, which have the iterator, and it a batch
    assert labels(build(Counter(), cluster.address, samples=4)) == [0, 1, 2, 3]


def test_batches_that_are_held_stay_what_they_are_after_their_data_set(cluster: Nodes) -> None:
    options: dict[str, Any] = {"params": {"shape": [256, 256, 3]}}
    dataset = build("noise-v1", cluster.address, **options)
    held = [batch["image"] for batch in dataset.take(3)]
    assert sd.stats(dataset).copies == 0
    before = [image.numpy().tobytes() for image in held]
    del dataset
    # What the object store has given back would be used for these.
    deque(build("noise-v1", cluster.address, seed=1, **options), maxlen=0)
    assert [image.numpy().tobytes() for image in held] == before
    del held
    until(lambda: not imported_ray().is_initialized(), 10, "the cluster is left")


def test_a_batch_that_is_asked_for_after_the_end_joins_no_cluster_again(cluster: Nodes) -> None:
    dataset = build(Counter(), cluster.address, samples=None)
    executor = getattr(dataset, ATTRIBUTE).executor
    next(iter(dataset))
    executor.close()
    until(lambda: not imported_ray().is_initialized(), 10, "the cluster is left")
    with pytest.raises(StopIteration, match="the data set is gone"):
        executor.batch(70)
    assert not imported_ray().is_initialized()


def begin(cluster: str, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.cluster.feeding_script", cluster, *more]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "fed\n", process.communicate()[1]
    return process


def interrupted(process: subprocess.Popen[str]) -> None:
    process.send_signal(2)
    _, err = process.communicate(timeout=30)
    assert "KeyboardInterrupt" in err
    assert process.returncode in (1, -2), err


def killed(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


@pytest.mark.parametrize("end", [interrupted, killed], ids=["ctrl-c", "kill"])
def test_a_trainer_that_is_stopped_leaves_no_actor(
    end: Callable[[subprocess.Popen[str]], None], cluster: Nodes
) -> None:
    process = begin(cluster.address)
    pids = [*feeders(cluster.folder), *crews(cluster.folder)]
    assert len(pids) == 2
    end(process)
    until(lambda: all_gone(pids), 10, "actors and workers are gone")


def test_a_trainer_that_exits_in_the_middle_does_so_in_silence_and_with_its_own_ray(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with tempfile.TemporaryDirectory(prefix="sdr-", dir="/tmp") as name:
        monkeypatch.setenv("TMPDIR", name)
        process = begin("local", "exit")
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        assert "Traceback" not in err
        until(lambda: not processes_of(Path(name)), 30, "no process of Ray is left")
        assert not list(Path(name).glob("sd-ray-*"))


# Refused, or given up


@pytest.fixture
def busy(cluster: Nodes) -> Iterator[None]:
    """Somebody else has all CPUs of the cluster's first node."""
    ray = imported_ray()
    ray.init(address=cluster.address, log_to_driver=False)
    holder = ray.remote(num_cpus=1)(Counter).remote()
    ray.get(holder.__ray_ready__.remote())
    yield
    ray.shutdown()


@pytest.mark.usefixtures("busy")
def test_a_cluster_without_a_free_cpu_is_an_error_after_a_while(
    cluster: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeding, "PATIENCE", 1.0)
    with pytest.raises(sd.ClusterError, match="no free CPU for 1 s"):
        build(Counter(), "auto")
    until(lambda: not feeders(cluster.folder), 10, "no actor waits for a CPU")


@pytest.mark.usefixtures("busy")
def test_a_cluster_that_loses_its_last_free_cpu_is_an_error_after_a_while(second: Any) -> None:
    dataset = build(Slow(seconds=0.05), "auto", samples=None)
    batches = iter(dataset)
    next(batches)
    executor = getattr(dataset, ATTRIBUTE).executor
    executor._team._patience = 1.0
    kill_raylet(second)
    for _ in range(2):  # it is no other error the second time
        with pytest.raises(tf.errors.OpError, match="no free CPU for 1 s"):
            deque(batches, maxlen=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cluster": "local"}, "cluster='local' is for executor='ray', not 'auto'"),
        ({"cluster": "local", "executor": "threads"}, "for executor='ray', not 'threads'"),
        ({"cluster": "", "executor": "ray"}, "cluster=''.*HOST:PORT"),
        ({"cluster": "local", "executor": "ray", "workers": 0}, "workers=0 is executor='inline'"),
        ({"executor": "ray", "slots": 2}, "slots=2: expected 3"),
    ],
    ids=["auto", "threads", "empty", "no workers", "slots"],
)
def test_options_that_cannot_be_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(sd.BuildError, match=message):
        sd.build(Counter(), samples=4, **options)
    assert not imported_ray().is_initialized()


def test_no_cluster_is_an_error_that_says_how_there_is_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    with pytest.raises(sd.ClusterError, match="`ray start --head` starts one"):
        sd.build(Counter(), executor="ray")


def test_a_class_without_a_name_is_refused() -> None:
    class Local(Counter):
        """It has no name by which a node could import it."""

    with pytest.raises(sd.ClusterError, match=r"Local.* cannot be sent to a cluster: .*module"):
        build(Local(), "local")


def test_batches_that_the_object_store_cannot_hold_are_refused(cluster: Nodes) -> None:
    with pytest.raises(sd.ClusterError, match=r"3 batches of .* but the object store of this node"):
        build("noise-v1", cluster.address, params={"shape": [2**15, 2**15, 3]}, batch_size=1000)


def test_batches_on_their_way_take_a_quarter_of_the_object_store_and_three_slots_at_the_least() -> (
    None
):
    slots = feeding._slots
    assert slots(4000, 1, useful=29, slots=None) == 29
    assert slots(4000, 100, useful=29, slots=None) == 10
    assert slots(4000, 1000, useful=29, slots=None) == 3
    assert slots(4000, 100, useful=29, slots=40) == 40
    few, many = (Plan(Order(10**6, 0, shuffle=False), stop=stop) for stop in (5, 10**6))
    assert useful_slots(many, 3, 8) == 29
    assert slots(4000, 1, useful=useful_slots(few, 3, 8), slots=None) == 6


def test_batches_come_together_where_the_object_store_has_room_for_all_that_each_keeps() -> None:
    plan = Plan(Order(10**6, 0, shuffle=False), stop=10**6)
    together = partial(feeding._together, plan)
    assert together(2**40, 2**20, workers=2, slots=None) == 4
    assert together(2**40, 3 * 2**20, workers=2, slots=None) == 2
    assert together(2**40, 9 * 2**20, workers=2, slots=None) == 1
    assert together(2**40, 2**20, workers=2, slots=30) == 1
    # Of (2 * 4 * 2 + 5) batches each keeps three others.
    assert together(4 * 84 * 2**20, 2**20, workers=2, slots=None) == 4
    assert together(4 * 84 * 2**20 - 1, 2**20, workers=2, slots=None) == 1


def test_whoever_leaves_while_others_enter_is_not_waited_for(cluster: Nodes) -> None:
    sites = Sites()
    site = sites.enter(cluster.address, None)
    with sites._lock:  # as where a finalizer runs in the middle of entering
        sites.leave(site)
    assert imported_ray().is_initialized()
    again = sites.enter(cluster.address, None)
    assert again.users == 1
    sites.leave(again)
    assert not imported_ray().is_initialized()
