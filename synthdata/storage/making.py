"""Have shards made, by whoever does errands, and settle what failed in them."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, contextmanager

from synthdata.errors import TargetError, WorkerError
from synthdata.execution import Ledger
from synthdata.execution.errands import Errands, LocalErrands
from synthdata.execution.machine import cores
from synthdata.execution.messages import Reply
from synthdata.execution.work import packed
from synthdata.storage.manifest import Manifest, ShardRecord
from synthdata.storage.progress import Progress
from synthdata.storage.shard_job import ShardJob, TrialJob
from synthdata.storage.targets.target import Target

logger = logging.getLogger("synthdata")


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


class ShardMaker:
    """Makes shards of a data set. Whoever uses it holds the lock of the target.

    Args:
        errands: has a job's requests done.
        budget: how many samples may fail, or as a float which fraction of them.
        ledger: a file to which each failure is added.
        progress: called some times a second.
    """

    def __init__(
        self,
        errands: Errands,
        budget: int | float | None = None,
        ledger: str | os.PathLike[str] | None = None,
        progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self._errands = errands
        self._budget = budget
        self._ledger = ledger
        self._progress = progress

    def prepare(self, job: ShardJob) -> None:
        """Refuse a job whose shards cannot be made, before its first sample; once is enough.

        Args:
            job: writes a shard.

        Raises:
            SynthDataError: if it is so.
        """
        self._errands.prepare(job)

    def make(
        self, job: ShardJob, numbers: Collection[int], records: Mapping[int, ShardRecord]
    ) -> dict[int, ShardRecord]:
        """Make shards.

        Args:
            job: writes one.
            numbers: of those to be made, among all of the plan.
            records: of those that stand.

        Returns:
            Their records by number.
        """
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
        if numbers:
            self.prepare(job)
        with closing(self._errands.run(job, numbers, advance)) as replies:
            for reply in replies:
                outcome = ShardOutcome(reply)
                books.settle(outcome)
                made[reply.number] = outcome.record
                done += reply.drawn
                advance(0)
        return made

    def sample_size(self, job: ShardJob, samples: int) -> float:
        """Return the bytes that a sample takes in files.

        Args:
            job: writes a shard.
            samples: the first so many are tried.

        Raises:
            SampleError: if one of them cannot be made.
        """
        trial = TrialJob(job, samples)
        with closing(self._errands.near.run(trial, [0], lambda _: None)) as replies:
            [reply] = replies
        if reply.error is not None:
            raise reply.error
        size: float = reply.made
        return size


def processes(job: ShardJob, workers: int | None) -> int:
    """Return how many worker processes a job is to have.

    Args:
        job: writes a shard.
        workers: as asked for; None is one for each core, where the job can be sent to them.
    """
    if not job.target.shared:
        return 0
    if workers is not None:
        return workers
    if sys.platform != "linux":
        return 0
    try:
        packed(job)
    except WorkerError as error:
        logger.warning("%s; its shards are made one after the other in this process", error)
        return 0
    return cores()


@contextmanager
def errands_for(
    job: ShardJob, workers: int | None, timeout: float | None, cluster: str | None
) -> Iterator[Errands]:
    """Give what has the shards of a job made, while the context lasts.

    Args:
        job: writes a shard.
        workers: as ``write`` takes it.
        timeout: seconds that a sample may take; None is no limit.
        cluster: as ``write`` takes it.
    """
    if cluster is None:
        yield LocalErrands(processes(job, workers), timeout)
        return
    from synthdata.cluster import RayErrands

    with RayErrands(cluster, workers, timeout) as errands:
        yield errands


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
