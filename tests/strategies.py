"""Hypothesis strategies: features of all nine kinds, Outputs, samples, and broken samples."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

import synthdata as sd
from synthdata import Feature

INTEGERS = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64")
FLOATS = ("float16", "float32", "float64")
DTYPES = ("bool", *INTEGERS, *FLOATS)
KEYS = ("a", "b", "radius", "x-1", "_y", "kind", "image")

sizes = st.integers(1, 5)
dims: SearchStrategy[int | sd.UpTo] = sizes | st.builds(sd.UpTo, sizes)
names = st.lists(st.text(min_size=1, max_size=3), min_size=1, max_size=5, unique=True)
descriptions = st.text(max_size=5)


@st.composite
def bounds(draw: DrawFn, dtype: str) -> dict[str, Any]:
    """Valid ge, le and finite of a dtype."""
    kind = np.dtype(dtype)
    if kind.kind == "b":
        return {}
    if kind.kind == "f":
        edge = float(np.finfo(kind).max)
        number: SearchStrategy[Any] = (
            st.floats(-edge, edge) | st.integers(-5, 5) | st.sampled_from([0.1, -0.1, 1.0])
        )
        finite = {"finite": draw(st.booleans())}
    else:
        info = np.iinfo(kind)
        number = st.integers(int(info.min), int(info.max)) | st.integers(0, 5)
        finite = {}
    low, high = sorted([draw(number), draw(number)])
    which = draw(st.sampled_from(["none", "ge", "le", "both"]))
    return (
        finite
        | (
            {"none": {}, "ge": {"ge": low}, "le": {"le": high}, "both": {"ge": low, "le": high}}[
                which
            ]
        )
    )


@st.composite
def plain_features(draw: DrawFn, kind: str | None = None) -> Any:
    """A feature that lies in no image."""
    kind = kind or draw(st.sampled_from(["tensor", "scalar", "image", "class", "text", "mask"]))
    described: dict[str, Any] = {"description": draw(descriptions)}
    dtype: Any = draw(st.sampled_from(DTYPES))
    match kind:
        case "tensor":
            shape = tuple(draw(st.lists(dims, max_size=3)))
            return sd.Tensor(dtype, shape, **draw(bounds(dtype)), **described)
        case "scalar":
            return sd.Scalar(dtype, **draw(bounds(dtype)), **described)
        case "image":
            return images(draw, dtype)
        case "class":
            most = draw(st.none() | sizes)
            return sd.ClassLabel(tuple(draw(names)), most, **described)
        case "text":
            return sd.Text(draw(st.integers(1, 8)), **described)
    dtype = draw(st.sampled_from(INTEGERS))
    limit: dict[str, Any] = draw(
        st.sampled_from([{}, {"le": draw(st.integers(0, 100))}, {"names": tuple(draw(names))}])
    )
    return sd.Mask(draw(dims), draw(dims), dtype, **limit, **described)


def images(draw: DrawFn, dtype: Any) -> sd.Image:
    limits = draw(bounds(dtype))
    return sd.Image(draw(dims), draw(dims), draw(st.integers(1, 4)), dtype, **limits)


@st.composite
def framed_features(draw: DrawFn, within: Sequence[str] = ("",)) -> Any:
    """Boxes, keypoints or polygons in one of the images of these keys."""
    key = draw(st.sampled_from(within))
    image = draw(st.sampled_from([None, key])) if len(within) == 1 and key else key or None
    match draw(st.sampled_from(["boxes", "keypoints", "polygons"])):
        case "boxes":
            return sd.Boxes(draw(sizes), image)
        case "keypoints":
            return sd.Keypoints(draw(sizes), draw(st.none() | sizes), image)
    return sd.Polygons(draw(sizes), draw(st.integers(3, 6)), image)


def features() -> SearchStrategy[Any]:
    """A feature of any of the nine kinds."""
    return plain_features() | framed_features(("", "a"))


def _trees(leaves: SearchStrategy[Any]) -> SearchStrategy[Any]:
    branch = st.dictionaries(st.sampled_from(KEYS), leaves, max_size=2)
    return leaves | st.dictionaries(st.sampled_from(KEYS), leaves | branch, max_size=2)


def _image_keys(tree: Any, path: tuple[str, ...] = ()) -> list[str]:
    if isinstance(tree, sd.Image):
        return [".".join(path)]
    if isinstance(tree, Feature):
        return []
    return [found for key, item in tree.items() for found in _image_keys(item, (*path, key))]


@st.composite
def outputs(draw: DrawFn) -> sd.Output:
    """An Output, also with several images and nested dicts, and boxes that lie in one of them."""
    image = draw(plain_features("image") | _trees(plain_features()))
    within = _image_keys(image)
    leaf: SearchStrategy[Any] = plain_features()
    if within:
        leaf = leaf | framed_features(tuple(within))
    label = draw(st.none() | _trees(leaf))
    metadata = draw(st.dictionaries(st.sampled_from(KEYS), _trees(leaf), max_size=2))
    if not image and not label and not metadata:
        metadata = {"only": draw(leaf)}
    try:
        return sd.Output(image=image, label=label, metadata=metadata)
    except sd.DeclarationError as error:
        if "no feature is declared" not in str(error):
            raise
        return sd.Output(image=image, label=label, metadata={"only": draw(leaf)})


def _elements(feature: Any) -> SearchStrategy[Any]:
    """Numbers that the feature allows, exact in its dtype."""
    dtype = np.dtype(feature.dtype)
    if dtype.kind == "b":
        return st.booleans()
    if isinstance(feature, sd.Mask):
        low: Any = 0
        high: Any = len(feature.names) - 1 if feature.names else feature.le
    else:
        low, high = feature.ge, feature.le
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return st.integers(
            int(info.min) if low is None else int(low), int(info.max) if high is None else int(high)
        )
    edge = float(np.finfo(dtype).max)
    floor = -edge if low is None else float(dtype.type(low))
    ceiling = edge if high is None else float(dtype.type(high))
    width: Any = 8 * dtype.itemsize
    numbers: SearchStrategy[Any] = st.floats(floor, ceiling, width=width)
    if not feature.finite:
        odd = [math.nan, *[-math.inf] * (low is None), *[math.inf] * (high is None)]
        numbers = numbers | st.sampled_from(odd)
    return numbers


def _filled(draw: DrawFn, shape: tuple[int, ...], dtype: str, elements: Any) -> Any:
    """An array of one number, but for one element of another; sometimes not contiguous."""
    if draw(st.booleans()):
        array = np.full(shape, draw(elements), dtype)
    else:  # every second of a wider array
        array = np.full((*shape[:-1], 2 * shape[-1]), draw(elements), dtype)[..., ::2]
    if array.size:
        array[tuple(draw(st.integers(0, size - 1)) for size in shape)] = draw(elements)
    return array


def _shape(draw: DrawFn, feature: Feature) -> tuple[int, ...]:
    return tuple(
        draw(st.integers(0, dim.up_to)) if isinstance(dim, sd.UpTo) else dim
        for dim in feature.shape
    )


@st.composite
def values(draw: DrawFn, feature: Any, size: tuple[int, int] | None) -> Any:
    """A value that conforms to a feature, in any of the forms that are allowed."""
    match feature:
        case sd.Scalar() | sd.Tensor(shape=()):
            number = draw(_elements(feature))
            kind: Any = np.dtype(feature.dtype).type
            form: Callable[[Any], Any] = draw(st.sampled_from([lambda x: x, kind, np.array]))
            return form(kind(number)) if form is np.array else form(number)
        case sd.ClassLabel():
            one = st.sampled_from(feature.names) | st.integers(0, len(feature.names) - 1).flatmap(
                lambda index: st.sampled_from([index, np.int64(index), np.uint8(index)])
            )
            if feature.max is None:
                return draw(one)
            several = draw(st.lists(one, max_size=feature.max))
            if all(not isinstance(item, str) for item in several) and draw(st.booleans()):
                return np.array(several, np.int32)
            return several
        case sd.Text():
            text = draw(st.text(max_size=feature.max_bytes, alphabet="aé€😀"))
            encoded = text.encode()[: feature.max_bytes].decode(errors="ignore")
            return draw(st.sampled_from([encoded, encoded.encode()]))
        case sd.Boxes():
            assert size is not None
            count = draw(st.integers(0, feature.max if min(size) else 0))
            return np.array([_box(draw, size) for _ in range(count)], "f4").reshape(count, 4)
        case sd.Keypoints():
            assert size is not None
            shape = _shape(draw, feature)
            points = [_point(draw, size) for _ in range(math.prod(shape[:-1]))]
            return np.array(points, "f4").reshape(shape)
        case sd.Polygons():
            assert size is not None
            counts = draw(st.lists(st.integers(3, feature.max_points), max_size=feature.max))
            return [np.array([_point(draw, size)[:2] for _ in range(n)], "f4") for n in counts]
    shape = _shape(draw, feature)
    return _filled(draw, shape, feature.dtype, _elements(feature))


def _box(draw: DrawFn, size: tuple[int, int]) -> tuple[float, ...]:
    (y0, y1), (x0, x1) = (
        sorted(draw(st.lists(st.integers(0, 2 * n), min_size=2, max_size=2, unique=True)))
        for n in size
    )
    return x0 / 2, y0 / 2, x1 / 2, y1 / 2


def _point(draw: DrawFn, size: tuple[int, int]) -> tuple[float, float, float]:
    seen = draw(st.integers(0, 2))
    if not seen:
        return 0, 0, 0
    return draw(st.integers(0, 2 * size[1])) / 2, draw(st.integers(0, 2 * size[0])) / 2, seen


@st.composite
def samples(draw: DrawFn, output: sd.Output) -> sd.Sample:
    """A sample that conforms to an Output."""
    places: dict[str, tuple[int, int]] = {}

    def tree(declared: Any, path: tuple[str, ...]) -> Any:
        if declared is None:
            return None
        if not isinstance(declared, Feature):
            return {key: tree(branch, (*path, key)) for key, branch in declared.items()}
        size = None
        if isinstance(declared, sd.Boxes | sd.Keypoints | sd.Polygons):
            size = places[declared.image or next(iter(places))]
        value = draw(values(declared, size))
        if isinstance(declared, sd.Image) and path[0] == "image":
            places[".".join(path[1:])] = value.shape[:2]
        return value

    return sd.Sample(
        tree(output.image, ("image",)),
        tree(output.label, ("label",)),
        tree(output.metadata, ("metadata",)),
    )


_JUNK: list[Any] = [
    None,
    True,
    0,
    -1,
    1,
    300,
    2**70,
    16_777_217,
    3.7,
    0.1,
    1e300,
    math.nan,
    math.inf,
    -math.inf,
    1 + 2j,
    "a",
    "not a class",
    "\ud800",
    b"\xff",
    "long " * 9,
    [],
    {},
    [1, 2],
    [None],
    np.float64(3.7),
    np.float32(0.5),
    np.int32(1),
    np.int64(-1),
    np.longlong(1),
    np.timedelta64(0, "s"),
    np.bool_(True),
    np.array(1),
    np.array([1]),
    np.array([None]),
    np.zeros((0, 4), "f4"),
    np.zeros((1, 3, 2), "f4"),
    np.full((2, 3), 2, "f4"),
    np.zeros((1, 2, 3), "u1"),
]

_POKES: list[float] = [
    math.nan,
    math.inf,
    -math.inf,
    -1,
    0,
    0.5,
    1,
    1.5,
    2,
    4,
    5.5,
    6,
    127,
    255,
    7e4,
]


def _pick(draw: DrawFn, options: Sequence[Any]) -> Any:
    """One of some values that need not be hashable."""
    return options[draw(st.integers(0, len(options) - 1))]


@st.composite
def broken_value(draw: DrawFn, value: Any) -> Any:
    """A value with one change, which may or may not break the declaration."""
    if isinstance(value, list) and value and draw(st.booleans()):
        place = draw(st.integers(0, len(value) - 1))
        part = draw(broken_value(value[place]))
        changed = [*value[:place], part, *value[place + 1 :]]
        return _pick(draw, [changed, changed, value * 3, tuple(value)])
    if isinstance(value, np.ndarray | np.generic) and draw(st.integers(0, 5)):
        return draw(_broken_array(value))
    if isinstance(value, bool | int | float) and draw(st.booleans()):
        return _pick(draw, [value + 1, value - 1, -value, [value]])
    return _pick(draw, _JUNK)


@st.composite
def _broken_array(draw: DrawFn, value: Any) -> Any:
    change = draw(st.sampled_from(["dtype", "order", "shape", "poke", "class"]))
    with np.errstate(all="ignore"):
        match change:
            case "dtype":
                return value.astype(draw(st.sampled_from([*DTYPES, "O", "c8"])))
            case "order":
                return np.asarray(value).astype(np.dtype(value.dtype).newbyteorder(">"))
            case "class":
                array = np.asarray(value)
                return _pick(draw, [np.ma.asarray(array), array.tolist(), [array]])
            case "shape" if value.ndim:
                axis = draw(st.integers(0, value.ndim - 1))
                longer = np.concatenate([value, value[(slice(None),) * axis + (slice(1),)]], axis)
                shorter = value[(slice(None),) * axis + (slice(1, None),)]
                forms = [longer, shorter, value[None], value.T, value[..., None], value.ravel()]
                return _pick(draw, forms)
            case "shape":
                return np.asarray(value)[None]
        poked = np.array(value)
        if poked.size and poked.dtype.kind in "biuf":
            place = tuple(draw(st.integers(0, size - 1)) for size in poked.shape)
            poked[place] = np.array(draw(st.sampled_from(_POKES))).astype(poked.dtype)
    return poked if isinstance(value, np.ndarray) else poked[()]


@st.composite
def broken_samples(draw: DrawFn, sample: sd.Sample) -> Any:
    """A sample with one change somewhere in it, which may or may not break the declaration."""

    def change(tree: Any) -> Any:
        if not isinstance(tree, dict) or not tree or not draw(st.integers(0, 6)):
            if isinstance(tree, dict):
                extra = {**tree, "extra": 1}
                return _pick(draw, [extra, None, list(tree), {}])
            return draw(broken_value(tree))
        key = draw(st.sampled_from(sorted(tree)))
        if not draw(st.integers(0, 6)):
            return {other: item for other, item in tree.items() if other != key}
        return {**tree, key: change(tree[key])}

    field = draw(st.sampled_from(["image", "label", "metadata", "whole"]))
    if field == "whole":
        return _pick(draw, [sample, tuple(sample), None, sample.image])
    return sample._replace(**{field: change(getattr(sample, field))})
