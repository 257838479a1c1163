"""The writing of one data set, from a lock on its target to the manifest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from synthdata.errors import TargetError
from synthdata.storage.concluding import conclude
from synthdata.storage.making import ShardMaker, check_same
from synthdata.storage.manifest import LAYOUT, PLAN, Manifest, ShardPlan, ShardRecord, dumped
from synthdata.storage.planning import plan_differences, shard_count
from synthdata.storage.progress import Report
from synthdata.storage.shard_job import ShardJob
from synthdata.storage.state import State
from synthdata.storage.targets.target import Target

TRIED: Final = 8
"""Samples by whose size in files the others are judged."""


class Writer:
    """Makes what is missing of a data set.

    Args:
        job: writes a shard.
        maker: has shards made.
    """

    def __init__(self, job: ShardJob, maker: ShardMaker) -> None:
        self._job = job
        self._maker = maker

    def run(self, *, break_lock: bool = False) -> Report:
        """Make the shards that are missing, and conclude.

        Args:
            break_lock: as for ``write``.
        """
        with self._alone(break_lock):
            return self._run()

    def begin(self, *, break_lock: bool = False) -> list[int]:
        """Settle the plan and leave it in the target, so that any shard can be made from there.

        Args:
            break_lock: as for ``write``.

        Returns:
            The numbers of the shards that are missing; none of a data set that is whole.
        """
        with self._alone(break_lock):
            state, _, missing = self._begun()
            return missing if state.manifest is None else []

    @contextmanager
    def _alone(self, break_lock: bool) -> Iterator[None]:
        job = self._job
        job.kind(job.plan.output, job.plan.image_encoding())  # refuses what it cannot hold
        job.target.prepare()
        with job.target.lock(break_lock):
            job.target.clean()
            yield

    def _begun(self) -> tuple[State, dict[int, ShardRecord], list[int]]:
        """Return what stood there, the records of its shards, and the numbers of the others."""
        target, state = self._job.target, State.read(self._job.target)
        if state.plan is None:
            state.refuse_strangers()
            self._maker.prepare(self._job)
            self._settle_shards()
        records, missing = state.standing(state.plan or self._job.plan)
        if state.plan is not None:
            failed = any(record.failures for record in records.values())
            self._go_on_with(state.plan, failed=failed)
        if state.manifest is None and self._job.plan != state.plan:
            target.write(PLAN, dumped(self._job.plan))
        return state, records, missing

    def _run(self) -> Report:
        state, records, missing = self._begun()
        target = self._job.target
        made = self._maker.make(self._job, missing, records)
        if state.manifest is not None:
            manifest = state.manifest
            check_same(target, manifest, made)
            if state.damaged_files():
                conclude(self._job, manifest.shards, manifest.summary)
        else:
            every = {**records, **made}
            manifest = conclude(self._job, [every[number] for number in sorted(every)], None)
        if made:
            target.clean()  # a worker that was killed left what it had begun
        return _report(target, manifest, len(made))

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
        if different := list(plan_differences(plan, asked)):
            raise TargetError(
                f"{target} holds another data set: {'; '.join(different)}; name another target, or "
                "ask for what is there",
                target=str(target),
            )
        self._job = replace(self._job, plan=plan)

    def _settle_shards(self) -> None:
        """Cut the splits by the size of the first samples in files."""
        plan = self._job.plan
        if plan.samples_per_shard is not None:
            return
        size = self._maker.sample_size(self._job, TRIED)
        splits = {
            name: split.model_copy(
                update={"shards": shard_count(split.samples, size, plan.shard_bytes)}
            )
            for name, split in plan.splits.items()
        }
        self._job = replace(self._job, plan=plan.model_copy(update={"splits": splits}))


def _report(target: Target, manifest: Manifest, made: int) -> Report:
    return Report(
        target=str(target),
        samples=manifest.samples,
        shards=len(manifest.shards),
        made=made,
        left_out=sum(len(record.left_out) for record in manifest.shards),
        bytes=sum(file.bytes for file in manifest.all_files()),
    )
