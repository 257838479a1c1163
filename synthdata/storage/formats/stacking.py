"""The values of one feature in many samples as few arrays, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthdata.features import Feature, Text


def stacked(feature: Feature, values: Sequence[Any]) -> dict[str, NDArray[Any]]:
    """Return arrays that hold the values, by the ending of their names.

    - One array ``""`` of shape (samples, …), where all have one shape.
    - Where the first dimension varies: ``""``, all of them one after the other, and ``.lengths``,
      int64 (samples,). A text is its bytes in UTF-8.
    - Where others vary: ``""``, all elements in C order, and ``.shapes``, int64 (samples, rank).
    - Of polygons: ``""``, all corners, ``.lengths``, the corners of each polygon, and ``.counts``,
      the polygons of each sample.

    Args:
        feature: what they are.
        values: as the check of a sample stores them.

    >>> from synthdata.features import Tensor, UpTo
    >>> readings = stacked(Tensor("int8", (UpTo(5),)), [np.array([1, 2], "i1"), np.array([], "i1")])
    >>> {ending: array.tolist() for ending, array in readings.items()}
    {'': [1, 2], '.lengths': [2, 0]}
    """
    if feature.jagged:
        return _polygons(feature, values)
    if isinstance(feature, Text):
        values = [np.frombuffer(text.encode(), np.uint8) for text in values]
    dtype, size = _element(feature)
    if not feature.varying and not isinstance(feature, Text):
        return {"": np.array(values, dtype).reshape((len(values), *size))}
    if None in size:
        shapes = np.array([value.shape for value in values], np.int64)
        flat = _joined([value.reshape(-1) for value in values], dtype, ())
        return {"": flat, ".shapes": shapes.reshape(len(values), len(feature.shape))}
    return {"": _joined(values, dtype, size), ".lengths": _lengths(values)}


def unstacked(
    feature: Feature, arrays: Mapping[str, NDArray[Any]], samples: int
) -> Callable[[int], Any]:
    """Return a function from the place of a sample to its value, which is a copy.

    Args:
        feature: what the values are.
        arrays: as ``stacked`` returns them.
        samples: how many there are.

    Raises:
        ValueError: if they are no such arrays.
    """
    _, size = _element(feature)
    values = arrays[""]
    if feature.jagged:
        starts = _starts(arrays[".lengths"], len(values))
        polygons = _starts(arrays[".counts"], len(starts) - 1, samples)
        return lambda place: [
            values[starts[n] : starts[n + 1]].copy() for n in _between(polygons, place)
        ]
    if ".shapes" in arrays:
        return _shaped(values, arrays[".shapes"], samples)
    if ".lengths" in arrays:
        starts = _starts(arrays[".lengths"], len(values), samples)
        if isinstance(feature, Text):
            return lambda place: values[starts[place] : starts[place + 1]].tobytes().decode()
        return lambda place: values[starts[place] : starts[place + 1]].copy()
    if values.shape != (samples, *size):
        raise ValueError(f"shape {values.shape} is not that of {samples} of {feature}")
    return lambda place: values[place].copy()


def layout(feature: Feature) -> dict[str, tuple[np.dtype[Any], int]]:
    """Return dtype and number of dimensions of each array that ``stacked`` makes."""
    return {ending: (array.dtype, array.ndim) for ending, array in stacked(feature, []).items()}


def _element(feature: Feature) -> tuple[np.dtype[Any], tuple[Any, ...]]:
    """The dtype and the shape of what lies one after the other."""
    if isinstance(feature, Text):
        return np.dtype(np.uint8), ()
    sizes = feature.static_shape
    if feature.jagged:
        return np.dtype(feature.dtype), sizes[2:]
    return np.dtype(feature.dtype), sizes[1:] if sizes and sizes[0] is None else sizes


def _polygons(feature: Feature, values: Sequence[Any]) -> dict[str, NDArray[Any]]:
    polygons = [polygon for value in values for polygon in value]
    dtype, size = _element(feature)
    return {
        "": _joined(polygons, dtype, size),
        ".lengths": _lengths(polygons),
        ".counts": _lengths(values),
    }


def _joined(parts: Sequence[Any], dtype: np.dtype[Any], size: tuple[Any, ...]) -> NDArray[Any]:
    return np.concatenate([np.empty((0, *size), dtype), *parts])


def _lengths(values: Sequence[Any]) -> NDArray[np.int64]:
    return np.array([len(value) for value in values], np.int64)


def _starts(lengths: NDArray[Any], total: int, samples: int | None = None) -> NDArray[np.int64]:
    """Return where each begins, and where the last ends."""
    if samples is not None and len(lengths) != samples:
        raise ValueError(f"{samples} lengths are expected, there are {len(lengths)}")
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    if starts[-1] != total or (lengths < 0).any():
        raise ValueError(f"the lengths add up to {starts[-1]}, but there are {total}")
    return starts


def _between(starts: NDArray[np.int64], place: int) -> range:
    return range(int(starts[place]), int(starts[place + 1]))


def _shaped(values: NDArray[Any], shapes: NDArray[Any], samples: int) -> Callable[[int], Any]:
    starts = _starts(shapes.prod(1), len(values), samples)
    return lambda place: values[starts[place] : starts[place + 1]].reshape(shapes[place]).copy()
