"""The whole declaration of a sample, what TensorFlow calls Tout: a tree of features."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Discriminator, Tag, model_validator
from typing_extensions import TypeAliasType

from synthdata.features import AnyFeature, Boxes, Feature, Image, Keypoints, Polygons
from synthdata.models import BRANCH_TAG, LEAF_TAG, Model
from synthdata.sample import Sample

_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def _leaf_or_branch(value: Any) -> str | None:
    if isinstance(value, Feature):
        return LEAF_TAG
    if isinstance(value, Mapping):
        return LEAF_TAG if isinstance(value.get("kind"), str) else BRANCH_TAG
    return None


def _keys(tree: dict[str, Any]) -> dict[str, Any]:
    for key in tree:
        if not _KEY.fullmatch(key):
            raise ValueError(f"key {key!r} is not made of letters, digits, '_' and '-'")
    return tree


FeatureTree = TypeAliasType(
    "FeatureTree",
    Annotated[
        Annotated[AnyFeature, Tag(LEAF_TAG)] | Annotated["FeatureDict", Tag(BRANCH_TAG)],
        Discriminator(
            _leaf_or_branch,
            custom_error_type="feature_tree",
            custom_error_message="expected a feature, such as sd.Image(64, 64), or a dict of them",
        ),
    ],
)
"""One feature, or a dict of trees."""

FeatureDict = TypeAliasType("FeatureDict", Annotated[dict[str, FeatureTree], AfterValidator(_keys)])
"""Features, or dicts of them, by name."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One feature at its place.

    Attributes:
        path: the keys that lead to it, as ``("metadata", "radius")``.
        feature: the feature.
        frame: for boxes, keypoints and polygons the number of the leaf that is their image.
    """

    path: tuple[str, ...]
    feature: Feature
    frame: int | None = None

    @property
    def name(self) -> str:
        """The dotted path, as ``metadata.radius``."""
        return ".".join(self.path)

    def value_in(self, sample: Sample) -> Any:
        """The value that a sample has at this place."""
        value = getattr(sample, self.path[0])
        for key in self.path[1:]:
            value = value[key]
        return value


class Output(Model):
    """What each sample of a generator holds.

    Attributes:
        image: one feature or a dict of them.
        label: one feature or a dict of them, or None.
        metadata: a dict of features; it may nest.

    Raises:
        DeclarationError: if nothing could conform to it, or boxes have no image to lie in.

    >>> from synthdata import Image, ClassLabel, Scalar
    >>> Output(image=Image(64, 64), label=ClassLabel(["a", "b"]), metadata={"r": Scalar("float32")})
    Output(image: (64, 64, 3) uint8, label: () int64, metadata.r: () float32)
    """

    image: FeatureTree
    label: FeatureTree | None = None
    metadata: FeatureDict = {}

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """All features with their paths, images first, in the order of the declaration."""
        flat = list(self._walk())
        places = {path: place for place, (path, _) in enumerate(flat)}
        return tuple(
            Leaf(path, feature, _frame(path, feature, flat, places)) for path, feature in flat
        )

    def assembler(self, *, whole: bool = False) -> Callable[[list[Any]], dict[str, Any]]:
        """Return a function from values in the order of ``leaves`` to the nested dict of them.

        The dict has no ``label`` where none is declared, and no ``metadata`` where it is empty.

        Args:
            whole: also with dicts in which nothing is declared, as a Sample has them.
        """
        leaves = self.leaves
        empty = list(self._empty_branches()) if whole else []

        def assemble(values: list[Any]) -> dict[str, Any]:
            tree: dict[str, Any] = {}
            for leaf, value in zip(leaves, values, strict=True):
                branch = tree
                for key in leaf.path[:-1]:
                    branch = branch.setdefault(key, {})
                branch[leaf.path[-1]] = value
            for path in empty:
                branch = tree
                for key in path:
                    branch = branch.setdefault(key, {})
            return tree

        return assemble

    @model_validator(mode="after")
    def _framed(self) -> Self:
        if not self.leaves:
            raise ValueError("no feature is declared")
        return self

    def _walk(self) -> Iterator[tuple[tuple[str, ...], Feature]]:
        yield from _features(("image",), self.image)
        if self.label is not None:
            yield from _features(("label",), self.label)
        yield from _features(("metadata",), self.metadata)

    def _empty_branches(self) -> Iterator[tuple[str, ...]]:
        """Yield the paths of dicts in which nothing is declared, but of metadata as a whole."""
        yield from _empty(("image",), self.image)
        yield from _empty(("label",), self.label)
        for key, branch in self.metadata.items():
            yield from _empty(("metadata", key), branch)

    def __repr__(self) -> str:
        """Show each feature as messages do."""
        return f"Output({', '.join(f'{leaf.name}: {leaf.feature}' for leaf in self.leaves)})"

    __str__ = __repr__


def each_feature(tree: Any, function: Callable[..., Any], *others: Any) -> Any:
    """Return a tree with what a function makes of each feature in the place of it.

    Args:
        tree: a feature, or a dict of trees; or None, where no label is declared, which stays.
        function: is called with a feature, and with what the others have in its place.
        others: trees of the same form, as of values.

    >>> from synthdata import Image, Scalar
    >>> each_feature({"a": Image(8, 8), "b": {"c": Scalar("int32")}}, lambda feature: feature.kind)
    {'a': 'image', 'b': {'c': 'scalar'}}
    """
    if isinstance(tree, Mapping):
        return {
            key: each_feature(branch, function, *(other[key] for other in others))
            for key, branch in tree.items()
        }
    return None if tree is None else function(tree, *others)


def _features(path: tuple[str, ...], tree: Any) -> Iterator[tuple[tuple[str, ...], Feature]]:
    if isinstance(tree, Feature):
        yield path, tree
    else:
        for key, branch in tree.items():
            yield from _features((*path, key), branch)


def _empty(path: tuple[str, ...], tree: Any) -> Iterator[tuple[str, ...]]:
    if isinstance(tree, Mapping):
        if not tree:
            yield path
        for key, branch in tree.items():
            yield from _empty((*path, key), branch)


def _frame(
    path: tuple[str, ...],
    feature: Feature,
    flat: list[tuple[tuple[str, ...], Feature]],
    places: dict[tuple[str, ...], int],
) -> int | None:
    if not isinstance(feature, Boxes | Keypoints | Polygons):
        return None
    name = ".".join(path)
    images = {
        ".".join(at[1:]): at for at, kind in flat if at[0] == "image" and isinstance(kind, Image)
    }
    if not images:
        raise ValueError(f"{name} needs an Image to lie in, but the Output declares none")
    if feature.image is None and len(images) > 1:
        raise ValueError(f"{name} must say which image it lies in: image= one of {sorted(images)}")
    if feature.image is not None and list(images) == [""]:
        raise ValueError(f"{name}: leave image= out, the Output has one image without a key")
    if feature.image is not None and feature.image not in images:
        raise ValueError(f"{name} lies in image={feature.image!r}, declared are {sorted(images)}")
    frame = places[
        images[feature.image] if feature.image is not None else next(iter(images.values()))
    ]
    if frame > places[path]:
        raise ValueError(f"{name} is declared before the image that it lies in; swap them")
    return frame
