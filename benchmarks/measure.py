"""One contender, measured in this process; peers.py starts a fresh process for each."""

from __future__ import annotations

import importlib.util
import itertools
import multiprocessing
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from contenders import CONTENDERS, CORES, WORKERS, Contender, Unavailable
from workloads import WORKLOADS, Workload

How: TypeAlias = Literal["for", "function"]
Advance: TypeAlias = Callable[[int], object]

WARM_SECONDS = 1.0
LONG = 5.0
"""Seconds to a first batch that has warmed up whatever there is; the next would take as long."""

GLANCES = 10
"""How often a second the clock is looked at, so that a call of a tf.function is not in the way."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured of a contender that ran.

    Attributes:
        rate: samples a second.
        first: seconds from building to the first batch, without imports.
        samples: how many were measured.
    """

    rate: float
    first: float
    samples: int


def measure(name: str, generator: str, rows: int, how: How, seconds: float) -> Figures:
    """Build a contender and measure it.

    Args:
        name: of the contender.
        generator: name of the workload.
        rows: samples a batch.
        how: "for" consumes in a Python loop, "function" inside a tf.function.
        seconds: of the measurement, after the warm-up.

    Returns:
        The figures; of several processes, the sum of their rates.

    Raises:
        Unavailable: if it cannot take part.
    """
    if not CONTENDERS[name].at_once:
        return _alone(name, generator, rows, how, seconds)
    task = (name, generator, rows, how, seconds)
    with multiprocessing.get_context("spawn").Pool(CORES) as pool:
        parts = pool.starmap(_alone, [task] * CORES, chunksize=1)
    rate, samples = sum(part.rate for part in parts), sum(part.samples for part in parts)
    return Figures(rate, max(part.first for part in parts), samples)


def _alone(name: str, generator: str, rows: int, how: How, seconds: float) -> Figures:
    build = _prepared(CONTENDERS[name], WORKLOADS[generator], rows)
    began = time.perf_counter()
    iterator = iter(build())
    advance = in_function(iterator) if how == "function" else by_for(iterator)
    advance(1)
    first = time.perf_counter() - began
    step = WORKERS if first > LONG else warm_up(advance)
    done, elapsed = run(advance, step, seconds)
    return Figures(done * rows / elapsed, first, done * rows)


def _prepared(contender: Contender, work: Workload, rows: int) -> Callable[[], Any]:
    try:
        return contender.prepare(work, rows)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if not package or importlib.util.find_spec(package):
            raise
        extra = "cpu" if package in ("tensorflow", "keras") else "bench"
        raise Unavailable(f"{package} is not installed: pip install -e '.[{extra}]'") from error


def by_for(iterator: Iterator[Any]) -> Advance:
    """Return a function that takes so many batches in a Python loop."""

    def advance(batches: int) -> None:
        for _ in itertools.islice(iterator, batches):
            pass

    return advance


def in_function(iterator: Iterator[Any]) -> Advance:
    """Return a tf.function that takes so many batches, as a training loop of Keras does."""
    import tensorflow as tf

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]  # TensorFlow ships no types
    def advance(batches: Any) -> Any:
        def take(done: Any, total: Any) -> tuple[Any, Any]:
            _, labels = next(iterator)
            return done + 1, total + tf.reduce_sum(labels)

        start = (tf.constant(0), tf.constant(0, tf.int64))
        return tf.while_loop(lambda done, _: done < batches, take, start)[1]

    return lambda batches: advance(tf.constant(batches)).numpy()


def warm_up(advance: Advance) -> int:
    """Take batches for a while; return how many of them to take between glances at the clock.

    Batches of several workers come in bursts of as many as there are workers, so whole bursts are
    taken: wherever in one the clock starts, it stops at the same place of another.
    """
    done, elapsed = run(advance, WORKERS, WARM_SECONDS)
    return WORKERS * max(1, round(done / elapsed / GLANCES / WORKERS))


def run(advance: Advance, step: int, seconds: float) -> tuple[int, float]:
    """Take batches, so many at a time; return how many it were in how many seconds."""
    done, began = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - began) < seconds:
        advance(step)
        done += step
    return done, elapsed
