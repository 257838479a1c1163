"""What stands in a target: nothing, a part of a data set, or all of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from synthdata.errors import SynthDataError, TargetError
from synthdata.storage.manifest import (
    MANIFEST,
    PLAN,
    RECORDS,
    FileEntry,
    Manifest,
    ShardPlan,
    ShardRecord,
    record_path,
)
from synthdata.storage.shard import Shard
from synthdata.storage.targets.target import Target


@dataclass(frozen=True)
class State:
    """What stands in a target.

    Attributes:
        target: it.
        plan: of what was begun, or None.
        manifest: of what is whole, or None.
    """

    target: Target
    plan: ShardPlan | None
    manifest: Manifest | None

    @classmethod
    def read(cls, target: Target) -> State:
        """Look into a target.

        Raises:
            TargetError: if it cannot be read, or what stands there is no manifest.
        """
        manifest = _parsed(target, MANIFEST, Manifest)
        if manifest is not None:
            return cls(target, manifest.plan, manifest)
        return cls(target, _parsed(target, PLAN, ShardPlan), None)

    @classmethod
    def whole(cls, target: Target) -> Manifest:
        """Return the manifest of a data set that is whole.

        Raises:
            TargetError: if there is none.
        """
        state = cls.read(target)
        if state.manifest is not None:
            return state.manifest
        if state.plan is not None:
            raise TargetError(
                f"{target} is not finished; run the same write again, it goes on where it was",
                target=str(target),
            )
        raise TargetError(f"{target} holds no data set of synthdata", target=str(target))

    def refuse_strangers(self) -> None:
        """Refuse a target in which other files are.

        Raises:
            TargetError: names one of them.
        """
        strangers = self.target.paths()
        if strangers:
            raise TargetError(
                f"{self.target} holds files that are no data set of synthdata, as {strangers[0]}; "
                "name a new or an empty folder",
                target=str(self.target),
            )

    def standing(self, plan: ShardPlan) -> tuple[dict[int, ShardRecord], list[int]]:
        """Return the records of the shards that stand, by number, and the numbers of the others.

        A shard stands if it is recorded and its files have their sizes.
        """
        shards = plan.shards()
        records: dict[int, ShardRecord] = {}
        if self.manifest is not None:
            records = dict(enumerate(self.manifest.shards))
        else:
            known = set(self.target.paths(RECORDS))
            numbers = [n for n, shard in enumerate(shards) if record_path(shard) in known]
            found = read_records(self.target, [shards[number] for number in numbers])
            records = {n: record for n, (record, _) in zip(numbers, found, strict=True)}
        sizes = self.target.sizes(f.path for record in records.values() for f in record.files)
        standing = {n: record for n, record in records.items() if _sized(record.files, sizes)}
        return standing, [number for number in range(len(shards)) if number not in standing]

    def damaged_files(self) -> list[FileEntry]:
        """Return the files that stand once and are missing or of another size."""
        assert self.manifest is not None
        sizes = self.target.sizes(file.path for file in self.manifest.files)
        return [file for file in self.manifest.files if not _sized([file], sizes)]


def _sized(files: Iterable[FileEntry], sizes: Mapping[str, int]) -> bool:
    return all(sizes.get(file.path) == file.bytes for file in files)


def read_records(
    target: Target, shards: Iterable[Shard]
) -> Iterator[tuple[ShardRecord, dict[str, Any]]]:
    """Yield the record of each shard, and the statistics of its samples.

    Raises:
        TargetError: if it is none.
    """
    paths = [record_path(shard) for shard in shards]
    for path, text in zip(paths, target.read_each(paths), strict=True):
        yield _read(target, path, text)


def standing_record(target: Target, shard: Shard) -> ShardRecord | None:
    """Return the record of a shard that stands, or None of one that does not.

    Raises:
        TargetError: if the record is none.
    """
    try:
        text = target.read(record_path(shard))
    except FileNotFoundError:
        return None
    record, _ = _read(target, record_path(shard), text)
    sizes = target.sizes(file.path for file in record.files)
    return record if _sized(record.files, sizes) else None


def _read(target: Target, path: str, text: bytes | None) -> tuple[ShardRecord, dict[str, Any]]:
    try:
        if text is None:
            raise FileNotFoundError("it is missing")
        data = json.loads(text)
        statistics = data.pop("statistics")
        return ShardRecord.parse(data), statistics
    except (ValueError, KeyError, AttributeError, FileNotFoundError) as error:
        raise TargetError(f"{target}/{path} is damaged: {error}", target=str(target)) from error


def _parsed(target: Target, path: str, kind: type[Any]) -> Any:
    try:
        data = target.read(path)
    except FileNotFoundError:
        return None
    try:
        # Not kept: a large manifest would be there twice.
        if not isinstance(json.loads(data), Mapping):
            raise ValueError("it is no JSON object")
        return kind.parse(data)
    except (ValueError, SynthDataError) as error:
        raise TargetError(
            f"{target}/{path} is damaged: {error}; remove it, and the data set is written anew",
            target=str(target),
        ) from error
