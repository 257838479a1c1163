"""The digest of a stream of samples, whatever they came through."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from synthdata.sample import Sample


def stream_digest(samples: Iterable[Any]) -> str:
    """Return the sha256 of samples by sorted path, dtype, shape and bytes, in their order.

    Args:
        samples: as a Source gives them, or nested dicts of arrays, as a dataset's elements are.

    >>> from synthdata import Recipe, Source
    >>> source = Source(Recipe(generator="noise-v1", samples=4))
    >>> stream_digest(source) == stream_digest(source[0:4])
    True
    """
    total = hashlib.sha256()
    for sample in samples:
        tree = sample._asdict() if isinstance(sample, Sample) else sample
        for path, value in sorted(_leaves("", tree), key=lambda leaf: leaf[0]):
            array = np.asarray(value)
            if array.dtype.kind in "OUS":
                text = array.item()
                data, kind = (text if isinstance(text, bytes) else text.encode()), "text"
            else:
                data, kind = array.tobytes(), array.dtype.str
            total.update(f"{path} {kind} {array.shape if kind != 'text' else ''} ".encode())
            total.update(data)
    return total.hexdigest()


def _leaves(path: str, tree: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(tree, Mapping):
        for key, branch in tree.items():
            yield from _leaves(f"{path}/{key}", branch)
    elif isinstance(tree, list):
        for place, item in enumerate(tree):
            yield from _leaves(f"{path}/{place}", item)
    elif tree is not None:
        yield path, tree
