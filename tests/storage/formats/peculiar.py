"""An Output with every dtype, shape and kind of feature, its samples, and how rows are compared."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import synthdata as sd
from synthdata.check import compile_check
from synthdata.output import Output

DTYPES = (
    *("bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"),
    *("float16", "float32", "float64"),
)


def _shapes(dtype: Any) -> dict[str, Any]:
    few = sd.UpTo(4)
    return {
        "one": sd.Scalar(dtype),
        "none": sd.Tensor(dtype, ()),
        "fixed": sd.Tensor(dtype, (2, 3)),
        "rows": sd.Tensor(dtype, (few, 2)),
        "columns": sd.Tensor(dtype, (3, few)),
        "both": sd.Tensor(dtype, (few, 2, sd.UpTo(3))),
    }


OUTPUT = sd.Output(
    image={
        "rgb": sd.Image(8, 9),
        "grey": sd.Image(8, 9, 1),
        "grey-alpha": sd.Image(8, 9, 2),
        "rgba": sd.Image(8, 9, 4),
        "deep": sd.Image(8, 9, 1, "uint16"),
        "depth": sd.Image(8, 9, 1, "float32", finite=False),
        "free": sd.Image(sd.UpTo(8), sd.UpTo(9)),
        "bands": sd.Image(sd.UpTo(8), sd.UpTo(9), 5),
    },
    label={
        "class": sd.ClassLabel(["circle", "Größe", "日本"]),
        "classes": sd.ClassLabel(["a", "b", "c"], max=3),
        "mask": sd.Mask(8, 9),
        "instances": sd.Mask(8, 9, "uint16"),
        "many": sd.Mask(8, 9, "int32"),
        "free": sd.Mask(sd.UpTo(8), sd.UpTo(9)),
        "boxes": sd.Boxes(4, "rgb"),
        "pose": sd.Keypoints(2, None, "rgb"),
        "poses": sd.Keypoints(2, 3, "rgb"),
        "outlines": sd.Polygons(3, 5, "rgb"),
    },
    metadata={
        **{dtype: _shapes(dtype) for dtype in DTYPES},
        "caption": sd.Text(description="what is seen"),
        "x-1": {"_y": {"not-finite": sd.Tensor("float32", (4,), finite=False)}},
    },
)


def rows(count: int, least: int = 0, output: Output = OUTPUT) -> list[list[Any]]:
    """Values of samples as a writer gets them: from ``least`` on, dimensions grow with them."""
    check = compile_check(output)
    found = []
    for number in range(count):
        rng = np.random.default_rng(number)

        def tree(branch: Any, number: int = number, rng: Any = rng) -> Any:
            if isinstance(branch, dict):
                return {key: tree(item) for key, item in branch.items()}
            return _value(branch, number, least, rng)

        found.append(check(sd.Sample(*map(tree, (output.image, output.label, output.metadata)))))
    return found


def _value(feature: Any, number: int, least: int, rng: np.random.Generator) -> Any:
    shape = tuple(
        max(least, number % (dim.up_to + 1)) if isinstance(dim, sd.UpTo) else dim
        for dim in feature.shape
    )
    match feature:
        case sd.Text():
            return ("", "größe 大きさ \N{GRINNING FACE}")[number % 2]
        case sd.ClassLabel(max=None):
            return number % 3
        case sd.ClassLabel():
            return [number % 3] * shape[0]
        case sd.Boxes():
            return np.tile(np.array([0, 1, 2.5, 3], "f4"), (shape[0], 1))
        case sd.Keypoints():
            return np.tile(np.array([1, 2.5, 2], "f4"), (*shape[:-1], 1))
        case sd.Polygons():
            return [np.array([(0, 0), (3, 0), (3, n)][:3], "f4") for n in range(1, shape[0] + 1)]
        case sd.Mask():
            return rng.integers(0, 200, shape).astype(feature.dtype)
    if not feature.finite:
        # The second NaN has bits of its own.
        odd = np.array([0x7FC00000, 0xFFC12345, 0x7F800000, 0xFF800000], "u4").view("f4")
        return np.resize(odd, shape)
    if feature.dtype == "bool":
        return rng.integers(0, 2, shape).astype(bool)
    if feature.dtype.startswith("float"):
        return rng.normal(size=shape).astype(feature.dtype)
    dtype = np.dtype(feature.dtype)
    return np.frombuffer(rng.bytes(math.prod(shape) * dtype.itemsize), dtype).reshape(shape)


def differing(output: Output, got: list[list[Any]], want: list[list[Any]]) -> set[str]:
    """Names of leaves that are not the same to the last bit in all rows."""
    assert len(got) == len(want)
    return {
        leaf.name
        for ours, theirs in zip(got, want, strict=True)
        for leaf, one, other in zip(output.leaves, ours, theirs, strict=True)
        if not _same(one, other)
    }


def _same(one: Any, other: Any) -> bool:
    if isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(other, str):
        return type(one) is str and one == other
    return (
        type(one) is type(other)
        and one.dtype == other.dtype
        and one.shape == other.shape
        and one.tobytes() == other.tobytes()
    )


def rows_of_tfds(output: Output, elements: Any) -> list[list[Any]]:
    """What TFDS yields, nested dicts of tensors or arrays, as rows of ours."""
    return [
        [_of_tfds(leaf.feature, _at(element, leaf.path)) for leaf in output.leaves]
        for element in elements
    ]


def _at(tree: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        tree = tree[key]
    return tree


def _of_tfds(feature: Any, value: Any) -> Any:
    if feature.jagged:
        return [np.asarray(item) for item in value]
    if isinstance(feature, sd.Text):
        return (value if isinstance(value, bytes) else value.numpy()).decode()
    array = np.asarray(value)
    if isinstance(feature, sd.Mask) and array.ndim == 3:
        array = array[:, :, 0]
    if array.shape == (0,):
        # Without TensorFlow, TFDS forgets the dtype of an empty list.
        array = array.astype(feature.dtype)
    if not feature.shape and type(value) in (bool, int, float):
        # Without TensorFlow, TFDS has Python's numbers of what lies in lists.
        return np.dtype(feature.dtype).type(value)
    return array[()]
