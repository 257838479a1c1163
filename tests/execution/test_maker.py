"""How a batch is made: which road is taken to a sample, and what becomes of one that fails."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import synthdata as sd
from synthdata.execution import ExecutorName, Policy
from synthdata.execution.maker import Made
from synthdata.layout import columns
from tests.execution.policy_generators import (
    EXECUTORS,
    Batch,
    Both,
    Into,
    Patchy,
    Plain,
    Unprintable,
    Wrong,
    batches,
)

SEED = 7
SKIP = Policy("skip")


def want(samples: int, **params: Any) -> list[sd.Sample]:
    """The samples, each made by ``sample`` and nothing else."""
    generator = Plain(**params)
    generator.open()
    return [generator.sample(sd.Rng(SEED, index)) for index in range(samples)]


def assert_equal(made: list[Made], samples: list[sd.Sample], indices: list[int]) -> None:
    """The batches hold these samples of the list, in this order, byte for byte."""
    [width] = {len(one.arrays) for one in made}
    arrays = [np.concatenate([one.arrays[column] for one in made]) for column in range(width)]
    found, image, label, name, place = arrays
    assert found.tolist() == indices
    assert len(image) == len(label) == len(name) == len(place) == len(indices)
    for row, index in enumerate(indices):
        sample = samples[index]
        assert image[row].tobytes() == sample.image.tobytes()
        assert label[row] == sample.label
        assert name[row].decode() == sample.metadata["name"]
        drawn = sample.metadata["place"]
        assert place[row].tobytes() == np.pad(drawn, (0, 3 - len(drawn))).tobytes()


def failed(made: list[Made]) -> list[tuple[int, int, str]]:
    return [
        (failure.index, failure.attempt, failure.error) for one in made for failure in one.failures
    ]


# The roads


@pytest.mark.parametrize("executor", EXECUTORS, ids=lambda one: f"{one[0]}-{one[1]}")
@pytest.mark.parametrize("kind", [Into, Batch])
def test_another_road_is_taken_and_leads_to_the_bytes_of_sample(
    kind: type[Plain], executor: tuple[ExecutorName, int]
) -> None:
    # Each thread or process compares one sample, or one batch of 5; after 10 sample() raises.
    made = batches(kind(patience=10), 60, 5, executor=executor)
    assert [one.error for one in made] == [None] * 12
    assert_equal(made, want(60), list(range(60)))


def test_without_another_road_sample_is_taken() -> None:
    made = batches(Plain(patience=10), 60, 5)
    assert [one.error is None for one in made[:4]] == [True, True, False, False]


def test_a_whole_batch_at_once_is_preferred_to_one_sample_in_place() -> None:
    made = batches(Both(patience=5, fault="name"), 60, 5)  # only sample_into has this fault
    assert_equal(made, want(60), list(range(60)))


@pytest.mark.parametrize("on_error", ["raise", "skip", "retry", "substitute"])
@pytest.mark.parametrize(
    ("kind", "road", "feature"),
    [(Into, "sample_into", "name"), (Batch, "sample_batch", "place")],
)
def test_roads_that_disagree_are_an_error_under_each_policy(
    kind: type[Plain], road: str, feature: str, on_error: Any
) -> None:
    error = batches(kind(fault=feature), 20, 5, Policy(on_error))[0].error
    assert isinstance(error, sd.ContractError)
    assert error.feature == f"metadata.{feature}"
    assert f"metadata.{feature} differs between {road} and sample" in str(error)


def test_a_sample_that_fails_in_the_first_batch_does_not_hide_that_roads_disagree() -> None:
    made = batches(Both(failing=(3,), fault="place"), 20, 5, SKIP)
    assert made[0].error is None  # sample_batch failed, and each sample was drawn by itself
    assert isinstance(made[1].error, sd.ContractError)
    assert made[1].error.feature == "metadata.place"


def test_nor_does_a_sample_that_fails_where_sample_batch_makes_it() -> None:
    class Odd(Batch):
        """sample fails at 4; sample_batch makes it, and another image at 0."""

        def sample(self, rng: Any) -> sd.Sample:
            if rng.index == 4:
                raise RuntimeError("bad luck at 4")
            return super().sample(rng)

        def draw(self, rng: Any, image: Any) -> sd.Sample:
            made = super().draw(rng, image)
            image[0, 0, 0] = next(self.calls) % 256  # never twice the same
            return made

    [made] = batches(Odd(), 5, 5, SKIP)
    assert isinstance(made.error, sd.ContractError)
    assert made.error.feature == "image"


# Samples that fail


@pytest.mark.parametrize(
    ("kind", "executor"),
    [
        *((kind, executor) for kind in (Plain, Into, Batch) for executor in EXECUTORS[:2]),
        *((Both, executor) for executor in EXECUTORS),
    ],
)
def test_one_failing_sample_is_left_out_whole_whatever_the_road(
    kind: type[Plain], executor: tuple[ExecutorName, int]
) -> None:
    made = batches(kind(failing=(0, 7, 8)), 15, 5, SKIP, executor)
    assert_equal(made, want(15), [index for index in range(15) if index not in (0, 7, 8)])
    assert failed(made) == [(index, 0, "GeneratorFailedError") for index in (0, 7, 8)]
    assert [one.drawn for one in made] == [5, 5, 5]


def test_a_failing_sample_within_a_batch_is_the_only_one_that_is_drawn_again() -> None:
    class Twice(Batch):
        """Fails at 3 in the first attempt, on both roads."""

        def draw(self, rng: Any, image: Any) -> sd.Sample:
            if rng.index == 3 and rng.attempt == 0:
                raise RuntimeError("bad luck at 3")
            return super().draw(rng, image)

    made = batches(Twice(), 10, 5, Policy("retry"))
    samples = want(10)
    samples[3] = Plain().draw(sd.Rng(SEED, 3, 1), np.empty((5, 4, 3), np.uint8))
    assert_equal(made, samples, list(range(10)))
    assert failed(made) == [(3, 0, "GeneratorFailedError")]


def test_a_batch_that_loses_all_samples_has_no_rows_and_no_error() -> None:
    made = batches(Plain(failing=(5, 6, 7, 8, 9)), 15, 5, SKIP)
    assert [len(one.arrays[0]) for one in made] == [5, 0, 5]
    assert all(len(array) == 0 for array in made[1].arrays)
    assert made[1].drawn == 5


@pytest.mark.parametrize("on_error", ["raise", "skip", "retry", "substitute"])
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("raises", "sample_batch raised RuntimeError: bad luck in sample_batch"),
        ("short", "sample_batch returned 4 rows for 5 samples"),
        ("no sample", "sample_batch returned dict, but an sd.Sample is expected"),
    ],
)
def test_a_sample_batch_that_fails_where_no_sample_does_is_an_error_under_each_policy(
    fault: str, words: str, on_error: Any
) -> None:
    made = batches(Batch(fault=fault), 10, 5, Policy(on_error))
    for number, one in enumerate(made):
        assert isinstance(one.error, sd.GeneratorFailedError)
        assert words in str(one.error)
        assert one.error.index == 5 * number
        assert [failure.message for failure in one.failures] == [str(one.error)]


def test_the_exception_of_sample_batch_stays_the_cause_of_its_error() -> None:
    [made] = batches(Batch(fault="raises"), 5, 5, SKIP)
    assert made.error is not None
    assert isinstance(made.error.__cause__, RuntimeError)


def test_a_failing_sample_is_drawn_again_by_sample_and_not_in_place() -> None:
    class Moody(Into):
        """sample_into fails at 3; sample does not."""

        def sample_into(self, rng: Any, out: sd.Sample) -> sd.Sample:
            made = super().sample_into(rng, out)
            out.image[...] = 0
            if rng.index == 3:
                raise RuntimeError("bad luck at 3")
            return made._replace(image=self.draw(sd.Rng(SEED, rng.index), out.image).image)

    made = batches(Moody(), 10, 5, Policy("retry"))
    samples = want(10)
    samples[3] = Plain().draw(sd.Rng(SEED, 3, 1), np.empty((5, 4, 3), np.uint8))
    assert_equal(made, samples, list(range(10)))


def test_a_sample_that_breaks_its_declaration_fails_like_one_that_raises() -> None:
    made = batches(Wrong(), 10, 5, SKIP)
    assert failed(made) == [(3, 0, "ContractError")]
    assert [one.arrays[0].tolist() for one in made] == [[0, 1, 2, 4], [5, 6, 7, 8, 9]]


@pytest.mark.parametrize("way", ["surrogate", "str"])
def test_an_exception_that_cannot_be_put_into_words_is_a_failure_like_others(way: str) -> None:
    made = batches(Unprintable(way=way), 10, 5, SKIP)
    assert failed(made) == [(3, 0, "GeneratorFailedError")]
    words = {"surrogate": r"FileNotFoundError: \udcff.png", "str": "its __str__ raises"}[way]
    message = made[0].failures[0].message
    assert words in message
    message.encode()  # it can be written and printed


# Attempts


def test_each_attempt_is_recorded_in_order_with_the_traceback_of_its_own() -> None:
    generator = Patchy(fails={2: 2, 4: 1})
    [made] = batches(generator, 6, 6, Policy("retry", 3))
    assert [failure[:2] for failure in failed([made])] == [(2, 0), (2, 1), (4, 0)]
    for failure in made.failures:
        drawn = sd.Rng(SEED, failure.index, failure.attempt).random()
        assert f"bad luck at {failure.index}: drew {drawn}" in failure.message
        assert f"bad luck at {failure.index}: drew {drawn}" in failure.traceback
        assert "policy_generators.py" in failure.traceback
        assert (failure.id, failure.seed) == ("Patchy", SEED)


def test_a_batch_whose_sample_fails_for_good_has_an_error_and_no_arrays() -> None:
    made = batches(Patchy(fails={7: 3}), 15, 5, Policy("retry", 3))
    assert [one.error is None for one in made] == [True, False, True]
    assert made[1].arrays == []
    assert isinstance(made[1].error, sd.GeneratorFailedError)
    assert (made[1].error.index, made[1].error.attempt) == (7, 2)
    assert failed(made) == [(7, attempt, "GeneratorFailedError") for attempt in range(3)]


def test_the_columns_of_a_batch_are_those_of_the_declaration() -> None:
    [made] = batches(Plain(), 5, 5)
    parts = [part for column in columns(Plain().output, "pad") for part in column.parts]
    assert [array.shape[1:] for array in made.arrays[1:]] == [part.shape[1:] for part in parts]
