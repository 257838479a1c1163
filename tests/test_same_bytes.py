"""Sample i is the same bytes whatever it comes through: promise P1, over the whole matrix."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from itertools import count, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

import synthdata as sd
from synthdata import bundles
from synthdata.bundles import MOST, SINGLY
from synthdata.testing import stream_digest
from tests.execution.generators import Counter

tf = pytest.importorskip("tensorflow")

ROOT = Path(__file__).parent.parent
SAMPLES = 23
RECORDS = sd.Recipe(
    generator="records-v1", params={"height": 16, "width": 24}, seed=7, samples=SAMPLES
)
MOST_EPOCHS = 20
MOST_ROWS = 2 * SAMPLES + 3
"""Samples that are looked at of an endless data set: into its third epoch."""
AHEAD = 2 + 2 + 1
"""Batches, or bundles, that a single worker may have made before it is killed: two for
``prefetch``, two ahead of those, and one under way."""

CELLS = [("inline", 0), *[(e, w) for e in ("threads", "processes") for w in (0, 1, 2, 3, 5)]]
UNHURRIED = settings(deadline=None, suppress_health_check=list(HealthCheck))
PADDING = {"colours": (4, -1), "boxes": (4, -1), "outlines": (4, -1), "centres": (4, 0)}


class Run(NamedTuple):
    """One way through the matrix.

    Attributes:
        options: of ``build``.
        resumed: batches after which an iterator is saved, and restored in another data set.
        other: executor and workers of that data set.
        killed: batches after which a worker is killed; None is never.
        victim: which of them.
        singly: batches that are made one by one before they are made several at a time.
    """

    options: dict[str, Any]
    resumed: int | None
    other: tuple[str, int]
    killed: int | None
    victim: int
    singly: int = SINGLY


@st.composite
def runs(draw: st.DrawFn) -> Run:
    n = draw(st.integers(1, 4))
    repeat = draw(st.sampled_from([False, 2, 3, True]))
    end = 3 * SAMPLES if repeat is True else SAMPLES * int(repeat or 1)
    options: dict[str, Any] = {
        "batch_size": draw(st.integers(1, SAMPLES + 2)),
        "shuffle": draw(st.booleans()),
        "repeat": repeat,
        "start": draw(st.sampled_from([0, 0, 1]) | st.integers(0, end - 1)),
        "shard": (draw(st.integers(0, n - 1)), n),
        "variable": draw(st.sampled_from(["ragged", "pad"])),
    }
    rows = len(range(options["start"] + options["shard"][0], end, n))
    batches = -(-min(rows, MOST_ROWS) // options["batch_size"])
    moments = st.none() | st.integers(0, max(batches - 1, 0))
    killed = draw(moments)
    other, victim = draw(st.sampled_from(CELLS)), draw(st.integers(0))
    singly = draw(st.sampled_from([0, 1, 2, SINGLY]))
    return Run(options, draw(moments), other, killed, victim, singly)


# What is to come, without any of the machinery between a Source and a batch.


@cache
def reference(variable: str) -> list[str]:
    """The digest of each sample, as the Source gives it and padded by hand."""
    samples = [sample._asdict() for sample in sd.Source(RECORDS)]
    return [stream_digest([_padded(sample) if variable == "pad" else sample]) for sample in samples]


def _padded(sample: dict[str, Any]) -> dict[str, Any]:
    label = dict(sample["label"])
    polygons = [np.asarray(polygon) for polygon in label["outlines"]]
    label["outlines"] = np.array(polygons, np.float32).reshape(-1, 4, 2)
    for name, (size, value) in PADDING.items():
        label[name] = _filled(np.asarray(label[name]), size, value)
    readings = _filled(np.asarray(sample["metadata"]["readings"]), 16, 0)
    return {**sample, "label": label, "metadata": {**sample["metadata"], "readings": readings}}


def _filled(array: Any, size: int, value: int) -> Any:
    filled = np.full((size, *array.shape[1:]), value, array.dtype)
    filled[: len(array)] = array
    return filled


@cache
def whole_order(shuffle: bool) -> tuple[int, ...]:
    """The indices of some epochs: each once an epoch, and in their order unless shuffled."""
    dataset = sd.build(
        Counter(),
        seed=RECORDS.seed,
        samples=SAMPLES,
        batch_size=SAMPLES * MOST_EPOCHS,
        repeat=MOST_EPOCHS,
        shuffle=shuffle,
        executor="inline",
    )
    order = tuple(next(iter(dataset))["label"].numpy().tolist())
    epochs = [order[at : at + SAMPLES] for at in range(0, len(order), SAMPLES)]
    ascending = tuple(range(SAMPLES))
    assert len(epochs) == MOST_EPOCHS
    assert all(tuple(sorted(epoch)) == ascending for epoch in epochs)
    assert len(set(epochs)) == (MOST_EPOCHS if shuffle else 1)
    return order if shuffle else ascending * MOST_EPOCHS


def expected_indices(options: dict[str, Any]) -> list[int]:
    k, n = options["shard"]
    epochs = MOST_EPOCHS if options["repeat"] is True else int(options["repeat"] or 1)
    return list(whole_order(options["shuffle"])[: SAMPLES * epochs][options["start"] :][k::n])


# What comes.


def rows_of(batch: dict[str, Any]) -> Iterator[tuple[int, Any]]:
    """The index and the values of each row of a batch."""
    arrays = tf.nest.map_structure(_rows, batch)
    for row in range(len(batch["index"])):
        tree = {part: _row(arrays[part], row) for part in ("image", "label", "metadata")}
        yield int(arrays["index"][row]), tree


def _rows(value: Any) -> Any:
    if not isinstance(value, tf.RaggedTensor):
        return value.numpy()
    inner, splits = _rows(value.values), value.row_splits.numpy()
    return [inner[start:end] for start, end in pairwise(splits)]


def _row(tree: Any, row: int) -> Any:
    return {k: _row(v, row) for k, v in tree.items()} if isinstance(tree, dict) else tree[row]


def built(cell: tuple[str, int], options: dict[str, Any]) -> Any:
    executor: Any = cell[0]
    return sd.build(RECORDS, executor=executor, workers=cell[1], with_index=True, **options)


def walk(cell: tuple[str, int], run: Run, most: int | None) -> list[tuple[int, Any]]:
    """The rows of a data set whose worker is killed, and which goes on in another one."""
    dataset = built(cell, run.options)
    iterator = iter(dataset)
    killed: Any = None
    since = 0
    found: list[tuple[int, Any]] = []
    for number in count():
        if number == run.resumed:
            dataset, iterator = moved(iterator, run)
        if number == run.killed and (pids := sd.stats(dataset).pids):
            os.kill(pids[run.victim % len(pids)], signal.SIGKILL)
            killed = dataset
        batch = None if most is not None and len(found) >= most else next(iterator, None)
        if batch is None:
            break
        found += rows_of(batch)
        since += dataset is killed
    ahead = AHEAD if run.singly == SINGLY else AHEAD * MOST
    if killed is not None and sd.stats(killed).workers == 1 and since > ahead:
        assert sd.stats(killed).restarts >= 1
    return found


def moved(iterator: Any, run: Run) -> tuple[Any, Any]:
    """The other data set, and an iterator over it that goes on where this one is."""
    with tempfile.TemporaryDirectory() as folder:
        saved = tf.train.Checkpoint(iterator=iterator).write(f"{folder}/iterator")
        dataset = built(run.other, run.options)
        restored = iter(dataset)
        tf.train.Checkpoint(iterator=restored).read(saved).assert_consumed()
    return dataset, restored


def check(cell: tuple[str, int], run: Run) -> None:
    want = expected_indices(run.options)
    most = MOST_ROWS if run.options["repeat"] is True else None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bundles, "SINGLY", run.singly)
        found = walk(cell, run, most)
    indices = [index for index, _ in found]
    if most is not None:
        assert len(indices) >= most
        want = want[: len(indices)]
    assert indices == want
    digests = reference(run.options["variable"])
    for index, values in found:
        assert stream_digest([values]) == digests[index], f"sample {index}"


def total(executor: str, workers: int, **options: Any) -> str:
    """The one digest of all samples, in the order of their indices."""
    dataset = built((executor, workers), {"variable": "ragged", **options})
    rows = dict(row for batch in dataset for row in rows_of(batch))
    return stream_digest(rows[index] for index in sorted(rows))


@given(st.fixed_dictionaries({cell: runs() for cell in CELLS}))
@settings(UNHURRIED, max_examples=3, derandomize=True, phases=[Phase.generate])
def test_no_way_through_the_matrix_changes_a_byte(ways: dict[tuple[str, int], Run]) -> None:
    for cell, run in ways.items():
        note(f"{cell}: {run}")
        check(cell, run)


@pytest.mark.slow
@given(cell=st.sampled_from(CELLS), run=runs())
@settings(UNHURRIED, max_examples=300)
def test_none_of_hundreds_of_ways_through_the_matrix_changes_a_byte(
    cell: tuple[str, int], run: Run
) -> None:
    check(cell, run)


@pytest.mark.parametrize("killed", [0, 5])
def test_a_killed_worker_changes_no_byte(killed: int) -> None:
    options = {"batch_size": 1, "shuffle": True, "repeat": False, "start": 0, "shard": (0, 1)}
    run = Run({**options, "variable": "ragged"}, None, ("inline", 0), killed, 0)
    check(("processes", 1), run)  # which looks whether it was replaced


def test_a_fresh_process_gives_the_digest_of_this_one_and_of_the_source(tmp_path: Path) -> None:
    want = stream_digest(sd.Source(RECORDS))
    assert total("processes", 2, batch_size=5, shuffle=True) == want
    code = "from tests.test_same_bytes import total; print(total('processes', 3, batch_size=4))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "12345"},
    )
    assert done.stdout.split() == [want], done.stderr
