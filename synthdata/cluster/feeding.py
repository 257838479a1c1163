"""The executor whose batches are made by the nodes of a Ray cluster."""

from __future__ import annotations

import atexit
import pickle
from dataclasses import dataclass
from typing import Any, Final

from synthdata.bundles import Bundles
from synthdata.cluster.feeder import together
from synthdata.cluster.nodes import ask_versions, cpus
from synthdata.cluster.ray_errands import PATIENCE
from synthdata.cluster.ray_team import RayTeam, queue
from synthdata.cluster.remaking import as_json, from_json, needs_of
from synthdata.cluster.sharing import SITES
from synthdata.cluster.travel import Order
from synthdata.cluster.versions import versions
from synthdata.errors import ClusterError, SynthDataError
from synthdata.execution import EXIT_GATE, Choice, Policy, Work
from synthdata.execution.ahead import Ahead
from synthdata.execution.machine import shown
from synthdata.execution.maker import Made
from synthdata.execution.supply import useful_slots
from synthdata.layout import Variable
from synthdata.plan import Plan
from synthdata.stream import Validate

STORE_SHARE: Final = 4
"""Batches take at most this part (1/4) of this node's object store, unless ``slots`` says else."""

LEAST_SLOTS: Final = 3
"""One that is made, one that is made next, and one that the consumer has."""


@dataclass(frozen=True, slots=True)
class SentWork:
    """A Work as it travels.

    Attributes:
        generator: as JSON.
        seed, indices, validate, variable, policy, plan: as of Work.
    """

    generator: str
    seed: int
    indices: range
    validate: Validate
    variable: Variable
    policy: Policy
    plan: Plan | Bundles

    @classmethod
    def of(cls, work: Work) -> SentWork:
        """Return a Work as it travels.

        Raises:
            ClusterError: if its generator cannot be made again from JSON.
        """
        return cls(
            as_json(work.generator),
            work.seed,
            work.indices,
            work.validate,
            work.variable,
            work.policy,
            work.plan,
        )

    def job(self) -> Work:
        """Make the Work again.

        Raises:
            SynthDataError: if its generator is not here.
        """
        return Work(
            from_json(self.generator),
            self.seed,
            self.indices,
            self.validate,
            self.variable,
            self.policy,
            self.plan,
        )


class Feeding(Ahead):
    """Has actors on a Ray cluster make batches, some ahead of being asked for.

    A batch lies in the object store, of this machine once it has come; TensorFlow takes it from
    there without a copy. Once closed, it makes no more.

    Args:
        work: what the batches are made of.
        order: it, as the nodes are told of it.
        address: as for ``joined``.
        workers: how many actors, of one CPU each.
        together: batches that are asked for, and come, together at the most.
        slots: how many batches may be on their way, or held by consumers.
        patience: seconds for which there may be no actor.
    """

    name = "ray"

    def __init__(
        self,
        work: Work,
        order: Order,
        address: str,
        workers: int,
        together: int,
        slots: int,
        patience: float,
    ) -> None:
        super().__init__(len(work.plan), workers, slots, work.batch_room(), queue(together))
        self._together, self._plan = together, work.plan
        self._order, self._address, self._patience = order, address, patience
        self._failure: SynthDataError | None = None

    def batch(self, number: int) -> Made:
        """Wait for a batch, and have those that will be asked for next made meanwhile.

        Raises:
            SynthDataError: if there is nobody to make it; the same again from then on.
        """
        try:
            return super().batch(number)
        except SynthDataError as error:
            self._failure = error
            raise

    def _started(self) -> RayTeam:
        # Joining a cluster once more may take minutes.
        if self._failure is not None:
            raise self._failure
        self._refuse_if_dropped()
        # Ray's own end at exit has to come after that of whoever waits for its batches.
        atexit.unregister(EXIT_GATE.close)
        atexit.register(EXIT_GATE.close)
        site = SITES.enter(self._address, self.workers)
        return RayTeam(site, self._order, self._plan, self.workers, self._together, self._patience)

    def _refuse_to_wait(self, began: float) -> None:
        super()._refuse_to_wait(began)
        self._refuse_if_dropped()

    def _refuse_if_dropped(self) -> None:
        if self._dropped:
            raise Dropped("the data set is gone; keep it for as long as its iterators")


class Dropped(StopIteration):  # as InterpreterExit, TensorFlow logs no StopIteration
    """A batch was asked for after the end of the data set."""


def feed(
    work: Work, address: str, workers: int | None, slots: int | None, timeout: float | None
) -> Choice:
    """Start the executor of a cluster, once each node has said that it is as this machine.

    Args:
        work: what the batches are made of.
        address: as for ``joined``.
        workers: actors of one CPU each; None is as many as the cluster has CPUs.
        slots: batches on their way or held at the most; None is what is of use, within a quarter
            of the object store of this node.
        timeout: seconds that a sample may take; None is no limit.

    Raises:
        ClusterError: if the generator cannot be sent, there is no such cluster, it has no free
            CPU, too small an object store, or nodes with other versions.
        SynthDataError: if a node cannot make batches.
    """
    needs = needs_of(work.generator)
    sent = pickle.dumps(SentWork.of(work))
    order = Order(sent, timeout, needs, tuple(versions(needs).items()))
    site = SITES.enter(address, workers)
    try:
        ask_versions(site.ray, needs, PATIENCE)
        count = workers or cpus(site.ray)
        room, store = work.batch_room(), _store(site.ray)
        several = _together(work.plan, store, room, count, slots)
        useful = useful_slots(work.plan, count, queue(several))
        slots = _slots(store, room, useful, slots)
        executor = Feeding(work, order, address, count, several, slots, PATIENCE)
        executor.open()
    finally:
        SITES.leave(site)
    return Choice(executor, f"it was asked for; cluster={address!r}")


def _together(plan: Plan | Bundles, store: int, room: int, workers: int, slots: int | None) -> int:
    """Return how many batches may come together.

    The store keeps them all for the sake of one that is held. So where that might take more of it
    than batches may, or where the slots are said, they come one by one.
    """
    several = together(room)
    most = useful_slots(plan, workers, queue(several)) * several * room
    return several if slots is None and most * STORE_SHARE <= store else 1


def _slots(store: int, room: int, useful: int, slots: int | None) -> int:
    """Return how many slots there are to be.

    Raises:
        ClusterError: if the store has no room for them.
    """
    least = LEAST_SLOTS if slots is None else slots
    if least * room > store:
        raise ClusterError(
            f"{least} batches of {shown(room)} need {shown(least * room)}, but the object store of "
            f"this node has {shown(store)}; lower batch_size= or slots=, or start Ray here with "
            "more object_store_memory"
        )
    if slots is not None:
        return slots
    return max(min(useful, store // STORE_SHARE // room), LEAST_SLOTS)


def _store(ray: Any) -> int:
    """Return the bytes of this node's object store."""
    here = ray.get_runtime_context().get_node_id()
    [node] = [node for node in ray.nodes() if node["NodeID"] == here]
    return int(node["Resources"].get("object_store_memory", 0))
