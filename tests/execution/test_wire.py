"""The connection between a process and its worker."""

from __future__ import annotations

import os
import select
import socket
import threading
from collections.abc import Iterator

import pytest

from synthdata.execution.wire import Wire, frame
from synthdata.execution.worker import Outbox

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


def test_nothing_has_come_where_nobody_waits_for_it(ends: tuple[Wire, Wire]) -> None:
    one, other = ends
    assert other.receive(wait=False) == []
    one.send(frame("late"))
    assert other.receive(wait=False) == ["late"]
    assert other.receive(wait=False) == []


@pytest.mark.parametrize("wait", [True, False])
def test_the_rest_of_a_message_is_waited_for(ends: tuple[Wire, Wire], wait: bool) -> None:
    one, other = ends
    both = frame("whole") + frame("in two parts")
    one.send(both[:-5])
    later = threading.Timer(0.05, one.send, [both[-5:]])
    later.start()
    assert other.receive(wait=wait) == ["whole", "in two parts"]
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
    for wait in (True, False):
        with pytest.raises(EOFError):
            other.receive(wait=wait)
    with pytest.raises(BrokenPipeError):
        other.send(frame("to nobody"))


def test_poll_takes_it(ends: tuple[Wire, Wire]) -> None:
    one, other = ends
    poll = select.poll()
    poll.register(other, select.POLLIN)
    assert not poll.poll(0)
    one.send(frame(0))
    assert poll.poll(0) == [(other.fileno(), select.POLLIN)]


@pytest.mark.parametrize("message", ["small", LARGE])
def test_a_worker_is_heard_by_its_bell_alone(ends: tuple[Wire, Wire], message: object) -> None:
    one, other = ends
    bell = os.eventfd(0, os.EFD_NONBLOCK)
    poll = select.poll()
    poll.register(bell, select.POLLIN)
    outbox = Outbox(one, bell)
    outbox.put("before")
    assert not poll.poll(0)

    def send() -> None:
        outbox.put(message)
        outbox.ring()

    sender = threading.Thread(target=send)
    sender.start()
    received: list[object] = []
    while len(received) < 2:
        assert poll.poll(5000), "the rest waits to be read, and nobody is told"
        os.eventfd_read(bell)
        received += other.receive(wait=False)
    assert received == ["before", message]
    sender.join()
    os.close(bell)


def test_the_bell_for_a_large_message_rings_when_its_beginning_is_there_to_be_read() -> None:
    bell = os.eventfd(0, os.EFD_NONBLOCK)
    poll = select.poll()
    poll.register(bell, select.POLLIN)
    rung: list[bool] = []

    class Watched(Wire):
        def send(self, frames: bytes) -> None:
            rung.append(bool(poll.poll(0)))

    with socket.socket() as unused:
        Outbox(Watched(unused), bell).put(LARGE)
    assert rung == [False, True]
    os.close(bell)
