"""What a format of files is: how samples of one Output are written to shards, and read back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, ClassVar, Self

from synthdata.errors import FormatError
from synthdata.output import Output
from synthdata.storage.encoding import Encoding
from synthdata.storage.shard import Shard


class Format(ABC):
    """How the samples of one Output lie in files.

    A format is a class that an entry point of the group ``synthdata.formats`` names; it is made
    anew in each process that writes or reads. It imports no TensorFlow.

    Args:
        output: what each sample holds.
        encoding: the choice for its images.

    Attributes:
        name: as ``write(format=…)`` calls it.
        random_access: whether a reader's samples can be had in any order, each without reading
            those before it.
        output: as given.
        encoding: as given.

    Raises:
        FormatError: if the format cannot hold a feature, or a library that it needs is missing.
    """

    name: ClassVar[str]
    random_access: ClassVar[bool]

    def __init__(self, output: Output, encoding: Encoding) -> None:
        self.output = output
        self.encoding = encoding
        self.check()

    def check(self) -> None:
        """Refuse an Output that the format cannot hold, and a library that is missing.

        Raises:
            FormatError: by ``refuse``, naming each feature and why.
        """

    @abstractmethod
    def writer(self, shard: Shard, folder: Path) -> ShardWriter:
        """Return what writes a shard.

        Args:
            shard: which one.
            folder: an empty folder that stands for the target. All of the shard's files are made
                in it, at the paths that they will have in the target. Their names tell the shard
                (``shard.stem``, or a folder of its own), and nothing else is written there.
        """

    @abstractmethod
    def reader(self, shard: Shard, folder: Path) -> ShardReader:
        """Return what reads a shard.

        Args:
            shard: which one.
            folder: holds the shard's files at their paths.

        Raises:
            OSError: if a file is missing.
            ValueError: if a file is not what it should be.
        """

    def conclude(self, about: About, folder: Path) -> None:
        """Write the files that stand once in the target, after all shards.

        They depend on nothing but ``about``; written again, they are the same bytes.

        Args:
            about: the data set.
            folder: an empty folder that stands for the target.
        """

    def refuse(self, problems: Mapping[str, str]) -> None:
        """Raise if there are features that the format cannot hold.

        Args:
            problems: dotted paths of features, and why; it may be empty.

        Raises:
            FormatError: names them all.
        """
        if problems:
            each = "; ".join(f"{name}: {why}" for name, why in problems.items())
            raise FormatError(
                f"format {self.name!r} cannot hold {each}; leave them out with drop="
                f"{list(problems)}, or take another format",
                features=tuple(problems),
            )


class ShardWriter(ABC):
    """Writes the files of one shard. As a context it finishes them, unless an error came."""

    @abstractmethod
    def add(self, key: str, values: list[Any]) -> None:
        """Write one sample.

        Args:
            key: its place in the split, nine digits or more; keys ascend, and may have gaps.
            values: in the order of ``output.leaves``, as the check of a sample stores them:
                arrays, NumPy scalars, class indices, ``str``, and of polygons a list of arrays.

        Raises:
            ValueError: if this sample cannot be held after all.
        """

    def finish(self) -> None:
        """Write what comes after the last sample."""

    def close(self) -> None:
        """Release what is open; it is called after ``finish``, and after an error."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self.finish()
        finally:
            self.close()


class ShardReader(ABC):
    """The samples of one shard, in the order in which they were written. It may be a context."""

    @abstractmethod
    def __len__(self) -> int:
        """How many samples the shard has."""

    @abstractmethod
    def __getitem__(self, place: int) -> list[Any]:
        """Return the values of the sample at a place, from 0, as ``ShardWriter.add`` had them."""

    def __iter__(self) -> Iterator[list[Any]]:
        """Yield the values of all samples; a format that reads on faster than anew overrides."""
        return (self[place] for place in range(len(self)))

    def close(self) -> None:
        """Release what is open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class Written:
    """A shard that was written.

    Attributes:
        shard: which one.
        samples: how many it holds; fewer than indices where failing samples were left out.
        size: bytes of its files.
    """

    shard: Shard
    samples: int
    size: int


@dataclass(frozen=True, slots=True)
class About:
    """A data set as the files know it that stand once in a target.

    Attributes:
        name: of the data set: the last part of the target's path, or the one before it where the
            last is a version such as ``1.0.0``.
        version: that version, or ``1.0.0``.
        description: one paragraph.
        generator: qualified id, or the import path of a class or function.
        plugin: the distribution that provides it and its version, or None.
        recipe: the recipe as a mapping, which makes the same samples again; or None.
        seed: of the samples.
        splits: for each split, in the order in which it was declared, its shards in their order.
        open: opens one of a shard's files for reading, by its path in the target.
    """

    name: str
    version: str
    description: str
    generator: str
    plugin: str | None
    recipe: Mapping[str, Any] | None
    seed: int
    splits: Mapping[str, tuple[Written, ...]]
    open: Callable[[str], BinaryIO]


def needed(library: str, extra: str, name: str) -> FormatError:
    """Return the error of a format whose library is not installed.

    Args:
        library: name of the distribution.
        extra: of synthdata, that installs it.
        name: of the format.
    """
    return FormatError(
        f"format {name!r} needs {library}, which is not installed: pip install 'synthdata[{extra}]'"
    )
