"""Requests that need no order, each done once: by worker processes, or in this one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from typing import Final, Protocol, TypeAlias

from synthdata.execution.crew import Crew
from synthdata.execution.messages import Reply, Request
from synthdata.execution.slab import LINE, Slab
from synthdata.execution.watch import Watch
from synthdata.execution.work import Job, packed

Replies: TypeAlias = Generator[Reply, None, None]
"""Closing it ends whoever works on the others."""

TICK: Final = 0.1
"""Seconds between two words on how far workers are."""


class Errands(Protocol):
    """Has the requests of jobs done, on whichever processes or machines.

    Attributes:
        near: has them done by this machine alone.
    """

    @property
    def near(self) -> LocalErrands:
        """Has them done by this machine alone."""
        ...

    def prepare(self, job: Job) -> None:
        """Refuse a job that cannot be done, before its first sample.

        Raises:
            SynthDataError: if it cannot.
        """
        ...

    def run(self, job: Job, numbers: Iterable[int], advance: Callable[[int], None]) -> Replies:
        """Have a job's requests done, and yield the replies as they come.

        Args:
            job: does them.
            numbers: of the requests.
            advance: called now and then with the samples done of requests that are not yet
                replied to.
        """
        ...


class LocalErrands:
    """Errands of worker processes on this machine, or of this process.

    Args:
        workers: how many processes; 0 does them one after the other in this one.
        timeout: seconds that a sample may take; None is no limit. Of processes only.
    """

    def __init__(self, workers: int, timeout: float | None = None) -> None:
        self._workers, self._timeout = workers, timeout

    @property
    def near(self) -> LocalErrands:
        """Itself."""
        return self

    def prepare(self, job: Job) -> None:
        """Whatever can be done here shows when it is done."""

    def run(self, job: Job, numbers: Iterable[int], advance: Callable[[int], None]) -> Replies:
        """Have a job's requests done, and yield the replies as they come.

        Closing the iterator ends the workers: after half a second, whatever they are doing.

        Raises:
            WorkerError: if the job cannot be sent to processes, or they cannot start, or they die
                of something that is no sample's fault, more than once.
        """
        waiting = deque(numbers)
        if not waiting:
            return
        if not self._workers:
            yield from _here(job, waiting, advance)
            return
        crew = CrewErrands(job, min(self._workers, len(waiting)), self._timeout)
        try:
            yield from crew.run(waiting, advance)
        finally:
            crew.close()


class CrewErrands:
    """Errands of one job by one crew, which it owns until ``close``.

    Args:
        job: does them.
        workers: how many processes.
        timeout: seconds that a sample may take; None is no limit.

    Raises:
        WorkerError: if the job cannot be sent to processes, or there is no memory.
    """

    def __init__(self, job: Job, workers: int, timeout: float | None) -> None:
        self._slab = Slab(workers, 1, 1)
        self._workers, self._started = workers, False
        try:
            # One for each worker: a second one would wait for a slow first one.
            self._crew = Crew(packed(job), job.generator.identity, job.seed, self._slab, timeout, 1)
        except BaseException:
            self._slab.close()
            raise

    def run(self, numbers: Iterable[int], advance: Callable[[int], None]) -> Replies:
        """Have requests done; it may be called again once they are.

        Args:
            numbers: of the requests.
            advance: called now and then with the samples done of those at hand.
        """
        waiting = deque(numbers)
        under_way: set[int] = set()
        if not self._started:
            self._started = True
            self._crew.start()
        while waiting or under_way:
            while waiting and self._crew.give(waiting[0], 0):
                under_way.add(waiting.popleft())
            self._crew.send()
            replies, lost = self._crew.news(TICK)
            for number in lost:
                under_way.discard(number)
                waiting.appendleft(number)
            for reply in replies:
                under_way.discard(reply.number)
                yield reply
            advance(self._crew.done)

    def close(self) -> None:
        """End the workers: after half a second, whatever they are doing."""
        self._crew.end()
        self._slab.close()


def _here(job: Job, numbers: Iterable[int], advance: Callable[[int], None]) -> Replies:
    stream = job.stream()
    watch = _Told(advance)
    # A slab is for batches; whatever goes without workers needs none.
    hand = job.hand(stream, watch, None)
    try:
        for number in numbers:
            yield hand(Request(number, 0, {}, False))
    finally:
        stream.close()


class _Told(Watch):
    """A Watch in the process that waits itself."""

    def __init__(self, advance: Callable[[int], None]) -> None:
        super().__init__(memoryview(bytearray(LINE)).cast("q"))
        self._advance = advance

    def advance(self, done: int) -> None:
        self._advance(done)
