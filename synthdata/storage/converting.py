"""Write a data set that stands in files to files of another format."""

from __future__ import annotations

import bisect
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from synthdata.errors import Identity, TargetError
from synthdata.execution.errands import LocalErrands
from synthdata.generator import remake
from synthdata.options import check_options
from synthdata.sample import Sample
from synthdata.storage.dropping import without
from synthdata.storage.encoding import Encoding, EncodingName
from synthdata.storage.finding import find_format
from synthdata.storage.making import ShardMaker, processes
from synthdata.storage.manifest import Provider, ShardPlan
from synthdata.storage.planning import one_shard
from synthdata.storage.progress import Progress, Report
from synthdata.storage.shard_job import ShardJob
from synthdata.storage.state import State
from synthdata.storage.stored import FilesParams, OfFiles, SplitReader
from synthdata.storage.targets.target import target_of
from synthdata.storage.writer import Writer
from synthdata.storage.writing import SHARD_BYTES


def convert(
    target: str | os.PathLike[str],
    to: str | os.PathLike[str],
    *,
    format: str,
    encoding: EncodingName = "png",
    quality: int | None = None,
    drop: Sequence[str] = (),
    samples_per_shard: int | None = None,
    shard_bytes: int = SHARD_BYTES,
    workers: int | None = None,
    storage_options: Mapping[str, Any] | None = None,
    break_lock: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> Report:
    """Write a data set that stands in files to files of another format.

    The samples are read and not made again, so that the generator need not be installed. Where
    nothing was lost when they were written, the files are those that ``write`` makes of the
    recipe. An interrupted call is gone on with by the same call.

    Args:
        target: the folder or URL of the data set.
        to: the folder or URL of the new one.
        format: as for ``write``, and so are those that follow.
        encoding: of images.
        quality: of "jpeg" and "webp".
        drop: features that are left out, besides those that were.
        samples_per_shard: samples of a shard at the most.
        shard_bytes: bytes of a shard, about.
        workers: processes that read and write.
        break_lock: take over the lock of a writer that has ended.
        progress: called some times a second.
        storage_options: for the file systems of both URLs; see fsspec.

    Raises:
        FormatError: if the format is unknown or cannot hold a feature.
        BuildError: if the options are wrong.
        TargetError: if the one cannot be read, or the other cannot be written.
    """
    check_options(
        {"workers": workers, "samples_per_shard": samples_per_shard, "shard_bytes": shard_bytes}
    )
    source = target_of(target, storage_options)
    manifest = State.whole(source)
    there, before = target_of(to, storage_options), manifest.plan
    if str(there) == str(source):
        raise TargetError(f"{there} is what is to be converted; name another", target=str(there))
    found, chosen = find_format(format), Encoding(encoding, quality)
    plan = before.model_copy(
        update={
            "output": without(before.output, drop) if drop else before.output,
            "drop": tuple(sorted({*before.drop, *drop})),
            "format": found.name,
            "format_plugin": Provider(distribution=found.distribution, version=found.version),
            "encoding": chosen.name,
            "quality": chosen.quality,
            "samples_per_shard": samples_per_shard,
            "shard_bytes": shard_bytes,
            "splits": {
                name: one_shard(range(split.first, split.first + split.samples), samples_per_shard)
                for name, split in before.splits.items()
            },
            "converted": before.converted or _lost(before),
        }
    )
    fields = {"target": str(target), "storage_options": dict(storage_options or {})}
    params = FilesParams.model_validate(fields)
    identity = Identity(before.generator.rpartition("/")[2], where=str(source))
    job = ShardJob(remake(Files, params, identity), plan, found.load(), there, "off")
    maker = ShardMaker(LocalErrands(processes(job, workers)), progress=progress)
    return Writer(job, maker).run(break_lock=break_lock)


def _lost(plan: ShardPlan) -> str | None:
    """Say in what a data set lost something, if it did."""
    if plan.quality is None:
        return None
    return f"{plan.format} with {plan.encoding} of quality {plan.quality}"


class Files(OfFiles):
    """The samples of a data set in files, by the index that they have in the recipe."""

    def open(self) -> None:
        """Make a reader for each split."""
        manifest = self.params.manifest
        place = self.params.place
        self._splits = [
            (
                range(split.first, split.first + split.samples),
                sorted(
                    index
                    for record in manifest.shards
                    if record.split == name
                    for index in record.left_out
                ),
                SplitReader(place, manifest, name),
            )
            for name, split in manifest.plan.splits.items()
        ]
        self._assemble = self.output.assembler(whole=True)

    def sample(self, rng: np.random.Generator) -> Sample:
        """Read the sample of an index.

        Raises:
            LookupError: if it was left out when the files were written.
        """
        index: int = rng.index  # type: ignore[attr-defined]
        for indices, left_out, reader in self._splits:
            if index in indices:
                before = bisect.bisect_left(left_out, index)
                if left_out[before : before + 1] == [index]:
                    raise LookupError("it was left out when the files were written")
                return Sample(**self._assemble(reader[index - indices.start - before]))
        raise LookupError("no split has it")

    def close(self) -> None:
        """Close the shards that are open."""
        for _, _, reader in self._splits:
            reader.close()
