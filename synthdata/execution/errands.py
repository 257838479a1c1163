"""Requests that need no order, each done once: by worker processes, or in this one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from typing import Final, TypeAlias

from synthdata.execution.crew import Crew
from synthdata.execution.messages import Reply, Request
from synthdata.execution.slab import LINE, Slab
from synthdata.execution.watch import Watch
from synthdata.execution.work import Job, packed

Replies: TypeAlias = Generator[Reply, None, None]
"""Closing it ends whoever works on the others."""

TICK: Final = 0.1
"""Seconds between two words on how far workers are."""


def run_errands(
    job: Job,
    numbers: Iterable[int],
    workers: int,
    timeout: float | None,
    advance: Callable[[int], None],
) -> Replies:
    """Have a job's requests done, and yield the replies as they come.

    Closing the iterator ends the workers: after half a second, whatever they are doing.

    Args:
        job: does them.
        numbers: of the requests.
        workers: how many processes; 0 does them one after the other in this one.
        timeout: seconds that a sample may take; None is no limit. Of processes only.
        advance: called now and then with the samples done of requests that are not yet replied to.

    Raises:
        WorkerError: if the job cannot be sent to processes, or they cannot start, or they die of
            something that is no sample's fault, more than once.
    """
    waiting = deque(numbers)
    if not waiting:
        return
    if workers:
        yield from _by_crew(job, waiting, min(workers, len(waiting)), timeout, advance)
    else:
        yield from _here(job, waiting, advance)


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


def _by_crew(
    job: Job,
    waiting: deque[int],
    workers: int,
    timeout: float | None,
    advance: Callable[[int], None],
) -> Replies:
    slab = Slab(workers, 1, 1)
    crew = Crew(packed(job), job.generator.identity, job.seed, slab, timeout)
    under_way: set[int] = set()
    try:
        crew.start()
        while waiting or under_way:
            # One for each worker: a second one would wait for a slow first one.
            while waiting and len(under_way) < workers and crew.give(waiting[0], 0):
                under_way.add(waiting.popleft())
            replies, lost = crew.news(TICK)
            for number in lost:
                under_way.discard(number)
                waiting.appendleft(number)
            for reply in replies:
                under_way.discard(reply.number)
                yield reply
            advance(crew.done)
    finally:
        crew.end()
        slab.close()
