"""The steps that scale.py measures: a data set is planned, written, gone on with and verified.

Everything is that of ``sd.write`` and ``sd.verify`` but for one thing: from the second shard on, no
sample is made. Such a shard is an empty file, with the statistics of the first one.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from counted import CALLS

import synthdata as sd
from synthdata.execution.errands import LocalErrands
from synthdata.execution.watch import Watch
from synthdata.storage.describing.statistics import Statistics
from synthdata.storage.encoding import Encoding
from synthdata.storage.finding import find_format
from synthdata.storage.format import Format
from synthdata.storage.making import ShardMaker
from synthdata.storage.planning import planned
from synthdata.storage.progress import Progress, Report
from synthdata.storage.shard import Shard
from synthdata.storage.shard_job import Drawing, ShardJob
from synthdata.storage.state import read_records
from synthdata.storage.subject import Subject
from synthdata.storage.targets.target import target_of
from synthdata.storage.writer import Writer
from synthdata.storage.writing import SHARD_BYTES
from synthdata.stream import Stream

PHASES = {
    "plan": "look at the target, leave the plan",
    "make": "hand out shards, take in records",
    "resume": "find all shards but one",
    "merge": "statistics, card, manifest",
    "verify": "sizes of all files",
    "again": "find that nothing is to be done",
}


@dataclass(frozen=True, slots=True)
class Figures:
    """What one phase took.

    Attributes:
        shards: of the data set.
        phase: one of PHASES.
        seconds: of the clock.
        cpu: seconds of a processor, which tell more where others use the machine.
        peak: resident bytes of the process at the most, during it.
        calls: requests to the store, by their kind.
    """

    shards: int
    phase: str
    seconds: float
    cpu: float
    peak: int
    calls: dict[str, int]


class NotDrawn(Drawing):
    """The samples of a shard that are said to be there.

    Args:
        indices: of the samples.
        first: statistics of the first shard.
    """

    def __init__(self, indices: range, first: dict[str, Any]) -> None:
        self.count, self.left_out, self.failures = len(indices), [], []
        self._indices, self._first = indices, first

    def write(
        self, written: Format, shard: Shard, folder: Path, statistics: Statistics | None = None
    ) -> None:
        """Leave an empty file."""
        (folder / f"{shard.stem}.tfrecord").touch()
        assert statistics is not None
        statistics.merge(self._first)
        if statistics._hashes is not None:
            statistics._hashes._found += np.array(self._indices, np.uint64).tobytes()


class NotDrawnJob(ShardJob):
    """Writes the first shard, and says of all others that it did."""

    def drawing(self, stream: Stream, watch: Watch, shard: Shard, singly: bool) -> Drawing:
        """Return the samples of a shard."""
        if shard.number == 0:
            return super().drawing(stream, watch, shard, singly)
        return NotDrawn(shard.indices, self._first)

    @cached_property
    def _first(self) -> dict[str, Any]:
        [(_, statistics)] = read_records(self.target, [self.plan.shard(0)])
        return statistics


class Phases:
    """Time, memory and requests of the phases of this process.

    Args:
        shards: of the data set.
    """

    def __init__(self, shards: int) -> None:
        self.done: list[Figures] = []
        self._shards = shards
        self._begin()

    def _begin(self) -> None:
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        self._began = time.perf_counter(), time.process_time()
        self._calls = Counter(CALLS)

    def end(self, phase: str) -> None:
        """One phase has ended, and another begins."""
        seconds, cpu = time.perf_counter() - self._began[0], time.process_time() - self._began[1]
        calls = dict(Counter(CALLS) - self._calls)
        self.done.append(Figures(self._shards, phase, seconds, cpu, peak(), calls))
        self._begin()


def peak() -> int:
    """Return the resident bytes of this process at the most."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def write(url: str, shards: int, samples: int, progress: Callable[[Progress], None]) -> Report:
    """Do what ``sd.write`` does, with a job that makes the first shard only.

    Args:
        url: of the target.
        shards: how many.
        samples: of each.
        progress: is told.
    """
    recipe = sd.Recipe(generator="shapes-v1", params={"size": 16}, samples=shards * samples)
    subject, found = Subject.of(recipe), find_format("tfrecord")
    plan = planned(
        subject,
        found,
        Encoding("png"),
        (),
        on_error="raise",
        attempts=3,
        samples_per_shard=samples,
        shard_bytes=SHARD_BYTES,
    )
    job = NotDrawnJob(subject.generator, plan, found.load(), target_of(url), "all")
    return Writer(job, ShardMaker(LocalErrands(0), progress=progress)).run()


class Stopped(Exception):
    """It was stopped before the last shard."""


def plan_and_make(url: str, shards: int, samples: int) -> list[Figures]:
    """Write all shards but the last; the first, which is really made, is not measured."""
    phases = Phases(shards)

    def told(progress: Progress) -> None:
        if not phases.done:
            phases.end("plan")
        elif len(phases.done) == 1 and progress.shards == 1:
            phases.end("first")
        if progress.shards == shards - 1:
            raise Stopped

    with suppress(Stopped):
        write(url, shards, samples, told)
    phases.end("make")
    return [figures for figures in phases.done if figures.phase in PHASES]


def resume_and_merge(url: str, shards: int, samples: int) -> list[Figures]:
    """Write the last shard, and what stands once."""
    phases = Phases(shards)

    def told(progress: Progress) -> None:
        if not phases.done:
            phases.end("resume")
        elif progress.shards == shards:
            phases.end("last")

    write(url, shards, samples, told)
    phases.end("merge")
    return [figures for figures in phases.done if figures.phase in PHASES]


def verify(url: str, shards: int, samples: int) -> list[Figures]:
    """Look at the sizes of all files."""
    phases = Phases(shards)
    found = sd.verify(url, "fast")
    assert found, found
    assert found.files > shards
    phases.end("verify")
    return phases.done


def write_again(url: str, shards: int, samples: int) -> list[Figures]:
    """Write what is whole."""
    phases = Phases(shards)
    report = write(url, shards, samples, lambda progress: None)
    assert (report.made, report.samples) == (0, {"train": shards * samples})
    phases.end("again")
    return phases.done


STEPS = {"make": plan_and_make, "merge": resume_and_merge, "verify": verify, "again": write_again}
"""In this order; each is of a process of its own, so that its memory is what it took itself."""
