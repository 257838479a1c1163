"""The check of a sample against its declared Output, compiled once and run on every sample.

A check is a chain of closures without any lookup of the declaration: what is right passes by the
shortest road, and only what is wrong is looked at a second time, to say why.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import numpy as np

from synthdata.complaints import (
    Violation,
    box_problem,
    described,
    keypoint_problem,
    listed,
    out_of_range,
    polygon_problem,
    wrong_array,
    wrong_keys,
    wrong_scalar,
)
from synthdata.dtypes import representable
from synthdata.features import (
    Boxes,
    ClassLabel,
    Feature,
    Image,
    Keypoints,
    Polygons,
    Ranged,
    Scalar,
    Tensor,
    Text,
    UpTo,
)
from synthdata.models import suggest
from synthdata.output import Leaf, Output
from synthdata.sample import Sample

_MAPPINGS: Final = (dict, MappingProxyType)
"""What metadata usually are; MappingProxyType is the default of a Sample."""

_NO_METADATA: Final = Sample(None).metadata

Check: TypeAlias = Callable[[Sample], list[Any]]
"""From a Sample to its values in the order of ``Output.leaves``; raises Violation."""

LeafCheck: TypeAlias = Callable[[Any, list[Any]], Any]
"""From a value and the values before it to the value as it is stored."""


def compile_check(output: Output, *, values: bool = True) -> Check:
    """Compile the check of an Output.

    The values come back as they are stored: arrays as they are, numbers as NumPy scalars of the
    declared dtype, class names as their index, text as ``str``.

    Args:
        output: the declaration.
        values: False leaves out what needs a look at each element (ranges, NaN, the geometry of
            boxes and points); dtype, shape, structure, classes and text are always checked.

    Returns:
        A function from a Sample to the list of its values, in the order of ``output.leaves``.
        It raises Violation at the first value that breaks the declaration.
    """
    leaves = output.leaves
    return structure_check(output, lambda leaf: _leaf_check(leaf, leaves, values))


def structure_check(output: Output, leaf_check: Callable[[Leaf], LeafCheck]) -> Check:
    """Compile the check that a Sample has what is declared and nothing else.

    Args:
        output: the declaration.
        leaf_check: makes the check of one value.
    """
    checks = {leaf.path: leaf_check(leaf) for leaf in output.leaves}
    image = _tree_check(("image",), output.image, checks)
    label = _tree_check(("label",), output.label, checks)
    metadata = _tree_check(("metadata",), output.metadata, checks)

    def check(sample: Sample) -> list[Any]:
        if type(sample) is not Sample:
            raise Violation(
                "structure",
                "sample",
                f"is {described(sample)}, but sd.Sample(image, label, metadata) is expected",
            )
        image_value, label_value, metadata_value = sample
        found: list[Any] = []
        image(image_value, found)
        label(label_value, found)
        metadata(metadata_value, found)
        return found

    return check


def _tree_check(
    path: tuple[str, ...], tree: Any, checks: dict[tuple[str, ...], LeafCheck]
) -> Callable[[Any, list[Any]], None]:
    name = ".".join(path)
    if tree is None:

        def nothing(value: Any, found: list[Any]) -> None:
            if value is not None:
                raise Violation("structure", name, f"is given, but no {name} is declared")

        return nothing
    if isinstance(tree, Feature):
        check = checks[path]

        def leaf(value: Any, found: list[Any]) -> None:
            found.append(check(value, found))

        return leaf
    if not tree:

        def empty(value: Any, found: list[Any]) -> None:
            # What most samples share who have none; asking others costs a third of a microsecond.
            if value is not _NO_METADATA and not (isinstance(value, Mapping) and not value):
                raise wrong_keys(name, value, [])

        return empty
    keys = tree.keys()
    branches = [(key, _tree_check((*path, key), branch, checks)) for key, branch in tree.items()]

    def branch(value: Any, found: list[Any]) -> None:
        # The exact type first: asking the ABC costs a microsecond.
        is_mapping = type(value) in _MAPPINGS or isinstance(value, Mapping)
        if not is_mapping or value.keys() != keys:
            raise wrong_keys(name, value, list(tree))
        for key, run in branches:
            run(value[key], found)

    return branch


def _leaf_check(leaf: Leaf, leaves: tuple[Leaf, ...], values: bool) -> LeafCheck:
    feature, name = leaf.feature, leaf.name
    if isinstance(feature, ClassLabel):
        return _class_check(name, feature)
    if isinstance(feature, Text):
        return _text_check(name, feature)
    if isinstance(feature, Polygons):
        return _polygons_check(name, feature, _frame(leaf, leaves) if values else None)
    if not feature.shape and isinstance(feature, Scalar | Tensor):
        return _scalar_check(name, feature)
    structure = _array_check(name, feature)
    if not values:
        return structure
    if isinstance(feature, Boxes | Keypoints):
        return _geometry_check(name, feature, structure, _frame(leaf, leaves))
    return _range_check(name, feature, structure)


def _array_check(name: str, feature: Feature) -> LeafCheck:
    """The exact dtype and shape of an array."""
    dtype, shape, ndarray = np.dtype(feature.dtype), feature.static_shape, np.ndarray
    if not feature.varying:

        def fixed(value: Any, found: list[Any]) -> Any:
            if type(value) is ndarray and value.dtype == dtype and value.shape == shape:
                return value
            raise wrong_array(name, value, feature)

        return fixed
    dims = [
        (axis, dim.up_to, operator.gt) if isinstance(dim, UpTo) else (axis, dim, operator.ne)
        for axis, dim in enumerate(feature.shape)
    ]
    rank = len(shape)

    def varying(value: Any, found: list[Any]) -> Any:
        if type(value) is ndarray and value.dtype == dtype and value.ndim == rank:
            sizes = value.shape
            for axis, size, wrong in dims:
                if wrong(sizes[axis], size):
                    break
            else:
                return value
        raise wrong_array(name, value, feature)

    return varying


def _range_check(name: str, feature: Feature, structure: LeafCheck) -> LeafCheck:
    """Smallest and largest value of an array; a NaN fails both comparisons."""
    limits = value_limits(feature)
    if limits is None:
        return structure
    low, high = limits

    if isinstance(feature, Ranged) and not feature.finite:

        def with_nan(value: Any, found: list[Any]) -> Any:
            structure(value, found)
            if ((value < low) | (value > high)).any():
                raise out_of_range(name, value, feature, low, high)
            return value

        return with_nan

    def ranged(value: Any, found: list[Any]) -> Any:
        structure(value, found)
        if value.size and not (value.min() >= low and value.max() <= high):
            raise out_of_range(name, value, feature, low, high)
        return value

    return ranged


def value_limits(feature: Feature) -> tuple[Any, Any] | None:
    """Return the limits as scalars of the dtype, or None where it allows nothing else.

    Args:
        feature: of numbers.
    """
    dtype = np.dtype(feature.dtype)
    limits = feature.limits
    if dtype.kind == "f":
        if limits is None and not feature.finite:
            return None
        low, high = limits or (-np.inf, np.inf)
        if not feature.finite and isinstance(feature, Ranged):
            # Without a bound on one side, the infinity of that side is allowed.
            low = -np.inf if feature.ge is None else low
            high = np.inf if feature.le is None else high
        else:
            least, most = representable(dtype)
            low, high = max(low, least), min(high, most)
        return dtype.type(low), dtype.type(high)
    if limits is None:
        return None
    least, most = representable(dtype)
    if limits[0] <= least and limits[1] >= most:
        return None
    return dtype.type(limits[0]), dtype.type(limits[1])


def _scalar_check(name: str, feature: Scalar | Tensor) -> LeafCheck:
    """One number: a NumPy scalar or 0-d array of the dtype, or a Python number that it can hold."""
    dtype = np.dtype(feature.dtype)
    kind: type[np.generic] = dtype.type
    python: Any = {"b": bool, "f": float}.get(dtype.kind, int)
    ndarray = np.ndarray
    low, high = value_limits(feature) or (None, None)
    finite = feature.finite
    ends = (0, 1) if dtype.kind == "b" else representable(dtype)

    def scalar(value: Any, found: list[Any]) -> Any:
        if type(value) is python or (type(value) is int and dtype.kind == "f"):
            value = _from_python(name, value, feature, dtype, ends)
        elif type(value) is ndarray and value.dtype == dtype and value.shape == ():
            value = value[()]
        elif type(value) is not kind:
            # np.longlong is a type of its own, of a dtype that equals int64.
            if not isinstance(value, np.generic) or value.dtype != dtype:
                raise wrong_scalar(name, value, feature)
            value = kind(value)
        if low is not None and not (low <= value <= high) and (finite or value == value):
            raise out_of_range(name, np.asarray(value), feature, low, high)
        return value

    return scalar


def _from_python(
    name: str, value: Any, feature: Feature, dtype: np.dtype[Any], ends: tuple[Any, Any]
) -> Any:
    if dtype.kind == "b":
        return dtype.type(value)
    least, most = ends
    if dtype.kind == "f":
        overflows = not least <= value <= most and (type(value) is int or abs(value) != np.inf)
        if value == value and overflows:
            raise Violation(
                "range", name, f"is {described(value)}, more than {feature.dtype} can hold"
            )
        converted = dtype.type(value)
        if type(value) is int and int(converted) != value:
            raise Violation(
                "dtype", name, f"is {value}, which {feature.dtype} can only hold rounded"
            )
        return converted
    if not least <= value <= most:
        raise Violation(
            "range", name, f"is {described(value)}, but {feature.dtype} holds {least} to {most}"
        )
    return dtype.type(value)


def _class_check(name: str, feature: ClassLabel) -> LeafCheck:
    """A class name or an index of any integer type; or a list or array of them."""
    count = len(feature.names)
    stored = tuple(map(np.int64, range(count)))  # made here, since making one takes 100 ns
    index_of = dict(zip(feature.names, stored, strict=True))
    known = f"an index from 0 to {count - 1} or a name is declared: {listed(list(feature.names))}"

    def one(value: Any, found: list[Any]) -> Any:
        if type(value) is int and 0 <= value < count:
            return stored[value]
        if isinstance(value, str):
            if value in index_of:
                return index_of[value]
            raise Violation(
                "class", name, f"is {str(value)!r}, but {known}{suggest(value, feature.names)}"
            )
        if type(value) is np.ndarray and value.shape == ():
            value = value[()]
        # timedelta64 is a subclass of np.integer.
        if type(value) is not int and (
            not isinstance(value, np.integer) or isinstance(value, np.timedelta64)
        ):
            raise Violation("class", name, f"is {described(value)}, but {known}")
        if not 0 <= (index := int(value)) < count:
            raise Violation("class", name, f"is {described(value)}, but {known}")
        return stored[index]

    if feature.max is None:
        return one
    most = feature.max

    def several(value: Any, found: list[Any]) -> Any:
        is_array = type(value) is np.ndarray and value.ndim == 1 and value.dtype.kind in "iuU"
        if not is_array and not isinstance(value, list | tuple):
            raise Violation(
                "class", name, f"is {described(value)}, but a list of up to {most} classes, {known}"
            )
        if len(value) > most:
            raise Violation(
                "class", name, f"has {len(value)} classes, but at most {most} are declared"
            )
        return np.array([one(item, found) for item in value], np.int64)

    return several


def _text_check(name: str, feature: Text) -> LeafCheck:
    """A str, or bytes of UTF-8, of at most so many bytes."""
    longest = feature.max_bytes

    def text(value: Any, found: list[Any]) -> Any:
        if isinstance(value, str):
            try:
                size = len(value.encode())
            except UnicodeEncodeError as error:
                raise Violation(
                    "text", name, f"is text that is not UTF-8: {error.reason} at {error.start}"
                ) from None
            value = str(value)
        elif isinstance(value, bytes):
            size = len(value)
            try:
                value = value.decode()
            except UnicodeDecodeError as error:
                raise Violation(
                    "text", name, f"is bytes that are not UTF-8: {error.reason} at {error.start}"
                ) from None
        else:
            raise Violation(
                "text", name, f"is {described(value)}, but text of {feature} is declared"
            )
        if size > longest:
            raise Violation(
                "text", name, f"has {size} bytes of UTF-8, but at most {longest} are declared"
            )
        return value

    return text


Frame: TypeAlias = Callable[[list[Any]], tuple[int, int]]
"""From the values before to the height and width of the image in question."""


def _frame(leaf: Leaf, leaves: tuple[Leaf, ...]) -> Frame:
    place = leaf.frame
    assert place is not None  # Output gives each box and point the image it lies in
    image = leaves[place].feature
    assert isinstance(image, Image)
    height, width = image.height, image.width
    if isinstance(height, int) and isinstance(width, int):
        size = (height, width)
        return lambda found: size

    def measured(found: list[Any]) -> tuple[int, int]:
        height, width, _ = found[place].shape
        return height, width

    return measured


def _geometry_check(
    name: str, feature: Boxes | Keypoints, structure: LeafCheck, frame: Frame
) -> LeafCheck:
    problem = box_problem if isinstance(feature, Boxes) else keypoint_problem

    def geometry(value: Any, found: list[Any]) -> Any:
        structure(value, found)
        if value.size and (wrong := problem(value, *frame(found))):
            raise Violation("range", name, wrong)
        return value

    return geometry


def _polygons_check(name: str, feature: Polygons, frame: Frame | None) -> LeafCheck:
    """A list of arrays of corners, each checked; an array of equal polygons counts as one."""
    most = feature.max
    declared = f"a list of up to {most} arrays (corners, 2) is declared"

    def polygons(value: Any, found: list[Any]) -> Any:
        is_array = type(value) is np.ndarray and value.ndim == 3
        if not is_array and not isinstance(value, list | tuple):
            raise Violation("structure", name, f"is {described(value)}, but {declared}")
        if len(value) > most:
            raise Violation(
                "shape", name, f"has {len(value)} polygons, but at most {most} are declared"
            )
        size = frame(found) if frame is not None else None
        for number, polygon in enumerate(value):
            if wrong := polygon_problem(polygon, feature, size):
                raise Violation("range", name, f"has polygon {number}, which {wrong}")
        return list(value)

    return polygons
