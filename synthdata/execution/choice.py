"""Which executor, with how many workers: as asked for, or as a look at the generator says."""

from __future__ import annotations

import logging
import sys
import threading
import time
from dataclasses import dataclass
from itertools import cycle
from typing import Final, Literal, TypeAlias

from synthdata.errors import BuildError, SampleError, WorkerError
from synthdata.execution.executor import Executor
from synthdata.execution.inline import Inline
from synthdata.execution.machine import available_memory, cores, shown
from synthdata.execution.processes import Processes
from synthdata.execution.supply import useful_slots
from synthdata.execution.threads import Threads
from synthdata.execution.work import Work
from synthdata.seeding import Rng
from synthdata.stream import Stream

logger = logging.getLogger("synthdata")

ExecutorName: TypeAlias = Literal["auto", "inline", "threads", "processes", "graph", "ray"]
"""Where samples are made; ``build`` says what each does."""

TRIAL: Final = 0.05
"""Seconds in which samples are timed."""

TRIAL_SAMPLES: Final = 16
"""Samples that are timed at the most."""

START_COST: Final = 1.0
"""Seconds of generator time below which workers are not worth their start."""

GIL_BOUND: Final = 1.4
"""How much two threads must make of one's samples, for the generator to count as parallel."""

MEMORY_SHARE: Final = 4
"""Slots take at most this part (1/4) of the memory available, unless ``slots`` says otherwise."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An executor, and why it is this one.

    Attributes:
        executor: it.
        why: in words.
        level: at which the choice is logged.
    """

    executor: Executor
    why: str
    level: int = logging.INFO


def choose(
    work: Work,
    stream: Stream,
    name: ExecutorName,
    workers: int | None,
    slots: int | None,
    timeout: float | None,
) -> Choice:
    """Make the executor that was asked for, or find one, and start it.

    Args:
        work: what the batches are made of.
        stream: draws samples in this process.
        name: of the executor; "auto" looks at the generator.
        workers: processes or threads; None is one for each core.
        slots: of ``processes``; None is as many as are of use, within a quarter of the memory.
        timeout: seconds that a sample may take; None is no limit.

    Raises:
        BuildError: if the options contradict each other, or "graph" is asked for, which needs none.
        WorkerError: if workers cannot be started, or do not know the generator.
        SynthDataError: what the generator's ``open`` raises.
    """
    asked = "it was asked for"
    if name == "graph":
        raise BuildError(
            f"executor='graph': {work.generator.identity.id} is not made of TensorFlow ops, as an "
            "sd.TensorGenerator is; leave executor= out"
        )
    if workers == 0:
        name, asked = "inline", "workers=0"
    if name == "auto":
        found = _found(work, stream, workers, slots, timeout)
        told = work.generator.identity.id, found.executor.name, found.why
        logger.log(found.level, "%s: executor=%r: %s", *told)
    elif name == "processes":
        found = Choice(_processes(work, workers, slots, timeout), asked)
    else:
        for option, value in (("slots", slots), ("timeout", timeout)):
            if value is not None:
                raise BuildError(f"{option}={value!r} is for executor='processes', not {name!r}")
        inline = name == "inline"
        found = Choice(
            Inline(work, stream) if inline else Threads(work, stream, workers or cores()), asked
        )
    found.executor.open()
    return found


def _processes(
    work: Work, workers: int | None, slots: int | None, timeout: float | None
) -> Processes:
    if sys.platform != "linux":
        raise WorkerError("executor='processes' needs Linux; 'threads' and 'inline' do not")
    workers = workers or cores()
    if slots is None:
        slots = _slots(work, workers)
    elif slots < workers + 2:
        raise BuildError(f"slots={slots}: {workers} workers need at least {workers + 2}")
    return Processes(work, workers, slots, timeout)


def _slots(work: Work, workers: int) -> int:
    room = work.batch_room()
    useful = useful_slots(work.plan, workers)
    affordable = available_memory() // MEMORY_SHARE // room
    return max(min(useful, affordable), workers + 2)


def _found(
    work: Work, stream: Stream, workers: int | None, slots: int | None, timeout: float | None
) -> Choice:
    """Find the executor for a generator."""
    if timeout is not None or slots is not None:
        option = "timeout" if timeout is not None else "slots"
        return Choice(
            _processes(work, workers, slots, timeout), f"{option}= needs worker processes"
        )
    stream.open()
    if not len(work.plan):
        return Choice(Inline(work, stream), "there are no samples in this shard")
    seconds = _seconds_a_sample(work, stream)
    total = seconds * work.plan.samples
    took = f"a sample takes {_readable(seconds)}"
    if total < START_COST:
        return Choice(Inline(work, stream), f"{took}, all of them {total:.2f} s: less than workers")
    if (workers or cores()) == 1:
        return Choice(Inline(work, stream), f"{took}, and there is one core")
    try:
        executor = _processes(work, workers, None, None)
        executor.open()  # here, where another can be taken if this one cannot start
    except WorkerError as error:
        return _without_processes(work, stream, workers, f"{took}; {error}")
    stream.close()
    size = shown(executor.slots * executor.slot_size)
    return Choice(
        executor, f"{took}; {executor.workers} processes share {executor.slots} slots, {size}"
    )


def _without_processes(work: Work, stream: Stream, workers: int | None, why: str) -> Choice:
    gain = _gain_of_threads(work, stream)
    why = f"{why}; two threads make {gain:.1f} × the samples of one"
    if gain < GIL_BOUND:
        return Choice(Inline(work, stream), why, logging.WARNING)
    return Choice(Threads(work, stream, workers or cores()), why)


def _seconds_a_sample(work: Work, stream: Stream) -> float:
    """Time a few samples; one that fails counts as well."""
    rng = Rng()
    indices = _trial_indices(work)
    began = time.perf_counter()
    _draw(stream, indices[0], rng)
    first = time.perf_counter() - began
    if first > TRIAL:
        return first
    # Once more without it, since it may have filled caches.
    done, elapsed, began = 0, 0.0, time.perf_counter()
    while elapsed < TRIAL and done < len(indices):
        _draw(stream, indices[done], rng)
        done, elapsed = done + 1, time.perf_counter() - began
    return elapsed / done


def _gain_of_threads(work: Work, stream: Stream) -> float:
    """Return how many samples two threads make for each that one makes in the same time."""
    indices = _trial_indices(work)
    before, double, after = (_rate(stream, indices, threads) for threads in (1, 2, 1))
    # Whatever else runs on the cores slows one of them; what is faster is nearer to the truth.
    return double / max(before, after)


def _rate(stream: Stream, indices: list[int], threads: int) -> float:
    """Return the samples a second that so many threads make together."""
    counts: list[int] = []

    def run() -> None:
        rng = Rng()
        for count, index in enumerate(cycle(indices), 1):
            _draw(stream, index, rng)
            if time.perf_counter() > began + TRIAL:
                counts.append(count)
                return

    began = time.perf_counter()
    running = [threading.Thread(target=run) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return sum(counts) / (time.perf_counter() - began)


def _draw(stream: Stream, index: int, rng: Rng) -> None:
    try:
        stream.draw(index, rng)
    except SampleError:
        return  # whoever asks for it in earnest gets to know


def _trial_indices(work: Work) -> list[int]:
    indices: list[int] = work.plan.indices(0)[:TRIAL_SAMPLES].tolist()
    return indices


def _readable(seconds: float) -> str:
    for unit, factor in (("µs", 1e6), ("ms", 1e3)):
        if seconds * factor < 1000:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds:.3g} s"
