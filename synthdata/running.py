"""What stands behind a dataset that ``build`` made: its executor, its failures, and its figures."""

from __future__ import annotations

import time
from dataclasses import dataclass, fields
from typing import Any, Final

from numpy.typing import NDArray

from synthdata.errors import BuildError
from synthdata.execution import EXIT_GATE, Executor, Ledger
from synthdata.execution.machine import shown

ATTRIBUTE: Final = "_synthdata_run"
"""Name under which a dataset keeps its Run."""


class Run:
    """Makes the batches of one dataset, and keeps its figures.

    Args:
        executor: makes them.
        ledger: settles the failures in them.
        why: the executor is this one.
        batch_size: samples a batch, of which an executor may make several as one.
    """

    def __init__(self, executor: Executor, ledger: Ledger, why: str, batch_size: int) -> None:
        self.executor = executor
        self.ledger = ledger
        self.why = why
        self._batch_size = batch_size
        self._began: float | None = None
        self._ended = 0.0
        self._waited = 0.0
        self._batches = 0
        self._samples = 0

    def batch(self, number: int) -> list[NDArray[Any]]:
        """Return the arrays of what an executor makes as a batch: the indices, then all columns'.

        Raises:
            SynthDataError: why it cannot be had.
        """
        began = time.monotonic()
        with EXIT_GATE:
            made = self.executor.batch(number)
            self.ledger.settle(made)
        self._ended = time.monotonic()
        self._began = began if self._began is None else self._began
        self._waited += self._ended - began
        rows = len(made.arrays[0])
        self._batches += -(-rows // self._batch_size)
        self._samples += rows
        return made.arrays

    @property
    def name(self) -> str:
        """The executor's."""
        return self.executor.name

    @property
    def workers(self) -> int:
        """Threads or processes that make batches."""
        return self.executor.workers

    def explain(self) -> str:
        """Say how samples are made, and why so."""
        found = self.stats()
        text = f"executor={self.name!r}, workers={self.workers}: {self.why}"
        if found.slots:
            each = shown(found.memory / found.slots)
            text += f"\nmemory: {found.slots} slots of {each} = {shown(found.memory)}"
        return text

    def stats(self) -> Stats:
        """Return the figures so far."""
        seconds = 0.0 if self._began is None else self._ended - self._began
        counted = self.executor.telemetry()
        workers = self.executor.workers
        return Stats(
            executor=self.executor.name,
            workers=workers,
            batches=self._batches,
            samples=self._samples,
            seconds=seconds,
            samples_per_second=self._samples / seconds if seconds else 0.0,
            waiting=self._waited,
            idle=counted.idle / max(workers, 1),
            slots=counted.slots,
            slots_in_use=counted.slots_in_use,
            memory=counted.memory,
            restarts=counted.restarts,
            failures=self.ledger.failures,
            copies=counted.copies,
            overflows=counted.overflows,
            pids=counted.pids,
        )


@dataclass(frozen=True, slots=True)
class GraphRun:
    """Stands behind a dataset that is TensorFlow alone, which counts nothing.

    Attributes:
        id: of the generator.
        workers: batches that TensorFlow makes at a time.
        name: "graph".
    """

    id: str
    workers: int
    name: str = "graph"

    def explain(self) -> str:
        """Say how samples are made, and why so."""
        return (
            f"executor={self.name!r}, workers={self.workers}: {self.id} is made of TensorFlow ops, "
            "so the dataset is a graph without Python"
        )

    def stats(self) -> Stats:
        """Refuse: no Python sees the batches.

        Raises:
            BuildError: always.
        """
        raise BuildError(
            f"{self.id} is built as a graph, in which TensorFlow makes the batches and nobody "
            "counts them; executor='inline' has figures, and the profiler of TensorFlow has its own"
        )


@dataclass(frozen=True, slots=True)
class Stats:
    """Figures of a dataset, since it was built.

    Attributes:
        executor: "inline", "threads", "processes" or "ray"; "cache" where nothing has to be made.
        workers: threads, processes or actors that make batches.
        batches: handed over, those prefetched included.
        samples: in them.
        seconds: from the first batch asked for to the last handed over.
        samples_per_second: samples by seconds.
        waiting: seconds in which a batch was asked for and not there: the generator is slower
            than the consumer. With ``inline`` it is the time of making them.
        idle: seconds that a worker had nothing to do, on average: the consumer is slower. Of
            ``processes`` and ``ray`` only.
        slots: parts of the shared memory, or of the object store, each for a batch or for several
            small ones that are made at a time.
        slots_in_use: those that are being made, or made, or held by a consumer.
        memory: bytes of all slots.
        restarts: of worker processes that died; of ``ray``, also actors that were lost.
        failures: attempts at samples that failed.
        copies: slots that were copied, since consumers held too many.
        overflows: slots that texts or ragged arrays did not fit into.
        pids: of the worker processes on this machine.
    """

    executor: str
    workers: int
    batches: int
    samples: int
    seconds: float
    samples_per_second: float
    waiting: float
    idle: float
    slots: int
    slots_in_use: int
    memory: int
    restarts: int
    failures: int
    copies: int
    overflows: int
    pids: tuple[int, ...]

    def __str__(self) -> str:
        """Show one figure a line."""
        width = max(len(field.name) for field in fields(self))
        return "\n".join(
            f"{field.name:{width}} {_shown(field.name, getattr(self, field.name))}"
            for field in fields(self)
        )


def _shown(name: str, value: Any) -> str:
    if name == "memory":
        return shown(value)
    if isinstance(value, float):
        return f"{value:,.1f}" + ("" if name == "samples_per_second" else " s")
    return " ".join(map(str, value)) if isinstance(value, tuple) else f"{value}"


def stats(dataset: Any) -> Stats:
    """Return the figures of a dataset: speed, waiting, slots, restarts, failures.

    Args:
        dataset: what ``build`` returned, or what was made of it by ``map``, ``take`` and so on.

    Raises:
        BuildError: if no dataset of ``build`` is behind it, or it is a graph, which nobody counts.
    """
    return run_of(dataset).stats()


def explain(dataset: Any) -> str:
    """Say how a dataset makes its samples, and why so.

    Args:
        dataset: as for ``stats``.

    Raises:
        BuildError: if no dataset of ``build`` is behind it.
    """
    return run_of(dataset).explain()


def run_of(dataset: Any) -> Run | GraphRun:
    """Return what stands behind a dataset.

    Args:
        dataset: as for ``stats``.

    Raises:
        BuildError: if no dataset of ``build`` is behind it.
    """
    remaining = [dataset]
    while remaining:
        one = remaining.pop()
        run = getattr(one, ATTRIBUTE, None)
        if run is not None:
            return run  # type: ignore[no-any-return]
        remaining += one._inputs() if hasattr(one, "_inputs") else []
    raise BuildError(f"{type(dataset).__name__} was not made by sd.build, or from what it made")
