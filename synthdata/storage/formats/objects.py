"""Which features are those of the objects in an image, the n-th of each of the n-th object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from synthdata.features import Boxes, ClassLabel, Feature, Image, Keypoints, Polygons
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
        problems: dotted paths of features that could be one of these as well as another, and why.
    """

    boxes: int | None = None
    polygons: int | None = None
    keypoints: int | None = None
    classes: int | None = None
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def geometry(self) -> list[int]:
        """Those that tell where the objects are."""
        return [place for place in (self.boxes, self.polygons, self.keypoints) if place is not None]

    @property
    def places(self) -> list[int]:
        """All of them."""
        return self.geometry + ([] if self.classes is None else [self.classes])

    def count(self, leaves: Sequence[Leaf], values: list[Any]) -> int:
        """Return how many objects a sample has.

        Raises:
            ValueError: if it has more of one feature than of another.
        """
        counts = {
            leaves[place].name: 1 if _single(leaves[place].feature) else len(values[place])
            for place in self.places
        }
        if len(set(counts.values())) > 1:
            each = ", ".join(f"{count} in {name}" for name, count in counts.items())
            raise ValueError(f"objects do not pair up, there are {each}; return as many of each")
        return next(iter(counts.values()), 0)


def objects_of(leaves: Sequence[Leaf]) -> Objects:
    """Return the features of the objects.

    They are of one branch: the label, if there are boxes, polygons or keypoints in it, or else
    the metadata; and all of them have the same ``max``. Classes without any of these are of the
    image.

    Args:
        leaves: of an Output.
    """
    found = Objects()
    for branch in _BRANCHES:
        within = [place for place, leaf in enumerate(leaves) if leaf.path[0] == branch]
        _choose(found, leaves, within)
        if found.geometry:
            break
    return found


def most_of(leaves: Sequence[Leaf], objects: Objects) -> int:
    """Return the largest number of objects that a sample may have."""
    return max((_most(leaves[place].feature) or 1 for place in objects.geometry), default=0)


def _choose(found: Objects, leaves: Sequence[Leaf], within: list[int]) -> None:
    for name, kind in (("boxes", Boxes), ("polygons", Polygons), ("keypoints", Keypoints)):
        for place in within:
            feature = leaves[place].feature
            if isinstance(feature, kind) and not _single(feature):
                _take(found, leaves, name, place)
    if not found.geometry:
        single = [place for place in within if _single(leaves[place].feature)]
        for place in single:
            _take(found, leaves, "keypoints", place)
        return
    most = most_of(leaves, found)
    for place in within:
        feature = leaves[place].feature
        if isinstance(feature, ClassLabel) and feature.max == most:
            _take(found, leaves, "classes", place)


def _take(found: Objects, leaves: Sequence[Leaf], name: str, place: int) -> None:
    """Make a feature one of the objects', if it is the first of its kind and as long as others."""
    leaf, earlier = leaves[place], getattr(found, name)
    if earlier is not None:
        found.problems[leaf.name] = f"objects have one of it, and {leaves[earlier].name} is there"
        return
    for other in map(leaves.__getitem__, found.geometry):
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
    for place in objects.geometry:
        return leaves[place].frame
    return next(
        (place for place, leaf in enumerate(leaves) if isinstance(leaf.feature, Image)), None
    )
