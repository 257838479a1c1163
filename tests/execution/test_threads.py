"""Threads of this process: order, errors, iterators side by side, ends, and Ctrl-C."""

from __future__ import annotations

import signal
import threading
import time
from typing import Any

import pytest

import synthdata as sd
from synthdata.running import ATTRIBUTE
from tests.execution.consuming import labels, labels_by_threads
from tests.execution.generators import Counter, Failing, Slow
from tests.execution.processes import start, until

tf = pytest.importorskip("tensorflow")


def build(generator: sd.Generator, **options: Any) -> Any:
    usual: dict[str, Any] = {"workers": 3, "batch_size": 4}
    return sd.build(generator, executor="threads", **(usual | options))


def threads_of_ours() -> int:
    return sum(thread.name.startswith("synthdata-") for thread in threading.enumerate())


def test_batches_come_in_order_however_long_each_takes() -> None:
    assert labels(build(Slow(seconds=0.001), samples=101)) == list(range(101))


def test_samples_are_made_side_by_side() -> None:
    class Meeting(Counter):
        barrier = threading.Barrier(3)

        def misbehave(self, index: int, attempt: int) -> None:
            self.barrier.wait(20)

    assert labels(build(Meeting(), samples=12, batch_size=1)) == list(range(12))


def test_an_error_is_raised_at_its_batch() -> None:
    iterator = iter(build(Failing(), samples=40, batch_size=2))
    assert next(iterator)["label"].numpy().tolist() == [0, 1]
    with pytest.raises(tf.errors.OpError, match="GeneratorFailedError: Failing sample 3"):
        next(iterator)
    assert next(iterator)["label"].numpy().tolist() == [4, 5]


def test_iterators_in_threads_each_see_everything() -> None:
    dataset = build(Counter(), samples=100)
    assert labels_by_threads(dataset, 4) == [list(range(100))] * 4


def test_threads_end_with_the_dataset() -> None:
    dataset = build(Counter(), samples=None)
    next(iter(dataset))
    assert threads_of_ours() >= 3
    del dataset
    until(lambda: threads_of_ours() == 0, 10, "threads of a dataset that is gone have ended")


def test_a_batch_that_is_asked_for_after_the_end_is_made_and_leaves_no_thread() -> None:
    dataset = build(Counter(), samples=None)
    executor = getattr(dataset, ATTRIBUTE).executor
    next(iter(dataset))
    executor.close()
    for number in (40, 41):
        made = executor.batch(number)
        assert made.arrays[0].tolist() == list(range(4 * number, 4 * number + 4))
    until(lambda: threads_of_ours() == 0, 10, "threads have ended again")


SCRIPT = """
    import sys
    import synthdata as sd
    from tests.execution.generators import Slow
    way, seconds = sys.argv[1], float(sys.argv[2])
    workers = 1 if way == "auto" else None  # which makes it inline
    dataset = sd.build(Slow(seconds=seconds), batch_size=64, executor=way, workers=workers)
    iterator = iter(dataset)
    print("begun", flush=True)
    if len(sys.argv) > 3:
        sys.exit()
    while True:
        next(iterator)
"""


@pytest.mark.parametrize("way", ["inline", "threads", "auto"])
def test_ctrl_c_does_not_wait_for_the_batch(way: str) -> None:
    process = start(SCRIPT, way, "0.5")  # a batch takes 32 s
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n", process.communicate()
    time.sleep(0.2)  # into a batch
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=15)
    assert process.returncode in (1, -signal.SIGINT)
    assert "KeyboardInterrupt" in err


def test_a_process_with_live_iterators_over_threads_ends_in_silence() -> None:
    process = start(SCRIPT, "threads", "0.05", "exit")
    _, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in err
