"""One digest of a run of samples, whatever they came through."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from synthdata import Sample


def digest(samples: Iterable[Any]) -> str:
    """Hash samples (Samples, or nested dicts of arrays) by sorted path, dtype, shape and bytes."""
    total = hashlib.sha256()
    for sample in samples:
        tree = sample._asdict() if isinstance(sample, Sample) else sample
        for path, value in sorted(_leaves("", tree)):
            array = np.asarray(value)
            if array.dtype.kind in "OUS":
                text = array.item()
                data, kind = (text if isinstance(text, bytes) else text.encode()), "text"
            else:
                data, kind = array.tobytes(), array.dtype.str
            total.update(f"{path} {kind} {array.shape if kind != 'text' else ''} ".encode())
            total.update(data)
    return total.hexdigest()


def _leaves(path: str, tree: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(tree, Mapping):
        for key, branch in tree.items():
            yield from _leaves(f"{path}/{key}", branch)
    elif isinstance(tree, list):
        for place, item in enumerate(tree):
            yield from _leaves(f"{path}/{place}", item)
    elif tree is not None:
        yield path, tree
