"""What is known of a data set in files: what was to be written, and what was."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import Field, JsonValue

from synthdata.execution import OnError
from synthdata.models import Model
from synthdata.output import Output
from synthdata.storage.encoding import Encoding, EncodingName
from synthdata.storage.shard import Shard

MANIFEST: Final = "manifest.json"
"""Written last: where it stands, the data set is whole."""

PLAN: Final = ".synthdata/plan.json"
"""Written first."""

RECORDS: Final = ".synthdata/shards/"
"""Folder of the records of shards, until there is a manifest."""

LAYOUT: Final = 1
"""Of the manifest itself."""


class Provider(Model):
    """A distribution.

    Attributes:
        distribution: its name.
        version: its version.
    """

    distribution: str
    version: str

    def __str__(self) -> str:
        return f"{self.distribution} {self.version}"


class Split(Model):
    """The range of a split, and into how many shards it is cut.

    Attributes:
        first: index of its first sample.
        samples: how many there are to be.
        shards: how many shards.
    """

    first: int
    samples: int
    shards: int

    def indices(self, number: int) -> range:
        """Return the indices of a shard; the sizes of shards differ by one at the most."""
        start, end = (self.samples * n // self.shards for n in (number, number + 1))
        return range(self.first + start, self.first + end)


class ShardPlan(Model):
    """Everything that decides the bytes of a data set in files.

    Attributes:
        layout: of the manifest.
        generator: qualified id, or the import path of a class or function.
        description: what it says of itself, in one paragraph.
        plugin: the distribution that provides the generator; None of a class of the user's own.
        origin: makes the generator again; see ``synthdata.origin``.
        recipe: as JSON, resolved; None where there is no id.
        seed: of the samples.
        splits: by name, in the order in which they were declared.
        output: what each sample holds, without what was dropped.
        drop: features of the generator that are left out.
        format: name of the format.
        format_plugin: the distribution that provides it.
        encoding: of images.
        quality: of the encoding; None is without loss.
        on_error: what becomes of samples that cannot be made.
        attempts: how often they are drawn.
        samples_per_shard, shard_bytes: as they were asked for.
        converted: format and encoding of the data set that this one was converted from, if that
            had lost something.
    """

    layout: int = LAYOUT
    generator: str
    description: str
    plugin: Provider | None
    origin: dict[str, JsonValue]
    recipe: dict[str, JsonValue] | None
    seed: int
    splits: dict[str, Split]
    output: Output
    drop: tuple[str, ...]
    format: str
    format_plugin: Provider
    encoding: EncodingName
    quality: int | None
    on_error: OnError
    attempts: int
    samples_per_shard: int | None
    shard_bytes: int
    converted: str | None = None

    @property
    def samples(self) -> int:
        """How many there are to be, in all splits together."""
        return sum(split.samples for split in self.splits.values())

    @property
    def shard_count(self) -> int:
        """How many shards there are to be, in all splits together."""
        return sum(split.shards for split in self.splits.values())

    def shards(self) -> list[Shard]:
        """Return all shards, split by split."""
        return [
            Shard(name, number, split.shards, split.first, split.indices(number))
            for name, split in self.splits.items()
            for number in range(split.shards)
        ]

    def shard(self, number: int) -> Shard:
        """Return one of them, without making the others.

        Raises:
            IndexError: if there is no such number.
        """
        place = number
        for name, split in self.splits.items():
            if 0 <= place < split.shards:
                return Shard(name, place, split.shards, split.first, split.indices(place))
            place -= split.shards
        raise IndexError(f"there are {number - place} shards, and no number {number}")

    def image_encoding(self) -> Encoding:
        """Return the choice for images."""
        return Encoding(self.encoding, self.quality)


class FileEntry(Model):
    """A file of a data set.

    Attributes:
        path: in the target, with ``/``.
        bytes: its size.
        sha256: of its content, in hex.
    """

    path: str
    bytes: int
    sha256: str


class FailureEntry(Model):
    """An attempt at a sample that failed.

    Attributes:
        index: of the sample.
        attempt: 0, or the number of the retry.
        error: name of the error's class.
    """

    index: int
    attempt: int
    error: str


class ShardRecord(Model):
    """A shard that was written.

    Attributes:
        split: name of the split.
        number: of the shard in it.
        samples: that it holds.
        left_out: indices of those that could not be made, under ``on_error="skip"``.
        failures: each attempt that failed.
        files: of the shard.
    """

    split: str
    number: int
    samples: int
    left_out: tuple[int, ...] = ()
    failures: tuple[FailureEntry, ...] = ()
    files: tuple[FileEntry, ...]

    @property
    def bytes(self) -> int:
        """Of all files together."""
        return sum(file.bytes for file in self.files)


class Manifest(Model):
    """A data set that is whole.

    Attributes:
        plan: what it was to be.
        shards: what was written, in the order of the plan.
        files: that stand once, besides those of shards and the manifest itself.
        summary: statistics over all samples.
    """

    plan: ShardPlan
    shards: tuple[ShardRecord, ...]
    files: tuple[FileEntry, ...]
    summary: dict[str, JsonValue] = Field(default_factory=dict)

    @property
    def samples(self) -> dict[str, int]:
        """How many samples each split holds."""
        return {
            name: sum(record.samples for record in self.shards if record.split == name)
            for name in self.plan.splits
        }

    def all_files(self) -> Iterator[FileEntry]:
        """Yield the files of all shards, then those that stand once."""
        for record in self.shards:
            yield from record.files
        yield from self.files


def record_path(shard: Shard) -> str:
    """Return where the record of a shard stands until there is a manifest."""
    return f"{RECORDS}{shard.stem}.json"


def dumped(value: Model | Mapping[str, Any]) -> bytes:
    """Return canonical JSON that people can read: two spaces, keys as they are, a last newline."""
    data = value.model_dump(mode="json") if isinstance(value, Model) else value
    return (json.dumps(data, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode()


def differences(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """Yield where two JSON values differ, and how.

    >>> list(differences({"a": {"b": 1}, "c": 2}, {"a": {"b": 3}, "c": 2}))
    ['a.b is 1 there, and 3 was asked for']
    """
    if isinstance(one, dict) and isinstance(other, dict):
        for key in dict.fromkeys([*one, *other]):
            here = f"{path}.{key}" if path else key
            yield from differences(one.get(key), other.get(key), here)
    elif one != other:
        yield f"{path} is {json.dumps(one)} there, and {json.dumps(other)} was asked for"
