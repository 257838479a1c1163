"""Images in folders with a metadata.jsonl a split: the imagefolder of Hugging Face's datasets."""

from __future__ import annotations

import json
import re
import shutil
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Final

from synthdata.errors import FormatError
from synthdata.features import Feature
from synthdata.output import Leaf
from synthdata.storage.format import About, Format, ShardReader, ShardWriter
from synthdata.storage.formats.entries import Entries, damaged, got, line, lines, put
from synthdata.storage.formats.pictures import PictureFiles, is_picture
from synthdata.storage.shard import Shard

LINES: Final = "samples.jsonl"
"""What the lines of a shard are kept in, of which ``metadata.jsonl`` is made."""

_RESERVED: Final = re.compile(r"(.*_)?file_names?")


class Folder(Format):
    """Image files, and all else as JSON.

    A shard is the folder ``train/00000``; ``train/metadata.jsonl`` is the lines of all shards of
    the split. A line nests as a sample does and names the files: ``file_name`` is the image, or
    in the place of an image ``left`` there is ``left_file_name``. ``datasets`` puts the images in
    the place of these names. It finds the type of each column in the first 10 MB of a split; a
    list that is empty there, or texts that all look like dates, mislead it.
    """

    name: ClassVar[str] = "folder"
    random_access: ClassVar[bool] = True

    @cached_property
    def pictures(self) -> dict[int, PictureFiles]:
        """The features that are image files, by their place among the leaves."""
        return {
            place: PictureFiles(leaf, self.encoding)
            for place, leaf in enumerate(self.output.leaves)
            if is_picture(leaf)
        }

    @cached_property
    def entries(self) -> Entries:
        """All other features."""
        return Entries(
            {
                place: leaf
                for place, leaf in enumerate(self.output.leaves)
                if place not in self.pictures
            }
        )

    def check(self) -> None:
        """Refuse what neither an image file nor a column of one JSON type holds."""
        problems = {}
        for place, leaf in enumerate(self.output.leaves):
            picture = self.pictures.get(place)
            if problem := _name_problem(leaf) or (
                picture.problem if picture else _type_problem(leaf.feature)
            ):
                problems[leaf.name] = problem
        self.refuse(problems)
        if not self.pictures:
            raise FormatError(
                f"format {self.name!r} needs an Image or a Mask, but {self.output} has none; "
                f"take another format",
                features=tuple(leaf.name for leaf in self.output.leaves),
            )

    def writer(self, shard: Shard, folder: Path) -> ShardWriter:
        """Return what writes image files and their lines."""
        return _Writer(self, shard, folder)

    def reader(self, shard: Shard, folder: Path) -> ShardReader:
        """Return what reads lines, and the files that they name."""
        return _Reader(self, shard, folder)

    def conclude(self, about: About, folder: Path) -> None:
        """Make a ``metadata.jsonl`` of each split from the lines of its shards."""
        for split, shards in about.splits.items():
            path = folder / split / "metadata.jsonl"
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as whole:
                for written in shards:
                    with about.open(f"{_folder(written.shard)}/{LINES}") as part:
                        shutil.copyfileobj(part, whole)


class _Writer(ShardWriter):
    def __init__(self, format: Folder, shard: Shard, folder: Path) -> None:
        self._format = format
        self._folder = folder / _folder(shard)
        self._folder.mkdir(parents=True)
        self._lines = (self._folder / LINES).open("wb")

    def add(self, key: str, values: list[Any]) -> None:
        entry: dict[str, Any] = {}
        files = {}
        for place, picture in self._format.pictures.items():
            path = picture.leaf.path
            stem = key if path == ("image",) else f"{key}.{picture.leaf.name}"
            name, data = picture.file(stem, values[place])
            files[name] = data
            put(entry, _column(path), f"{self._folder.name}/{name}")
        self._format.entries.put(entry, values)
        # Written when nothing can go wrong with the sample any more.
        for name, data in files.items():
            (self._folder / name).write_bytes(data)
        self._lines.write(line(entry))

    def close(self) -> None:
        self._lines.close()


class _Reader(ShardReader):
    def __init__(self, format: Folder, shard: Shard, folder: Path) -> None:
        self._format = format
        self._folder = folder / _folder(shard)
        self._lines = lines(self._folder / LINES)

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, place: int) -> list[Any]:
        values: list[Any] = [None] * len(self._format.output.leaves)
        pictures = self._format.pictures
        with damaged(self._folder / LINES, place):
            entry = json.loads(self._lines[place])
            names = [Path(got(entry, _column(each.leaf.path))).name for each in pictures.values()]
            self._format.entries.get(entry, values)
        for number, name in zip(pictures, names, strict=True):
            values[number] = pictures[number].read(self._folder / name)
        return values


def _folder(shard: Shard) -> str:
    return f"{shard.split}/{shard.number:05d}"


def _column(path: tuple[str, ...]) -> tuple[str, ...]:
    if path == ("image",):
        return ("file_name",)
    return (*path[:-1], f"{path[-1]}_file_name")


def _name_problem(leaf: Leaf) -> str | None:
    taken = next((key for key in leaf.path if _RESERVED.fullmatch(key)), None)
    return f"the column {taken!r} would name image files; give it another name" if taken else None


def _type_problem(feature: Feature) -> str | None:
    if feature.dtype.startswith("float") and not feature.finite:
        return "JSON has no NaN and no infinity (finite=False)"
    if feature.dtype == "uint64" and (feature.limits is None or feature.limits[1] >= 2**63):
        return "readers of JSON round integers of 2**63 and more; declare le="
    return None
