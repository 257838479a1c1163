"""What is wrong with a value, in words: the slow road of the check, taken once something broke."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from synthdata.features import Boxes, Feature, Image, Keypoints, Mask, Polygons, Ranged
from synthdata.models import shortened, suggest

_MAX_LISTED = 8
"""Names that a message lists before it ends in an ellipsis."""

_MAX_NUMBER = 40
"""Characters of a number that a message shows."""


Rule: TypeAlias = Literal["structure", "dtype", "shape", "range", "class", "text"]
"""What of a declaration a value breaks; ``structure`` is the keys and the kinds of objects."""


class Violation(Exception):
    """A value breaks the declaration.

    Attributes:
        rule: what of it.
        feature: dotted path of the feature.
        problem: what was expected and what came.
    """

    def __init__(self, rule: Rule, feature: str, problem: str) -> None:
        super().__init__(f"{feature} {problem}")
        self.rule: Rule = rule
        self.feature = feature
        self.problem = problem


def wrong_keys(name: str, value: Any, declared: list[str]) -> Violation:
    """Say which key of a dict is missing or not declared."""
    if not isinstance(value, Mapping):
        return Violation(
            "structure",
            name,
            f"is {described(value)}, but a dict of {listed(declared)} is declared",
        )
    missing = [key for key in declared if key not in value]
    extra = [str(key) for key in value if key not in declared]
    if missing:
        given = f"given are {listed([str(key) for key in value])}" if value else "nothing is given"
        return Violation("structure", f"{name}.{missing[0]}", f"is missing; {given}")
    hint = suggest(extra[0], declared)
    return Violation(
        "structure",
        f"{name}.{extra[0]}",
        f"is not declared{hint}; declared are {listed(declared) or 'none'}",
    )


def box_problem(boxes: NDArray[np.float32], height: int, width: int) -> str | None:
    """Say what is wrong with the first bad box of an array (n, 4), or return None."""
    x0, y0, x1, y1 = boxes.T
    # Comparisons with NaN are false, so this refuses NaN too.
    good = (x0 >= 0) & (y0 >= 0) & (x1 > x0) & (y1 > y0) & (x1 <= width) & (y1 <= height)
    if good.all():
        return None
    row = int(good.argmin())
    box = boxes[row]
    if not np.isfinite(box).all():
        reason = "is not finite"
    elif box[2] <= box[0] or box[3] <= box[1]:
        reason = "has no area"
    else:
        reason = f"is not inside the image of {width} × {height} pixels"
    return f"has box {row} = {box.tolist()} (x0, y0, x1, y1), which {reason}"


def keypoint_problem(points: NDArray[np.float32], height: int, width: int) -> str | None:
    """Say what is wrong with the first bad point of an array (…, 3), or return None."""
    x, y, seen = points[..., 0], points[..., 1], points[..., 2]
    absent = (seen == 0) & (x == 0) & (y == 0)
    inside = (x >= 0) & (y >= 0) & (x <= width) & (y <= height)
    good = absent | (inside & ((seen == 1) | (seen == 2)))
    if good.all():
        return None
    place = tuple(int(step) for step in np.argwhere(~good)[0])
    point = points[place]
    if not np.isfinite(point).all():
        reason = "which is not finite"
    elif point[2] not in (0, 1, 2):
        reason = "but the visibility is 0 (not there), 1 (hidden) or 2 (visible)"
    elif point[2] == 0:
        reason = "but a point of visibility 0 has x = y = 0"
    else:
        reason = f"which is not inside the image of {width} × {height} pixels"
    return f"has point {at_place(place)} = {point.tolist()} (x, y, visibility), {reason}"


def polygon_problem(polygon: Any, feature: Polygons, size: tuple[int, int] | None) -> str | None:
    """Say what is wrong with one polygon, or return None; size is the image's height and width."""
    is_array = type(polygon) is np.ndarray and polygon.dtype == np.dtype(feature.dtype)
    corners = feature.max_points
    if not is_array or polygon.ndim != 2 or polygon.shape[1] != 2:
        return f"is {described(polygon)}, but an array (corners, 2) of {feature.dtype} is declared"
    if not 3 <= len(polygon) <= corners:
        return f"has {len(polygon)} corners, but 3 to {corners} are declared"
    if size is None:
        return None
    height, width = size
    low, high = polygon.min(0), polygon.max(0)
    # Comparisons with NaN are false, so this refuses NaN too.
    if low[0] >= 0 and low[1] >= 0 and high[0] <= width and high[1] <= height:
        return None
    return (
        f"runs from {low.tolist()} to {high.tolist()} (x, y), "
        f"not inside the image of {width} × {height} pixels"
    )


def wrong_array(name: str, value: Any, feature: Feature) -> Violation:
    """Say why a value is not an array of the declared dtype and shape."""
    declared = f"but {feature} is declared"
    if type(value) is not np.ndarray:
        return Violation("structure", name, f"is {_no_array(value, feature, declared)}")
    if value.dtype != np.dtype(feature.dtype):
        hint = _dtype_hint(value.dtype, feature)
        return Violation("dtype", name, f"has dtype {_dtype(value.dtype)}, {declared}{hint}")
    hint = ""
    if isinstance(feature, Boxes | Keypoints) and value.size == 0:
        hint = f"; for none return {_none_of(feature)}"
    elif isinstance(feature, Image | Mask) and value.ndim != len(feature.shape):
        axes = "height, width" + (", channels" if isinstance(feature, Image) else "")
        hint = f"; the axes are ({axes})"
    return Violation("shape", name, f"has shape {value.shape}, {declared}{hint}")


def _no_array(value: Any, feature: Feature, declared: str) -> str:
    if isinstance(feature, Boxes | Keypoints) and isinstance(value, list) and not value:
        return f"an empty list, {declared}; for none return {_none_of(feature)}"
    if value is None:
        return f"{described(value)}, {declared}"
    sort = "a plain" if isinstance(value, np.ndarray) else "a NumPy"
    return f"{described(value)}, {declared}; return {sort} array, as np.asarray(…) makes one"


def _none_of(feature: Feature) -> str:
    shape = tuple(0 if size is None else size for size in feature.static_shape)
    return f"np.zeros({shape}, np.{feature.dtype})"


def _dtype(dtype: np.dtype[Any]) -> str:
    if dtype.byteorder == ">" and dtype.kind in "iufc":
        return f"{dtype.newbyteorder('=').name} (big-endian)"
    return dtype.name


def _dtype_hint(dtype: np.dtype[Any], feature: Feature) -> str:
    if dtype.kind == "O":
        return "; an object array hides what it holds, for example None"
    if dtype.kind in "biuf":
        cast = "" if dtype.kind in "biu" or feature.dtype.startswith("float") else "np.rint(…)"
        return f"; convert it yourself, with {cast}.astype(np.{_scalar_name(feature.dtype)})"
    return ""


def _scalar_name(dtype: str) -> str:
    return "bool_" if dtype == "bool" else dtype


def wrong_scalar(name: str, value: Any, feature: Feature) -> Violation:
    """Say why a value is not a number of the declared dtype."""
    declared = f"but {feature} is declared"
    if isinstance(value, np.ndarray):
        return wrong_array(name, value, feature)
    hint = ""
    if isinstance(value, np.generic):
        if value.dtype.kind == "f" and feature.dtype.startswith(("int", "uint")):
            hint = "; round it yourself, with round(…)"
        elif value.dtype.kind in "iuf":
            hint = f"; convert it yourself, with np.{_scalar_name(feature.dtype)}(…)"
    elif isinstance(value, float):
        hint = "; round it yourself, with round(…)"
    rule: Rule = "dtype" if isinstance(value, np.generic | bool | int | float) else "structure"
    return Violation(rule, name, f"is {described(value)}, {declared}{hint}")


def out_of_range(
    name: str, value: NDArray[Any], feature: Feature, low: Any, high: Any
) -> Violation:
    """Say which element of an array is out of the declared range first, and where."""
    return Violation("range", name, _out_of_range(value, feature, low, high))


def _out_of_range(value: NDArray[Any], feature: Feature, low: Any, high: Any) -> str:
    with np.errstate(invalid="ignore"):
        good = (value >= low) & (value <= high)
        if isinstance(feature, Ranged) and not feature.finite:
            good |= np.isnan(value)
    place = tuple(int(step) for step in np.argwhere(~good)[0]) if value.ndim else ()
    bad = value[place]
    at, verb = (f" at {at_place(place)}", "has") if place else ("", "is")
    if not np.isfinite(bad) and feature.finite:
        return f"{verb} {bad}{at}, but a finite value is declared"
    return f"{verb} {bad}{at}, but {_allowed(feature, low, high)} is declared"


def _allowed(feature: Feature, low: Any, high: Any) -> str:
    if isinstance(feature, Ranged) and feature.le is None:
        return f"a value of {feature.ge} or more"
    if isinstance(feature, Ranged) and feature.ge is None:
        return f"a value of {feature.le} or less"
    low, high = feature.limits or (low, high)
    return f"a value from {low} to {high}"


def at_place(place: tuple[int, ...]) -> str:
    """The place of an element, as messages show it."""
    return str(place[0]) if len(place) == 1 else f"({', '.join(map(str, place))})"


def listed(names: Sequence[str]) -> str:
    """The first few names with commas between."""
    shown = ", ".join(names[:_MAX_LISTED])
    return f"{shown}, …" if len(names) > _MAX_LISTED else shown


def described(value: Any) -> str:
    """What a value is, for a message: its type, and the value itself where that is short."""
    if value is None:
        return "None"
    if isinstance(value, np.ndarray):
        sort = "an array" if type(value) is np.ndarray else f"a {type(value).__name__}"
        return f"{sort} {value.shape} of {_dtype(value.dtype)}"
    if isinstance(value, np.generic):
        return f"{value} ({value.dtype.name})"
    if isinstance(value, bool | int | float):
        try:
            text = str(value)
        except ValueError:  # Python refuses to write an int of more than 4300 digits
            return f"an int of {int(value).bit_length()} bits"
        return f"{shortened(text, _MAX_NUMBER)} ({type(value).__name__})"
    name = type(value).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
