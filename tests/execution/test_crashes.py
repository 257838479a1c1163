"""Workers that die, hang or cannot start, parents that are killed: bounded, named, nothing left."""

from __future__ import annotations

import gc
import os
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

import synthdata as sd
from synthdata.running import ATTRIBUTE
from tests.execution.consuming import labels
from tests.execution.generators import (
    AtOnceDying,
    Closing,
    Counter,
    Dying,
    Leaking,
    NeverOpens,
    Slow,
)
from tests.execution.processes import (
    all_gone,
    children,
    gone,
    holders_of_slabs,
    slabs_here,
    start,
    until,
)

tf = pytest.importorskip("tensorflow")

BOUND = 30
"""Seconds within which everything here ends, on a machine that is busy with other things."""


def build(generator: sd.Generator, **options: Any) -> Any:
    usual: dict[str, Any] = {"workers": 2, "batch_size": 4, "samples": 40}
    return sd.build(generator, executor="processes", **(usual | options))


def error_of(dataset: Any) -> str:
    with pytest.raises(tf.errors.OpError) as caught:
        labels(dataset)
    return str(caught.value)


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    until(lambda: gone(pid), 5, f"{pid} is killed")


# Workers that are killed


def test_killed_workers_are_replaced_and_change_no_byte() -> None:
    dataset = build(Slow(seconds=0.002), samples=200)
    found, killed = [], 0
    for number, batch in enumerate(dataset):
        found += batch["label"].numpy().tolist()
        if number % 10 == 3:
            kill(sd.stats(dataset).pids[killed % 2])
            killed += 1
    assert found == list(range(200))
    assert killed == 5
    # One that was killed before it had anything to do, or after, is not missed.
    assert 1 <= sd.stats(dataset).restarts <= killed


def test_all_workers_killed_at_once_are_replaced() -> None:
    dataset = build(Slow(seconds=0.002), samples=100, workers=3)
    iterator = iter(dataset)
    found = next(iterator)["label"].numpy().tolist()
    pids = sd.stats(dataset).pids
    for pid in pids:
        kill(pid)
    found += [int(label) for batch in iterator for label in batch["label"].numpy()]
    assert found == list(range(100))
    assert not set(pids) & set(sd.stats(dataset).pids)


def test_a_worker_that_dies_once_of_a_sample_is_replaced(tmp_path: Path) -> None:
    for way in ("exit", "segfault", "kill"):
        dataset = build(Dying(way=way, once=tmp_path / way))
        assert labels(dataset) == list(range(40))
        assert (tmp_path / way).exists()
        assert sd.stats(dataset).restarts == 1


def test_a_generator_that_leaks_until_it_is_killed_loses_nothing() -> None:
    dataset = build(Leaking(limit=120 * 2**20, leak=4 * 2**20), samples=120)
    assert labels(dataset) == list(range(120))
    assert sd.stats(dataset).restarts >= 2
    assert sd.stats(dataset).failures == 0


# Workers that die of a sample each time


@pytest.mark.parametrize(
    ("way", "how"),
    [
        ("exit", "ended with exit code 0"),
        ("segfault", "was killed by SIGSEGV"),
        ("kill", r"was killed by SIGKILL \(by the kernel, if memory ran out\)"),
    ],
)
def test_a_sample_that_workers_always_die_of_is_an_error_that_names_it(way: str, how: str) -> None:
    dataset = build(Dying(way=way))
    message = error_of(dataset)
    assert re.search(
        rf"WorkerDiedError: Dying sample 13 \(seed 0\): the worker process {how}", message
    )
    assert "3 times of 3" in message
    assert sd.stats(dataset).restarts == 3


def test_the_error_of_a_segfault_shows_the_line_in_the_generator() -> None:
    message = error_of(build(Dying(way="segfault")))
    assert "Segmentation fault" in message
    assert re.search(r'generators\.py", line \d+ in misbehave', message)


@pytest.mark.parametrize("way", ["hang", "hang in C"])
def test_a_sample_that_hangs_meets_the_timeout(way: str) -> None:
    dataset = build(Dying(way=way), timeout=0.3)
    message = error_of(dataset)
    assert "SampleTimeoutError: Dying sample 13 (seed 0): took longer than timeout=0.3 s" in message
    assert re.search(r'generators\.py", line \d+ in misbehave', message)


@pytest.mark.parametrize("way", ["exit", "hang"])
def test_the_policy_holds_for_samples_that_workers_die_of(way: str) -> None:
    options: dict[str, Any] = {"timeout": 0.3} if way == "hang" else {}
    skipped = build(Dying(way=way), on_error="skip", **options)
    assert labels(skipped) == [index for index in range(40) if index != 13]
    substituted = labels(build(Dying(way=way), on_error="substitute", attempts=1, **options))
    assert [index for index, label in enumerate(substituted) if index != label] == [13]


def test_a_sample_of_a_batch_made_at_once_is_found_by_itself() -> None:
    dataset = build(AtOnceDying(at=13), on_error="skip", ledger=None)
    assert labels(dataset) == [index for index in range(40) if index != 13]
    # Once of the whole batch, and then of the sample until it is not drawn again.
    assert sd.stats(dataset).restarts == 4


def test_batches_that_are_made_come_though_the_worker_hangs_in_a_later_one() -> None:
    # They are small and quick, so that the worker rings once for several.
    dataset = build(Dying(way="hang in C", at=30), batch_size=2, workers=1, timeout=3)
    batches = iter(dataset)
    found = [int(label) for _ in range(15) for label in next(batches)["label"].numpy()]
    assert found == list(range(30))
    assert sd.stats(dataset).restarts == 0


def test_a_slow_sample_is_no_hang_while_it_is_within_the_timeout() -> None:
    dataset = build(Slow(seconds=0.05), samples=8, timeout=10)
    assert labels(dataset) == list(range(8))
    assert sd.stats(dataset).restarts == 0


def test_the_ledger_has_what_killed_a_worker(tmp_path: Path) -> None:
    ledger = tmp_path / "failures.jsonl"
    labels(build(Dying(way="segfault"), on_error="skip", ledger=ledger))
    [line] = ledger.read_text().splitlines()
    assert '"WorkerDiedError"' in line
    assert "Segmentation fault" in line


# Workers that cannot start


def test_a_generator_that_the_worker_cannot_import_is_an_error_of_build(tmp_path: Path) -> None:
    import sys
    import types

    module = types.ModuleType("only_here")
    exec(
        "from tests.execution.generators import Counter\nclass Here(Counter): pass", module.__dict__
    )
    sys.modules["only_here"] = module
    try:
        with pytest.raises(sd.WorkerError, match=r"cannot start: ModuleNotFoundError.*only_here"):
            build(module.Here())
    finally:
        del sys.modules["only_here"]


def test_a_generator_whose_open_raises_in_the_worker_is_an_error_of_build() -> None:
    with pytest.raises(sd.WorkerError, match=r"cannot start: SynthDataError.*no such font"):
        build(NeverOpens(way="raise"))


def test_a_generator_whose_open_ends_the_worker_is_an_error_of_build() -> None:
    with pytest.raises(
        sd.WorkerError, match=r"ended with exit code 5 before its first sample \(.*\), 3 times of 3"
    ):
        build(NeverOpens(way="exit"))


def test_a_class_of_the_main_module_is_refused_with_what_to_do() -> None:
    script = """
        import synthdata as sd
        from tests.execution.generators import Counter
        class Mine(Counter): pass
        try:
            sd.build(Mine(), executor="processes")
        except sd.WorkerError as error:
            print(error)
    """
    out, _ = start(script).communicate(timeout=60)
    assert "Mine is defined in the main module, which worker processes do not import" in out


def test_a_closure_is_refused_with_what_to_do() -> None:
    generator = sd.from_function(lambda rng: None, sd.Output(image=sd.Image(2, 2)))
    with pytest.raises(sd.WorkerError, match=r"cannot be sent to worker processes.*'threads'"):
        build(generator)


def test_no_worker_is_left_after_an_error_of_build() -> None:
    mapped, before = slabs_here(), children()
    with pytest.raises(sd.WorkerError):
        build(NeverOpens(way="exit"))
    assert children() <= before
    assert slabs_here() <= mapped


# Ends

SCRIPT = """
    import sys, time
    import synthdata as sd
    from tests.execution.generators import Slow, Dying
    way = sys.argv[1]
    generator = {
        "idle": lambda: Slow(seconds=0.001),
        "busy": lambda: Slow(seconds=0.05),
        "long": lambda: Slow(seconds=3.0),
        "hang in C": lambda: Dying(way="hang in C", at=9),
    }[way]()
    dataset = sd.build(generator, batch_size=4, executor="processes", workers=2)
    iterator = iter(dataset)
    if way != "long":
        next(iterator)
    print(*sd.stats(dataset).pids, flush=True)
    if len(sys.argv) > 2:
        sys.exit()
    while True:
        next(iterator)
"""


def begin(way: str, *more: str) -> tuple[subprocess.Popen[str], list[int]]:
    parent = start(SCRIPT, way, *more)
    assert parent.stdout is not None
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    assert len(pids) == 2, parent.communicate()[1]
    return parent, pids


@pytest.mark.parametrize("way", ["busy", "hang in C"])
def test_a_parent_killed_with_9_leaves_no_child_and_no_memory(way: str) -> None:
    parent, pids = begin(way)
    all_three = {parent.pid, *pids}
    until(lambda: all_three <= holders_of_slabs(), BOUND, "all have the slab mapped")
    parent.kill()
    parent.communicate()
    until(lambda: all_gone(pids), 5, "children of a killed parent have ended")
    assert not all_three & holders_of_slabs()


@pytest.mark.parametrize("way", ["busy", "long"])
def test_ctrl_c_ends_the_process_and_its_workers(way: str) -> None:
    parent, pids = begin(way)
    time.sleep(0.2)  # into a batch
    parent.send_signal(signal.SIGINT)
    _, err = parent.communicate(timeout=BOUND)
    assert parent.returncode in (1, -signal.SIGINT), err
    assert "KeyboardInterrupt" in err
    assert all_gone(pids)


@pytest.mark.parametrize("way", ["idle", "busy", "long"])
def test_a_process_with_live_iterators_over_workers_ends_in_silence(way: str) -> None:
    parent, pids = begin(way, "exit")
    _, err = parent.communicate(timeout=BOUND)
    assert parent.returncode == 0
    assert "Traceback" not in err
    assert all_gone(pids)


def test_workers_end_after_the_sample_at_hand_and_close_the_generator(tmp_path: Path) -> None:
    dataset = build(Closing(seconds=0.02, word=tmp_path), samples=None, batch_size=100)
    executor = getattr(dataset, ATTRIBUTE).executor
    pids = executor.telemetry().pids
    executor.batch(0)  # both workers are busy with others now
    # Not by dropping an iterator: TensorFlow may ask for one more batch, which new workers make.
    executor.close()
    until(lambda: all_gone(pids), BOUND, "workers have ended")
    assert {path.name for path in tmp_path.iterdir()} == set(map(str, pids))


def test_workers_and_memory_go_with_the_dataset() -> None:
    mapped = slabs_here()
    dataset = build(Counter(), samples=None)
    iterator = iter(dataset)
    next(iterator)
    assert slabs_here() == mapped + 1
    pids = sd.stats(dataset).pids
    assert not any(map(gone, pids))
    del dataset, iterator
    until(lambda: all_gone(pids), 10, "the workers of a dataset that is gone have ended")
    until(lambda: slabs_here() <= mapped, 10, "the memory is gone")


def test_a_batch_that_is_asked_for_after_the_end_is_made_and_leaves_no_worker() -> None:
    mapped, before = slabs_here(), children()
    dataset = build(Counter(), samples=None)
    executor = getattr(dataset, ATTRIBUTE).executor
    next(iter(dataset))
    executor.close()
    for number in (40, 41):
        made = executor.batch(number)
        rows = len(made.arrays[0])
        assert made.arrays[0].tolist() == list(range(rows * number, rows * (number + 1)))
        assert children() <= before
    del made
    assert slabs_here() <= mapped


# Slow proofs


@pytest.mark.slow
def test_fifty_rounds_of_kills_change_no_byte_and_leave_nothing() -> None:
    gc.collect()
    before = children()
    for round_ in range(50):
        dataset = build(Slow(seconds=0.001), samples=200, batch_size=1 + round_ % 7)
        found: list[int] = []
        for number, batch in enumerate(dataset):
            found += batch["label"].numpy().tolist()
            if number in (1 + round_ % 5, 7 + round_ % 11):
                for pid in sd.stats(dataset).pids[: 1 + round_ % 2]:
                    kill(pid)
        assert found == list(range(200)), round_
        pids = sd.stats(dataset).pids
        del dataset, batch
        until(lambda: all_gone(pids), 10, "workers have ended")  # noqa: B023
    assert children() <= before


@pytest.mark.slow
@pytest.mark.parametrize("way", ["busy", "hang in C"])
def test_fifty_parents_killed_leave_nothing(way: str) -> None:
    for _ in range(25):
        test_a_parent_killed_with_9_leaves_no_child_and_no_memory(way)


@pytest.mark.slow
@pytest.mark.parametrize("way", ["idle", "busy"])
def test_fifty_of_fifty_processes_with_workers_end_within_two_seconds(way: str) -> None:
    for _ in range(25):
        parent, pids = begin(way, "exit")
        began = time.monotonic()
        parent.communicate(timeout=BOUND)
        assert time.monotonic() - began < 2
        assert parent.returncode == 0
        assert all_gone(pids)


@pytest.mark.slow
@pytest.mark.parametrize("way", ["busy", "long"])
def test_ctrl_c_ends_within_two_seconds_ten_times(way: str) -> None:
    for _ in range(10):
        parent, pids = begin(way)
        time.sleep(0.2)
        began = time.monotonic()
        parent.send_signal(signal.SIGINT)
        parent.communicate(timeout=BOUND)
        assert time.monotonic() - began < 2
        assert all_gone(pids)
