"""What conforms to a declaration, written a second time: slowly, from features.py's docstrings.

Nothing here comes from check.py; elements are looked at one by one, as Python numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

import synthdata as sd
from synthdata import Feature

Size = tuple[int, int]


def sample_conforms(output: sd.Output, sample: Any) -> bool:
    """Whether a whole sample has the declared structure, and each value conforms."""
    if type(sample) is not sd.Sample:
        return False
    declared = {"image": output.image, "label": output.label, "metadata": output.metadata}
    pairs: list[tuple[str, Feature, Any]] = []
    for key, tree in declared.items():
        found = _pairs(key, tree, getattr(sample, key))
        if found is None:
            return False
        pairs += found
    sizes: dict[str, Size] = {}
    for name, feature, value in pairs:
        if isinstance(feature, sd.Image) and name.split(".")[0] == "image":
            if not conforms(feature, value, None):
                return False
            sizes[name.partition(".")[2]] = (value.shape[0], value.shape[1])
    for _, feature, value in pairs:
        size = None
        if isinstance(feature, sd.Boxes | sd.Keypoints | sd.Polygons):
            size = sizes[feature.image] if feature.image else next(iter(sizes.values()))
        if not conforms(feature, value, size):
            return False
    return True


def _pairs(name: str, tree: Any, value: Any) -> list[tuple[str, Feature, Any]] | None:
    """The features with their values, or None where the structure is another."""
    if tree is None:
        return [] if value is None else None
    if isinstance(tree, Feature):
        return [(name, tree, value)]
    if not isinstance(value, Mapping) or set(value) != set(tree):
        return None
    pairs = []
    for key, branch in tree.items():
        found = _pairs(f"{name}.{key}", branch, value[key])
        if found is None:
            return None
        pairs += found
    return pairs


def conforms(feature: Feature, value: Any, size: Size | None) -> bool:
    """Whether a value is what a feature declares; size is the height and width of its image."""
    match feature:
        case sd.ClassLabel():
            return _classes(feature, value)
        case sd.Text():
            return _text(feature, value)
        case sd.Polygons():
            return _polygons(feature, value, size)
        case sd.Scalar() | sd.Tensor(shape=()):
            return _number(feature, value)
    if not _is_array(value, feature.dtype) or value.ndim != len(feature.shape):
        return False
    for dim, length in zip(feature.shape, value.shape, strict=True):
        if length > dim.up_to if isinstance(dim, sd.UpTo) else length != dim:
            return False
    match feature:
        case sd.Boxes():
            assert size is not None
            return all(_is_box(row, *size) for row in value.tolist())
        case sd.Keypoints():
            assert size is not None
            return all(_is_point(row, *size) for row in value.reshape(-1, 3).tolist())
        case sd.Mask():
            highest = len(feature.names) - 1 if feature.names else feature.le
            return all(
                number >= 0 and (highest is None or number <= highest) for number in _numbers(value)
            )
    assert isinstance(feature, sd.Tensor | sd.Image)
    return all(_in_range(feature, number) for number in _numbers(value))


def _is_array(value: Any, dtype: str) -> bool:
    native = np.dtype(dtype)
    return (
        type(value) is np.ndarray
        and value.dtype.kind == native.kind
        and value.dtype.itemsize == native.itemsize
        and value.dtype.isnative
    )


def _numbers(value: Any) -> Iterator[Any]:
    for place in np.ndindex(value.shape):
        yield value[place].item()


def _in_range(feature: sd.Tensor | sd.Scalar | sd.Image, number: Any) -> bool:
    if feature.dtype == "bool":
        return True
    if feature.dtype.startswith("float"):
        if not math.isfinite(number) and feature.finite:
            return False
        if math.isnan(number):
            return True
    low, high = (
        None if bound is None else np.dtype(feature.dtype).type(bound).item()
        for bound in (feature.ge, feature.le)
    )
    return (low is None or low <= number) and (high is None or number <= high)


def _number(feature: sd.Scalar | sd.Tensor, value: Any) -> bool:
    dtype = np.dtype(feature.dtype)
    if _is_array(value, feature.dtype) and value.ndim == 0:
        return _in_range(feature, value.item())
    if isinstance(value, np.generic):
        same = value.dtype.kind == dtype.kind and value.dtype.itemsize == dtype.itemsize
        return same and _in_range(feature, value.item())
    if type(value) is bool:
        return dtype.kind == "b"
    if type(value) is int and dtype.kind in "iu":
        bits = 8 * dtype.itemsize
        low, high = (0, 2**bits) if dtype.kind == "u" else (-(2 ** (bits - 1)), 2 ** (bits - 1))
        return low <= value < high and _in_range(feature, value)
    if type(value) in (int, float) and dtype.kind == "f":
        if type(value) is float and not math.isfinite(value):
            return _in_range(feature, value)
        if not -float(np.finfo(dtype).max) <= value <= float(np.finfo(dtype).max):
            return False
        rounded = dtype.type(value).item()
        return (type(value) is float or rounded == value) and _in_range(feature, rounded)
    return False


def _classes(feature: sd.ClassLabel, value: Any) -> bool:
    def one(item: Any) -> bool:
        if isinstance(item, str):
            return item in feature.names
        is_array = type(item) is np.ndarray or isinstance(item, np.generic)
        if is_array and item.shape == () and item.dtype.kind in "iu":
            return bool(0 <= item.item() < len(feature.names))
        return type(item) is int and 0 <= item < len(feature.names)

    if feature.max is None:
        return one(value)
    is_vector = type(value) is np.ndarray and value.ndim == 1 and value.dtype.kind in "iuU"
    if not is_vector and not isinstance(value, list | tuple):
        return False
    return len(value) <= feature.max and all(one(item) for item in value)


def _text(feature: sd.Text, value: Any) -> bool:
    if not isinstance(value, str | bytes):
        return False
    try:
        text = value if isinstance(value, str) else value.decode("utf-8")
        return len(text.encode("utf-8")) <= feature.max_bytes
    except UnicodeError:
        return False


def _polygons(feature: sd.Polygons, value: Any, size: Size | None) -> bool:
    assert size is not None
    is_stack = type(value) is np.ndarray and value.ndim == 3
    if not (is_stack or isinstance(value, list | tuple)) or len(value) > feature.max:
        return False
    for polygon in value:
        if not _is_array(polygon, "float32") or polygon.ndim != 2 or polygon.shape[1] != 2:
            return False
        if not 3 <= len(polygon) <= feature.max_points:
            return False
        if not all(0 <= x <= size[1] and 0 <= y <= size[0] for x, y in polygon.tolist()):
            return False
    return True


def _is_box(box: list[float], height: int, width: int) -> bool:
    x0, y0, x1, y1 = box
    return 0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height


def _is_point(point: list[float], height: int, width: int) -> bool:
    x, y, visibility = point
    if visibility == 0:
        return x == 0 and y == 0
    return visibility in (1, 2) and 0 <= x <= width and 0 <= y <= height
