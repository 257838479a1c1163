"""A team of actors on the nodes of a Ray cluster, whose batches come through the object store."""

from __future__ import annotations

import ctypes
import logging
import os
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, count
from typing import Any, Final, TypeAlias

from synthdata.bundles import Bundles
from synthdata.cluster.loans import Loans
from synthdata.cluster.ray_errands import LOSSES, Ref
from synthdata.cluster.sharing import SITES, Handle, Site
from synthdata.cluster.travel import Order, Parcel
from synthdata.errors import ClusterError, SynthDataError
from synthdata.execution.messages import Reply
from synthdata.execution.window import QUEUE
from synthdata.plan import Plan

logger = logging.getLogger("synthdata")

LEFT: Final = "this process has left the Ray cluster that made its batches"

Given: TypeAlias = tuple[int, int]
"""Number and slot of a batch."""

QUICK: Final = 0.1
"""Seconds that the batches of one call take at the most, as far as is known before."""

_NUMBERS: Final = count()


@dataclass(slots=True, eq=False)
class Seat:
    """One of the team, whichever actor it is.

    Attributes:
        place: of the actor in the site.
        actor: it.
        there: whether it has a CPU.
        ready: whether it can make batches.
        given: numbers and slots of batches that it is to be called for.
        calls: to it that are under way, oldest first: the numbers and slots of each, by reference.
        since: when it began with the oldest.
        pace: seconds that a batch of the last call took; None before that.
        restarts, idle: as it has told last.
    """

    place: int
    actor: Handle
    there: bool = False
    ready: bool = False
    given: list[Given] = field(default_factory=list)
    calls: dict[Ref, list[Given]] = field(default_factory=dict)
    since: float = 0.0
    pace: float | None = None
    restarts: int = 0
    idle: float = 0.0

    def outstanding(self) -> list[Given]:
        """Return the numbers and slots of all batches that it has to do."""
        return [*chain.from_iterable(self.calls.values()), *self.given]


class RayTeam:
    """Actors that make the batches of one data set, and what has come of it.

    Args:
        site: has the actors.
        order: the data set.
        plan: which samples each batch holds.
        workers: how many actors.
        together: batches of a call at the most.
        patience: seconds for which none of them may be there.

    Raises:
        ClusterError: if none is there by then.
        SynthDataError: if one of them cannot make batches.
    """

    def __init__(
        self,
        site: Site,
        order: Order,
        plan: Plan | Bundles,
        workers: int,
        together: int,
        patience: float,
    ) -> None:
        self._plan = plan
        self._together = together
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
        """Ask the actor with the least to do for a batch; False if all have enough to do.

        Actors that have something to do are called once there are several for them. A batch that
        was lost is made by an actor that has nothing else to do, so that it shows whether actors
        die of it.
        """
        seats = [seat for seat in self._ready() if not self._is_tried(seat)]
        seat = min(seats, key=lambda seat: len(seat.outstanding()), default=None)
        most = 1 if number in self._lost else queue(self._together)
        if seat is None or len(seat.outstanding()) >= most:
            return False
        self._parcels.pop(slot, None)
        seat.given.append((number, slot))
        if len(seat.given) >= self._several(seat):
            self._call(seat)
        return True

    def send(self) -> None:
        """Call actors that have nothing to do for what was given to them."""
        for seat in self._seats:
            if seat.given and not seat.calls:
                self._call(seat)

    def news(self, patience: float) -> tuple[list[Reply], list[int]]:
        """Return replies, and the numbers of batches that were lost with their actor or node.

        Raises:
            ClusterError: if there has been no actor for too long, or a batch is lost too often.
            SynthDataError: if an actor cannot make batches.
        """
        self._refuse_if_left()
        self.send()
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

    def _several(self, seat: Seat) -> int:
        """How many batches of a call are made quickly."""
        return 1 if seat.pace is None else max(min(self._together, int(QUICK / seat.pace)), 1)

    def _is_tried(self, seat: Seat) -> bool:
        return any(number in self._lost for number, _ in seat.outstanding())

    def _refuse_if_left(self) -> None:
        # Ray would start another cluster as soon as it is asked for anything.
        if not self._ray.is_initialized():
            raise ClusterError(LEFT)

    def _call(self, seat: Seat) -> None:
        self._refuse_if_left()
        if not seat.calls:
            seat.since = time.monotonic()
        numbers = [number for number, _ in seat.given]
        seat.calls[seat.actor.make.remote(self._name, numbers)] = seat.given
        seat.given = []

    def _begin(self, seat: Seat) -> None:
        self._arrivals[seat.actor.__ray_ready__.remote()] = seat
        # It opens the generator, which may take long.
        self._starts[seat.actor.start.remote(self._name, self._order)] = seat

    def _arrived(self, refs: list[Ref], patience: float) -> set[Ref]:
        """Return those that are made, waiting for the first."""
        if not refs:
            return set()
        # To have them fetched meanwhile, Ray's node is asked each time, and never answers whoever
        # leaves the cluster just then.
        wait = partial(self._ray.wait, refs, fetch_local=False)
        try:
            if patience and not wait(num_returns=1, timeout=patience)[0]:
                return set()
            self._refuse_if_left()
            return set(wait(num_returns=len(refs), timeout=0)[0])
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
        if isinstance(found, self._ray.exceptions.RayActorError):
            # It was at work on the oldest; others were waiting.
            oldest = next(iter(seat.calls.values()))
            lost += [number for number, _ in seat.outstanding()]
            self._replace(seat, found)
            self._count(oldest, found)
            return
        given = seat.calls.pop(ref)
        if isinstance(found, Exception):  # made, and lost with the store of a node
            lost += [number for number, _ in given]
            self._losses += 1
            self._count(given, found)
            return
        now = time.monotonic()
        seat.pace, seat.since = (now - seat.since) / len(given), now
        for (_, slot), parcel in zip(given, found, strict=False):
            if isinstance(parcel, SynthDataError):
                raise parcel
            seat.restarts, seat.idle = parcel.restarts, parcel.idle
            self._parcels[slot] = parcel
            replies.append(Reply(*parcel.reply))

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
        seat.given, seat.calls, seat.pace = [], {}, None
        self._arrivals = {ref: of for ref, of in self._arrivals.items() if of is not seat}
        self._begin(seat)

    def _count(self, lost: list[Given], error: Exception) -> None:
        for number, _ in lost:
            self._lost[number] += 1
            what = f"the batch of sample {self._plan.indices(number)[0]}"
            self._give_up(self._lost[number], what, "with its process or node", error)

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


def queue(together: int) -> int:
    """Return how many batches an actor has to do at most.

    Args:
        together: batches of a call at the most.
    """
    return max(2 * together, QUEUE)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].partition(". ")[0]
