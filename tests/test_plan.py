"""Which samples each batch holds, against lists that are sliced in plain Python."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthdata.order import Order
from synthdata.plan import LAST_POSITION, Plan

shards = st.integers(1, 5).flatmap(lambda n: st.tuples(st.integers(0, n - 1), st.just(n)))
HUGE = 2**40


def batches(plan: Plan) -> list[list[int]]:
    return [plan.indices(number).tolist() for number in range(len(plan))]


def endless(shard: tuple[int, int] = (0, 1), *, shuffle: bool = False, start: int = 0) -> Plan:
    order = Order(23, 7, shuffle=shuffle)
    return Plan(order, stop=None, start=start, shard=shard, batch_size=4)


@given(
    samples=st.integers(1, 40),
    epochs=st.integers(1, 3),
    start=st.integers(0, 130),
    shard=shards,
    batch_size=st.integers(1, 50),
    drop_remainder=st.booleans(),
    shuffle=st.booleans(),
)
def test_the_batches_are_those_of_a_list_that_is_sliced(
    samples: int,
    epochs: int,
    start: int,
    shard: tuple[int, int],
    batch_size: int,
    drop_remainder: bool,
    shuffle: bool,
) -> None:
    order = Order(samples, 7, shuffle=shuffle)
    k, n = shard
    everything = order.indices(np.arange(samples * epochs)).tolist()
    mine = everything[start:][k::n]
    want = [mine[at : at + batch_size] for at in range(0, len(mine), batch_size)]
    if drop_remainder:
        want = [batch for batch in want if len(batch) == batch_size]
    plan = Plan(
        order,
        stop=samples * epochs,
        start=start,
        shard=shard,
        batch_size=batch_size,
        drop_remainder=drop_remainder,
    )
    assert batches(plan) == want
    assert plan.full == all(len(batch) == batch_size for batch in want)
    assert not plan.endless


@given(samples=st.integers(1, 200), n=st.integers(1, 7), start=st.integers(0, 50))
def test_shards_share_what_follows_the_start_without_overlap(
    samples: int, n: int, start: int
) -> None:
    order = Order(samples, 7, shuffle=True)
    plans = [
        Plan(order, stop=samples, start=start, shard=(k, n), batch_size=3, drop_remainder=False)
        for k in range(n)
    ]
    shared = [index for plan in plans for batch in batches(plan) for index in batch]
    assert sorted(shared) == sorted(order.indices(np.arange(start, max(start, samples))).tolist())


@given(start=st.integers(0, 10**6), far=st.integers(0, 10**6), shard=shards)
def test_an_endless_plan_has_full_batches_and_no_end(
    start: int, far: int, shard: tuple[int, int]
) -> None:
    k, n = shard
    plan = endless(shard, start=start)
    want = [(start + k + n * place) % 23 for place in range(4 * far, 4 * far + 4)]
    assert plan.indices(far).tolist() == want
    assert plan.endless
    assert plan.full
    assert len(plan) > 2**50


@given(number=st.integers(0, 10**6), begun=st.integers(0, 10**6))
def test_to_start_at_a_batch_is_to_go_on_with_it(number: int, begun: int) -> None:
    whole, rest = endless(shuffle=True), endless(shuffle=True, start=4 * begun)
    assert rest.indices(number).tolist() == whole.indices(begun + number).tolist()


def test_the_batches_of_a_plan_may_be_asked_for_in_any_order() -> None:
    plan = endless(shuffle=True)
    forth = [plan.indices(number).tolist() for number in range(20)]
    back = [plan.indices(number).tolist() for number in reversed(range(20))]
    assert back[::-1] == forth


def test_a_shard_that_gets_nothing_has_no_batches() -> None:
    plan = Plan(Order(3, 7, shuffle=False), stop=3, shard=(3, 5), batch_size=2)
    assert (len(plan), plan.indices(0).tolist()) == (0, [])


# 2**40 samples: one index a byte would be a terabyte. A plan that made a list, or walked to a
# batch from the first, would not end; here it is a matter of microseconds.


@given(
    number=st.integers(0, HUGE // 1000 - 1),
    shuffle=st.booleans(),
    seed=st.integers(0, 2**64 - 1),
)
def test_a_far_batch_of_2_to_the_40_samples_is_computed_at_once(
    number: int, shuffle: bool, seed: int
) -> None:
    plan = Plan(Order(HUGE, seed, shuffle=shuffle), stop=HUGE, batch_size=1000)
    found = plan.indices(number)
    assert len(plan) == -(-HUGE // 1000)
    assert len(set(found.tolist())) == 1000
    assert found.min() >= 0
    assert found.max() < HUGE
    if not shuffle:
        assert found.tolist() == list(range(1000 * number, 1000 * number + 1000))


@given(
    positions=st.sets(st.integers(0, HUGE - 1), min_size=2, max_size=200),
    epoch=st.integers(0, LAST_POSITION // HUGE - 1),
    seed=st.integers(0, 2**64 - 1),
)
def test_of_2_to_the_40_samples_no_two_positions_of_an_epoch_hold_the_same_one(
    positions: set[int], epoch: int, seed: int
) -> None:
    plan = Plan(Order(HUGE, seed, shuffle=True), stop=None)
    found = {int(plan.indices(epoch * HUGE + position)[0]) for position in positions}
    assert len(found) == len(positions)
    assert min(found) >= 0
    assert max(found) < HUGE


def test_two_million_positions_hold_two_million_samples_of_2_to_the_40() -> None:
    found = Plan(Order(HUGE, 7, shuffle=True), stop=None, batch_size=2**21).indices(5)
    # Of a random function, which is no permutation, two pairs would be the same.
    assert len(np.unique(found)) == 2**21
    assert found.min() >= 0
    assert found.max() < HUGE
    # Of a permutation on fewer bits, one bit would always be 0.
    assert np.bitwise_or.reduce(found) == HUGE - 1


@given(epochs=st.sets(st.integers(0, LAST_POSITION // HUGE - 1), min_size=2, max_size=5))
def test_each_epoch_of_2_to_the_40_samples_has_an_order_of_its_own(epochs: set[int]) -> None:
    plan = Plan(Order(HUGE, 7, shuffle=True), stop=None, batch_size=64)
    orders = {epoch: plan.indices(epoch * HUGE // 64).tolist() for epoch in epochs}
    for one, other in itertools.combinations(orders.values(), 2):
        # Of 64 places, two or more agree by chance once in 10**20 pairs of epochs.
        assert sum(a == b for a, b in zip(one, other, strict=True)) < 2


def test_all_shards_of_a_far_stretch_together_are_the_stretch() -> None:
    order = Order(HUGE, 7, shuffle=True)
    far, n, size = 10**9, 7, 100
    shared = [
        index
        for k in range(n)
        for index in Plan(order, stop=None, shard=(k, n), batch_size=size).indices(far).tolist()
    ]
    stretch = order.indices(np.arange(far * size * n, (far + 1) * size * n))
    assert sorted(shared) == sorted(stretch.tolist())


@pytest.mark.parametrize("number", [0, 1, 2**62 // 4 - 1])
def test_the_last_positions_of_an_endless_plan_fit_into_64_bits(number: int) -> None:
    assert endless().indices(number).tolist() == [(4 * number + row) % 23 for row in range(4)]
