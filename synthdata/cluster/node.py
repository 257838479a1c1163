"""What runs on the nodes of a cluster, in Ray's worker processes. It does not import Ray."""

from __future__ import annotations

import pickle
import socket
from collections.abc import Callable
from typing import Any

from synthdata.cluster.travel import Order, Outcome, Sent, SentThere
from synthdata.cluster.versions import Needs, version_differences, versions
from synthdata.errors import ClusterError, SynthDataError
from synthdata.execution.errands import CrewErrands


class Desk:
    """One of Ray's worker processes: it has requests done by a crew of one process of its own.

    So a sample that kills its process, or hangs, is found and named as on a single machine, and
    Ray's process lives on. The crew stays for the next request of the same order, and ends with
    Ray's process, by whatever that dies.
    """

    def __init__(self) -> None:
        self._order: Order | None = None
        self._crew: CrewErrands | None = None

    def do(self, order: Order, number: int, tell: Callable[[int], None]) -> Outcome:
        """Do one request.

        Args:
            order: of which job.
            number: of the request.
            tell: called now and then with the samples done.
        """
        tell(0)
        try:
            [reply] = self._crew_for(order).run([number], tell)
        except SynthDataError as error:
            self._end()
            error.add_note(f"On node {socket.gethostname()}")
            return error
        return reply

    def _crew_for(self, order: Order) -> CrewErrands:
        if self._crew is None or self._order != order:
            self._end()
            self._crew, self._order = hired(order), order
        return self._crew

    def _end(self) -> None:
        if self._crew is not None:
            self._crew.close()
            self._crew = None


def hired(order: Order) -> CrewErrands:
    """Return a crew of one for an order.

    Raises:
        SynthDataError: if this node is not as the machine that asks, or cannot do it.
    """
    return CrewErrands(checked(order).job(), 1, order.timeout)


def checked(order: Order) -> Sent:
    """Return the job of an order.

    Raises:
        ClusterError: if this node is not as the machine that asks.
    """
    # A node may have joined after all others were asked.
    if found := version_differences(dict(order.versions), versions(order.needs)):
        raise ClusterError(f"node {socket.gethostname()} has {', '.join(found)}")
    sent: Sent = pickle.loads(order.sent)  # noqa: S301  # from the process that asks
    return sent


DESK = Desk()
"""Of this process."""


def do(order: Order, number: int, board: Any) -> Outcome:
    """Do one request in this process; the remote function of a shard.

    Args:
        order: of which job.
        number: of the request.
        board: handle of the Board.
    """
    return DESK.do(order, number, lambda done: board.tell.remote(number, done))


def look(needs: Needs) -> dict[str, str]:
    """Return what is installed here; the remote function that each node is asked first."""
    return versions(needs)


def reach(sent: bytes, mark: str) -> str:
    """Return why this node cannot write the target of a job, or ""."""
    try:
        job: SentThere = pickle.loads(sent)  # noqa: S301  # from the process that asks
        return "" if job.sees(mark) else "does not see what this machine writes there"
    except SynthDataError as error:
        return f"cannot use it: {error}"


class Board:
    """Where the nodes write how far they are; an actor of the cluster."""

    def __init__(self) -> None:
        self._told = 0
        self._done: dict[int, int] = {}

    def tell(self, number: int, done: int) -> None:
        """Note how many samples of a request are done."""
        self._told += 1
        self._done[number] = done

    def read(self, under_way: list[int]) -> tuple[int, dict[int, int]]:
        """Return how often something was told, and what was told last of requests.

        Args:
            under_way: their numbers; the others are forgotten, as there may be very many in time.
        """
        self._done = {n: self._done[n] for n in under_way if n in self._done}
        return self._told, self._done
