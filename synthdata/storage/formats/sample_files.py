"""A sample as several small files with one name: images, large arrays, a class, and JSON."""

from __future__ import annotations

import json
import math
import tokenize
from collections.abc import Callable, Collection, Iterator
from typing import Any, Final

import numpy as np

from synthdata.features import ClassLabel, Image, Mask, Tensor
from synthdata.output import Leaf, Output
from synthdata.storage.encoding import Codec, Encoding
from synthdata.storage.values import from_json, to_json

MOST_IN_JSON: Final = 64
"""Elements of a tensor; a larger one is a file of its own, which is read at once."""


class SampleFiles:
    """Which files a sample is, by the endings of their names.

    - ``png``, ``jpg``, ``webp`` or ``npy``: the image, where ``Output.image`` is one feature;
    - ``left.png``: the image of that key, where it is a dict;
    - ``label.png``, ``metadata.depth.npy``: images, masks and large tensors elsewhere;
    - ``cls``: the index of the class, where ``Output.label`` is a ClassLabel of one class;
    - ``json``: everything else, nested as the Output.

    Args:
        output: what each sample holds.
        encoding: the choice for its images.
    """

    def __init__(self, output: Output, encoding: Encoding) -> None:
        leaves = output.leaves
        stems = _stems(leaves)
        self._leaves = leaves
        self._files = {
            place: (_prefix(stem), encoding.codec(leaves[place].feature))
            for place, stem in stems.items()
        }
        self._class = next((n for n, leaf in enumerate(leaves) if _is_class(leaf)), None)
        self._classes = 0 if self._class is None else _classes(leaves[self._class])
        apart = {*self._files, self._class}
        self._listed = [place for place in range(len(leaves)) if place not in apart]

    def encode(self, values: list[Any]) -> Iterator[tuple[str, bytes]]:
        """Yield the ending and the content of each file.

        Args:
            values: in the order of ``output.leaves``, as the check of a sample stores them.
        """
        for place, (prefix, codec) in self._files.items():
            # An array without elements, which no image file can be, is a ``.npy`` file.
            suffix = codec.suffix if values[place].size else "npy"
            yield prefix + suffix, codec.encode(values[place])
        if self._class is not None:
            yield "cls", str(int(values[self._class])).encode()
        if self._listed:
            text = json.dumps(self._tree(values), ensure_ascii=False, separators=(",", ":"))
            yield "json", text.encode()

    def decode(self, endings: Collection[str], read: Callable[[str], bytes]) -> list[Any]:
        """Return the values of a sample.

        Args:
            endings: of the files that there are.
            read: from an ending to the content.

        Raises:
            ValueError: if a file is missing, or not what it should be.
        """
        values: list[Any] = [None] * len(self._leaves)
        for place, (prefix, codec) in self._files.items():
            suffix = codec.suffix if prefix + codec.suffix in endings else "npy"
            values[place] = _array(codec, _read(prefix + suffix, endings, read))
        if self._class is not None:
            values[self._class] = self._class_of(_read("cls", endings, read))
        if self._listed:
            tree = json.loads(_read("json", endings, read))
            for place in self._listed:
                values[place] = _value(self._leaves[place], tree)
        return values

    def _tree(self, values: list[Any]) -> dict[str, Any]:
        tree: dict[str, Any] = {}
        for place in self._listed:
            leaf, branch = self._leaves[place], tree
            for key in leaf.path[:-1]:
                branch = branch.setdefault(key, {})
            branch[leaf.path[-1]] = to_json(leaf.feature, values[place])
        return tree

    def _class_of(self, data: bytes) -> Any:
        index = int(data)
        if not 0 <= index < self._classes:
            raise ValueError(f"cls is {index}, but there are {self._classes} classes")
        return np.int64(index)


def ambiguous(output: Output) -> dict[str, str]:
    """Return the features whose files WebDataset would confuse, by dotted path, and why.

    It makes all endings of names lower case.
    """
    leaves = output.leaves
    seen: dict[str, str] = {}
    problems: dict[str, str] = {}
    for place, stem in _stems(leaves).items():
        name = leaves[place].name
        first = seen.setdefault(stem.lower(), name)
        if first != name:
            problems[name] = f"WebDataset does not tell it from {first}, which differs in case only"
    return problems


def _is_class(leaf: Leaf) -> bool:
    feature = leaf.feature
    return leaf.path == ("label",) and isinstance(feature, ClassLabel) and feature.max is None


def _classes(leaf: Leaf) -> int:
    limits = leaf.feature.limits
    assert limits is not None  # of a ClassLabel they are the first and the last index
    return int(limits[1]) + 1


def _has_file(leaf: Leaf) -> bool:
    """Whether a leaf is a file of its own."""
    feature = leaf.feature
    if not isinstance(feature, Tensor):
        return isinstance(feature, Image | Mask)
    # Nested lists do not tell the second size of an array whose first is zero.
    several = sum(size is None for size in feature.static_shape) > 1
    return several or math.prod(feature.bound) > MOST_IN_JSON


def _stems(leaves: tuple[Leaf, ...]) -> dict[int, str]:
    """Return the names of the leaves that are files: short, if they are all different then."""
    paths = {place: leaf.path for place, leaf in enumerate(leaves) if _has_file(leaf)}
    short = {
        place: ".".join(path[1:] if path[0] == "image" else path) for place, path in paths.items()
    }
    # A name that begins so is WebDataset's own.
    reserved = any(stem.startswith("__") for stem in short.values())
    if len({stem.lower() for stem in short.values()}) == len(short) and not reserved:
        return short
    return {place: ".".join(path) for place, path in paths.items()}


def _prefix(stem: str) -> str:
    return f"{stem}." if stem else ""


def _read(ending: str, endings: Collection[str], read: Callable[[str], bytes]) -> bytes:
    if ending not in endings:
        raise ValueError(f"{ending} is missing, there are {sorted(endings)}")
    return read(ending)


def _array(codec: Codec, data: bytes) -> Any:
    try:
        return codec.decode(data)
    except tokenize.TokenError as error:  # NumPy reads the header as Python's words
        raise ValueError(f"no {codec.suffix} file: {error}") from error


def _value(leaf: Leaf, tree: Any) -> Any:
    try:
        for key in leaf.path:
            tree = tree[key]
        with np.errstate(over="raise"):
            return from_json(leaf.feature, tree)
    except (KeyError, TypeError, IndexError, ArithmeticError) as error:
        raise ValueError(f"json has no {leaf.name} of {leaf.feature}: {error!r}") from error
