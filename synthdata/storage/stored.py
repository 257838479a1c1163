"""A data set in files as a generator: sample i is the i-th that was written."""

from __future__ import annotations

import bisect
import operator
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, ClassVar, Final

import numpy as np
from pydantic import Field, PrivateAttr

from synthdata.errors import Identity, RecipeError, TargetError
from synthdata.generator import BaseParams, Generator, remake
from synthdata.output import Output
from synthdata.sample import Sample
from synthdata.source import Source
from synthdata.storage.finding import find_format
from synthdata.storage.format import Format, ShardReader
from synthdata.storage.manifest import Manifest, ShardRecord
from synthdata.storage.shard import Shard
from synthdata.storage.state import State
from synthdata.storage.targets.target import Target, target_of
from synthdata.stream import Validate

OPEN_SHARDS: Final = 16
"""Shards that a reader keeps open."""


class FilesParams(BaseParams):
    """Which files.

    Attributes:
        target: the folder or URL.
        storage_options: for the file system of a URL.
    """

    target: str = Field(description="folder or URL")
    storage_options: dict[str, Any] = Field({}, description="for the file system of a URL")
    _manifest: Manifest | None = PrivateAttr(None)

    @property
    def manifest(self) -> Manifest:
        """Of the target; read once.

        Raises:
            TargetError: if there is none.
        """
        if self._manifest is None:
            self._manifest = State.whole(self.place)
        return self._manifest

    @property
    def place(self) -> Target:
        """The target."""
        return target_of(self.target, self.storage_options)


class StoredParams(FilesParams):
    """Which split of which files.

    Attributes:
        split: name of the split.
    """

    split: str = Field(description="name of the split")


class OfFiles(Generator):
    """Samples that are read; no random number is drawn, and ``rng.index`` says which one."""

    Params: ClassVar[type[BaseParams]] = FilesParams

    @classmethod
    def describe(cls, params: Any) -> Output:
        """Return what was written."""
        return params.manifest.plan.output  # type: ignore[no-any-return]


class Stored(OfFiles):
    """The samples of one split of a data set in files, by their place in it."""

    Params: ClassVar[type[BaseParams]] = StoredParams

    def open(self) -> None:
        """Find the format, and where each shard begins."""
        self._shards = SplitReader(self.params.place, self.params.manifest, self.params.split)
        self._assemble = self.output.assembler(whole=True)

    def sample(self, rng: np.random.Generator) -> Sample:
        """Read the sample at a place."""
        index: int = rng.index  # type: ignore[attr-defined]
        return Sample(**self._assemble(self._shards[index]))

    def close(self) -> None:
        """Close the shards that are open."""
        self._shards.close()


class SplitReader:
    """The values of the samples of one split, by their place in it.

    Args:
        target: where they lie.
        manifest: of the data set.
        split: name of the split.
    """

    def __init__(self, target: Target, manifest: Manifest, split: str) -> None:
        plan = manifest.plan
        kind = find_format(plan.format).load()
        self._target = target
        self._format: Format = kind(plan.output, plan.image_encoding())
        self._shards = [
            (shard, record)
            for shard, record in zip(plan.shards(), manifest.shards, strict=True)
            if shard.split == split
        ]
        self._starts = [0]
        for _, record in self._shards:
            self._starts.append(self._starts[-1] + record.samples)
        self._open: OrderedDict[int, OpenShard] = OrderedDict()
        self._lock = threading.Lock()  # threads share a generator

    def __len__(self) -> int:
        return self._starts[-1]

    def __getitem__(self, place: int) -> list[Any]:
        """Return the values of the sample at a place.

        Raises:
            TargetError: if its shard is missing or damaged.
        """
        values: list[Any] = self._read(place, operator.getitem)
        return values

    def record(self, place: int) -> bytes:
        """Return the bytes of the record of a sample, of a format of records.

        Raises:
            TargetError: if its shard is missing or damaged.
        """
        data: bytes = self._read(place, lambda reader, place: reader.record(place))
        return data

    def _read(self, place: int, get: Callable[[Any, int], Any]) -> Any:
        if not 0 <= place < len(self):
            raise IndexError(f"there are {len(self)} samples, and no number {place}")
        number = bisect.bisect_right(self._starts, place) - 1
        with self._lock:
            reader = self._shard(number).reader
            try:
                return get(reader, place - self._starts[number])
            except (OSError, ValueError) as error:
                raise _damaged(self._target, self._shards[number][0], str(error)) from error

    def close(self) -> None:
        """Close the shards that are open."""
        while self._open:
            self._open.popitem()[1].close()

    def _shard(self, number: int) -> OpenShard:
        if number in self._open:
            self._open.move_to_end(number)
            return self._open[number]
        opened = OpenShard(self._target, self._format, *self._shards[number])
        self._open[number] = opened
        if len(self._open) > OPEN_SHARDS:
            self._open.popitem(last=False)[1].close()
        return opened


class OpenShard:
    """A shard that is open for reading.

    Args:
        target: where its files lie; remote ones are fetched first.
        written: the format.
        shard: which one.
        record: of the shard.

    Attributes:
        reader: of its samples.

    Raises:
        TargetError: if a file is missing or damaged.
    """

    def __init__(self, target: Target, written: Format, shard: Shard, record: ShardRecord) -> None:
        self._stack = ExitStack()
        try:
            folder = self._stack.enter_context(target.fetch([file.path for file in record.files]))
            reader = self._stack.enter_context(written.reader(shard, folder))
            count = len(reader)
        except (OSError, ValueError) as error:
            self._stack.close()
            raise _damaged(target, shard, str(error)) from error
        if count != record.samples:
            self._stack.close()
            raise _damaged(target, shard, f"{count} samples, not {record.samples}")
        self.reader: ShardReader | list[list[Any]] = reader
        if not written.random_access:
            self.reader = list(reader)

    def close(self) -> None:
        """Close it."""
        self._stack.close()


def _damaged(target: Target, shard: Shard, why: str) -> TargetError:
    return TargetError(
        f"{target}: shard {shard.number} of {shard.split} cannot be read: {why}; "
        "`synthdata repair` makes it again",
        target=str(target),
    )


def stored(
    target: Any,
    split: str | None = None,
    *,
    validate: Validate = "all",
    storage_options: dict[str, Any] | None = None,
) -> Source:
    """Return the samples of a data set in files as a Source, in any order.

    Args:
        target: the folder or URL.
        split: which one; None is the only one.
        validate: which samples have each element looked at.
        storage_options: for the file system of a URL; see fsspec.

    Returns:
        A Source; ``source[i]`` is the i-th sample that was written.

    Raises:
        TargetError: if no data set is there, or it is not finished.
        RecipeError: if there is no such split, or several.
    """
    generator = stored_generator(target, split, storage_options)
    samples = generator.params.manifest.samples[generator.params.split]
    seed = generator.params.manifest.plan.seed
    return Source.of(generator, seed=seed, samples=samples, validate=validate)


def stored_generator(
    target: Any, split: str | None, storage_options: dict[str, Any] | None
) -> Stored:
    """Return the generator of one split; see ``stored``."""
    fields = {"target": str(target), "split": split or "", "storage_options": storage_options or {}}
    params = StoredParams.model_validate(fields)
    splits = params.manifest.samples
    if split is None and len(splits) == 1:
        split = next(iter(splits))
    if split not in splits:
        came = "" if split is None else f", not {split!r}"
        raise RecipeError(f"{target} has the splits {', '.join(splits)}; say split={came}")
    chosen = params.model_copy(update={"split": split})
    plan = params.manifest.plan
    identity = Identity(plan.generator.rpartition("/")[2], where=str(target))
    return remake(Stored, chosen, identity)
