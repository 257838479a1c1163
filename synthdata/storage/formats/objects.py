"""Which features are those of the objects in an image, the n-th of each of the n-th object."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from synthdata.features import Boxes, ClassLabel, Feature, Image, Keypoints, Mask, Polygons
from synthdata.output import Leaf

Geometry: TypeAlias = Boxes | Polygons | Keypoints

_BRANCHES: Final = ("label", "metadata", "image")
"""In this order; what is declared as the label is what is to be learnt."""


@dataclass(slots=True)
class Objects:
    """The features of the objects of an Output, each by its place among the leaves, or None.

    Attributes:
        boxes: their boxes.
        polygons: their outlines.
        keypoints: their points; of those of one object (``max=None``) it is the only one.
        classes: their classes.
        mask: their pixels, a mask of ``instances``; with one, polygons are none of the objects'.
        problems: dotted paths of features that could be one of these as well as another, and why.
    """

    boxes: int | None = None
    polygons: int | None = None
    keypoints: int | None = None
    classes: int | None = None
    mask: int | None = None
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def geometry(self) -> list[int]:
        """Those that tell where the objects are."""
        places = (self.boxes, self.polygons, self.keypoints, self.mask)
        return [place for place in places if place is not None]

    @property
    def places(self) -> list[int]:
        """All of them."""
        return self.geometry + ([] if self.classes is None else [self.classes])

    @property
    def lists(self) -> list[int]:
        """Those of which the n-th entry is the n-th object's: all but the mask."""
        return [place for place in self.places if place != self.mask]

    def count(self, leaves: Sequence[Leaf], values: list[Any]) -> int:
        """Return how many objects the lists of a sample have.

        Raises:
            ValueError: if it has more of one feature than of another.
        """
        counts = {
            leaves[place].name: 1 if _single(leaves[place].feature) else len(values[place])
            for place in self.lists
        }
        if len(set(counts.values())) > 1:
            each = ", ".join(f"{count} in {name}" for name, count in counts.items())
            raise ValueError(f"objects do not pair up, there are {each}; return as many of each")
        return next(iter(counts.values()), 0)


def objects_of(leaves: Sequence[Leaf], *, masks: bool = False) -> Objects:
    """Return the features of the objects.

    They are of one branch: the label, if there are boxes, polygons or keypoints in it, or else
    the metadata; and all of them have the same ``max``. Classes without any of these are of the
    image.

    Args:
        leaves: of an Output.
        masks: a mask of instances tells where objects are as well, and does so in place of
            polygons. Classes are of its objects if there is one list, with as large a ``max`` as
            the mask has a ``le``.
    """
    found = Objects()
    for branch in _BRANCHES:
        within = [place for place, leaf in enumerate(leaves) if leaf.path[0] == branch]
        if masks:
            _choose_mask(found, leaves, within)
        _choose(found, leaves, within)
        if found.geometry:
            break
    return found


def most_of(leaves: Sequence[Leaf], objects: Objects) -> int:
    """Return the largest number of objects that a sample may have."""
    listed = [_most(leaves[place].feature) or 1 for place in objects.lists]
    if listed or objects.mask is None:
        return max(listed, default=0)
    feature = leaves[objects.mask].feature
    assert isinstance(feature, Mask)
    assert feature.limits is not None
    return min(int(feature.limits[1]), math.prod(feature.bound))


def _choose_mask(found: Objects, leaves: Sequence[Leaf], within: list[int]) -> None:
    for place in within:
        feature = leaves[place].feature
        if isinstance(feature, Mask) and feature.instances:
            _take(found, leaves, "mask", place)


def _choose(found: Objects, leaves: Sequence[Leaf], within: list[int]) -> None:
    for name, kind in (("boxes", Boxes), ("polygons", Polygons), ("keypoints", Keypoints)):
        if kind is Polygons and found.mask is not None:
            continue
        for place in within:
            feature = leaves[place].feature
            if isinstance(feature, kind) and not _single(feature):
                _take(found, leaves, name, place)
    if not found.geometry:
        single = [place for place in within if _single(leaves[place].feature)]
        for place in single:
            _take(found, leaves, "keypoints", place)
        return
    lists = [place for place in within if _as_long(leaves, found, leaves[place].feature)]
    for place in lists:
        _take(found, leaves, "classes", place)


def _as_long(leaves: Sequence[Leaf], found: Objects, feature: Feature) -> bool:
    """Whether it is a list of classes that may be those of the objects."""
    if not isinstance(feature, ClassLabel) or feature.max is None:
        return False
    if found.lists:
        return feature.max == most_of(leaves, found)
    assert found.mask is not None
    mask = leaves[found.mask].feature
    assert isinstance(mask, Mask)
    return mask.le in (None, feature.max)


def _take(found: Objects, leaves: Sequence[Leaf], name: str, place: int) -> None:
    """Make a feature one of the objects', if it is the first of its kind and as long as others."""
    leaf, earlier = leaves[place], getattr(found, name)
    if earlier is not None:
        found.problems[leaf.name] = f"objects have one of it, and {leaves[earlier].name} is there"
        return
    for other in map(leaves.__getitem__, found.lists):
        if _most(other.feature) != _most(leaf.feature):
            found.problems[leaf.name] = (
                f"it has max={_most(leaf.feature)}, but {other.name} of the same objects has "
                f"max={_most(other.feature)}"
            )
            return
        if leaf.frame not in (None, other.frame):
            found.problems[leaf.name] = f"it lies in another image than {other.name}"
            return
    setattr(found, name, place)


def _single(feature: Feature) -> bool:
    return isinstance(feature, Keypoints) and feature.max is None


def _most(feature: Feature) -> int | None:
    assert isinstance(feature, Boxes | Polygons | Keypoints | ClassLabel)
    return feature.max


def image_of(leaves: Sequence[Leaf], objects: Objects) -> int | None:
    """Return the place of the image that the objects lie in, or else of the first, or None."""
    frames = (leaves[place].frame for place in objects.geometry)
    images = (place for place, leaf in enumerate(leaves) if isinstance(leaf.feature, Image))
    return next((place for place in (*frames, *images) if place is not None), None)
