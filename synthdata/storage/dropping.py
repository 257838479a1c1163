"""A declaration without some of its features."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from synthdata.errors import DeclarationError, FormatError
from synthdata.features import Feature
from synthdata.models import suggest
from synthdata.output import Output


def without(output: Output, names: Iterable[str]) -> Output:
    """Return the declaration without features.

    Args:
        output: the whole declaration.
        names: dotted paths of features, or of dicts of them, as ``metadata`` or ``label.boxes``.

    Raises:
        FormatError: if there is no such feature, or what remains makes no sense.

    >>> from synthdata.features import Image, Scalar
    >>> output = Output(image=Image(8, 8), metadata={"a": Scalar("int64"), "b": Scalar("bool")})
    >>> [leaf.name for leaf in without(output, ["metadata.a"]).leaves]
    ['image', 'metadata.b']
    """
    dropped = set(names)
    known = {".".join(leaf.path[:end]) for leaf in output.leaves for end in range(1, 9)}
    for name in sorted(dropped - known):
        paths = ", ".join(leaf.name for leaf in output.leaves)
        hint = suggest(name, known) or f"; there are {paths}"
        raise FormatError(f"drop: there is no feature {name!r}{hint}")
    try:
        return Output(
            image=_pruned("image", output.image, dropped) or {},
            label=_pruned("label", output.label, dropped) or None,
            metadata=_pruned("metadata", output.metadata, dropped) or {},
        )
    except DeclarationError as error:
        raise FormatError(f"drop={sorted(dropped)}: {error}") from error


def kept(whole: Output, part: Output) -> list[int]:
    """Return the places of a part's leaves among the leaves of the whole."""
    places = {leaf.path: place for place, leaf in enumerate(whole.leaves)}
    return [places[leaf.path] for leaf in part.leaves]


def _pruned(path: str, tree: Any, dropped: set[str]) -> Any:
    if tree is None or path in dropped:
        return None
    if isinstance(tree, Feature):
        return tree
    assert isinstance(tree, Mapping)
    branches = {key: _pruned(f"{path}.{key}", branch, dropped) for key, branch in tree.items()}
    return {key: branch for key, branch in branches.items() if branch not in (None, {})}
