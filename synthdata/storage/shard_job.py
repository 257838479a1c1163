"""Write one shard: the samples of a range, in a folder aside, then published and recorded."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from synthdata.errors import GeneratorFailedError, SampleError
from synthdata.execution import Policy
from synthdata.execution.failures import Failure
from synthdata.execution.maker import Maker
from synthdata.execution.messages import Reply, Request
from synthdata.execution.slab import Slab
from synthdata.execution.watch import Watch
from synthdata.execution.work import Hand
from synthdata.generator import Generator
from synthdata.layout import columns
from synthdata.storage.describing.duplicates import MOST
from synthdata.storage.describing.statistics import Statistics
from synthdata.storage.dropping import kept
from synthdata.storage.format import Format
from synthdata.storage.manifest import (
    FailureEntry,
    FileEntry,
    ShardPlan,
    ShardRecord,
    dumped,
    record_path,
)
from synthdata.storage.shard import Shard
from synthdata.storage.targets.target import Target
from synthdata.stream import Stream, Validate

AT_ONCE: Final = 32
"""Samples that a generator's ``sample_batch`` makes in one call."""


@dataclass(frozen=True)
class ShardJob:
    """Everything that a worker needs to write any shard of a data set.

    Attributes:
        generator: makes the samples.
        plan: what the data set is to be.
        kind: the format.
        target: where it lies.
        validate: which samples have each element looked at.
    """

    generator: Generator
    plan: ShardPlan
    kind: type[Format]
    target: Target
    validate: Validate

    @property
    def seed(self) -> int:
        """Of the samples."""
        return self.plan.seed

    def stream(self) -> Stream:
        """Return a stream of the samples; it owns the generator."""
        return Stream(self.generator, self.seed, self.validate)

    def hand(self, stream: Stream, watch: Watch, slab: Slab | None) -> Hand:
        """Return what writes the shards of the plan, by their numbers among all."""
        written = self.kind(self.plan.output, self.plan.image_encoding())

        def write(request: Request) -> Reply:
            shard = self.plan.shard(request.number)
            drawing = self.drawing(stream, watch, shard, request.singly)
            try:
                record = self._write(written, shard, drawing)
            except SampleError as error:
                return drawing.reply(request, None, error)
            return drawing.reply(request, record, None)

        return write

    def drawing(self, stream: Stream, watch: Watch, shard: Shard, singly: bool) -> Drawing:
        """Return the samples of a shard."""
        split = self.plan.splits[shard.split]
        policy = Policy(self.plan.on_error, self.plan.attempts)
        maker = Maker(
            stream,
            columns(self.generator.output, "pad"),
            policy,
            range(split.first, split.first + split.samples),
            watch.before,
        )
        places = kept(self.generator.output, self.plan.output)
        return Drawing(maker, stream, places, shard.indices, watch, singly)

    def _write(self, written: Format, shard: Shard, drawing: Drawing) -> ShardRecord:
        statistics = Statistics(self.plan.output, hashed=self.plan.samples <= MOST)
        with self.target.staging() as folder:
            drawing.write(written, shard, folder, statistics)
            files = self.target.publish(folder)
        record = ShardRecord(
            split=shard.split,
            number=shard.number,
            samples=drawing.count,
            left_out=tuple(drawing.left_out),
            failures=tuple(
                FailureEntry(index=one.index, attempt=one.attempt, error=one.error)
                for one in drawing.failures
            ),
            files=tuple(FileEntry(path=f.path, bytes=f.size, sha256=f.sha256) for f in files),
        )
        data = {**record.model_dump(mode="json"), "statistics": statistics.to_json()}
        self.target.write(record_path(shard), dumped(data))
        return record


class Drawing:
    """The samples of a range, drawn one after the other.

    Args:
        maker: draws them, and knows what to do about those that fail.
        stream: of the samples, for messages.
        places: of the values that are written, among all.
        indices: of the samples.
        watch: is told how far it is.
        singly: never by ``sample_batch``.

    Attributes:
        count: samples that were yielded.
        left_out: indices of those that could not be made.
        failures: each attempt that failed.
    """

    def __init__(
        self,
        maker: Maker,
        stream: Stream,
        places: Sequence[int],
        indices: range,
        watch: Watch,
        singly: bool,
    ) -> None:
        self.count = 0
        self.left_out: list[int] = []
        self.failures: list[Failure] = []
        self._maker, self._stream, self._places = maker, stream, places
        self._indices, self._watch, self._singly = indices, watch, singly

    def __iter__(self) -> Iterator[tuple[int, list[Any]]]:
        """Yield index and values of each sample.

        Raises:
            SampleError: if one cannot be made, and the policy is not to do without.
        """
        at_once = AT_ONCE if self._stream.draws_batches and not self._singly else 1
        done = 0
        for start in range(0, len(self._indices), at_once):
            indices = self._indices[start : start + at_once]
            drawn = self._maker.draw(list(indices), singly=self._singly)
            self._watch.rest()
            self.failures += drawn.failures
            if drawn.error is not None:
                raise drawn.error
            self.left_out += [index for index in indices if index not in drawn.indices]
            for index, row in zip(drawn.indices, drawn.rows, strict=True):
                yield index, [row[place] for place in self._places]
            self.count += len(drawn.indices)
            done += len(indices)
            self._watch.advance(done)

    def write(
        self,
        written: Format,
        shard: Shard,
        folder: Path,
        statistics: Statistics | None = None,
    ) -> None:
        """Write all samples to the files of a shard.

        Args:
            written: the format.
            shard: which one.
            folder: where its files are made.
            statistics: are told of each sample.

        Raises:
            SampleError: if one cannot be made, or the format cannot hold this one after all.
        """
        with written.writer(shard, folder) as writer:
            for index, values in self:
                try:
                    writer.add(shard.key(index), values)
                except ValueError as error:
                    raise self._refused(index, error) from error
                if statistics is not None:
                    statistics.add(values)

    def reply(self, request: Request, made: Any, error: SampleError | None) -> Reply:
        """Return what became of the samples."""
        return Reply(request.number, made, tuple(self.failures), len(self._indices), error)

    def _refused(self, index: int, error: ValueError) -> GeneratorFailedError:
        generator, seed = self._stream.generator, self._stream.seed
        return GeneratorFailedError(
            f"cannot be written: {error}", identity=generator.identity, seed=seed, index=index
        )


@dataclass(frozen=True)
class TrialJob:
    """Finds out how many bytes a sample takes in files, by those of the first ones.

    Attributes:
        job: what is to be done later.
        samples: how many are tried, of the first shard.
    """

    job: ShardJob
    samples: int

    @property
    def generator(self) -> Generator:
        """Makes the samples."""
        return self.job.generator

    @property
    def seed(self) -> int:
        """Of the samples."""
        return self.job.seed

    def stream(self) -> Stream:
        """Return a stream of the samples; it owns the generator."""
        return self.job.stream()

    def hand(self, stream: Stream, watch: Watch, slab: Slab | None) -> Hand:
        """Return what answers any request with the bytes a sample, as a float."""
        plan = self.job.plan
        first = plan.shard(0)
        few = replace(first, indices=first.indices[: self.samples])

        def measure(request: Request) -> Reply:
            drawing = self.job.drawing(stream, watch, few, request.singly)
            written = self.job.kind(plan.output, plan.image_encoding())
            try:
                with tempfile.TemporaryDirectory(prefix="synthdata-") as name:
                    drawing.write(written, few, Path(name))
                    files = (path for path in Path(name).rglob("*") if path.is_file())
                    size = sum(path.stat().st_size for path in files) / max(drawing.count, 1)
            except SampleError as error:
                return drawing.reply(request, None, error)
            return drawing.reply(request, size, None)

        return measure
