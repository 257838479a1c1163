"""The ledger: what it says of each failure, and when failures are too many."""

from __future__ import annotations

import json
import logging
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import synthdata as sd
from synthdata.execution import ExecutorName, Ledger, Policy
from synthdata.execution.failures import Failure
from synthdata.execution.maker import Made
from synthdata.origin import generator_of, origin
from synthdata.seeding import MAX_SEED
from synthdata.stream import Stream
from tests.execution.generators import Failing
from tests.execution.policy_generators import EXECUTORS, Patchy, Unprintable, batches

SKIP = Policy("skip")


def settled(
    made: list[Made],
    budget: Any = None,
    samples: int | None = None,
    path: Path | None = None,
    generator: sd.Generator | None = None,
) -> int | None:
    """Settle batches; return the number of the one that is an error, or None."""
    ledger = Ledger(path, origin(generator) if generator else {}, budget, samples)
    for number, one in enumerate(made):
        try:
            ledger.settle(one)
        except sd.FailureBudgetError:
            return number
    return None


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def failure(index: int, attempt: int = 0) -> Failure:
    return Failure("x-v1", 7, index, attempt, "ContractError", f"bad luck at {index}", "…", "now")


def batch(first: int, failing: list[int], size: int = 10) -> Made:
    """A batch as the policy skip makes it, with nothing but indices."""
    kept = [index for index in range(first, first + size) if index not in failing]
    return Made([np.array(kept, np.int64)], tuple(map(failure, failing)), size)


# What is written


@pytest.mark.parametrize("executor", EXECUTORS, ids=lambda one: f"{one[0]}-{one[1]}")
def test_there_is_a_line_for_each_failing_attempt_in_order_whatever_the_executor(
    executor: tuple[ExecutorName, int], tmp_path: Path
) -> None:
    fails = {3: 1, 4: 2, 11: 1, 18: 2, 19: 1}
    generator, path = Patchy(fails=fails), tmp_path / "failures.jsonl"
    settled(batches(generator, 20, 4, Policy("retry"), executor), path=path, generator=generator)
    attempts = [(index, attempt) for index in fails for attempt in range(fails[index])]
    found = lines(path)
    assert [(line["index"], line["attempt"]) for line in found] == attempts
    for line in found:
        # The message has a random number of this very attempt in it.
        drawn = sd.Rng(7, line["index"], line["attempt"]).random()
        assert line["id"] == "Patchy"
        assert line["seed"] == 7
        assert line["error"] == "GeneratorFailedError"
        assert line["message"].startswith(f"Patchy sample {line['index']} (seed 7")
        assert f"RuntimeError: bad luck at {line['index']}: drew {drawn}" in line["message"]
        assert line["traceback"].startswith("Traceback (most recent call last):")
        assert "in sample" in line["traceback"]
        assert line["time"].endswith("+00:00")


def test_a_line_holds_all_that_is_needed_to_fail_again(tmp_path: Path) -> None:
    generator, path = Patchy(fails={3: 9}), tmp_path / "failures.jsonl"
    made = batches(generator, 4, 4, Policy("retry", 3), seed=MAX_SEED)
    with pytest.raises(sd.GeneratorFailedError, match="bad luck at 3"):
        settled(made, path=path, generator=generator)
    for line in lines(path):
        stream = Stream(generator_of(line["origin"]), line["seed"])
        with pytest.raises(sd.GeneratorFailedError) as caught:
            stream.draw(line["index"], sd.Rng(), line["attempt"])
        assert str(caught.value) == line["message"]
    assert [line["attempt"] for line in lines(path)] == [0, 1, 2]


def test_lines_are_added_to_those_of_earlier_runs(tmp_path: Path) -> None:
    generator, path = Failing(every=7), tmp_path / "failures.jsonl"
    for seed in (1, 2):
        settled(batches(generator, 12, 4, SKIP, seed=seed), path=path, generator=generator)
    found = [(line["seed"], line["index"]) for line in lines(path)]
    assert found == [(1, 3), (1, 10), (2, 3), (2, 10)]


def test_a_file_is_there_from_the_start_so_that_none_of_it_means_none_failed(
    tmp_path: Path,
) -> None:
    settled([batch(0, [])], path=tmp_path / "failures.jsonl")
    assert (tmp_path / "failures.jsonl").read_text() == ""


def test_words_that_are_not_utf_8_are_written_as_json_escapes(tmp_path: Path) -> None:
    generator, path = Unprintable(), tmp_path / "failures.jsonl"
    settled(batches(generator, 5, 5, SKIP), path=path, generator=generator)
    [line] = lines(path)
    assert r"\udcff.png" in line["message"]
    assert "\udcff.png" in line["traceback"]  # JSON gives back the name itself


def test_letters_of_all_languages_can_be_read_in_the_file(tmp_path: Path) -> None:
    text = failure(3)
    made = Made([np.arange(3)], (Failure(**{**_fields(text), "message": "größe 寸法"}),), 4)
    settled([made], path=tmp_path / "failures.jsonl")
    assert "größe 寸法" in (tmp_path / "failures.jsonl").read_text(encoding="utf-8")


def _fields(record: Failure) -> dict[str, Any]:
    return {name: getattr(record, name) for name in Failure.__dataclass_fields__}


def test_a_batch_is_settled_after_the_other_where_iterators_are_side_by_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger(tmp_path / "failures.jsonl", {}, None, None)
    write, entered, second = ledger._write, [0], threading.Event()

    def slowly(records: list[dict[str, Any]]) -> None:
        entered[0] += 1
        if entered[0] == 2:
            second.set()
        # Time for the second to come in, which it must not.
        elif second.wait(0.2):
            entered[0] = -1
        write(records)

    monkeypatch.setattr(ledger, "_write", slowly)
    threads = [threading.Thread(target=ledger.settle, args=(batch(k, [k]),)) for k in (0, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert entered == [2]
    assert sorted(line["index"] for line in lines(tmp_path / "failures.jsonl")) == [0, 10]
    assert ledger.failures == 2


def test_the_first_failure_and_no_other_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "synthdata"):
        settled(batches(Failing(every=7), 40, 4, SKIP))
    [record] = caplog.records
    assert "bad luck at 3" in record.getMessage()
    assert record.getMessage().endswith("this failure and further ones are counted")


# Where it cannot be written


@pytest.mark.parametrize("place", ["missing/failures.jsonl", "file/failures.jsonl", "folder"])
def test_a_ledger_that_cannot_be_written_is_refused_before_a_sample_is_made(
    place: str, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    path = tmp_path / place
    with pytest.raises(sd.LedgerError) as caught:
        Ledger(path, {}, None, None)
    assert caught.value.path == str(path)
    assert str(caught.value).startswith(f"ledger {path}: ")
    assert "name another file" in str(caught.value)


def test_a_full_disk_is_an_error_that_says_which_failure_is_not_written() -> None:
    ledger = Ledger("/dev/full", {}, None, None)
    ledger.settle(batch(0, []))
    with pytest.raises(sd.LedgerError) as caught:
        ledger.settle(batch(10, [13, 17]))
    assert caught.value.path == "/dev/full"
    assert str(caught.value).startswith("ledger /dev/full: No space left on device")
    assert "not written: bad luck at 13" in str(caught.value)


def test_a_full_disk_does_not_hide_behind_the_error_of_the_sample() -> None:
    ledger = Ledger("/dev/full", {}, None, None)
    with pytest.raises(sd.LedgerError, match=r"not written: .*bad luck at 3"):
        ledger.settle(batches(Failing(every=7), 4, 4)[0])


def test_without_a_path_failures_are_counted_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ledger = Ledger(None, {}, None, None)
    for made in batches(Patchy(fails={3: 2, 9: 1}), 12, 4, Policy("retry")):
        ledger.settle(made)
    assert ledger.failures == 3
    assert list(tmp_path.iterdir()) == []


# The budget


@pytest.mark.parametrize("number", [int, np.int64])
def test_a_count_allows_so_many_samples_and_no_more(number: Any) -> None:
    made = [batch(first, [first + 1]) for first in range(0, 100, 10)]
    assert settled(made, number(9), 100) == 9
    assert settled(made, number(10), 100) is None
    assert settled(made, number(0), 100) == 0
    assert settled([batch(0, []), batch(10, [])], number(0), 100) is None


def test_a_fraction_is_one_of_the_samples_of_an_epoch() -> None:
    made = [batch(first, [first + 1]) for first in range(0, 100, 10)]
    assert settled(made, 0.05, 100) == 5
    assert settled(made, 0.1, 100) is None
    assert settled(made, 0.0, 100) == 0
    assert settled(made, 1.0, 100) is None


def test_a_fraction_of_endless_samples_is_one_of_those_so_far_and_of_a_thousand_at_least() -> None:
    made = [batch(first, [first + 1]) for first in range(0, 3_000, 10)]
    # A tenth fails. Of a thousand 5 % are 50, however few were drawn.
    assert settled(made, 0.05, None) == 50
    assert settled(made, 0.1, None) is None
    late = [batch(first, []) for first in range(0, 2_000, 10)]
    # After 2,000 good ones the n-th of these makes n failures of 2000 + 10 n: 5 % are at n = 201.
    late += [batch(first, [first + 1]) for first in range(2_000, 5_000, 10)]
    assert settled(late, 0.05, None) == 200 + 200


def test_the_error_says_how_many_failed_how_many_may_and_which_was_last() -> None:
    ledger = Ledger(None, {}, 2, 100)
    ledger.settle(batch(0, [1, 5]))
    with pytest.raises(sd.FailureBudgetError) as caught:
        ledger.settle(batch(10, [12]))
    assert caught.value.failed == 3
    words = "3 samples failed, but budget=2 allows 2; the last: bad luck at 12"
    assert str(caught.value) == words


def test_a_sample_counts_once_however_many_attempts_and_epochs_it_fails_in() -> None:
    ledger = Ledger(None, {}, 2, 10)
    for _ in range(5):
        attempts = tuple(failure(index, attempt) for index in (1, 3) for attempt in range(3))
        ledger.settle(Made([np.arange(8)], attempts, 10))
    assert ledger.failures == 30
    with pytest.raises(sd.FailureBudgetError, match="3 samples failed"):
        ledger.settle(batch(0, [5]))


@pytest.mark.parametrize("executor", EXECUTORS[1:3], ids=lambda one: f"{one[0]}-{one[1]}")
def test_the_budget_is_spent_at_the_same_batch_under_any_executor(
    executor: tuple[ExecutorName, int],
) -> None:
    # 3, 10, 17, 24, … fail: the fourth is in batch 6 of 4 samples.
    for policy in (SKIP, Policy("retry")):
        made = batches(Failing(every=7, attempts=1), 40, 4, policy, executor)
        assert settled(made, 3, 40) == settled(made, 0.09, 40) == 24 // 4


def test_a_batch_with_an_error_raises_that_whatever_the_budget() -> None:
    ledger = Ledger(None, {}, 0, 40)
    with pytest.raises(sd.GeneratorFailedError, match="bad luck at 3"):
        ledger.settle(batches(Failing(every=7), 4, 4)[0])


def test_a_thousand_samples_in_a_row_that_fail_are_an_error_without_any_budget() -> None:
    lost = [batch(first, list(range(first, first + 10))) for first in range(0, 2_000, 10)]
    assert settled(lost) == 99
    one_between = [*lost[:99], batch(990, []), *lost[:99]]
    assert settled(one_between) is None
    assert settled([*one_between, lost[99]]) == 199
