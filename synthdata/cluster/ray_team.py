"""A team of actors on the nodes of a Ray cluster, whose batches come through the object store."""

from __future__ import annotations

import ctypes
import itertools
import logging
import os
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from synthdata.cluster.loans import Loans
from synthdata.cluster.ray_errands import LOSSES, Ref
from synthdata.cluster.sharing import SITES, Handle, Site
from synthdata.cluster.travel import Order, Parcel
from synthdata.errors import ClusterError, SynthDataError
from synthdata.execution.messages import Reply
from synthdata.execution.window import QUEUE

logger = logging.getLogger("synthdata")

LEFT: Final = "this process has left the Ray cluster that made its batches"

_NUMBERS: Final = itertools.count()


@dataclass(slots=True, eq=False)
class Seat:
    """One of the team, whichever actor it is.

    Attributes:
        place: of the actor in the site.
        actor: it.
        there: whether it has a CPU.
        ready: whether it can make batches.
        calls: to it that are under way, oldest first: numbers and slots of batches, by reference.
        restarts, idle: as it has told last.
    """

    place: int
    actor: Handle
    there: bool = False
    ready: bool = False
    calls: dict[Ref, tuple[int, int]] = field(default_factory=dict)
    restarts: int = 0
    idle: float = 0.0


class RayTeam:
    """Actors that make the batches of one data set, and what has come of it.

    Args:
        site: has the actors.
        order: the data set.
        workers: how many actors.
        patience: seconds for which none of them may be there.

    Raises:
        ClusterError: if none is there by then.
        SynthDataError: if one of them cannot make batches.
    """

    def __init__(self, site: Site, order: Order, workers: int, patience: float) -> None:
        self._site, self._ray, self._patience = site, site.ray, patience
        self._name = f"{os.getpid()}-{next(_NUMBERS)}"
        self._order = self._ray.put(order)
        self._parcels: dict[int, Parcel] = {}
        self._loans = Loans()
        self._losses, self._in_a_row = 0, 0
        self._lost: Counter[int] = Counter()
        self._arrivals: dict[Ref, Seat] = {}
        self._starts: dict[Ref, Seat] = {}
        self._seats = [Seat(place, site.hold(place)) for place in range(workers)]
        self._heard = time.monotonic()
        try:
            for seat in self._seats:
                self._begin(seat)
            while not self._ready():
                self.news(1.0)
        except BaseException:
            self.end()
            raise

    @property
    def restarts(self) -> int:
        """Actors that were lost, and processes of theirs that died, as far as is known."""
        return self._losses + sum(seat.restarts for seat in self._seats)

    @property
    def idle(self) -> float:
        """Seconds that processes had nothing to do, all together, as far as is known."""
        return sum(seat.idle for seat in self._seats)

    @property
    def pids(self) -> tuple[int, ...]:
        """None: they are on other machines."""
        return ()

    @property
    def lent(self) -> int:
        """How many slots are out."""
        return self._loans.lent

    def give(self, number: int, slot: int) -> bool:
        """Ask the actor with the least to do for a batch; False if all have enough to do."""
        seat = min(self._ready(), key=lambda seat: len(seat.calls), default=None)
        if seat is None or len(seat.calls) >= QUEUE:
            return False
        self._parcels.pop(slot, None)
        seat.calls[seat.actor.make.remote(self._name, number)] = (number, slot)
        return True

    def news(self, patience: float) -> tuple[list[Reply], list[int]]:
        """Return replies, and the numbers of batches that were lost with their actor or node.

        Raises:
            ClusterError: if there has been no actor for too long, or a batch is lost too often.
            SynthDataError: if an actor cannot make batches.
        """
        if not self._ray.is_initialized():
            raise ClusterError(LEFT)
        replies: list[Reply] = []
        lost: list[int] = []
        calls = [(ref, seat) for seat in self._seats for ref in seat.calls]
        waiting = [*self._arrivals, *self._starts, *(ref for ref, _ in calls)]
        ready = self._arrived(waiting, patience)
        for ref in ready & self._arrivals.keys():
            self._arrivals.pop(ref).there = True  # or it is lost, as its start shows
        for ref in ready & self._starts.keys():
            self._welcome(ref, self._starts.pop(ref))
        for ref, seat in calls:
            if ref in ready and ref in seat.calls:
                self._receive(ref, seat, replies, lost)
        self._check_patience()
        return replies, lost

    def lend(self, slot: int) -> ctypes.Array[Any]:
        """Return the memory of a batch, where it lies in the object store.

        The store keeps it until nothing refers to it any more; then the slot comes back.
        """
        return self._loans.lend(slot, self._parcels.pop(slot).memory)

    def returned(self) -> list[int]:
        """Return the slots that came back since the last call."""
        return self._loans.returned()

    def end(self) -> None:
        """Have the actors forget the data set, and end those that nobody else has.

        The site is left when the last batch that was lent has come back: until then, the object
        store must not give its memory to others.
        """
        if self._ray.is_initialized():
            for seat in self._seats:
                seat.actor.forget.remote(self._name)
                self._site.let_go(seat.place)
        self._parcels.clear()
        self._loans.end(lambda: SITES.leave(self._site))

    def _ready(self) -> list[Seat]:
        return [seat for seat in self._seats if seat.ready]

    def _begin(self, seat: Seat) -> None:
        self._arrivals[seat.actor.__ray_ready__.remote()] = seat
        # It opens the generator, which may take long.
        self._starts[seat.actor.start.remote(self._name, self._order)] = seat

    def _arrived(self, refs: list[Ref], patience: float) -> set[Ref]:
        """Return those that have come, waiting for the first."""
        if not refs:
            return set()
        try:
            if patience and not self._ray.wait(refs, num_returns=1, timeout=patience)[0]:
                return set()
            return set(self._ray.wait(refs, num_returns=len(refs), timeout=0)[0])
        except SystemExit as error:  # so Ray says that it was shut down meanwhile
            raise ClusterError(LEFT) from error

    def _welcome(self, ref: Ref, seat: Seat) -> None:
        found = self._got(ref)
        if isinstance(found, SynthDataError):
            raise found
        if isinstance(found, Exception):
            self._in_a_row += 1
            self._give_up(self._in_a_row, "an actor", "before its first batch", found)
            self._replace(seat, found)
        else:
            seat.ready, self._in_a_row = True, 0

    def _receive(self, ref: Ref, seat: Seat, replies: list[Reply], lost: list[int]) -> None:
        found = self._got(ref)
        number, slot = seat.calls[ref]
        if isinstance(found, Parcel):
            del seat.calls[ref]
            seat.restarts, seat.idle = found.restarts, found.idle
            self._parcels[slot] = found
            replies.append(Reply(*found.reply))
        elif isinstance(found, SynthDataError):
            raise found
        elif isinstance(found, self._ray.exceptions.RayActorError):
            # It was at work on the oldest; others were waiting.
            oldest = next(iter(seat.calls.values()))[0]
            lost += [number for number, _ in seat.calls.values()]
            self._replace(seat, found)
            self._count(oldest, found)
        else:  # made, and lost with the store of a node
            del seat.calls[ref]
            lost.append(number)
            self._losses += 1
            self._count(number, found)

    def _got(self, ref: Ref) -> Any:
        """Return what an actor returned, or what Ray raises where that was lost."""
        try:
            return self._ray.get(ref)
        except self._ray.exceptions.RayTaskError as error:
            told = str(error).strip().rpartition("\n")[2]
            raise ClusterError(f"an actor failed on its node: {told}") from error
        except self._ray.exceptions.RayError as error:
            return error

    def _replace(self, seat: Seat, error: Exception) -> None:
        logger.warning(
            "a process or node of the cluster was lost, its batches are made again: %s",
            _first_line(error),
        )
        self._losses += 1
        self._losses += seat.restarts
        seat.actor = self._site.replace(seat.place, seat.actor)
        seat.there = seat.ready = False
        seat.restarts, seat.idle = 0, 0.0
        seat.calls = {}
        self._arrivals = {ref: of for ref, of in self._arrivals.items() if of is not seat}
        self._begin(seat)

    def _count(self, number: int, error: Exception) -> None:
        self._lost[number] += 1
        self._give_up(self._lost[number], f"batch {number}", "with its process or node", error)

    def _give_up(self, times: int, what: str, how: str, error: Exception) -> None:
        if times >= LOSSES:
            raise ClusterError(
                f"{what} was lost {how} {times} times of {times}: {_first_line(error)}"
            ) from error

    def _check_patience(self) -> None:
        now = time.monotonic()
        if any(seat.there for seat in self._seats):
            self._heard = now
        elif now - self._heard > self._patience:
            raise ClusterError(
                f"the cluster has had no free CPU for {self._patience:.0f} s: others use it, or "
                "its nodes are gone; see `ray status`, or ask for executor='processes'"
            )


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].partition(". ")[0]
