"""Rng: the numbers are a function of (seed, index, attempt), whatever was drawn before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import synthdata as sd
from synthdata.seeding import MAX_ATTEMPT, MAX_INDEX, MAX_SEED

DRAWS: list[Callable[[np.random.Generator], Any]] = [
    lambda rng: rng.random(),
    lambda rng: rng.random(dtype=np.float32),  # half of a 64-bit word; the other half is kept
    lambda rng: rng.integers(2**31, dtype=np.int32),
    lambda rng: rng.integers(256, size=3, dtype=np.uint8),
    lambda rng: rng.integers(2, size=5).astype(bool),
    lambda rng: rng.normal(size=7),
    lambda rng: rng.bytes(5),
    lambda rng: rng.permutation(5),
    lambda rng: rng.choice(9, size=2),
    lambda rng: rng.bit_generator.random_raw(3),
]

seeds = st.integers(0, MAX_SEED) | st.sampled_from([0, 1, 2**63 - 1, 2**63, MAX_SEED])
indices = st.integers(0, MAX_INDEX) | st.sampled_from([0, 1, 2**32, MAX_INDEX])
attempts = st.integers(0, MAX_ATTEMPT) | st.sampled_from([0, 1, MAX_ATTEMPT])
draws = st.lists(st.sampled_from(DRAWS), max_size=6)


def reference(seed: int, index: int, attempt: int) -> np.random.Generator:
    """The stream as NumPy makes it from scratch."""
    key = np.array([seed, index | attempt << 48], np.uint64)
    return np.random.Generator(np.random.Philox(key=key))


def numbers(rng: np.random.Generator) -> list[str]:
    """Draws of every kind, twice, so that odd buffers show."""
    return [repr(draw(rng)) for draw in DRAWS * 2]


@settings(max_examples=200, derandomize=True, deadline=None)
@given(seed=seeds, index=indices, attempt=attempts, before=draws, other=seeds)
def test_a_rekeyed_stream_is_philox_of_that_key_whatever_was_drawn_before(
    seed: int, index: int, attempt: int, before: list[Any], other: int
) -> None:
    expected = numbers(reference(seed, index, attempt))
    assert numbers(sd.Rng(seed, index, attempt)) == expected
    rng = sd.Rng(other, 5, 6)
    for draw in before:
        draw(rng)
    rng.rekey(seed, index, attempt)
    assert numbers(rng) == expected
    assert (rng.seed, rng.index, rng.attempt) == (seed, index, attempt)


@pytest.mark.parametrize("draw", DRAWS)
@pytest.mark.parametrize("times", [1, 2, 3])
def test_no_buffer_of_the_last_sample_reaches_the_next(draw: Any, times: int) -> None:
    rng = sd.Rng(seed=7, index=1)
    for _ in range(times):
        draw(rng)
    rng.rekey(7, 2)
    assert numbers(rng) == numbers(reference(7, 2, 0))


def test_rekeying_one_rng_leaves_another_alone() -> None:
    first, second = sd.Rng(7, 1), sd.Rng(7, 2)
    first.random()
    second.rekey(7, 3)
    second.random()
    expected = reference(7, 1, 0)
    expected.random()
    assert first.random() == expected.random()


def test_seed_index_and_attempt_each_give_another_stream() -> None:
    keys = [
        (seed, index, attempt)
        for seed in (0, 1, 2**32, MAX_SEED)
        for index in (0, 1, 2**32, MAX_INDEX)
        for attempt in (0, 1, MAX_ATTEMPT)
    ]
    drawn = {tuple(sd.Rng(*key).integers(2**63, size=4).tolist()) for key in keys}
    assert len(drawn) == len(keys)


@pytest.mark.parametrize(
    "key",
    [
        (-1, 0, 0),
        (MAX_SEED + 1, 0, 0),
        (0, -1, 0),
        (0, MAX_INDEX + 1, 0),
        (0, 0, -1),
        (0, 0, MAX_ATTEMPT + 1),
    ],
)
def test_a_key_out_of_range_is_refused_and_the_stream_stays(key: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match=r"seed .*, index .*, attempt .*: expected"):
        sd.Rng(*key)
    rng = sd.Rng(7, 1)
    with pytest.raises(ValueError, match="expected a seed from 0"):
        rng.rekey(*key)
    assert (rng.seed, rng.index, rng.attempt) == (7, 1, 0)
    assert numbers(rng) == numbers(reference(7, 1, 0))


def test_the_limits_are_those_of_the_key() -> None:
    assert (MAX_SEED, MAX_INDEX, MAX_ATTEMPT) == (2**64 - 1, 2**48 - 1, 2**16 - 1)


def test_an_rng_is_a_numpy_generator() -> None:
    assert isinstance(sd.Rng(), np.random.Generator)


@pytest.mark.parametrize("integer", [np.int32, np.int64, np.uint16, np.uint64])
def test_integers_of_numpy_make_the_same_key(integer: Any) -> None:
    rng = sd.Rng(integer(7), integer(3), integer(2))
    assert numbers(rng) == numbers(reference(7, 3, 2))


@pytest.mark.parametrize("key", [(1.5, 0, 0), (0, 1.0, 0), (0, 0, "1"), (None, 0, 0)])
def test_a_key_that_is_no_integer_is_refused(key: Any) -> None:
    with pytest.raises(TypeError, match="cannot be interpreted as an integer"):
        sd.Rng(*key)


def test_spawning_is_refused_since_numpy_would_need_a_seed_sequence() -> None:
    with pytest.raises(TypeError, match="does not implement spawning"):
        sd.Rng(7, 1).spawn(1)
