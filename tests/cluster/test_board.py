"""Where the nodes write how far they are."""

from __future__ import annotations

from synthdata.cluster.node import Board


def test_requests_that_are_not_under_way_any_more_are_forgotten() -> None:
    board = Board()
    for number in range(1000):
        board.tell(number, 5)
    assert board.read([998, 999, 1000]) == (1000, {998: 5, 999: 5})
    assert board.read([7, 999]) == (1000, {999: 5})
