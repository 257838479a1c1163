"""Worker processes that work: slots and consumers, varying sizes, what a worker is and has."""

from __future__ import annotations

import gc
import logging
import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import synthdata as sd
from synthdata.execution import crew
from synthdata.execution.slab import Slab
from tests.execution.consuming import labels, labels_by_threads
from tests.execution.generators import Counter, Environment, Ragged, Slow
from tests.execution.processes import all_gone, start, until

tf = pytest.importorskip("tensorflow")


def build(generator: sd.Generator, **options: Any) -> Any:
    usual: dict[str, Any] = {"workers": 2, "batch_size": 4}
    return sd.build(generator, executor="processes", **(usual | options))


def plain(batch: Any) -> Any:
    """A batch as lists, ragged or not."""
    return tf.nest.map_structure(
        lambda part: part.to_list() if isinstance(part, tf.RaggedTensor) else part.numpy().tolist(),
        batch,
    )


def test_slots_that_came_back_are_overwritten_and_those_held_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    returned = Slab.returned

    def spoiled(slab: Slab) -> list[int]:
        slots = returned(slab)
        for slot in slots:
            slab.room(slot).take((slab.slot_size,), np.dtype("uint8"))[:] = 0xAB
        return slots

    monkeypatch.setattr(Slab, "returned", spoiled)
    dataset = build(Counter(), samples=400)
    held: list[Any] = []
    found: list[int] = []
    for number, batch in enumerate(dataset):
        found += batch["label"].numpy().tolist()
        if number % 3 == 0:
            held = [*held[-2:], (number, batch["image"][1:3])]
        for earlier, images in held:
            assert images[:, 0, 0, 0].numpy().tolist() == [4 * earlier + 1, 4 * earlier + 2]
    assert found == list(range(400))


def test_a_consumer_that_holds_all_batches_meets_copies_and_no_deadlock() -> None:
    dataset = build(Counter(), samples=200)
    batches = list(dataset)
    assert [int(label) for batch in batches for label in batch["label"].numpy()] == list(range(200))
    figures = sd.stats(dataset)
    assert figures.copies > len(batches) / 2
    assert figures.slots_in_use <= figures.slots


def test_a_consumer_that_holds_nothing_meets_no_copies() -> None:
    dataset = build(Counter(), samples=400)
    assert labels(dataset) == list(range(400))
    assert sd.stats(dataset).copies == 0


def test_slots_bound_the_memory() -> None:
    dataset = build(Counter(), samples=100, slots=4)
    figures = sd.stats(dataset)
    assert figures.slots == 4
    assert "4 slots of" in sd.explain(dataset)
    assert labels(dataset) == list(range(100))


@pytest.mark.parametrize("variable", ["pad", "ragged"])
def test_what_varies_is_the_same_as_inline_and_may_overflow_its_slot(variable: Any) -> None:
    options: dict[str, Any] = {"samples": 60, "batch_size": 7, "variable": variable}
    dataset = build(Ragged(longest=600_000), **options)
    inline = sd.build(Ragged(longest=600_000), executor="inline", **options)
    assert list(map(plain, dataset)) == list(map(plain, inline))
    # Texts have a room of 256 bytes each.
    assert sd.stats(dataset).overflows > 0


def test_two_iterators_side_by_side_each_see_everything() -> None:
    dataset = build(Counter(), samples=100)
    pairs = [
        (one["label"].numpy().tolist(), other["label"].numpy().tolist())
        for one, other in zip(dataset, dataset.skip(3), strict=False)
    ]
    assert [one for one, _ in pairs] == [list(range(n, n + 4)) for n in range(0, 88, 4)]
    assert [other for _, other in pairs] == [list(range(n, n + 4)) for n in range(12, 100, 4)]


def test_iterators_in_threads_each_see_everything() -> None:
    dataset = build(Slow(seconds=0.0005), samples=120)
    assert labels_by_threads(dataset, 4) == [list(range(120))] * 4


def test_iterators_that_are_dropped_cost_the_next_one_nothing() -> None:
    dataset = build(Counter(), samples=None)
    for _ in range(30):
        assert next(iter(dataset))["label"].numpy().tolist() == [0, 1, 2, 3]
    gc.collect()
    figures = sd.stats(dataset)
    assert figures.restarts == 0
    assert figures.slots_in_use <= figures.slots


def test_workers_have_the_environment_of_their_parent_but_no_tensorflow() -> None:
    [batch] = build(Environment(), samples=4)
    [[modules], [path], [folder], [priority]] = [
        set(batch["metadata"][key].numpy().tolist()) for key in ("modules", "path", "cwd", "oom")
    ]
    assert b"tensorflow" not in modules.split()
    assert b"pytest" not in modules.split()
    assert path.decode() == os.environ.get("PYTHONPATH", "")
    assert folder.decode() == str(Path.cwd())
    assert int(priority) == 500


def test_a_module_that_imports_tensorflow_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    from tests.execution.with_tensorflow import Heavy

    with caplog.at_level(logging.WARNING, "synthdata"):
        assert labels(build(Heavy(), samples=4, workers=1)) == [0, 1, 2, 3]
    assert "its module imports TensorFlow" in caplog.text


def test_idle_workers_end_and_are_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "IDLE_PATIENCE", 0.2)
    dataset = build(Counter(), samples=40)
    iterator = iter(dataset)
    found = next(iterator)["label"].numpy().tolist()
    before = sd.stats(dataset).pids
    until(lambda: all_gone(before), 20, "idle workers have ended")
    found += [int(label) for batch in iterator for label in batch["label"].numpy()]
    assert found == list(range(40))
    assert not set(sd.stats(dataset).pids) & set(before)
    assert sd.stats(dataset).restarts == 0


def test_stats_tell_a_slow_generator_from_a_slow_consumer() -> None:
    slow = build(Slow(seconds=0.01), samples=80)
    labels(slow)
    generator = sd.stats(slow)
    assert generator.waiting > 0.5 * generator.seconds
    assert generator.samples == 80
    assert generator.batches == 20
    quick = build(Counter(), samples=80)
    for _ in quick:
        threading.Event().wait(0.02)
    consumer = sd.stats(quick)
    assert consumer.idle > 0.5 * consumer.seconds
    assert consumer.waiting < 0.5 * consumer.seconds


def test_stats_and_explain_find_the_dataset_behind_what_was_made_of_it() -> None:
    dataset = build(Counter(), samples=8).map(lambda batch: batch["label"]).take(1)
    assert sd.stats(dataset).executor == "processes"
    assert "executor='processes', workers=2: it was asked for" in sd.explain(dataset)
    with pytest.raises(sd.BuildError, match="was not made by"):
        sd.stats(tf.data.Dataset.range(3))


@pytest.mark.parametrize("batches", [20, 400])
def test_workers_are_small(batches: int) -> None:
    script = f"""
        from pathlib import Path
        import synthdata as sd
        dataset = sd.build("shapes-v1", batch_size=32, executor="processes", workers=2)
        for batch in dataset.take({batches}):
            pass
        for pid in sd.stats(dataset).pids:
            status = Path(f"/proc/{{pid}}/status").read_text().split()
            places = (status.index(f"Rss{{kind}}:") + 1 for kind in ("Anon", "File", "Shmem"))
            print(sd.stats(dataset).memory, *(status[place] for place in places))
    """
    out, err = start(script).communicate(timeout=120)
    lines = out.splitlines()
    assert len(lines) == 2, err
    for line in lines:
        slab, *kilobytes = map(int, line.split())
        anonymous, file, shared = (count * 1024 for count in kilobytes)
        assert anonymous + file < 60 * 2**20, line
        # Later every slot was used, and the shared memory counts as a part of each worker.
        assert batches > 20 or anonymous + file + shared < 60 * 2**20, line
        assert shared <= slab + 2**20, line  # the slots, and the lines of the workers


@pytest.mark.slow
def test_memory_is_flat_over_two_hundred_thousand_samples() -> None:
    script = """
        import gc
        from pathlib import Path
        import synthdata as sd
        def resident(pid):
            status = Path(f"/proc/{pid}/status").read_text().split()
            sizes = [int(status[status.index(f"Rss{kind}:") + 1]) for kind in ("Anon", "File")]
            return sum(sizes) * 1024, int(status[status.index("RssShmem:") + 1]) * 1024
        dataset = sd.build("shapes-v1", params={"size": 32}, batch_size=64, executor="processes")
        iterator = iter(dataset)
        def sizes():
            gc.collect()
            return [size for pid in ("self", *sd.stats(dataset).pids) for size in resident(pid)]
        for _ in range(400):
            next(iterator)
        before = sizes()
        for _ in range(200_000 // 64):
            next(iterator)
        print(*before)
        print(*sizes())
        print(sd.stats(dataset).memory)
    """
    out, err = start(script).communicate(timeout=900)
    before, after, [slab] = ([int(size) for size in line.split()] for line in out.splitlines())
    assert len(before) == 6, err
    for one, other in zip(before[::2], after[::2], strict=True):
        assert other - one < 8 * 2**20, (before, after)
    # Shared memory counts from when a slot is first used, and never for more than all slots.
    assert max(after[1::2]) <= slab + 2**20, (after, slab)


@pytest.mark.slow
def test_memory_is_flat_over_a_hundred_iterators() -> None:
    script = """
        import gc, os
        from pathlib import Path
        import synthdata as sd
        def resident(pid):
            return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096
        dataset = sd.build("shapes-v1", params={"size": 32}, batch_size=64, executor="processes")
        def sizes():
            gc.collect()
            open_files = len(os.listdir("/proc/self/fd"))
            return [open_files, resident("self"), *map(resident, sd.stats(dataset).pids)]
        def drop(count):
            for _ in range(count):
                iterator = iter(dataset)
                next(iterator)
        drop(30)
        print(*sizes())
        drop(100)
        print(*sizes())
    """
    out, err = start(script).communicate(timeout=300)
    before, after = ([int(size) for size in line.split()] for line in out.splitlines())
    assert len(before) == 4, err
    assert before[0] == after[0]
    for one, other in zip(before[1:], after[1:], strict=True):
        assert other - one < 8 * 2**20, (before, after)
