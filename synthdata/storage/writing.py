"""Write a data set to files: planned, made shard by shard, gone on with, and concluded."""

from __future__ import annotations

import inspect
import logging
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from typing import Any, Final

from synthdata.errors import FormatError, TargetError, WorkerError
from synthdata.execution import Ledger, OnError
from synthdata.execution.errands import Replies, run_errands
from synthdata.execution.machine import cores
from synthdata.execution.messages import Reply
from synthdata.execution.work import Job, packed
from synthdata.function import FunctionGenerator
from synthdata.generator import Generator
from synthdata.options import check_options
from synthdata.origin import origin
from synthdata.recipe import Recipe
from synthdata.storage.concluding import conclude
from synthdata.storage.dropping import without
from synthdata.storage.encoding import Encoding, EncodingName
from synthdata.storage.finding import FoundFormat, find_format
from synthdata.storage.manifest import (
    LAYOUT,
    PLAN,
    Manifest,
    Provider,
    ShardPlan,
    ShardRecord,
    Split,
    differences,
    dumped,
)
from synthdata.storage.progress import Progress, Report
from synthdata.storage.shard_job import ShardJob, TrialJob
from synthdata.storage.state import State
from synthdata.storage.subject import Subject
from synthdata.storage.target import Target, target_of
from synthdata.stream import Validate

logger = logging.getLogger("synthdata")

SHARD_BYTES: Final = 128 * 2**20
"""Of a shard at the most, about; half of it at the least, if there are several."""

TRIED: Final = 8
"""Samples by whose size in files the others are judged."""


def write(
    what: str | Recipe | Generator,
    target: str | os.PathLike[str],
    *,
    format: str = "tfrecord",
    params: Mapping[str, Any] | None = None,
    seed: int | None = None,
    samples: int | None = None,
    splits: Mapping[str, int] | None = None,
    encoding: EncodingName = "png",
    quality: int | None = None,
    drop: Sequence[str] = (),
    samples_per_shard: int | None = None,
    shard_bytes: int = SHARD_BYTES,
    workers: int | None = None,
    timeout: float | None = None,
    on_error: OnError = "raise",
    attempts: int = 3,
    budget: int | float | None = None,
    ledger: str | os.PathLike[str] | None = None,
    validate: Validate = "all",
    storage_options: Mapping[str, Any] | None = None,
    break_lock: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> Report:
    """Write the samples of a recipe to files that other tools open as their own.

    Shards appear whole or not at all, and the manifest last. A call that was interrupted, at
    whatever moment, is gone on with by the same call, and ends in the same bytes as one that was
    not; a data set that is whole is left as it is.

    Args:
        what: an id, or a name for its newest version, a Recipe, or a Generator.
        target: a folder, or a URL such as ``s3://bucket/folder``. Where it ends in a version,
            as ``data/shapes/1.0.0``, TFDS finds it as ``shapes`` in ``data``.
        format: "tfrecord", "arrayrecord", "webdataset", "parquet", "coco", "yolo", "folder",
            "npz", or that of a plugin.
        params: fields of the generator's Params; only with an id.
        seed: 0 to 2**64 - 1; None is 0. Not with a Recipe, which says it.
        samples: how many. Not with a Recipe.
        splits: samples by the name of a split, in place of ``samples``. Not with a Recipe.
        encoding: of images: "png", "jpeg", "webp" or "raw". Without loss, but for "jpeg" and for
            "webp" with a quality; masks are without loss always.
        quality: 1 to 100, of "jpeg" and "webp".
        drop: dotted paths of features that are left out, as ``metadata.caption``.
        samples_per_shard: samples of a shard at the most; None goes by ``shard_bytes``.
        shard_bytes: bytes of a shard, about. The number of shards is a power of two then, so that
            workers have equal shares.
        workers: processes that make and write shards; None is one for each core, 0 is none.
        timeout: seconds that a sample may take before its worker is killed, and the sample counts
            as failed. None is no limit.
        on_error: as for ``build``: "raise", "skip", "retry" or "substitute".
        attempts: how often "retry" and "substitute" draw a sample in all.
        budget: how many samples may fail, or as a float which fraction of them.
        ledger: a file to which each failure is added as a line of JSON.
        validate: which samples have each element looked at.
        storage_options: for the file system of a URL; see fsspec.
        break_lock: take over the lock of a writer that has ended without letting go of it.
        progress: called some times a second.

    Returns:
        What was written and what was found.

    Raises:
        FormatError: if the format is unknown or cannot hold a feature.
        RecipeError, ParamsError, RegistryError, BuildError: if the arguments are wrong.
        TargetError: if the target cannot be written, holds something else, or is being written by
            another process.
        SampleError: if a sample cannot be made.
        FailureBudgetError: if too many could not be made.
        WorkerError: if worker processes cannot be had.
        LedgerError: if the ledger cannot be written.

    >>>     >>> with tempfile.TemporaryDirectory() as folder:
    ...     write("shapes-v1", f"{folder}/shapes", params={"size": 16}, samples=20).samples
    {'train': 20}
    """
    check_options(
        {
            "workers": workers,
            "timeout": timeout,
            "on_error": on_error,
            "attempts": attempts,
            "budget": budget,
            "ledger": ledger,
            "validate": validate,
            "samples_per_shard": samples_per_shard,
            "shard_bytes": shard_bytes,
        }
    )
    subject = Subject.of(what, params, seed, samples, splits)
    found = find_format(format)
    plan = _plan(
        subject,
        found,
        Encoding(encoding, quality),
        drop,
        on_error=on_error,
        attempts=attempts,
        samples_per_shard=samples_per_shard,
        shard_bytes=shard_bytes,
    )
    place = target_of(target, storage_options)
    job = ShardJob(subject.generator, plan, found.load(), place, validate)
    writer = Writer(job, workers, timeout, budget, ledger, progress)
    return writer.run(break_lock=break_lock)


def _plan(
    subject: Subject,
    found: FoundFormat,
    encoding: Encoding,
    drop: Sequence[str],
    *,
    on_error: OnError,
    attempts: int,
    samples_per_shard: int | None,
    shard_bytes: int,
) -> ShardPlan:
    if isinstance(drop, str):
        raise FormatError(f"drop={drop!r}: a list of features is expected, as {[drop]}")
    generator = subject.generator
    identity = generator.identity
    made = origin(generator)
    plugin = None
    if identity.distribution is not None:
        plugin = Provider(distribution=identity.distribution, version=str(identity.version))
    return ShardPlan(
        generator=str(made.get("generator") or made.get("class") or made.get("function")),
        description=_description(generator),
        plugin=plugin,
        origin=made,
        recipe=subject.recipe.to_json() if subject.recipe else None,
        seed=subject.seed,
        splits={
            name: one_shard(indices, samples_per_shard) for name, indices in subject.splits.items()
        },
        output=without(generator.output, drop) if drop else generator.output,
        drop=tuple(sorted(set(drop))),
        format=found.name,
        format_plugin=Provider(distribution=found.distribution, version=found.version),
        encoding=encoding.name,
        quality=encoding.quality,
        on_error=on_error,
        attempts=attempts,
        samples_per_shard=samples_per_shard,
        shard_bytes=shard_bytes,
    )


def one_shard(indices: range, samples_per_shard: int | None) -> Split:
    """Return a split in shards of so many samples, or in one where that is not known yet."""
    count = -(-len(indices) // (samples_per_shard or len(indices)))
    return Split(first=indices.start, samples=len(indices), shards=count)


def _description(generator: Generator) -> str:
    """Return the first paragraph of what a generator says of itself."""
    told = generator.function if isinstance(generator, FunctionGenerator) else type(generator)
    text = inspect.cleandoc(told.__doc__ or "")
    return " ".join(text.partition("\n\n")[0].split())


class ShardOutcome:
    """What became of the samples of a shard, as the ledger takes it.

    Args:
        reply: of a worker.
    """

    def __init__(self, reply: Reply) -> None:
        self.failures, self.drawn, self.error = reply.failures, reply.drawn, reply.error
        self.record: ShardRecord = reply.made

    @property
    def kept(self) -> int:
        """How many samples the shard has."""
        return self.record.samples


class Writer:
    """Makes what is missing of a data set.

    Args:
        job: writes a shard.
        workers, timeout, budget, ledger, progress: as for ``write``.
    """

    def __init__(
        self,
        job: ShardJob,
        workers: int | None,
        timeout: float | None,
        budget: int | float | None,
        ledger: str | os.PathLike[str] | None,
        progress: Callable[[Progress], None] | None,
    ) -> None:
        self._job = job
        self._workers = workers
        self._timeout = timeout
        self._budget = budget
        self._ledger = ledger
        self._progress = progress

    def run(self, *, break_lock: bool = False) -> Report:
        """Make the shards that are missing, and conclude.

        Args:
            break_lock: as for ``write``.
        """
        job = self._job
        job.kind(job.plan.output, job.plan.image_encoding())  # refuses what it cannot hold
        job.target.prepare()
        with job.target.lock(break_lock):
            job.target.clean()
            return self._run()

    def _run(self) -> Report:
        target, state = self._job.target, State.read(self._job.target)
        if state.plan is None:
            state.refuse_strangers()
            self._settle_shards()
            target.write(PLAN, dumped(self._job.plan))
        else:
            standing, _ = state.standing(state.plan)
            failed = any(record.failures for record in standing.values())
            self._go_on_with(state.plan, failed=failed)
            if state.manifest is None and self._job.plan != state.plan:
                target.write(PLAN, dumped(self._job.plan))
        records, missing = state.standing(self._job.plan)
        made = self.make(missing, records)
        if state.manifest is not None:
            manifest = state.manifest
            check_same(target, manifest, made)
            if state.damaged_files():
                conclude(self._job, manifest.shards, manifest.summary)
        else:
            every = {**records, **made}
            manifest = conclude(self._job, [every[number] for number in sorted(every)], None)
        return _report(target, manifest, len(made))

    def make(
        self, numbers: Iterable[int], records: Mapping[int, ShardRecord]
    ) -> dict[int, ShardRecord]:
        """Make shards. The caller holds the lock of the target.

        Args:
            numbers: of those to be made, among all of the plan.
            records: of those that stand.

        Returns:
            Their records by number.
        """
        job, wanted = self._job, list(numbers)
        shards = job.plan.shards()
        total = sum(len(shard.indices) for shard in shards)
        found = sum(len(shards[number].indices) for number in records)
        failures = [one for record in records.values() for one in record.failures]
        books = Ledger(
            self._ledger,
            job.plan.origin,
            self._budget,
            total,
            failed=[failure.index for failure in failures],
        )
        books.check_budget()
        made: dict[int, ShardRecord] = {}
        done = found

        def advance(under_way: int) -> None:
            if self._progress is not None:
                self._progress(
                    Progress(
                        samples=done + under_way,
                        all_samples=total,
                        shards=len(records) + len(made),
                        all_shards=len(shards),
                        failures=len(failures) + books.failures,
                        found=found,
                    )
                )

        advance(0)
        with closing(self._errands(job, wanted, advance)) as replies:
            for reply in replies:
                outcome = ShardOutcome(reply)
                books.settle(outcome)
                made[reply.number] = outcome.record
                done += reply.drawn
                advance(0)
        return made

    def _errands(self, job: Job, numbers: Iterable[int], advance: Callable[[int], None]) -> Replies:
        return run_errands(job, numbers, self._processes(), self._timeout, advance)

    def _processes(self) -> int:
        """Return how many worker processes there are to be."""
        if not self._job.target.shared:
            return 0
        if self._workers is not None:
            return self._workers
        if sys.platform != "linux":
            return 0
        try:
            packed(self._job)
        except WorkerError as error:
            logger.warning("%s; its shards are made one after the other in this process", error)
            return 0
        return cores()

    def _go_on_with(self, plan: ShardPlan, *, failed: bool) -> None:
        """Take over how the data set is cut into shards, or refuse it if it is another.

        Args:
            plan: of what stands there.
            failed: whether samples failed in it.
        """
        target = self._job.target
        if plan.layout != LAYOUT:
            raise TargetError(
                f"{target} was written by another synthdata (layout {plan.layout}, not {LAYOUT})",
                target=str(target),
            )
        asked = self._job.plan
        if not failed:
            # Which policy it was decided nothing so far.
            policy = {"on_error": asked.on_error, "attempts": asked.attempts}
            plan = plan.model_copy(update=policy)
        if different := list(_differences(plan, asked)):
            raise TargetError(
                f"{target} holds another data set: {'; '.join(different)}; name another target, or "
                "ask for what is there",
                target=str(target),
            )
        self._job = _replanned(self._job, plan)

    def _settle_shards(self) -> None:
        """Cut the splits by the size of the first samples in files."""
        plan = self._job.plan
        if plan.samples_per_shard is not None:
            return
        trial = TrialJob(self._job, TRIED)
        with closing(self._errands(trial, [0], lambda done: None)) as replies:
            [reply] = replies
        if reply.error is not None:
            raise reply.error
        size: float = reply.made
        splits = {
            name: split.model_copy(
                update={"shards": shard_count(split.samples, size, plan.shard_bytes)}
            )
            for name, split in plan.splits.items()
        }
        self._job = _replanned(self._job, plan.model_copy(update={"splits": splits}))


def shard_count(samples: int, size: float, shard_bytes: int) -> int:
    """Return into how many shards a split is cut: the least power of two that is enough.

    Args:
        samples: of the split.
        size: bytes of a sample.
        shard_bytes: bytes of a shard at the most.

    >>> shard_count(20_000, 20_000.0, 128 * 2**20)
    4
    """
    wanted = min(-(-int(samples * size) // shard_bytes), samples)
    count = 1 << max(wanted - 1, 0).bit_length()
    return count if count <= samples else max(wanted, 1)


def _replanned(job: ShardJob, plan: ShardPlan) -> ShardJob:
    return ShardJob(job.generator, plan, job.kind, job.target, job.validate)


def _differences(there: ShardPlan, asked: ShardPlan) -> list[str]:
    """Return where plans differ; how a data set is cut into shards follows from the rest."""
    one, other = (_comparable(plan) for plan in (there, asked))
    if there.recipe is not None and asked.recipe is not None:
        # A recipe says most of the rest, which is looked at only where that makes the difference.
        said = {"generator", "description", "origin", "seed", "splits", "output"}
        brief, short = (
            {key: value for key, value in data.items() if key not in said} for data in (one, other)
        )
        if found := list(differences(brief, short)):
            return found
    return list(differences(one, other))


def _comparable(plan: ShardPlan) -> dict[str, Any]:
    data = plan.model_dump(mode="json", exclude={"layout"})
    for split in data["splits"].values():
        del split["shards"]
    return data


def check_same(target: Target, manifest: Manifest, made: Mapping[int, ShardRecord]) -> None:
    """Refuse shards that were made again, and are not what they were.

    Raises:
        TargetError: if one differs from the manifest.
    """
    for number, record in made.items():
        before = manifest.shards[number]
        if record.files != before.files:
            raise TargetError(
                f"{target}: shard {record.number} of {record.split} was made again, and is not "
                f"what it was; does {manifest.plan.generator} make other samples now?",
                target=str(target),
            )


def _report(target: Target, manifest: Manifest, made: int) -> Report:
    return Report(
        target=str(target),
        samples=manifest.samples,
        shards=len(manifest.shards),
        made=made,
        left_out=sum(len(record.left_out) for record in manifest.shards),
        bytes=sum(file.bytes for file in manifest.all_files()),
    )
