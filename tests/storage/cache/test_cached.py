"""Batches from the cache: the same as without it, and without the generator."""

from __future__ import annotations

import gc
import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import synthdata as sd
from synthdata.execution import ExecutorName, Policy
from synthdata.layout import Variable
from synthdata.running import explain, stats
from synthdata.storage.cache.cached import Cached, cached
from synthdata.storage.cache.claim import remove
from synthdata.storage.cache.folder import entries, rows
from synthdata.storage.cache.segment import INDEX
from synthdata.testing.digests import stream_digest
from tests.storage.cache.caching import (
    FAILS,
    SEED,
    Everything,
    Fixed,
    batches,
    calls,
    fill,
    looks,
    refuse,
    starter,
    work_of,
)

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("variable", ["pad", "ragged"])
@pytest.mark.parametrize("on_error", ["skip", "substitute"])
def test_what_was_kept_comes_back_with_its_failures_and_without_the_generator(
    variable: Variable, on_error: Any
) -> None:
    work = work_of(Everything(fails=FAILS), variable=variable, policy=Policy(on_error))
    plain = looks(batches(work, starter(work), caching=False))
    assert looks(fill(work)) == plain
    before = calls()
    assert looks(batches(work, refuse)) == plain
    assert calls() == before
    lost = 5 if on_error == "skip" else 0
    assert sum(each[0][0][1][0] for each in plain) == 40 - lost


@pytest.mark.parametrize(("name", "workers"), [("threads", 2), ("processes", 2)])
def test_every_executor_fills_it_with_the_same(name: ExecutorName, workers: int) -> None:
    work = work_of(
        Everything(fails=FAILS), shuffle=True, variable="ragged", policy=Policy("substitute")
    )
    plain = looks(batches(work, starter(work), caching=False))
    assert looks(batches(work, starter(work, name, workers))) == plain
    assert looks(batches(work, refuse)) == plain


@pytest.mark.parametrize(
    "changes",
    [
        {"batch_size": 7},
        {"batch_size": 64},
        {"shuffle": True, "epochs": 3},
        {"shuffle": True, "shard": (1, 3)},
    ],
)
def test_any_order_batch_size_and_shard_reads_the_same_entry(changes: dict[str, Any]) -> None:
    options: dict[str, Any] = {"variable": "ragged", "policy": Policy("skip")}
    generator = Everything(fails=FAILS)
    fill(work_of(generator, **options))
    work = work_of(generator, **options, **changes)
    plain = looks(batches(work, starter(work), caching=False))
    assert looks(batches(work, refuse)) == plain


def test_the_second_epoch_makes_nothing_and_a_split_has_its_own_indices() -> None:
    work = work_of(Fixed(), 40, batch_size=8, epochs=2, shuffle=True, first=1000)
    found = batches(work, starter(work))
    assert calls() == 40
    assert looks(found) == looks(batches(work, starter(work), caching=False))
    assert {int(index) for made in found for index in made.arrays[0]} == set(range(1000, 1040))


def test_arrays_start_where_tensorflow_takes_them_without_a_copy() -> None:
    work = work_of(Everything(), variable="ragged")
    fill(work)
    executor = cached(work, refuse).executor
    arrays = executor.batch(2).arrays
    executor.close()
    assert [a.ctypes.data % 64 for a in arrays if a.dtype != object and a.size] == [0] * 15


def test_a_partial_entry_is_used_for_what_it_has_and_then_whole() -> None:
    half = work_of(Fixed(), shard=(0, 2))
    plain = looks(batches(half, starter(half), caching=False))
    fill(half)
    assert looks(batches(half, refuse)) == plain
    rest = work_of(Fixed(), shard=(1, 2))
    before = calls()
    fill(rest)
    assert calls() == before + 20
    work = work_of(Fixed(), batch_size=9, shuffle=True)
    plain = looks(batches(work, starter(work), caching=False))
    assert looks(batches(work, refuse)) == plain


def test_batches_that_are_half_there_are_made_and_kept_once() -> None:
    fill(work_of(Everything(), shard=(0, 2), variable="ragged"))
    work = work_of(Everything(), batch_size=5, shuffle=True, epochs=2, variable="ragged")
    plain = looks(batches(work, starter(work), caching=False))
    before = calls()
    assert looks(batches(work, starter(work))) == plain
    assert calls() <= before + 40
    [kept] = entries()
    index = [np.fromfile(f, np.int64) for f in kept.folder.glob(f"*/{INDEX}")]
    assert sum(map(len, index)) == 40 * kept.about["width"]
    assert rows(kept) == 40


def test_workers_end_once_the_entry_is_whole() -> None:
    work = work_of(Fixed(), epochs=2)
    executor = cached(work, starter(work, "processes", 1)).executor
    assert executor.name == "processes"
    for number in range(10):
        executor.batch(number)
    assert (executor.name, executor.workers, executor.telemetry().pids) == ("cache", 0, ())
    executor.close()


def test_an_executor_that_is_started_after_the_dataset_has_gone_leaves_no_worker() -> None:
    work = work_of(Fixed())
    fill(work_of(Fixed(), shard=(0, 2)))
    executor = cached(work, starter(work, "processes", 1)).executor
    executor.close()
    assert executor.batch(0).arrays[0].tolist() == [0, 1, 2, 3, 4, 5]
    assert executor.telemetry().pids == ()


def test_it_says_where_samples_come_from(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "synthdata")
    work = work_of(Fixed())
    first = cached(work, starter(work))
    assert first.why.endswith(f"samples are kept in the cache at {entries()[0].folder}")
    for number in range(3):
        first.executor.batch(number)
    first.executor.close()
    part = cached(work, refuse)
    assert part.why == f"18 of 40 samples are read from the cache at {entries()[0].folder}"
    part.executor.close()
    fill(work)
    whole = cached(work, refuse)
    assert whole.why == f"read from the cache at {entries()[0].folder}"
    assert isinstance(whole.executor, Cached)
    whole.executor.close()
    assert f"Fixed: executor='cache': {whole.why}" in caplog.text


IN_ANOTHER_PROCESS = """
from tests.storage.cache.caching import *
work = work_of(Everything(fails=FAILS), shuffle=True, epochs=2, policy=Policy("skip"))
print([made.arrays[0].tolist() for made in batches(work, refuse)])
"""


def test_datasets_of_this_and_of_other_processes_are_the_same_with_it() -> None:
    pytest.importorskip("tensorflow")
    options: dict[str, Any] = {"seed": SEED, "samples": 40, "batch_size": 6, "shuffle": True}
    options |= {"repeat": 2, "on_error": "skip", "with_index": True}

    def digest(**changes: Any) -> tuple[str, Any]:
        dataset = sd.build(Everything(fails=FAILS), **options, **changes)
        return stream_digest(dataset.unbatch().as_numpy_iterator()), dataset

    plain, _ = digest()
    filling, dataset = digest(cache=True, executor="processes", workers=1)
    assert filling == plain
    assert stats(dataset).pids == ()
    before = calls()
    reading, dataset = digest(cache=True, executor="processes")
    assert (reading, calls()) == (plain, before)
    place = f"read from the cache at {entries()[0].folder}"
    assert explain(dataset) == f"executor='cache', workers=0: {place}"
    done = subprocess.run(
        [sys.executable, "-c", IN_ANOTHER_PROCESS],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert (done.returncode, calls()) == (0, before), done.stderr
    indices = sd.build(Everything(fails=FAILS), **options).map(lambda batch: batch["index"])
    expected = [index for batch in indices.as_numpy_iterator() for index in batch.tolist()]
    assert [index for batch in json.loads(done.stdout) for index in batch] == expected
    assert not remove(entries()[0].folder)
    del dataset
    gc.collect()
    assert remove(entries()[0].folder)


def test_an_option_that_is_neither_true_nor_false_is_refused() -> None:
    pytest.importorskip("tensorflow")
    with pytest.raises(sd.BuildError, match="cache='yes': expected True or False"):
        sd.build("noise-v1", samples=3, cache="yes")  # type: ignore[arg-type]
    with pytest.raises(sd.BuildError, match="cache=True needs samples="):
        sd.build("noise-v1", cache=True)
