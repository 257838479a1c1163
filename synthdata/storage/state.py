"""What stands in a target: nothing, a part of a data set, or all of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
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
            for number, shard in enumerate(shards):
                if record_path(shard) in known:
                    records[number] = read_record(self.target, record_path(shard))[0]
        standing = {n: record for n, record in records.items() if self._sized(record.files)}
        return standing, [number for number in range(len(shards)) if number not in standing]

    def damaged_files(self) -> list[FileEntry]:
        """Return the files that stand once and are missing or of another size."""
        assert self.manifest is not None
        return [file for file in self.manifest.files if not self._sized([file])]

    def _sized(self, files: Any) -> bool:
        return all(self.target.size(file.path) == file.bytes for file in files)


def read_record(target: Target, path: str) -> tuple[ShardRecord, Any]:
    """Return the record of a shard, and the statistics of its samples.

    Raises:
        TargetError: if it is none.
    """
    try:
        data = json.loads(target.read(path))
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
        found = json.loads(data)
        if not isinstance(found, Mapping):
            raise ValueError("it is no JSON object")
        return kind.parse(data)
    except (ValueError, SynthDataError) as error:
        raise TargetError(
            f"{target}/{path} is damaged: {error}; remove it, and the data set is written anew",
            target=str(target),
        ) from error
