"""Image files with the annotations of COCO: boxes, outlines, points and classes of objects."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

from synthdata.features import Mask
from synthdata.output import Leaf
from synthdata.storage.format import About, ShardReader, ShardWriter, Written
from synthdata.storage.formats.annotated import Annotated
from synthdata.storage.formats.coco_objects import Annotations
from synthdata.storage.formats.entries import Entries, damaged, got, line, lines
from synthdata.storage.formats.objects import Objects, objects_of
from synthdata.storage.formats.pictures import is_picture
from synthdata.storage.shard import Shard


class Coco(Annotated):
    """One image a sample, objects as COCO has them, and all else in the image's entry.

    A shard is the folder ``images/train/00000`` and a file of ``annotations/parts``, of which
    ``annotations/instances_train.json`` is made. Its file names are below ``images/train``. The
    id of an image is the index of the sample in the recipe, so that no two of all splits are
    equal; those of annotations and categories begin at 1, since evaluation takes 0 for none.

    The objects are the boxes, polygons and keypoints of the label, or where it has none those of
    the metadata, with a list of classes as long (the same ``max``). Without one, the only
    ClassLabel beside them is the class of all, or else there is one category, ``object``.

    A mask of ``instances`` beside them is the segmentation of the objects, as run lengths that
    are not compressed: COCO's tools read both, and these are lists that need no decoder. Polygons
    beside such a mask stand in the image's entry. A mask alone is objects as well.
    """

    name: ClassVar[str] = "coco"
    wanted: ClassVar[str] = "an Image"

    @cached_property
    def objects(self) -> Objects:
        """The features of the objects, with a mask of instances."""
        return objects_of(self.output.leaves, masks=True)

    @cached_property
    def annotations(self) -> Annotations:
        """The objects as annotations."""
        return Annotations(self.output.leaves, self.objects)

    @cached_property
    def entries(self) -> Entries:
        """All that is neither the image nor of the objects."""
        taken = {self.image, *self.objects.places}
        leaves = enumerate(self.output.leaves)
        return Entries({place: leaf for place, leaf in leaves if place not in taken})

    def check(self) -> None:
        """Refuse further images and masks, and features of which it is open what pairs up."""
        problems = dict(self.objects.problems)
        image = self.output.leaves[self.image]
        if self.pictures.problem:
            problems[image.name] = self.pictures.problem
        for place, leaf in enumerate(self.output.leaves):
            if place == self.objects.mask and _never_as_large(leaf, image):
                problems[leaf.name] = f"it is {leaf.feature}, but {image.name} is {image.feature}"
            if is_picture(leaf) and place not in (self.image, self.objects.mask):
                problems.setdefault(leaf.name, self._refused(leaf))
        self.refuse(problems)

    def _refused(self, leaf: Leaf) -> str:
        """Why a picture that is neither the image nor the mask of the objects cannot be held."""
        feature, names = leaf.feature, [each.name for each in self.output.leaves]
        if isinstance(feature, Mask) and feature.instances:
            objects = ", ".join(names[place] for place in self.objects.geometry)
            return f"it is not beside the objects, which are {objects}"
        reason = f"there is one image a sample, and that is {names[self.image]}"
        if isinstance(feature, Mask) and not feature.names:
            reason += "; if its values are numbers of objects, declare it with instances=True"
        return reason

    def writer(self, shard: Shard, folder: Path) -> ShardWriter:
        """Return what writes image files and a part of the annotations."""
        return _Writer(self, shard, folder)

    def reader(self, shard: Shard, folder: Path) -> ShardReader:
        """Return what reads the part of the annotations, and the files that it names."""
        return _Reader(self, shard, folder)

    def conclude(self, about: About, folder: Path) -> None:
        """Make the annotations of each split from those of its shards."""
        target = folder / "annotations"
        target.mkdir(parents=True, exist_ok=True)
        for split, shards in about.splits.items():
            with (target / f"instances_{split}.json").open("wb") as whole:
                self._merge(about, shards, whole)

    def _merge(self, about: About, shards: tuple[Written, ...], whole: BinaryIO) -> None:
        head = {
            "info": {
                "description": about.description,
                "version": about.version,
                "generator": about.generator,
                "seed": about.seed,
            },
            "licenses": [],
            "categories": self.annotations.categories(),
        }
        # Parts are read twice, so that no more of them is in memory than a sample.
        images = (entry["image"] for entry in _entries(about, shards))
        annotations = (each for entry in _entries(about, shards) for each in entry["annotations"])
        whole.write(line(head).rstrip()[:-1])
        whole.write(b', "images": [')
        _list(whole, images)
        whole.write(b'], "annotations": [')
        _list(whole, annotations)
        whole.write(b"]}\n")


class _Writer(ShardWriter):
    def __init__(self, format: Coco, shard: Shard, folder: Path) -> None:
        self._format = format
        self._first = shard.first
        self._images = folder / _images(shard)
        self._images.mkdir(parents=True)
        part = folder / _part(shard)
        part.parent.mkdir(parents=True, exist_ok=True)
        self._part = part.open("wb")

    def add(self, key: str, values: list[Any]) -> None:
        image = values[self._format.image]
        height, width = image.shape[:2]
        name, data = self._format.pictures.file(key, image)
        entry: dict[str, Any] = {
            "id": self._first + int(key),
            "width": width,
            "height": height,
            "file_name": f"{self._images.name}/{name}",
        }
        annotations = self._format.annotations.of(entry, values)
        self._format.entries.put(entry, values)
        # Written when nothing can go wrong with the sample any more.
        (self._images / name).write_bytes(data)
        self._part.write(line({"image": entry, "annotations": annotations}))

    def close(self) -> None:
        self._part.close()


class _Reader(ShardReader):
    def __init__(self, format: Coco, shard: Shard, folder: Path) -> None:
        self._format = format
        self._images = folder / _images(shard)
        self._part = folder / _part(shard)
        self._lines = lines(self._part)

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, place: int) -> list[Any]:
        values: list[Any] = [None] * len(self._format.output.leaves)
        with damaged(self._part, place):
            entry = json.loads(self._lines[place])
            name = Path(got(entry, ("image", "file_name"))).name
            image = got(entry, ("image",))
            self._format.annotations.read(image, got(entry, ("annotations",)), values)
            self._format.entries.get(image, values)
        values[self._format.image] = self._format.pictures.read(self._images / name)
        return values


def _never_as_large(mask: Leaf, image: Leaf) -> bool:
    sizes = zip(mask.feature.static_shape, image.feature.static_shape[:2], strict=True)
    return any(None not in (one, other) and one != other for one, other in sizes)


def _images(shard: Shard) -> str:
    return f"images/{shard.split}/{shard.number:05d}"


def _part(shard: Shard) -> str:
    return f"annotations/parts/{shard.stem}.jsonl"


def _entries(about: About, shards: tuple[Written, ...]) -> Iterator[Mapping[str, Any]]:
    for written in shards:
        with about.open(_part(written.shard)) as part:
            yield from map(json.loads, part)


def _list(file: BinaryIO, items: Iterable[Any]) -> None:
    for number, item in enumerate(items):
        file.write(b",\n" if number else b"\n")
        file.write(line(item).rstrip())
