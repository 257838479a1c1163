"""Any value as a hash, to tell whether two are the same bytes, or one has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel


def snapshot(value: Any) -> str:
    """Return the sha256 of a value: what it holds, and what that holds, however deep.

    Arrays and images count by their bytes, objects by their attributes, and what has none of
    them, such as an open file, by which one it is; so do TensorFlow's objects, which count their
    own calls. Dicts count whatever the order of their keys.

    >>> snapshot({"a": 1, "b": [2]}) == snapshot({"b": [2], "a": 1})
    True
    >>> snapshot(np.zeros(2, "int64")) == snapshot(np.zeros(2, "float64"))
    False
    """
    total = hashlib.sha256()
    for part in _parts(value, frozenset()):
        total.update(part + b"\0")
    return total.hexdigest()


def arrays_in(value: Any) -> Iterator[NDArray[Any]]:
    """Yield the arrays in a sample: in dicts, lists and tuples, however deep."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from arrays_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from arrays_in(item)


def _parts(value: Any, above: frozenset[int]) -> Iterable[bytes]:
    """The parts of a value as bytes; ``above`` holds the ids of what it lies in."""
    yield type(value).__qualname__.encode()
    if value is None or isinstance(value, bool | int | float | complex | str | bytes | np.dtype):
        yield repr(value).encode(errors="backslashreplace")
    elif isinstance(value, np.ndarray | np.generic):
        yield from _array_parts(np.asarray(value), above)
    elif isinstance(value, Image.Image):
        yield f"{value.mode} {value.size}".encode()
        yield value.tobytes()
    elif id(value) in above:
        yield b"itself"
    else:
        yield from _inner_parts(value, above | {id(value)})


def _array_parts(array: NDArray[Any], above: frozenset[int]) -> Iterable[bytes]:
    yield f"{array.dtype.str} {array.shape}".encode()
    if array.dtype.hasobject:
        for item in array.ravel().tolist():
            yield from _parts(item, above)
    else:
        yield array.tobytes()


def _inner_parts(value: Any, above: frozenset[int]) -> Iterable[bytes]:
    if isinstance(value, Mapping):
        for key in sorted(value, key=str):
            yield from _parts(key, above)
            yield from _parts(value[key], above)
    elif isinstance(value, Set):
        yield from sorted(b"\1".join(_parts(item, above)) for item in value)
    elif isinstance(value, Sequence):
        for item in value:
            yield from _parts(item, above)
    elif attributes := _attributes(value):
        yield from _inner_parts(attributes, above)
    else:
        yield str(id(value)).encode()


def _attributes(value: Any) -> dict[str, Any]:
    if isinstance(value, type) or type(value).__module__.partition(".")[0] == "tensorflow":
        return {}
    if isinstance(value, BaseModel):
        return dict(value)
    if isinstance(value, np.random.Generator):
        return {"state": value.bit_generator.state}
    return dict(getattr(value, "__dict__", {}))
