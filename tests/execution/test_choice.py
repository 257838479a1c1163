"""Which executor ``auto`` takes, with what reason, and where it says so."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import synthdata as sd
from synthdata.execution import choice, machine
from tests.execution.generators import Counter, Dying, NeverOpens, Slow, busy

pytest.importorskip("tensorflow")

OUTPUT = sd.Output(image=sd.Image(2, 2))


def chosen(what: Any, **options: Any) -> str:
    return sd.explain(sd.build(what, **options))


def seen(what: Any, beginning: str) -> str:
    """What is chosen by a look at threads; others that use the cores can disturb one, not ten."""
    found: list[str] = []
    while not found or not found[-1].startswith(beginning):
        assert len(found) < 10, found
        found.append(chosen(what))
    return found[-1]


@pytest.fixture(autouse=True)
def four_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "cores", lambda: 4)


def test_few_quick_samples_are_made_inline() -> None:
    assert chosen(Counter(), samples=100).startswith("executor='inline', workers=0: a sample takes")
    assert "less than workers" in chosen(Counter(), samples=100)


def test_an_empty_shard_is_an_empty_data_set() -> None:
    assert list(sd.build(Counter(), samples=3, shard=(5, 8))) == []


def test_many_samples_are_made_in_as_many_processes_as_there_are_cores() -> None:
    assert chosen(Slow(seconds=0.002)).startswith("executor='processes', workers=4: a sample takes")


def test_the_number_of_workers_is_taken_as_given() -> None:
    assert chosen(Slow(seconds=0.002), workers=1).startswith("executor='inline'")
    assert chosen(Slow(seconds=0.002), workers=2).startswith("executor='processes', workers=2")
    assert chosen(Slow(seconds=0.002), workers=0) == "executor='inline', workers=0: workers=0"


def test_what_workers_cannot_import_and_releases_the_gil_is_made_in_threads() -> None:
    def sleeps(rng: np.random.Generator) -> Any:
        time.sleep(0.002)
        return np.zeros((2, 2, 3), np.uint8)

    text = seen(sd.from_function(sleeps, OUTPUT), "executor='threads', workers=4: a sample takes")
    assert "cannot be sent to worker processes" in text


def test_what_workers_cannot_import_and_holds_the_gil_is_made_inline(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, "synthdata"):
        seen(sd.from_function(lambda rng: busy(rng), OUTPUT), "executor='inline'")
    assert "cannot be sent to worker processes" in caplog.text


def test_a_function_at_the_top_of_a_module_is_made_in_processes() -> None:
    assert chosen(sd.from_function(busy, OUTPUT)).startswith("executor='processes'")


def test_one_core_is_not_shared_with_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "cores", lambda: 1)
    assert "there is one core" in chosen(Slow(seconds=0.002))


def test_a_timeout_needs_processes() -> None:
    assert chosen(Counter(), samples=100, timeout=5).startswith("executor='processes'")


def test_batches_that_memory_has_no_room_for_are_not_made_in_processes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("synthdata.execution.slab.available_memory", lambda: 1000)
    text = chosen(Slow(seconds=0.002))
    assert text.startswith("executor='threads'")
    assert "1000 bytes are available" in text
    with pytest.raises(sd.WorkerError, match="1000 bytes are available"):
        sd.build(Counter(), executor="processes")


def test_slots_are_fewer_where_memory_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    def slots() -> int:
        return sd.stats(sd.build(generator, executor="processes", workers=2, batch_size=3)).slots

    size = 3 * 3000**2
    generator = sd.from_function(busy, sd.Output(image=sd.Image(3000, 3000, 1)))
    assert slots() == 11
    monkeypatch.setattr(choice, "available_memory", lambda: 4 * 6 * (size + 4096))
    assert slots() == 6
    monkeypatch.setattr(choice, "available_memory", lambda: size)
    assert slots() == 4


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_there_are_slots_for_what_each_worker_and_tensorflow_hold(workers: int) -> None:
    def slots(side: int, samples: int | None = None) -> int:
        generator = sd.from_function(busy, sd.Output(image=sd.Image(side, side, 1)))
        options: dict[str, Any] = {"workers": workers, "batch_size": 1, "samples": samples}
        return sd.stats(sd.build(generator, executor="processes", **options)).slots

    large, small = 3000, 1000  # of 8.6 MiB one is made at a time, of 1 MiB eight
    assert slots(large) == 3 * workers + 5
    assert slots(small) == 3 * workers + 8
    assert slots(large, samples=3) == max(4, workers + 2)
    assert slots(small, samples=64) == 3 * workers + 5


def test_the_choice_is_logged_with_its_reason(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "synthdata"):
        sd.build(Counter(), samples=100)
    assert "Counter: executor='inline': a sample takes" in caplog.text


def test_an_error_of_open_is_an_error_of_build_whatever_is_chosen() -> None:
    for executor in ("auto", "inline", "threads"):
        with pytest.raises(sd.SynthDataError, match="no such font"):
            sd.build(NeverOpens(), executor=executor)


def test_a_first_sample_that_fails_is_no_matter_for_the_choice() -> None:
    dataset = sd.build(Dying(at=0, way="raise"), samples=8, on_error="skip")
    assert [len(batch["label"]) for batch in dataset] == [7]


def test_a_generator_is_closed_where_processes_take_over() -> None:
    closed = []

    class Closing(Slow):
        def close(self) -> None:
            closed.append(True)

    generator = Closing(seconds=0.002)
    Closing.__module__, Closing.__qualname__ = Slow.__module__, "Slow"
    original = vars(__import__(Slow.__module__, fromlist=["Slow"]))
    original["Slow"] = Closing
    try:
        assert chosen(generator).startswith("executor='processes'")
    finally:
        original["Slow"] = Slow
    assert closed == [True]


def test_memory_and_cores_are_those_of_this_machine_or_less() -> None:
    lines = Path("/proc/meminfo").read_text().splitlines()
    [total] = [int(line.split()[1]) for line in lines if line.startswith("MemTotal")]
    assert 0 < machine.available_memory() <= total * 1024
    assert 1 <= machine.cores() <= (os.cpu_count() or 1)
