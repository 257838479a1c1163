"""Write a data set shard by shard, by whatever maps a function over numbers."""

from __future__ import annotations

import operator
import os
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

from synthdata.errors import ClusterError, TargetError
from synthdata.execution import OnError
from synthdata.execution.errands import LocalErrands
from synthdata.generator import Generator
from synthdata.options import check_options
from synthdata.origin import generator_of
from synthdata.recipe import Recipe
from synthdata.storage.encoding import Encoding, EncodingName
from synthdata.storage.finding import find_format
from synthdata.storage.making import ShardMaker
from synthdata.storage.manifest import ShardPlan
from synthdata.storage.planning import format_plugin_of, planned, plugin_of
from synthdata.storage.shard_job import ShardJob
from synthdata.storage.state import State, standing_record
from synthdata.storage.subject import Subject
from synthdata.storage.targets.target import Target, target_of
from synthdata.storage.travelling import TravellingJob
from synthdata.storage.writer import Writer
from synthdata.storage.writing import SHARD_BYTES
from synthdata.stream import Validate


def begin_write(
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
    on_error: OnError = "raise",
    attempts: int = 3,
    storage_options: Mapping[str, Any] | None = None,
    break_lock: bool = False,
) -> list[int]:
    """Begin a data set in files whose shards another system makes, each by ``write_shard``.

    The plan of the data set stands in the target when this returns. When the shards are made,
    ``write`` with the same arguments makes those that are still missing, if any, and the files
    that stand once: the bytes are those of ``write`` alone. Whoever calls the three of them sees
    to it that nothing else writes the target meanwhile: between the calls it is not locked.

    Args:
        what: as for ``write``, and so are all others. Other processes make the generator again
            from the plan, so that it has an id, or its class or function is in a module.
        target: a folder that all machines have mounted, or a URL.
        format: of the files.
        params: fields of the generator's Params.
        seed: of the samples.
        samples: how many.
        splits: samples by the name of a split.
        encoding: of images.
        quality: of the encoding.
        drop: features that are left out.
        samples_per_shard: samples of a shard at the most.
        shard_bytes: bytes of a shard, about.
        on_error: what becomes of samples that cannot be made.
        attempts: how often they are drawn.
        storage_options: for the file system of a URL; see fsspec.
        break_lock: take over the lock of a writer that has ended without letting go of it.

    Returns:
        The numbers of the shards that are missing: all of them at first, and none of a data set
        that is whole.

    Raises:
        ClusterError: if the generator cannot be made again from the plan.
        SynthDataError: what ``write`` raises of wrong arguments and of the target.

    >>> import tempfile
    >>> from synthdata import begin_write, write, write_shard
    >>> given = {"params": {"size": 16}, "samples": 20, "samples_per_shard": 5}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     numbers = begin_write("shapes-v1", folder, **given)
    ...     made = [write_shard(folder, number) for number in numbers]
    ...     report = write("shapes-v1", folder, **given)
    >>> numbers, made, report.made
    ([0, 1, 2, 3], [5, 5, 5, 5], 0)
    """
    check_options(
        {
            "on_error": on_error,
            "attempts": attempts,
            "samples_per_shard": samples_per_shard,
            "shard_bytes": shard_bytes,
        }
    )
    subject = Subject.of(what, params, seed, samples, splits)
    found = find_format(format)
    plan = planned(
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
    job = TravellingJob(subject.generator, plan, found.load(), place, "all")
    job.sent()  # refuses what other processes could not make again
    return Writer(job, ShardMaker(LocalErrands(0))).begin(break_lock=break_lock)


def write_shard(
    target: str | os.PathLike[str],
    number: int,
    *,
    validate: Validate = "all",
    storage_options: Mapping[str, Any] | None = None,
) -> int:
    """Make one shard of a data set that ``begin_write`` has begun, in this process.

    A shard that stands is left as it is. It may be called as often as one likes, by several
    processes at once, and be killed: a shard appears whole or not at all, with the same bytes.

    Args:
        target: as ``begin_write`` was given it.
        number: of the shard, among all.
        validate: which samples have each element looked at.
        storage_options: for the file system of a URL; see fsspec.

    Returns:
        How many samples the shard holds.

    Raises:
        TargetError: if nothing was begun there, there is no such shard, or it cannot be written.
        ClusterError: if the generator or the format is installed here in another version.
        SampleError: if a sample cannot be made.
        RecipeError, RegistryError, FormatError: if the generator or format is not here.
    """
    check_options({"validate": validate})
    place = target_of(target, storage_options)
    state, number = State.read(place), operator.index(number)
    if state.plan is None:
        raise TargetError(
            f"{place}: no data set was begun there; call sd.begin_write first", target=str(place)
        )
    _check_number(place, state.plan, number)
    if state.manifest is not None:
        return state.manifest.shards[number].samples
    record = standing_record(place, state.plan.shard(number))
    if record is not None:
        return record.samples
    job = _job(place, state.plan, validate)
    with closing(LocalErrands(0).run(job, [number], lambda _: None)) as replies:
        [reply] = replies
    if reply.error is not None:
        raise reply.error
    samples: int = reply.made.samples
    return samples


def _check_number(place: Target, plan: ShardPlan, number: int) -> None:
    if not 0 <= number < plan.shard_count:
        raise TargetError(
            f"{place}: there is no shard {number}: expected 0 to {plan.shard_count - 1}, as "
            "sd.begin_write returned them",
            target=str(place),
        )


def _job(place: Target, plan: ShardPlan, validate: Validate) -> ShardJob:
    generator, found = generator_of(plan.origin), find_format(plan.format)
    begun = (plan.plugin, plan.format_plugin)
    for there, here in zip(begun, (plugin_of(generator), format_plugin_of(found)), strict=True):
        if there != here:
            raise ClusterError(
                f"{place} was begun with {there}, and {here} is installed here; install the same "
                "on every machine"
            )
    return ShardJob(generator, plan, found.load(), place, validate)
