"""What one entry of the cache keeps, and how it comes back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthdata.check import compile_check
from synthdata.execution import Policy, choose
from synthdata.execution.failures import Failure
from synthdata.execution.maker import Made
from synthdata.layout import Variable, aligned, columns
from synthdata.storage.cache.claim import Claim
from synthdata.storage.cache.entry import Entry, grouped
from synthdata.storage.cache.folder import entries, rows
from synthdata.storage.cache.segment import BOOT, INDEX, SEAL
from synthdata.stream import Stream
from tests.storage.cache.caching import (
    SEED,
    Everything,
    Fixed,
    batches,
    calls,
    fill,
    looks,
    refuse,
    work_of,
)
from tests.strategies import outputs, samples


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_all_features_come_back_in_any_order(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    output = data.draw(outputs())
    check = compile_check(output)
    values = [check(data.draw(samples(output))) for _ in range(data.draw(st.integers(1, 5)))]
    variable: Variable = data.draw(st.sampled_from(["pad", "ragged"]))
    parts = columns(output, variable)

    def made(order: list[int]) -> Made:
        arrays = [np.array(order, np.int64)]
        for place, column in enumerate(parts):
            store = column.store(len(order), aligned)
            for row, index in enumerate(order):
                store[row] = values[index][place]
            arrays += column.arrays(store, aligned)
        return Made(arrays, (), len(order))

    folder = tmp_path_factory.mktemp("entry")
    numbers = list(range(len(values)))
    for own in (numbers[::2], numbers[1:]):  # two segments, the second knows half of its batch
        entry = Entry(Claim(folder), parts, range(len(values)))
        entry.adding, entry.room = True, 10**9
        if own:
            entry.add(np.array(own, np.int64), made(own))
        entry.close()
    entry = Entry(Claim(folder), parts, range(len(values)))
    order = data.draw(st.lists(st.sampled_from(numbers), max_size=6))
    assert looks([entry.read(np.array(order, np.int64))]) == looks([made(order)])
    entry.close()


def test_failures_are_kept_with_the_sample_for_which_they_happened() -> None:
    def failure(index: int, attempt: int) -> Failure:
        return Failure("x-v1", 0, index, attempt, "GeneratorFailedError", "", "", "")

    one, two = [failure(4, 0), failure(4, 1), failure(9, 0)], [failure(2, 0)]
    assert grouped([1, 4, 2, 3], [*one, *two]) == {4: one, 2: two}
    assert grouped([4, 4], [*one, *one]) == {4: one}
    assert grouped([1], []) == {}


def test_failures_that_may_be_of_the_machine_are_not_kept() -> None:
    work = work_of(Everything(pause=0.6), 2, policy=Policy("skip"))
    stream = Stream(work.generator, SEED)
    first = batches(work, lambda: choose(work, stream, "processes", 1, None, 0.2))
    assert {f.error for made in first for f in made.failures} == {"SampleTimeoutError"}
    [kept] = entries()
    assert rows(kept) == 0


def test_a_file_that_lost_its_end_costs_the_segment_and_no_sample(
    caplog: pytest.LogCaptureFixture,
) -> None:
    work = work_of(Everything(), variable="ragged")
    plain = looks(fill(work))
    [kept] = entries()
    for name in ("000", INDEX):
        [file] = kept.folder.glob(f"*/{name}")
        data = file.read_bytes()
        file.write_bytes(data[:-8])
        caplog.clear()
        assert looks(fill(work)) == plain
        assert "is damaged and not used: a file is shorter than it was" in caplog.text
        for segment in kept.folder.glob("segment-*"):
            if segment != file.parent:
                for each in segment.iterdir():
                    each.unlink()
                segment.rmdir()
        file.write_bytes(data)
    assert looks(batches(work, refuse)) == plain


def test_an_index_of_nonsense_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    work = work_of(Everything(), variable="ragged")
    plain = looks(fill(work))
    [file] = entries()[0].folder.glob(f"*/{INDEX}")
    data = np.fromfile(file, np.int64)
    for place, value in ((0, 40), (0, -1), (1, -2), (1, 2**40), (2, -1), (3, 2**40)):
        changed = data.copy()
        changed[place] = value
        changed.tofile(file)
        caplog.clear()
        entry = Entry(
            Claim(file.parents[1]), columns(work.generator.output, "ragged"), work.indices
        )
        entry.close()
        assert entry.filled == 0
        assert "is damaged" in caplog.text
    data.tofile(file)
    assert looks(batches(work, refuse)) == plain


def test_what_was_not_brought_to_the_disk_counts_until_the_machine_starts_again() -> None:
    work = work_of(Fixed())
    plain = looks(fill(work))
    [seal] = entries()[0].folder.glob(f"*/{SEAL}")
    seal.unlink()
    assert looks(batches(work, refuse)) == plain
    (seal.parent / BOOT).write_text("another")
    before = calls()
    assert looks(fill(work)) == plain
    assert calls() == before + 40


def test_a_torn_line_of_the_index_is_no_line() -> None:
    work = work_of(Fixed())
    plain = looks(fill(work))
    [seal] = entries()[0].folder.glob(f"*/{SEAL}")
    seal.unlink()
    index = seal.parent / INDEX
    index.write_bytes(index.read_bytes()[:-3])
    before = calls()
    assert looks(fill(work)) == plain
    assert calls() == before + 4  # the last batch has four samples
