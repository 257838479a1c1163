"""Make the bad shards of a data set again, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from synthdata.errors import TargetError
from synthdata.options import check_options
from synthdata.origin import generator_of
from synthdata.storage.concluding import conclude
from synthdata.storage.finding import find_format
from synthdata.storage.making import ShardMaker, check_same, errands_for
from synthdata.storage.progress import Progress
from synthdata.storage.state import State
from synthdata.storage.targets.target import target_of
from synthdata.storage.travelling import TravellingJob
from synthdata.storage.verifying import Level, Verification, verify


@dataclass(frozen=True, slots=True)
class Repair:
    """What was found and made again.

    Attributes:
        found: before the repair.
        shards: numbers of those that were made again, among all.
        files: that stand once and were written again.
    """

    found: Verification
    shards: tuple[int, ...]
    files: tuple[str, ...]


def repair(
    target: str | os.PathLike[str],
    *,
    level: Level = "full",
    workers: int | None = None,
    cluster: str | None = None,
    timeout: float | None = None,
    storage_options: Mapping[str, Any] | None = None,
    break_lock: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> Repair:
    """Verify a data set in files, and make what is bad of it again.

    Args:
        target: the folder or URL.
        level: how closely is looked; see ``verify``.
        workers: processes that make shards; None is one for each core.
        cluster: as for ``write``.
        timeout: seconds that a sample may take.
        storage_options: for the file system of a URL; see fsspec.
        break_lock: take over the lock of a writer that has ended without letting go of it.
        progress: called some times a second while shards are made.

    Returns:
        What was found, and what was made again.

    Raises:
        TargetError: if no data set is there, it is being written, or a shard that was made again
            is not what it was.
        SynthDataError: what ``write`` raises while it makes samples.
    """
    check_options({"workers": workers, "timeout": timeout, "cluster": cluster})
    place = target_of(target, storage_options)
    with place.lock(break_lock):
        found = verify(target, level, storage_options=storage_options)
        numbers = sorted({p.shard for p in found.problems if p.shard is not None})
        files = tuple(sorted({p.path for p in found.problems if p.shard is None}))
        if found:
            return Repair(found, (), ())
        place.clean()
        manifest = State.whole(place)
        plan = manifest.plan
        if numbers and plan.converted is not None:
            raise TargetError(
                f"{place} was converted from {plan.converted}, which had lost something, so that "
                f"shard {numbers[0]} cannot be made again from the recipe; convert it again",
                target=str(place),
            )
        kind = find_format(plan.format).load()
        job = TravellingJob(generator_of(plan.origin), plan, kind, place, "all")
        standing = {n: record for n, record in enumerate(manifest.shards) if n not in numbers}
        with errands_for(job, workers, timeout, cluster) as errands:
            made = ShardMaker(errands, progress=progress).make(job, numbers, standing)
        check_same(place, manifest, made)
        conclude(job, manifest.shards, manifest.summary)
    return Repair(found, tuple(numbers), files)
