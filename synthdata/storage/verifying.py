"""Hold the files of a data set against its manifest, and some samples against their recipe."""

from __future__ import annotations

import bisect
import itertools
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, get_args

import numpy as np

from synthdata.errors import BuildError, SampleError, TargetError
from synthdata.execution import Policy
from synthdata.execution.maker import Maker
from synthdata.features import Image, Mask
from synthdata.generator import Generator
from synthdata.layout import columns
from synthdata.order import Order
from synthdata.origin import generator_of
from synthdata.storage.dropping import kept
from synthdata.storage.manifest import FileEntry, Manifest, ShardPlan, ShardRecord
from synthdata.storage.shard import Shard
from synthdata.storage.state import State
from synthdata.storage.stored import SplitReader
from synthdata.storage.targets.target import Target, target_of
from synthdata.stream import Stream

Level: TypeAlias = Literal["fast", "full", "deep"]
"""How closely is looked: at sizes, at checksums, or also at samples made again."""

REMADE: Final = 32
"""Samples of each split that "deep" makes again."""

Fault: TypeAlias = Literal["missing", "size", "content", "sample"]


@dataclass(frozen=True, slots=True)
class Problem:
    """A file, or a sample in it, that is not what it should be.

    Attributes:
        path: of the file, or of the first file of the sample's shard.
        fault: "missing", "size", "content" (another checksum), or "sample" (not what the recipe
            makes).
        shard: number of the shard among all, or None of a file that stands once.
        message: says what was expected, and what came.
    """

    path: str
    fault: Fault
    shard: int | None
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found; true if all is well.

    Attributes:
        target: the folder or URL.
        level: how closely was looked.
        files: that were looked at.
        bytes: of them.
        remade: samples that were made again and compared.
        problems: what is wrong.
    """

    target: str
    level: Level
    files: int
    bytes: int
    remade: int
    problems: tuple[Problem, ...]

    def __bool__(self) -> bool:
        return not self.problems

    def __str__(self) -> str:
        if self:
            made = f", {self.remade} samples made again" if self.level == "deep" else ""
            return f"{self.target} is whole: {self.files} files, {self.bytes:,} bytes{made}"
        found = "\n".join(map(str, self.problems))
        return f"{self.target}: {len(self.problems)} problems\n{found}"


def verify(
    target: str | os.PathLike[str],
    level: Level = "full",
    *,
    storage_options: Mapping[str, Any] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Verification:
    """Look whether a data set in files is what was written.

    Args:
        target: the folder or URL.
        level: "fast" compares the sizes of all files, "full" their checksums too, and "deep" also
            makes some samples of each split again and compares them with what is read. Of images
            that were encoded with loss, "deep" compares the size.
        storage_options: for the file system of a URL; see fsspec.
        progress: called with the files that were looked at and how many there are.

    Returns:
        A report, which is false if any file is missing or differs.

    Raises:
        BuildError: if there is no such level.
        TargetError: if no data set is there, or it is not finished, or it cannot be read.
        RegistryError, ParamsError, RecipeError: if "deep" cannot make the generator.

    >>> import tempfile
    >>> from synthdata import write
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report = write("shapes-v1", f"{folder}/shapes", params={"size": 16}, samples=20)
    ...     bool(verify(f"{folder}/shapes"))
    True
    """
    if level not in get_args(Level):
        expected = " or ".join(map(repr, get_args(Level)))
        raise BuildError(f"level={level!r}: expected {expected}")
    place = target_of(target, storage_options)
    manifest = State.whole(place)
    problems, files, size = [], 0, 0
    sizes = place.sizes(file.path for file in manifest.all_files())
    total = sum(1 for _ in manifest.all_files())
    for shard, file in _numbered(manifest):
        problem = _look(place, file, shard, sizes.get(file.path), content=level != "fast")
        problems += [problem] if problem else []
        files, size = files + 1, size + file.bytes
        if progress is not None:
            progress(files, total)
    remade = 0
    if level == "deep" and not problems:
        generator = generator_of(manifest.plan.origin)
        for split in manifest.plan.splits:
            count, found = _compare(place, manifest, split, generator)
            remade += count
            problems += found
    return Verification(str(place), level, files, size, remade, tuple(problems))


def _numbered(manifest: Manifest) -> Iterator[tuple[int | None, FileEntry]]:
    for number, record in enumerate(manifest.shards):
        yield from ((number, file) for file in record.files)
    yield from ((None, file) for file in manifest.files)


def _look(
    target: Target, file: FileEntry, shard: int | None, size: int | None, *, content: bool
) -> Problem | None:
    if size is None:
        return Problem(file.path, "missing", shard, f"it is missing, {file.bytes} bytes are due")
    if size != file.bytes:
        message = f"it has {size} bytes, and {file.bytes} were written"
        return Problem(file.path, "size", shard, message)
    if content and (digest := target.sha256(file.path)) != file.sha256:
        message = f"its sha256 is {digest}, and {file.sha256} was written"
        return Problem(file.path, "content", shard, message)
    return None


def _compare(
    target: Target, manifest: Manifest, split: str, generator: Generator
) -> tuple[int, list[Problem]]:
    """Make some samples of a split again; which ones is a function of the seed."""
    plan = manifest.plan
    if plan.converted is not None:
        raise TargetError(
            f"{target} was converted from {plan.converted}, which had lost something: its samples "
            "cannot be compared with those that are made; level='full' can",
            target=str(target),
        )
    stream = Stream(generator, plan.seed)
    remaker = Remaker(plan, stream, split)
    held = [
        (number, shard, record)
        for number, (shard, record) in enumerate(zip(plan.shards(), manifest.shards, strict=True))
        if shard.split == split
    ]
    starts = [0, *itertools.accumulate(record.samples for _, _, record in held)]
    reader = SplitReader(target, manifest, split)
    problems = []
    try:
        count = min(REMADE, starts[-1])
        order = Order(max(starts[-1], 1), plan.seed, shuffle=True)
        for place in order.indices(np.arange(count)).tolist():
            at = bisect.bisect_right(starts, place) - 1
            number, shard, record = held[at]
            index = index_at(shard, record, place - starts[at])
            if problem := remaker.difference(index, reader[place]):
                message = f"sample {index}, place {place} of {split}: {problem}"
                problems.append(Problem(record.files[0].path, "sample", number, message))
    finally:
        reader.close()
        stream.close()
    return count, problems


class Remaker:
    """Makes samples again, by the policy under which they were written.

    Args:
        plan: of the data set.
        stream: of its generator.
        split: which one.
    """

    def __init__(self, plan: ShardPlan, stream: Stream, split: str) -> None:
        generator, part = stream.generator, plan.splits[split]
        self._leaves = plan.output.leaves
        encoding = plan.image_encoding()
        self._exact = [
            not isinstance(leaf.feature, Image | Mask) or encoding.codec(leaf.feature).lossless
            for leaf in self._leaves
        ]
        self._places = kept(generator.output, plan.output)
        self._maker = Maker(
            stream,
            columns(generator.output, "pad"),
            Policy(plan.on_error, plan.attempts),
            range(part.first, part.first + part.samples),
            lambda index, attempt, count: None,
        )

    def difference(self, index: int, values: list[Any]) -> str:
        """Return how values that were read differ from the sample of an index, or nothing."""
        drawn = self._maker.draw([index], singly=True)
        if isinstance(drawn.error, SampleError):
            return f"it cannot be made again: {drawn.error}"
        if not drawn.rows:
            return "it cannot be made again, and is left out"
        made = [drawn.rows[0][place] for place in self._places]
        for leaf, exact, one, other in zip(self._leaves, self._exact, values, made, strict=True):
            if not same(one, other, exact=exact):
                return f"{leaf.name} is not what {index} is made of now"
        return ""


def same(one: Any, other: Any, *, exact: bool = True) -> bool:
    """Tell whether two values of a feature are the same: dtype, shape and bytes.

    Args:
        one: an array, a number, a text or a list of arrays.
        other: the same.
        exact: False compares dtype and shape alone.
    """
    if isinstance(one, list):
        return len(one) == len(other) and all(
            same(left, right, exact=exact) for left, right in zip(one, other, strict=True)
        )
    if isinstance(one, str):
        return bool(one == other)
    left, right = np.asarray(one), np.asarray(other)
    alike = left.dtype == right.dtype and left.shape == right.shape
    return alike and (not exact or left.tobytes() == right.tobytes())


def index_at(shard: Shard, record: ShardRecord, place: int) -> int:
    """Return the index of the sample at a place of a shard, past those that were left out.

    >>> shard = Shard("train", 0, 1, first=0, indices=range(10, 16))
    >>> record = ShardRecord(split="train", number=0, samples=4, left_out=(11, 12), files=())
    >>> [index_at(shard, record, place) for place in range(4)]
    [10, 13, 14, 15]
    """
    index = shard.indices[place]
    for out in record.left_out:
        index += out <= index
    return index
