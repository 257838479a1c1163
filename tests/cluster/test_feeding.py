"""A cluster of two nodes makes the same batches as this process, whatever is killed."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import synthdata as sd
from synthdata.cluster import ray_team
from synthdata.cluster.sharing import SITES
from tests.cluster.feeding import build, contents, feeders
from tests.cluster.nodes import Nodes, crews, kill_raylet, raylet
from tests.execution.consuming import labels
from tests.execution.generators import Counter, Dying, Failing, Ragged, Slow
from tests.execution.processes import gone, until

tf = pytest.importorskip("tensorflow")
import keras  # noqa: E402  # comes with TensorFlow, and cannot be imported without


@pytest.fixture(scope="module")
def address(cluster: Nodes) -> Iterator[str]:
    """The cluster's, which is joined once for all tests here, and has an actor."""
    site = SITES.enter(cluster.address, None)
    site.hold(0)
    yield cluster.address
    site.let_go(0)
    SITES.leave(site)
    gc.collect()  # the last test's data set, where it is part of a cycle
    until(lambda: not site.ray.is_initialized(), 10, "the cluster is left")


def error_of(dataset: Any) -> str:
    with pytest.raises(tf.errors.OpError) as caught:
        labels(dataset)
    return str(caught.value)


@pytest.mark.parametrize(
    ("generator", "options"),
    [
        (Ragged(longest=600_000), {"seed": 5, "variable": "ragged", "batch_size": 7}),
        (Ragged(), {"shuffle": True, "repeat": 2, "shard": (1, 2), "start": 3}),
        (Counter(), {"seed": 2**64 - 1, "shuffle": True, "repeat": 3, "drop_remainder": True}),
        (Failing(attempts=1), {"on_error": "retry", "with_index": True}),
        ("shapes-v1", {"as_supervised": True, "params": {"size": 32}}),
    ],
    ids=["ragged", "padded", "shuffled", "retried", "of an id"],
)
def test_batches_are_those_of_this_process(
    generator: Any, options: dict[str, Any], address: str
) -> None:
    options = {"samples": 40, "batch_size": 4} | options
    there = contents(build(generator, address, **options))
    assert there == contents(sd.build(generator, executor="inline", **options))
    assert len(there) >= 5


def fit(data: Any, *callbacks: Any) -> tuple[list[float], list[bytes]]:
    """Train; return the loss of each epoch, and the weights."""
    keras.utils.set_random_seed(7)
    model = keras.Sequential(
        [keras.Input((2, 3, 1)), keras.layers.Flatten(), keras.layers.Dense(1)]
    )
    model.compile(keras.optimizers.Adam(0.1), "mse")
    pairs = data.map(
        lambda batch: (tf.cast(batch["image"], tf.float32) / 100, batch["metadata"]["noise"])
    )
    history = model.fit(
        pairs, epochs=2, steps_per_epoch=20, callbacks=list(callbacks), shuffle=False, verbose=0
    )
    return history.history["loss"], [weights.tobytes() for weights in model.get_weights()]


# Keras reads its variables by NumPy's way before 2.0.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_a_node_that_is_killed_in_the_middle_of_a_fit_changes_no_bit_of_it(
    address: str, cluster: Nodes, second: Any, caplog: pytest.LogCaptureFixture
) -> None:
    options: dict[str, Any] = {"samples": 60, "shuffle": True, "repeat": True, "seed": 3}
    # A node that has just joined may not be counted yet.
    dataset = build(Slow(seconds=0.02), address, workers=2, **options)
    killed_at: list[int] = []

    def kill(batch: int, logs: Any) -> None:
        if killed_at or batch not in (3, 12):
            return
        if batch == 3:
            until(
                lambda: len({*crews(cluster.folder).values()}) == 2, 60, "both nodes make batches"
            )
        else:
            kill_raylet(second)
            until(lambda: len(feeders(cluster.folder)) < 2, 60, "its actor is gone")
            killed_at.append(batch)

    with caplog.at_level(logging.WARNING, logger="synthdata"):
        disturbed = fit(dataset, keras.callbacks.LambdaCallback(on_train_batch_end=kill))

    assert killed_at == [12]
    assert gone(raylet(second))
    assert "was lost, its batches are made again" in caplog.text
    assert sd.stats(dataset).restarts >= 1
    undisturbed = sd.build(Slow(seconds=0), batch_size=4, executor="inline", **options)
    assert disturbed == fit(undisturbed)


def test_a_sample_that_kills_each_process_is_named_and_fails_alone(
    address: str, tmp_path: Path
) -> None:
    dataset = build(Dying(at=7, way="kill"), address, samples=12)
    assert "WorkerDiedError: Dying sample 7 (seed 0): the worker process was killed by SIGKILL" in (
        error_of(dataset)
    )
    assert sd.stats(dataset).restarts == 3
    ledger = tmp_path / "ledger.jsonl"
    options: dict[str, Any] = {"samples": 12, "on_error": "skip", "ledger": ledger}
    skipped = build(Dying(at=7, way="kill"), address, **options)
    assert labels(skipped) == [index for index in range(12) if index != 7]
    [line] = ledger.read_text().splitlines()
    assert '"index": 7' in line
    assert "WorkerDiedError" in line


def test_a_sample_that_hangs_meets_the_timeout(address: str) -> None:
    message = error_of(build(Dying(at=1, way="hang"), address, samples=4, timeout=0.5))
    assert "SampleTimeoutError: Dying sample 1 (seed 0): took longer than timeout=0.5" in message


def test_failures_are_settled_as_on_this_machine(address: str, tmp_path: Path) -> None:
    assert "Failing sample 3 (seed 0)" in error_of(build(Failing(), address))
    there, here = tmp_path / "there", tmp_path / "here"
    options: dict[str, Any] = {"on_error": "skip", "samples": 40, "batch_size": 4}
    found = labels(build(Failing(), address, ledger=there, **options))
    assert found == labels(sd.build(Failing(), executor="inline", ledger=here, **options))
    assert len(here.read_text().splitlines()) == len(there.read_text().splitlines()) == 6


def test_a_batch_that_each_actor_dies_of_is_an_error_that_names_it(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_team, "LOSSES", 2)
    # By then batches come several at a time, so that others are lost with it.
    dataset = build(Dying(at=201, way="kill the parent"), address, samples=400, workers=1)
    lost = "the batch of sample 200 was lost with its process or node 2 times of 2"
    assert lost in error_of(dataset)


def test_quick_batches_come_several_at_a_time(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def call(team: Any, seat: Any) -> None:
        calls.append(len(seat.given))
        original(team, seat)

    original = ray_team.RayTeam._call
    monkeypatch.setattr(ray_team.RayTeam, "_call", call)
    assert labels(build(Counter(), address, samples=256)) == list(range(256))
    assert max(calls) == 4
    assert sum(calls) == 64
    assert len(calls) < 38
    calls.clear()
    assert labels(build(Slow(seconds=0.02), address)) == list(range(40))
    assert calls == [1] * 10


@pytest.mark.parametrize("before", ["ray", "inline"])
def test_a_checkpoint_goes_on_under_another_executor(
    before: str, address: str, tmp_path: Path
) -> None:
    options: dict[str, Any] = {"shuffle": True, "repeat": True, "samples": 30}
    datasets = {
        "ray": build(Counter(), address, **options),
        "inline": sd.build(Counter(), executor="inline", batch_size=4, **options),
    }
    [after] = datasets.keys() - {before}
    iterator = iter(datasets[before])
    contents(islice(iterator, 11))
    path = tf.train.Checkpoint(iterator=iterator).save(str(tmp_path / "checkpoint"))
    want = contents(islice(iterator, 9))
    going_on = iter(datasets[after])
    tf.train.Checkpoint(iterator=going_on).restore(path).assert_existing_objects_matched()
    assert contents(islice(going_on, 9)) == want
    # The one that was left off can be restored as well.
    tf.train.Checkpoint(iterator=iterator).restore(path)
    assert contents(islice(iterator, 9)) == want


def test_data_sets_side_by_side_share_the_cpus_of_the_cluster(address: str) -> None:
    training, validation = build(Counter(), address), build(Counter(), address, samples=20)
    found: list[int] = []
    for number, batch in enumerate(training):
        found += batch["label"].numpy().tolist()
        if number % 5 == 4:
            assert labels(validation) == list(range(20))
    assert found == list(range(40))


def test_what_is_on_its_way_is_bounded_however_many_batches_are_held(address: str) -> None:
    dataset = build(Counter(), address, samples=80, slots=4)
    held = []
    for batch in dataset:
        held.append(batch["label"])
        assert sd.stats(dataset).slots_in_use <= 4
    assert [int(label) for batch in held for label in batch] == list(range(80))
    figures = sd.stats(dataset)
    assert figures.slots == 4
    assert figures.copies > 10


def test_batches_are_taken_out_of_the_object_store_without_a_copy(address: str) -> None:
    # Smaller ones come without the object store.
    dataset = build("noise-v1", address, params={"shape": [128, 128, 3]})
    stores = [
        range(*(int(place, 16) for place in line.split()[0].split("-")))
        for line in Path("/proc/self/maps").read_text().splitlines()
        if "plasma" in line
    ]
    for batch in dataset:
        place = np.from_dlpack(batch["image"]).ctypes.data
        assert place % 64 == 0
        assert any(place in store for store in stores)
    assert sd.stats(dataset).copies == 0
