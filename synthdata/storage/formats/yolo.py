"""Image files with the labels of Ultralytics YOLO: boxes, boxes with points, or outlines."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Final

import yaml

from synthdata.features import ClassLabel, Keypoints
from synthdata.storage.format import About, ShardReader, ShardWriter
from synthdata.storage.formats.annotated import Annotated
from synthdata.storage.formats.entries import lines
from synthdata.storage.formats.yolo_labels import Labels
from synthdata.storage.shard import Shard

LIST: Final = "samples.txt"
"""Names the image files of a shard, in their order; readers of YOLO pass it over."""

_VALIDATION: Final = ("val", "validation", "valid", "dev")
"""Names of a split that Ultralytics calls ``val``."""


class Yolo(Annotated):
    """One image a sample, and a text file of its objects, a line each; nothing else.

    A shard is the folders ``images/train/00000`` and ``labels/train/00000``. ``data.yaml`` names
    the folders of the splits; Ultralytics trains where there are ``train`` and ``validation``.

    The objects are the boxes, with or without keypoints, or else the polygons, of the label, or
    of the metadata where the label has none, with a list of classes as long (the same ``max``);
    without one, there is one class, ``object``.
    """

    name: ClassVar[str] = "yolo"
    wanted: ClassVar[str] = "an Image with Boxes or Polygons"

    @property
    def suits(self) -> bool:
        """Whether there are boxes or polygons."""
        return self.objects.boxes is not None or self.objects.polygons is not None

    @cached_property
    def labels(self) -> Labels:
        """The objects as lines."""
        return Labels(self.output.leaves, self.objects)

    def check(self) -> None:
        """Refuse all but one image and the features of its objects."""
        problems = {}
        for place, leaf in enumerate(self.output.leaves):
            problem = self.objects.problems.get(leaf.name)
            if place == self.image:
                problem = self.pictures.problem
            elif place == self.objects.polygons and self.objects.boxes is not None:
                problem = "labels hold boxes or polygons, not both"
            elif place == self.objects.keypoints and self.objects.boxes is None:
                problem = "keypoints need boxes"
            elif problem is None and place not in self.objects.places:
                problem = "it is neither the image nor of the objects in it"
            if problem is not None:
                problems[leaf.name] = problem
        self.refuse(problems)

    def writer(self, shard: Shard, folder: Path) -> ShardWriter:
        """Return what writes image files and text files."""
        return _Writer(self, shard, folder)

    def reader(self, shard: Shard, folder: Path) -> ShardReader:
        """Return what reads image files and text files."""
        return _Reader(self, shard, folder)

    def conclude(self, about: About, folder: Path) -> None:
        """Write ``data.yaml``, with paths from its own folder."""
        data: dict[str, Any] = {_called(split, about): f"images/{split}" for split in about.splits}
        if self.objects.keypoints is not None:
            keypoints = self.output.leaves[self.objects.keypoints].feature
            assert isinstance(keypoints, Keypoints)
            data["kpt_shape"] = [keypoints.points, 3]
        data["names"] = dict(enumerate(self._names()))
        text = yaml.safe_dump(data, allow_unicode=True, sort_keys=False)
        (folder / "data.yaml").write_text(text, encoding="utf-8", newline="\n")

    def _names(self) -> list[str]:
        if self.objects.classes is None:
            return ["object"]
        classes = self.output.leaves[self.objects.classes].feature
        assert isinstance(classes, ClassLabel)
        return list(classes.names)


class _Writer(ShardWriter):
    def __init__(self, format: Yolo, shard: Shard, folder: Path) -> None:
        self._format = format
        self._images, self._texts = (folder / path for path in _folders(shard))
        self._images.mkdir(parents=True)
        self._texts.mkdir(parents=True)
        self._list = (self._images / LIST).open("w", encoding="utf-8", newline="\n")

    def add(self, key: str, values: list[Any]) -> None:
        image = values[self._format.image]
        text = self._format.labels.text(values, *image.shape[:2])
        name, data = self._format.pictures.file(key, image)
        (self._images / name).write_bytes(data)
        (self._texts / f"{key}.txt").write_text(text, encoding="utf-8", newline="\n")
        self._list.write(f"{name}\n")

    def close(self) -> None:
        self._list.close()


class _Reader(ShardReader):
    def __init__(self, format: Yolo, shard: Shard, folder: Path) -> None:
        self._format = format
        self._images, self._texts = (folder / path for path in _folders(shard))
        names = (name.decode(errors="replace") for name in lines(self._images / LIST))
        self._names = [Path(name).name for name in names]

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, place: int) -> list[Any]:
        name = self._names[place]
        text = (self._texts / name).with_suffix(".txt")
        values: list[Any] = [None] * len(self._format.output.leaves)
        image = self._format.pictures.read(self._images / name)
        values[self._format.image] = image
        self._format.labels.read(lines(text), text, values, *image.shape[:2])
        return values


def _called(split: str, about: About) -> str:
    """The name of a split in ``data.yaml``: the first that is for validation is ``val``."""
    validation = [name for name in _VALIDATION if name in about.splits]
    return "val" if [split] == validation[:1] else split


def _folders(shard: Shard) -> tuple[str, str]:
    place = f"{shard.split}/{shard.number:05d}"
    return f"images/{place}", f"labels/{place}"
