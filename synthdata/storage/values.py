"""Values of a sample as JSON, and back, the same to the last bit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthdata.features import ClassLabel, Feature, Text

NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
"""What JSON has no number for is text."""


def to_json(feature: Feature, value: Any) -> Any:
    """Return a value as JSON has it.

    Args:
        feature: what it is.
        value: as the check of a sample stores it: an array, a NumPy scalar, a text, or a list of
            arrays.

    Returns:
        A text, number, truth value, or nested lists of them. Floats are written with all their
        digits; NaN and infinities, which JSON does not have, as text, with the bits of a NaN that
        is not the usual one.

    >>> from synthdata.features import Scalar
    >>> to_json(Scalar("float32"), np.float32(0.1))
    0.10000000149011612
    """
    if isinstance(feature, Text):
        return value
    if feature.jagged:
        return [_listed(item) for item in value]
    return _listed(np.asarray(value))


def from_json(feature: Feature, data: Any) -> Any:
    """Return the value that ``to_json`` was given.

    Raises:
        ValueError: if it is no such value.

    >>> from synthdata.features import Boxes
    >>> from_json(Boxes(3), []).shape
    (0, 4)
    """
    if isinstance(feature, Text):
        if not isinstance(data, str):
            raise ValueError(f"a text is expected, not {data!r}")
        return data
    if feature.jagged:
        return [_array(feature, item, feature.static_shape[1:]) for item in data]
    array = _array(feature, data, feature.static_shape)
    return array if feature.shape else array[()]


def label_names(feature: ClassLabel, value: Any) -> Any:
    """Return the name of a class, or the list of names of several.

    >>> label_names(ClassLabel(["circle", "square"]), 1)
    'square'
    """
    if feature.max is None:
        return feature.names[int(value)]
    return [feature.names[index] for index in np.asarray(value).tolist()]


def label_indices(feature: ClassLabel, names: Any) -> Any:
    """Return the value that ``label_names`` was given."""
    if feature.max is None:
        return np.int64(feature.names.index(names))
    return np.array([feature.names.index(name) for name in names], np.int64)


def _listed(array: NDArray[Any]) -> Any:
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        texts = np.empty(array.shape, object)
        texts.ravel()[:] = [_text(number) for number in array.ravel()]
        return texts.tolist()
    return array.tolist()


def _text(number: Any) -> Any:
    """A finite number as it is, and another one by name; the bits of an unusual NaN are kept."""
    if np.isfinite(number):
        return number.item()
    if not np.isnan(number):
        return "Infinity" if number > 0 else "-Infinity"
    bits = number.tobytes().hex()
    return "NaN" if bits == type(number)("nan").tobytes().hex() else f"NaN {bits}"


def _number(text: str, dtype: np.dtype[Any]) -> Any:
    """What ``_text`` was given.

    Raises:
        ValueError: if it was no such text.
    """
    if text in NOT_FINITE:
        return dtype.type(NOT_FINITE[text])
    name, _, bits = text.partition(" ")
    data = bytes.fromhex(bits)
    if name != "NaN" or len(data) != dtype.itemsize:
        raise ValueError(f"a number is expected, not {text!r}")
    return np.frombuffer(data, dtype)[0]


def _numbers(value: Any, dtype: np.dtype[Any]) -> Any:
    if isinstance(value, list):
        return [_numbers(item, dtype) for item in value]
    return _number(value, dtype) if isinstance(value, str) else value


def _array(feature: Feature, data: Any, shape: tuple[int | None, ...]) -> NDArray[Any]:
    dtype = np.dtype(feature.dtype)
    try:
        with np.errstate(over="raise"):
            array = np.asarray(_numbers(data, dtype) if dtype.kind == "f" else data, dtype)
    except (OverflowError, FloatingPointError, TypeError) as error:
        raise ValueError(f"no values of {dtype.name}: {error}") from error
    if 0 in array.shape and array.ndim != len(shape):
        # Empty lists do not tell the sizes within.
        array = array.reshape([*array.shape, *(size or 0 for size in shape[array.ndim :])])
    return array
