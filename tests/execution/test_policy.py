"""Promise P3, through ``build``: what raise, skip, retry and substitute make of failing samples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import synthdata as sd
from synthdata.execution import ExecutorName
from synthdata.running import stats
from tests.execution.generators import Counter, Failing
from tests.execution.policy_generators import (
    EXECUTORS,
    FOREVER,
    Holes,
    Opening,
    Patchy,
)

tf = pytest.importorskip("tensorflow")

SEED = 7
FAILS = {3: 1, 10: 2, 11: 1, 24: 2, 39: 1}
"""Index to how many attempts fail; three are made, so that retry mends all."""
LOST = {**FAILS, 10: FOREVER, 25: FOREVER}
"""Two of these fail for good."""


class Row(NamedTuple):
    """What Counter makes of a sample."""

    number: int
    label: int
    attempt: int
    noise: float


def build(
    generator: sd.Generator, executor: tuple[ExecutorName, int] = EXECUTORS[0], **options: Any
) -> Any:
    name, workers = executor
    return sd.build(
        generator, seed=SEED, executor=name, workers=workers if workers else None, **options
    )


def rows_of(batch: Any) -> list[Row]:
    """The rows of a batch; each image is one number throughout."""
    image = batch["image"].numpy()
    assert (image == image[:, :1, :1]).all()
    parts = (
        image[:, 0, 0, 0],
        batch["label"].numpy(),
        batch["metadata"]["attempt"].numpy(),
        batch["metadata"]["noise"].numpy(),
    )
    assert {len(part) for part in parts} == {len(image)}
    return [Row(*values) for values in zip(*(part.tolist() for part in parts), strict=True)]


def rows(dataset: Any) -> list[Row]:
    return [row for batch in dataset for row in rows_of(batch)]


def row(index: int, attempt: int = 0) -> Row:
    """The row of an attempt that succeeds, from the generator alone."""
    sample = Counter().sample(sd.Rng(SEED, index, attempt))
    return Row(index, index, attempt, float(sample.metadata["noise"]))


def until_error(dataset: Any) -> tuple[list[Row], str]:
    """The rows before the error, and what it says."""
    found: list[Row] = []
    try:
        for batch in dataset:
            found += rows_of(batch)
    except tf.errors.OpError as error:
        return found, error.message
    raise AssertionError("there is no error")


# What each policy does


def test_raise_gives_the_batches_before_and_names_the_sample() -> None:
    found, message = until_error(build(Patchy(fails=FAILS), samples=40, batch_size=3))
    assert found == [row(index) for index in range(3)]
    assert "Patchy sample 3 (seed 7): sample raised RuntimeError: bad luck at 3" in message
    assert "policy_generators.py:" in message


def test_skip_leaves_out_image_label_and_metadata_together_and_keeps_the_order() -> None:
    dataset = build(Patchy(fails=FAILS), samples=41, batch_size=4, on_error="skip")
    assert rows(dataset) == [row(index) for index in range(41) if index not in FAILS]


def test_skip_fills_batches_from_those_that_follow() -> None:
    dataset = build(Patchy(fails=FAILS), samples=41, batch_size=4, on_error="skip")
    assert [len(batch["label"]) for batch in dataset] == [4] * 9
    dataset = build(Patchy(fails=FAILS), samples=42, batch_size=4, on_error="skip")
    assert [len(batch["label"]) for batch in dataset] == [4] * 9 + [1]


def test_skip_keeps_each_good_sample_though_the_samples_were_whole_batches() -> None:
    dataset = build(Patchy(fails=FAILS), samples=42, batch_size=7, on_error="skip")
    assert rows(dataset) == [row(index) for index in range(42) if index not in FAILS]


def test_skip_with_drop_remainder_has_a_static_size_and_full_batches_only() -> None:
    options: dict[str, Any] = {"on_error": "skip", "drop_remainder": True}
    dataset = build(Patchy(fails=FAILS), samples=42, batch_size=4, **options)
    assert dataset.element_spec["image"].shape.as_list() == [4, 2, 3, 1]
    assert [len(batch["label"]) for batch in dataset] == [4] * 9
    # Of 18 good ones in 20 there are 4 batches, where 5 would be full without failures.
    dataset = build(Patchy(fails=FAILS), samples=20, batch_size=4, **options)
    assert len(rows(dataset)) == 16


def test_skip_does_not_know_how_many_batches_there_will_be_unless_they_have_no_end() -> None:
    dataset = build(Failing(), samples=40, batch_size=4, on_error="skip")
    assert dataset.cardinality() == tf.data.UNKNOWN_CARDINALITY
    assert dataset.element_spec["label"].shape.as_list() == [None]
    endless = build(Failing(), batch_size=4, on_error="skip")
    assert endless.element_spec["label"].shape.as_list() == [4]
    good = [index for index in range(100) if index % 7 != 3]
    assert rows(endless.take(5)) == [row(index) for index in good[:20]]


@pytest.mark.parametrize("on_error", ["retry", "substitute"])
def test_retry_and_substitute_keep_cardinality_and_static_size(on_error: Any) -> None:
    dataset = build(Patchy(fails=FAILS), samples=40, batch_size=4, on_error=on_error)
    assert dataset.cardinality() == 10
    assert dataset.element_spec["label"].shape.as_list() == [4]
    assert [len(batch["label"]) for batch in dataset] == [4] * 10


@pytest.mark.parametrize("on_error", ["retry", "substitute"])
def test_a_sample_that_fails_at_first_is_that_of_the_first_attempt_that_does_not(
    on_error: Any,
) -> None:
    dataset = build(Patchy(fails=FAILS), samples=40, batch_size=4, on_error=on_error)
    assert rows(dataset) == [row(index, FAILS.get(index, 0)) for index in range(40)]


def test_retry_raises_when_the_last_attempt_fails_and_names_it() -> None:
    dataset = build(Patchy(fails=LOST), samples=40, batch_size=4, on_error="retry", attempts=4)
    found, message = until_error(dataset)
    assert found == [row(index, LOST.get(index, 0)) for index in range(8)]
    assert "Patchy sample 10 (seed 7, attempt 3): sample raised RuntimeError" in message


def test_substitute_puts_other_samples_of_the_data_set_in_the_place_of_lost_ones() -> None:
    dataset = build(Patchy(fails=LOST), samples=40, batch_size=4, on_error="substitute")
    found = rows(dataset)
    for place, one in enumerate(found):
        if place in (10, 25):
            assert one.number not in (10, 25)
            assert one == row(one.number)
            assert one.number in range(40)
        else:
            assert one == row(place, LOST.get(place, 0))
    assert len(found) == 40


def test_the_substitute_is_another_one_for_another_place_and_seed() -> None:
    def chosen(seed: int) -> list[int]:
        generator = Patchy(fails=dict.fromkeys(range(0, 200, 4), FOREVER))
        dataset = sd.build(
            generator,
            seed=seed,
            samples=200,
            batch_size=200,
            on_error="substitute",
            attempts=8,
            executor="inline",
        )
        return [one.number for one in rows(dataset)][::4]

    first, second = chosen(1), chosen(2)
    # 50 fair draws out of 150 numbers are 43 different ones on average.
    assert len(set(first)) > 30
    assert all(number % 4 for number in first)
    assert sum(one != other for one, other in zip(first, second, strict=True)) > 45


def test_substitute_raises_when_no_sample_can_be_had() -> None:
    generator = Patchy(fails=dict.fromkeys(range(40), FOREVER))
    dataset = build(generator, samples=40, batch_size=4, on_error="substitute")
    found, message = until_error(dataset)
    assert found == []
    assert "bad luck at" in message


# The same under any executor


@pytest.mark.parametrize("on_error", ["raise", "skip", "retry", "substitute"])
def test_each_policy_makes_the_same_rows_and_lines_under_any_executor(
    on_error: Any, tmp_path: Path
) -> None:
    fails = LOST if on_error in ("skip", "substitute") else FAILS
    # Under raise all comes before the error, but for what is made ahead.
    start = 12 if on_error == "raise" else 0
    found: list[Any] = []
    for number, executor in enumerate(EXECUTORS):
        path = tmp_path / f"{number}.jsonl"
        options = {"on_error": on_error, "ledger": path, "samples": 40, "start": start}
        dataset = build(Patchy(fails=fails), executor, batch_size=4, **options)
        assert stats(dataset).executor == executor[0]
        if on_error == "raise":
            made, message = until_error(dataset)
            assert made == [row(index) for index in range(12, 24)]
            assert "Patchy sample 24 (seed 7): sample raised" in message
        else:
            made = rows(dataset)
        records = [json.loads(line) for line in path.read_text().splitlines()]
        for record in records:
            del record["time"]
            # The frames above the generator's are those of the executor.
            record["traceback"] = record["traceback"].partition("policy_generators.py")[2]
            assert record["traceback"]
        found.append((made, records))
    assert all(one == found[0] for one in found)
    assert len(found[0][0]) > 10
    assert found[0][1]


@pytest.mark.parametrize("on_error", ["skip", "retry", "substitute"])
def test_each_policy_makes_the_same_rows_in_batches_of_any_size_and_in_any_order(
    on_error: Any,
) -> None:
    fails = FAILS if on_error == "retry" else LOST
    want = rows(build(Patchy(fails=fails), samples=40, batch_size=40, on_error=on_error))
    for size in (1, 7):
        for executor in EXECUTORS[:2]:
            options = {"samples": 40, "batch_size": size, "on_error": on_error}
            assert rows(build(Patchy(fails=fails), executor, **options)) == want
            shuffled = rows(build(Patchy(fails=fails), executor, shuffle=True, **options))
            assert shuffled != want
            assert sorted(shuffled) == sorted(want)


# What varies in shape


@pytest.mark.parametrize("variable", ["pad", "ragged"])
@pytest.mark.parametrize("batch_size", [1, 2, 5])
def test_skip_keeps_texts_boxes_and_polygons_aligned_and_true_to_the_element_spec(
    batch_size: int, variable: Any
) -> None:
    failing = (2, 3, 4, 5, 11)  # of batches of 2, two whole ones
    generator = Holes(failing=failing)
    options: dict[str, Any] = {"samples": 13, "batch_size": batch_size, "variable": variable}
    dataset = build(generator, on_error="skip", with_index=True, **options)
    whole = build(Holes(), with_index=True, **options)
    want = {
        int(index): tf.nest.map_structure(lambda part, place=place: part[place], batch)
        for batch in whole
        for place, index in enumerate(batch["index"])
    }
    seen = []
    for batch in dataset:
        for part, spec in zip(
            tf.nest.flatten(batch), tf.nest.flatten(dataset.element_spec), strict=True
        ):
            assert spec.is_compatible_with(part)
        for place, index in enumerate(batch["index"].numpy().tolist()):
            seen.append(index)
            assert _bytes(batch, place) == _bytes_of(want[index])
    assert seen == [index for index in range(13) if index not in failing]


def _bytes(batch: Any, place: int) -> list[Any]:
    return _bytes_of(tf.nest.map_structure(lambda part: part[place], batch))


def _bytes_of(tree: Any) -> list[Any]:
    parts = tf.nest.flatten(tree)
    return [
        part.to_list() if isinstance(part, tf.RaggedTensor) else np.asarray(part).tolist()
        for part in parts
    ]


# The budget


@pytest.mark.parametrize("executor", EXECUTORS[:3], ids=lambda one: f"{one[0]}-{one[1]}")
@pytest.mark.parametrize("budget", [2, 0.05])
def test_the_budget_ends_the_iteration_at_the_same_batch_under_any_executor(
    budget: int | float, executor: tuple[ExecutorName, int]
) -> None:
    options: dict[str, Any] = {"samples": 40, "batch_size": 4, "on_error": "retry"}
    dataset = build(Patchy(fails=FAILS), executor, budget=budget, **options)
    found, message = until_error(dataset)
    # 3, 10 and 11 fail; two of 40 may.
    assert found == [row(index, FAILS.get(index, 0)) for index in range(8)]
    assert f"3 samples failed, but budget={budget} allows 2; the last: Patchy sample 11" in message


def test_a_sample_counts_once_in_all_epochs_and_iterations() -> None:
    options: dict[str, Any] = {"samples": 40, "batch_size": 4, "repeat": 3, "on_error": "skip"}
    dataset = build(Patchy(fails=FAILS), budget=len(FAILS), **options)
    good = [row(index) for index in range(40) if index not in FAILS]
    assert rows(dataset) == good * 3
    assert rows(dataset) == good * 3
    _, message = until_error(build(Patchy(fails=FAILS), budget=len(FAILS) - 1, **options))
    assert "5 samples failed, but budget=4 allows 4" in message


@pytest.mark.parametrize("batch_size", [1, 64, 2_000])
def test_endless_samples_that_all_fail_end_in_an_error_and_no_loop(batch_size: int) -> None:
    # From 3,000 on they are good: a loop would end there, and fail this test.
    _, message = until_error(build(Opening(), batch_size=batch_size, on_error="skip").take(1))
    assert "FailureBudgetError" in message
    assert "samples failed one after the other; the last: Opening sample" in message


def test_900_failing_samples_in_a_row_are_skipped() -> None:
    dataset = build(Opening(good_from=900), batch_size=64, on_error="skip").take(1)
    assert rows(dataset) == [row(index) for index in range(900, 964)]


# The ledger


def test_each_failure_is_one_line_also_where_samples_are_made_again_and_it_is_counted(
    tmp_path: Path,
) -> None:
    path = tmp_path / "failures.jsonl"
    dataset = build(Patchy(fails=FAILS), samples=40, batch_size=4, on_error="retry", ledger=path)
    rows(dataset)
    found = [json.loads(line) for line in path.read_text().splitlines()]
    want = [(index, attempt) for index in FAILS for attempt in range(FAILS[index])]
    assert [(record["index"], record["attempt"]) for record in found] == want
    assert stats(dataset).failures == len(want)
    assert {json.dumps(record["origin"]) for record in found} == {
        json.dumps(
            {
                "class": "tests.execution.policy_generators:Patchy",
                "params": {"fails": {str(key): n for key, n in FAILS.items()}, "mended": None},
            }
        )
    }


def test_the_sample_that_ends_a_run_is_in_the_ledger_too(tmp_path: Path) -> None:
    path = tmp_path / "failures.jsonl"
    until_error(build(Patchy(fails=FAILS), samples=40, batch_size=4, ledger=path))
    first = json.loads(path.read_text().splitlines()[0])
    assert (first["index"], first["attempt"]) == (3, 0)


def test_a_ledger_in_a_folder_that_is_missing_is_refused_by_build(tmp_path: Path) -> None:
    with pytest.raises(sd.LedgerError, match=r"missing/failures\.jsonl: No such file"):
        build(Failing(), samples=40, ledger=tmp_path / "missing" / "failures.jsonl")


@pytest.mark.parametrize("on_error", ["raise", "skip"])
def test_a_full_disk_ends_the_iteration_and_names_the_failure_that_is_not_written(
    on_error: Any,
) -> None:
    dataset = build(Failing(), samples=40, batch_size=2, on_error=on_error, ledger="/dev/full")
    found, message = until_error(dataset)
    assert found == [row(index) for index in range(2)]
    assert "LedgerError: ledger /dev/full: No space left on device" in message
    assert "not written: Failing sample 3 (seed 7)" in message


# Checkpoints


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("before", [1, 4, 9])
def test_a_checkpoint_restores_a_data_set_that_skips_exactly(
    before: int, shuffle: bool, tmp_path: Path
) -> None:
    options: dict[str, Any] = {"samples": 41, "repeat": 2, "shuffle": shuffle}
    fails = dict.fromkeys([*FAILS, 16, 17, 18, 19], FOREVER)  # of batches of 4, one whole

    def dataset() -> Any:
        return build(Patchy(fails=fails), batch_size=4, on_error="skip", **options)

    iterator = iter(dataset())
    for _ in range(before):
        next(iterator)
    saved = tf.train.Checkpoint(iterator=iterator).save(str(tmp_path / "checkpoint"))
    want = rows(iterator)
    fresh = iter(dataset())
    tf.train.Checkpoint(iterator=fresh).restore(saved).assert_consumed()
    assert rows(fresh) == want
    assert rows(dataset())[4 * before :] == want
