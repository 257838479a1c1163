"""Which batches are made ahead, for one iterator and for several at once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthdata.execution.window import RECENT, Window


def asked(window: Window, *numbers: int) -> list[int]:
    """What is made ahead after these requests."""
    for number in numbers:
        window.ask(number)
    return list(window.ahead())


@given(batches=st.integers(1, 30), depth=st.integers(1, 8), number=st.integers(0, 29))
def test_one_iterator_has_the_batches_that_follow_made_ahead(
    batches: int, depth: int, number: int
) -> None:
    ahead = asked(Window(batches, depth), *range(number + 1))
    assert ahead == [n for n in range(number + 1, number + 1 + depth) if n < batches]


def test_before_the_first_request_nothing_is_made_ahead() -> None:
    assert asked(Window(10, 4)) == []


def test_two_iterators_share_what_is_made_ahead() -> None:
    ahead = asked(Window(100, 6), 10, 50, 11, 51)
    assert sorted(ahead) == [12, 13, 14, 52, 53, 54]


def test_the_next_batches_of_all_iterators_come_before_those_after_next() -> None:
    ahead = asked(Window(100, 6), 10, 50)
    assert [sorted(ahead[at : at + 2]) for at in (0, 2, 4)] == [[11, 51], [12, 52], [13, 53]]


@pytest.mark.parametrize("behind", [1, 2, 3, 40])
@pytest.mark.parametrize("depth", [1, 2, 4])
def test_of_two_iterators_in_turns_neither_starves(behind: int, depth: int) -> None:
    window = Window(1000, depth)
    window.ask(behind)
    for number in range(100):
        window.ask(number)
        assert {number + 1, behind + number + 1} <= set(window.ahead())
        window.ask(behind + number + 1)
        assert {number + 1, behind + number + 2} <= set(window.ahead())


@given(data=st.data(), iterators=st.integers(1, 4), depth=st.integers(1, 8))
def test_no_iterator_starves_that_asks_at_least_once_in_a_while(
    data: Any, iterators: int, depth: int
) -> None:
    window = Window(1000, depth)
    following = {who: 100 * who for who in range(iterators)}
    asked_last: list[int] = []
    for _ in range(40):
        # One that was silent for long has to ask now: four cannot all be late before they do.
        silent = set(following) - set(asked_last[-(RECENT - iterators) :])
        who = min(silent) if silent else data.draw(st.sampled_from(sorted(following)))
        window.ask(following[who])
        following[who] += 1
        asked_last.append(who)
        assert {following[one] for one in set(asked_last)} <= set(window.ahead())


def test_an_iterator_that_is_gone_leaves_what_is_made_ahead_to_the_other() -> None:
    window = Window(100, 4)
    ahead = asked(window, 50, *range(RECENT))
    assert ahead == [RECENT, RECENT + 1, RECENT + 2, RECENT + 3]


def test_an_iterator_at_its_end_leaves_what_is_made_ahead_to_the_next_epoch() -> None:
    window = Window(10, 4)
    assert asked(window, *range(10)) == []
    assert asked(window, 0) == [1, 2, 3, 4]


@pytest.mark.parametrize("stopped_after", [0, 3, 8])
def test_a_restart_is_foreseen_from_its_first_request(stopped_after: int) -> None:
    window = Window(10, 4)
    ahead = asked(window, *range(stopped_after + 1), 0)
    assert ahead[0] == 1
    assert {1, 2} <= set(ahead)


@pytest.mark.parametrize("target", [3, 60])
def test_a_jump_back_or_forth_is_followed_from_its_first_request(target: int) -> None:
    window = Window(100, 4)
    ahead = asked(window, *range(20), target)
    assert ahead[0] == target + 1
    # The place it left counts as another iterator for a while, and then no more.
    after = asked(window, *range(target + 1, target + 1 + RECENT))
    assert after == [target + RECENT + 1 + distance for distance in range(4)]


def test_iterators_that_meet_are_one_again() -> None:
    window = Window(100, 4)
    assert sorted(asked(window, 6, 5, 6)) == [7, 8, 9, 10]


@given(
    batches=st.integers(1, 20),
    depth=st.integers(1, 9),
    requests=st.lists(st.integers(0, 19), max_size=40),
)
def test_whatever_is_asked_for_all_that_is_made_ahead_exists_and_follows_a_recent_request(
    batches: int, depth: int, requests: list[int]
) -> None:
    window = Window(batches, depth)
    made = [number for number in requests if number < batches]
    ahead = asked(window, *made)
    recent = set(made[-RECENT:])
    assert all(0 <= number < batches for number in ahead)
    assert all(any(0 < number - one <= depth for one in recent) for number in ahead)
    assert len(ahead) <= max(depth, len(recent))
    if made and made[-1] + 1 < batches:
        assert ahead[0] == made[-1] + 1
