"""Errands by the nodes of a Ray cluster: one task a request, a few for each CPU in flight."""

from __future__ import annotations

import logging
import pickle
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Any, Final, Self, TypeAlias

from synthdata.cluster.joining import joined
from synthdata.cluster.node import Board, do
from synthdata.cluster.nodes import ask_target, ask_versions, cpus
from synthdata.cluster.travel import Order, Outcome, Travels
from synthdata.cluster.versions import versions
from synthdata.errors import ClusterError, SynthDataError
from synthdata.execution.errands import TICK, LocalErrands, Replies
from synthdata.execution.messages import Reply
from synthdata.execution.work import Job

logger = logging.getLogger("synthdata")

AHEAD: Final = 2
"""Requests for each CPU: one at hand, and one so that it does not wait for this process."""

LOSSES: Final = 5
"""How often a request may be lost with its process or node; then it is an error."""

PATIENCE: Final = 180.0
"""Seconds for which a cluster may have no CPU for any request; then it is an error."""

END_PATIENCE: Final = 2.0
"""Seconds that tasks have to end when they are not wanted any more."""

Ref: TypeAlias = Any


class RayErrands:
    """Errands of a Ray cluster, joined when there is something to do, and left at the end.

    Args:
        address: as for ``joined``.
        workers: requests at once at the most; None is as many as the cluster has CPUs for.
        timeout: seconds that a sample may take; None is no limit.
        patience: seconds for which the cluster may have no CPU for any request.

    Attributes:
        near: has errands done by one process of this machine.
        losses: requests that were lost with their process or node, and done again.
    """

    def __init__(
        self,
        address: str,
        workers: int | None,
        timeout: float | None,
        patience: float | None = None,
    ) -> None:
        self.near = LocalErrands(1, timeout)
        self.losses = 0
        self._address, self._workers, self._timeout = address, workers, timeout
        self._patience = PATIENCE if patience is None else patience
        self._stack = ExitStack()
        self._ray: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()
        self._ray = None

    def prepare(self, job: Job) -> None:
        """Join the cluster, and ask each of its nodes whether it can do the job as this machine.

        Raises:
            ClusterError: if there is no such cluster, it has no CPU, or nodes have other versions.
            TargetError: if a node cannot share the target.
            SynthDataError: if the job cannot be sent.
        """
        if self._ray is None:
            assert isinstance(job, Travels)
            sent = pickle.dumps(job.sent())
            self._ray = self._stack.enter_context(joined(self._address, self._workers))
            ask_versions(self._ray, job.needs(), self._patience)
            ask_target(self._ray, job, sent)

    def run(self, job: Job, numbers: Iterable[int], advance: Callable[[int], None]) -> Replies:
        """Have a job's requests done, and yield the replies as they come.

        Closing the iterator ends the tasks that are under way.

        Raises:
            ClusterError: if the cluster has no CPU for any request for too long, or a request is
                lost with its process or node too often.
            SynthDataError: if a node cannot do the job.
        """
        waiting = deque(numbers)
        if not waiting:
            return
        assert isinstance(job, Travels)
        needs = job.needs()
        ours = tuple(versions(needs).items())
        order = Order(pickle.dumps(job.sent()), self._timeout, needs, ours)
        tasks = Tasks(self._ray, order, self._patience)
        lost: Counter[int] = Counter()
        try:
            while waiting or tasks.numbers:
                while waiting and len(tasks.numbers) < self._room():
                    tasks.start(waiting.popleft())
                for number, outcome in tasks.news(TICK):
                    if isinstance(outcome, Reply):
                        yield outcome
                    elif isinstance(outcome, SynthDataError):
                        raise outcome
                    else:
                        lost[number] += 1
                        self._lose(number, lost[number], outcome)
                        waiting.appendleft(number)
                advance(tasks.samples_done())
        finally:
            tasks.end()

    def _room(self) -> int:
        room = max(cpus(self._ray), 1) * AHEAD
        return room if self._workers is None else min(self._workers, room)

    def _lose(self, number: int, times: int, error: Exception) -> None:
        self.losses += 1
        told = str(error).partition("\n")[0].partition(". ")[0]
        if times >= LOSSES:
            raise ClusterError(
                f"request {number} was lost with its process or node {times} times of {times}: "
                f"{told}"
            ) from error
        logger.warning(
            "a process or node of the cluster was lost, its work is done again: %s", told
        )


class Tasks:
    """The tasks of one job that are under way.

    Args:
        ray: the module.
        order: the job.
        patience: seconds for which nothing may be heard of any of them.

    Attributes:
        numbers: of their requests, by the reference to what will come.
    """

    def __init__(self, ray: Any, order: Order, patience: float) -> None:
        self.numbers: dict[Ref, int] = {}
        self._ray, self._order, self._patience = ray, ray.put(order), patience
        # Ray would count a process's death against the task, and try again without end where
        # memory ran out.
        self._do = ray.remote(max_retries=0, num_cpus=1)(do)
        self._board = ray.remote(num_cpus=0, scheduling_strategy=_here(ray))(Board).remote()
        self._reading = self._board.read.remote([])
        self._told, self._done = 0, dict[int, int]()
        self._heard = time.monotonic()

    def start(self, number: int) -> None:
        """Have a request done."""
        self.numbers[self._do.remote(self._order, number, self._board)] = number

    def news(self, patience: float) -> list[tuple[int, Outcome | Exception]]:
        """Return what came of requests, by their numbers.

        Args:
            patience: seconds to wait for the first.

        Raises:
            ClusterError: if nothing was heard for too long.
        """
        ready, _ = self._ray.wait(list(self.numbers), num_returns=1, timeout=patience)
        if ready:
            ready, _ = self._ray.wait(list(self.numbers), num_returns=len(self.numbers), timeout=0)
            self._heard = time.monotonic()
        self._read()
        if time.monotonic() - self._heard > self._patience:
            raise ClusterError(
                f"the cluster has had no free CPU for {self._patience:.0f} s: others use it, or "
                "its nodes are gone; see `ray status`, and run the same again: it goes on where "
                "it was"
            )
        return [(self.numbers.pop(ref), self._get(ref)) for ref in ready]

    def samples_done(self) -> int:
        """Return how many samples are done of the requests under way."""
        return sum(self._done.get(number, 0) for number in self.numbers.values())

    def end(self) -> None:
        """End those that are under way, and wait until they are gone."""
        for ref in self.numbers:
            self._ray.cancel(ref, force=True)
        if self.numbers:
            refs = list(self.numbers)
            self._ray.wait(refs, num_returns=len(refs), timeout=END_PATIENCE)
        self._ray.kill(self._board)

    def _get(self, ref: Ref) -> Outcome | Exception:
        try:
            outcome: Outcome = self._ray.get(ref)
        except self._ray.exceptions.RayTaskError as error:
            told = str(error).strip().rpartition("\n")[2]
            failed = ClusterError(f"a task failed on its node: {told}")
            failed.__cause__ = error
            return failed
        except self._ray.exceptions.RayError as error:
            return error  # type: ignore[no-any-return]  # Ray is imported late
        return outcome

    def _read(self) -> None:
        ready, _ = self._ray.wait([self._reading], timeout=0)
        if not ready:
            return
        try:
            told, self._done = self._ray.get(self._reading)
        except self._ray.exceptions.RayError:
            return  # it was killed; the tasks go on without
        if told != self._told:
            self._told, self._heard = told, time.monotonic()
        self._reading = self._board.read.remote(list(self.numbers.values()))


def _here(ray: Any) -> Any:
    """Where this process is: what is there is lost with this process only."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    return NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True)
