"""The connection between a process and its worker."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Iterator

import pytest

from synthdata.execution.wire import Wire, frame

LARGE = bytes(range(256)) * 5_000


@pytest.fixture
def ends() -> Iterator[tuple[Wire, Wire]]:
    one, other = map(Wire, socket.socketpair())
    yield one, other
    one.close()
    other.close()


def test_messages_that_came_meanwhile_are_read_at_once(ends: tuple[Wire, Wire]) -> None:
    one, other = ends
    one.send(frame((1, "a")) + frame([2]))
    one.send(frame(None))
    assert other.receive() == [(1, "a"), [2], None]


def test_the_rest_of_a_message_is_waited_for(ends: tuple[Wire, Wire]) -> None:
    one, other = ends
    both = frame("whole") + frame("in two parts")
    one.send(both[:-5])
    later = threading.Timer(0.05, one.send, [both[-5:]])
    later.start()
    assert other.receive() == ["whole", "in two parts"]
    later.join()


def test_a_message_may_be_larger_than_what_the_socket_takes(ends: tuple[Wire, Wire]) -> None:
    one, other = ends
    sender = threading.Thread(target=one.send, args=[frame(LARGE) + frame("after it")])
    sender.start()
    received: list[object] = []
    while len(received) < 2:
        received += other.receive()
    assert received == [LARGE, "after it"]
    sender.join()


@pytest.mark.parametrize("sent", [b"", frame("message")[:3], frame("message")[:-1]])
def test_an_end_that_is_closed_is_told_even_in_the_middle_of_a_message(
    ends: tuple[Wire, Wire], sent: bytes
) -> None:
    one, other = ends
    one.send(sent)
    one.close()
    with pytest.raises(EOFError):
        other.receive()
    with pytest.raises(BrokenPipeError):
        other.send(frame("to nobody"))


def test_poll_takes_it(ends: tuple[Wire, Wire]) -> None:
    one, other = ends
    poll = select.poll()
    poll.register(other, select.POLLIN)
    assert not poll.poll(0)
    one.send(frame(0))
    assert poll.poll(0) == [(other.fileno(), select.POLLIN)]
