"""The values of a sample as one nested JSON object, and files with an object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from synthdata.features import ClassLabel, Tensor
from synthdata.output import Leaf
from synthdata.storage.values import from_json, label_indices, label_names, to_json


class Entries:
    """Some features of a sample as a JSON object that nests as their paths do.

    Classes are there by name, all else as ``to_json`` writes it.

    Args:
        leaves: the features by their place among all leaves of the Output.
    """

    def __init__(self, leaves: Mapping[int, Leaf]) -> None:
        self._leaves = dict(leaves)

    def put(self, tree: dict[str, Any], values: list[Any]) -> None:
        """Put the values of a sample into its JSON object.

        Args:
            tree: the object, which may hold other things.
            values: of all leaves of the Output.

        Raises:
            ValueError: if an array is empty in a way that JSON cannot tell.
        """
        for place, leaf in self._leaves.items():
            put(tree, leaf.path, _data(leaf, values[place]))

    def get(self, tree: Mapping[str, Any], values: list[Any]) -> None:
        """Set the values that a JSON object holds, each at its place among all leaves.

        Raises:
            ValueError: if one is missing; it and others if one is not what it should be, for
                which there is ``damaged``.
        """
        for place, leaf in self._leaves.items():
            values[place] = _value(leaf, got(tree, leaf.path))


def put(tree: dict[str, Any], path: tuple[str, ...], data: Any) -> None:
    """Set what nested dicts hold at a path."""
    for key in path[:-1]:
        tree = tree.setdefault(key, {})
    tree[path[-1]] = data


def got(tree: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    """Return what nested dicts hold at a path.

    Raises:
        ValueError: if they hold nothing there.
    """
    found: Any = tree
    for key in path:
        if not isinstance(found, Mapping) or key not in found:
            raise ValueError(f"an entry has no {'.'.join(path)}")
        found = found[key]
    return found


def line(data: Any) -> bytes:
    """Return a line of UTF-8 that holds JSON."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(", ", ": "))
    return f"{text}\n".encode()


def lines(path: Path) -> list[bytes]:
    """Return the lines of a file.

    Raises:
        OSError: if it is missing.
        ValueError: if its last line is cut off.
    """
    *whole, rest = path.read_bytes().split(b"\n")
    if rest:
        raise ValueError(f"{path} is damaged: line {len(whole) + 1} is cut off")
    return whole


@contextmanager
def damaged(path: Path, place: int) -> Iterator[None]:
    """Say of what goes wrong in reading a line in which file and line it is.

    Args:
        path: of the file.
        place: of the line, from 0.

    Raises:
        ValueError: in the place of the errors of values that are not what they should be.
    """
    try:
        yield
    except (ValueError, TypeError, LookupError, OverflowError) as error:
        raise ValueError(f"{path} is damaged: line {place + 1}: {error}") from error


def _data(leaf: Leaf, value: Any) -> Any:
    feature = leaf.feature
    if isinstance(feature, ClassLabel):
        return label_names(feature, value)
    data = to_json(feature, value)
    if isinstance(feature, Tensor) and not value.size:
        told = from_json(feature, data).shape
        if told != value.shape:
            raise ValueError(
                f"{leaf.name} has shape {value.shape}, but empty lists tell only {told}; make "
                f"all of its varying sizes 0"
            )
    return data


def _value(leaf: Leaf, data: Any) -> Any:
    feature = leaf.feature
    if isinstance(feature, ClassLabel):
        return label_indices(feature, data)
    value = from_json(feature, data)
    if not feature.jagged and np.ndim(value) != len(feature.shape):
        raise ValueError(f"{leaf.name} has shape {np.shape(value)}, but {feature} is declared")
    return value
