"""Write a data set to files."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from synthdata.execution import OnError
from synthdata.generator import Generator
from synthdata.options import check_options
from synthdata.recipe import Recipe
from synthdata.storage.encoding import Encoding, EncodingName
from synthdata.storage.finding import find_format
from synthdata.storage.making import ShardMaker, errands_for
from synthdata.storage.planning import planned
from synthdata.storage.progress import Progress, Report
from synthdata.storage.subject import Subject
from synthdata.storage.targets.target import target_of
from synthdata.storage.travelling import TravellingJob
from synthdata.storage.writer import Writer
from synthdata.stream import Validate

SHARD_BYTES: Final = 128 * 2**20
"""Of a shard at the most, about."""


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
    cluster: str | None = None,
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
        shard_bytes: bytes of a shard, about. The number of shards is a power of two then, and a
            split of 32 MiB or more has at least eight, so that workers have equal shares.
        workers: processes that make and write shards; None is one for each core, 0 is none. On a
            cluster: shards that are made at once at the most; None is as many as there are CPUs.
        cluster: "local" for a Ray of this process's own on this machine, "auto" for the Ray
            cluster that ``RAY_ADDRESS`` or ``ray start`` on this machine names, or the address of
            one; None is this machine, without Ray. The bytes are the same.
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
        ClusterError: if the cluster cannot be had, or its nodes have other versions installed.
        LedgerError: if the ledger cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write("shapes-v1", f"{folder}/shapes", params={"size": 16}, samples=20).samples
    {'train': 20}
    """
    check_options(
        {
            "workers": workers,
            "cluster": cluster,
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
    job = TravellingJob(subject.generator, plan, found.load(), place, validate)
    with errands_for(job, workers, timeout, cluster) as errands:
        maker = ShardMaker(errands, budget, ledger, progress)
        return Writer(job, maker).run(break_lock=break_lock)
