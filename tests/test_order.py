"""The order of samples: permutations, epochs, evenness."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthdata.order import GOLDEN, Order


@given(st.integers(1, 300), st.integers(0, 2**64 - 1), st.integers(0, 2**30))
def test_each_epoch_is_a_permutation(samples: int, seed: int, epoch: int) -> None:
    positions = np.arange(epoch * samples, (epoch + 1) * samples)
    found = Order(samples, seed, shuffle=True).indices(positions)
    assert found.dtype == np.int64
    assert sorted(found.tolist()) == list(range(samples))


@given(st.integers(1, 2**40), st.integers(0, 2**62), st.integers(1, 40))
def test_an_index_depends_on_its_position_alone(samples: int, first: int, count: int) -> None:
    order = Order(samples, 7, shuffle=True)
    positions = np.arange(first, first + count)
    together = order.indices(positions).tolist()
    alone = [int(order.indices(positions[place : place + 1])[0]) for place in range(count)]
    assert together == alone
    assert all(0 <= index < samples for index in together)


def test_without_shuffle_each_epoch_is_the_order_of_the_indices() -> None:
    found = Order(5, 7, shuffle=False).indices(np.arange(12))
    assert found.tolist() == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]


@pytest.mark.parametrize("samples", [2, 3, 5, 7, 16, 50, 101, 1000])
@pytest.mark.parametrize("place", [0, 1, -1])
def test_each_sample_comes_as_often_at_each_place(samples: int, place: int) -> None:
    epochs = 4000
    orders = Order(samples, 11, shuffle=True).indices(np.arange(samples * epochs))
    counts = np.bincount(orders.reshape(epochs, samples)[:, place], minlength=samples)
    expected = epochs / samples
    excess = ((counts - expected) ** 2 / expected).sum() - (samples - 1)
    # Chi-square has a variance of twice its degrees of freedom.
    assert excess < 5 * np.sqrt(2 * (samples - 1))


def test_all_orders_of_a_small_epoch_occur() -> None:
    orders = Order(4, 3, shuffle=True).indices(np.arange(4 * 1000)).reshape(1000, 4)
    assert len(np.unique(orders, axis=0)) == 24


def test_seeds_and_epochs_give_different_orders() -> None:
    def order(seed: int, epoch: int) -> tuple[int, ...]:
        positions = np.arange(epoch * 50, (epoch + 1) * 50)
        return tuple(Order(50, seed, shuffle=True).indices(positions).tolist())

    assert len({order(seed, epoch) for seed in (0, 1, 2**64 - 1) for epoch in range(5)}) == 15


def test_seeds_are_mixed_as_splitmix64_does() -> None:
    # The first five numbers of SplitMix64 from the state 1234567, as Rosetta Code publishes them.
    published = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    states = [(1234567 + step * int(GOLDEN)) % 2**64 for step in range(1, 6)]
    assert [int(Order(2, state, shuffle=True).key) for state in states] == published
