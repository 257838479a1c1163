"""Promise P2: what breaks the declared Output is refused, and all that conforms passes."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import synthdata as sd
from synthdata import Feature
from synthdata.check import compile_check
from synthdata.complaints import Violation
from tests import oracle, strategies

NAN, INF = float("nan"), float("inf")
HEIGHT, WIDTH = 4, 6
IMAGE = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
SQUARE = [[0, 0], [2, 0], [2, 2]]


def check_one(feature: Any, value: Any, *, values: bool = True) -> Any:
    """Check a value of a feature in the metadata, beside an image of 4 rows and 6 columns."""
    output = sd.Output(image=sd.Image(HEIGHT, WIDTH), metadata={"x": feature})
    return compile_check(output, values=values)(sd.Sample(IMAGE, None, {"x": value}))[1]


def array(*numbers: Any, dtype: str = "float32") -> Any:
    return np.array(numbers, dtype)


FLOATS = sd.Tensor("float32", (3,), ge=-1, le=1)
INTS = sd.Tensor("int64", (2,), ge=0, le=9)
UP_TO = sd.Tensor("float32", (sd.UpTo(3), 2))
REAL = sd.Scalar("float32", ge=-1, le=1)
WHOLE = sd.Scalar("int64")
CLASS = sd.ClassLabel(("circle", "square"))
CLASSES = sd.ClassLabel(("circle", "square"), 2)
POINT = sd.Keypoints(1)
POLYGONS = sd.Polygons(2, 4)
MASK = sd.Mask(2, 2, names=("none", "car"))

STRUCTURE: list[tuple[str, Any, Any, list[str]]] = [
    # what, the feature, the value, what the message says of what came and of what is declared
    ("float64 for float32", FLOATS, np.zeros(3), ["float64", "(3,) float32"]),
    ("float32 for float64", sd.Scalar("float64"), np.float32(0), ["float32", "() float64"]),
    ("float64 scalar for float32", REAL, np.float64(0.5), ["0.5 (float64)", "() float32"]),
    ("3.7 for an int", WHOLE, 3.7, ["3.7 (float)", "() int64"]),
    ("3.0 for an int", WHOLE, 3.0, ["3.0 (float)", "() int64"]),
    ("np.float32(3.7) for an int", WHOLE, np.float32(3.5), ["3.5 (float32)", "() int64"]),
    ("np.float64(3.7) for an int", WHOLE, np.float64(3.7), ["3.7 (float64)", "() int64"]),
    ("floats for an array of ints", INTS, array(3.5, 1), ["float32", "(2,) int64"]),
    ("int32 for int64", WHOLE, np.int32(3), ["3 (int32)", "() int64"]),
    ("an array of int32 for int64", INTS, array(1, 2, dtype="int32"), ["int32", "(2,) int64"]),
    ("uint8 for int8", sd.Scalar("int8"), np.uint8(3), ["3 (uint8)", "() int8"]),
    ("bool for uint8", sd.Scalar("uint8"), True, ["True (bool)", "() uint8"]),
    ("bool for float32", REAL, True, ["True (bool)", "() float32"]),
    ("1 for bool", sd.Scalar("bool"), 1, ["1 (int)", "() bool"]),
    ("complex for float32", REAL, 1 + 0j, ["a complex", "() float32"]),
    ("text for a number", REAL, "0.5", ["a str", "() float32"]),
    ("timedelta64 for int64", WHOLE, np.timedelta64(1, "s"), ["timedelta64", "() int64"]),
    ("wrong rank", FLOATS, np.zeros((1, 3), "f4"), ["shape (1, 3)", "(3,) float32"]),
    ("wrong size", FLOATS, np.zeros(4, "f4"), ["shape (4,)", "(3,) float32"]),
    ("no channel axis", sd.Image(2, 2, 1), np.zeros((2, 2), "u1"), ["(2, 2)", "(2, 2, 1) uint8"]),
    ("above the bound of UpTo", UP_TO, np.zeros((4, 2), "f4"), ["(4, 2)", "(≤3, 2) float32"]),
    ("wrong size beside UpTo", UP_TO, np.zeros((2, 3), "f4"), ["(2, 3)", "(≤3, 2) float32"]),
    ("wrong rank with UpTo", UP_TO, np.zeros(2, "f4"), ["shape (2,)", "(≤3, 2) float32"]),
    ("an array (1,) for a scalar", REAL, array(0.5), ["shape (1,)", "() float32"]),
    ("0-d for an array (1,)", sd.Tensor("float32", (1,)), np.array(0, "f4"), ["()", "(1,) float"]),
    ("a scalar for an array", sd.Tensor("float32", (1,)), np.float32(0), ["float32", "(1,) float"]),
    ("None for an array", FLOATS, None, ["is None", "(3,) float32"]),
    ("None for a scalar", REAL, None, ["is None", "() float32"]),
    ("None for a class", CLASS, None, ["is None", "circle, square"]),
    ("None for text", sd.Text(), None, ["is None", "string"]),
    ("None for boxes", sd.Boxes(2), None, ["is None", "(≤2, 4) float32"]),
    ("None for polygons", POLYGONS, None, ["is None", "list of up to 2"]),
    ("a list for an array", FLOATS, [0.0, 0.0, 0.0], ["a list", "(3,) float32"]),
    ("an empty list for boxes", sd.Boxes(2), [], ["empty list", "(≤2, 4) float32"]),
    ("an object array", FLOATS, array(0, 0, None, dtype="O"), ["object", "(3,) float32"]),
    ("big-endian", FLOATS, np.zeros(3, ">f4"), ["big-endian", "(3,) float32"]),
    ("a big-endian 0-d array", REAL, np.array(0, ">f4"), ["big-endian", "() float32"]),
    ("a masked array", FLOATS, np.ma.zeros(3, "f4"), ["MaskedArray", "(3,) float32"]),
    ("a matrix", UP_TO, np.zeros((2, 2), "f4").view(np.matrix), ["matrix", "(≤3, 2) float32"]),
    ("int beyond uint8", sd.Scalar("uint8"), 256, ["256 (int)", "0 to 255"]),
    ("int below uint8", sd.Scalar("uint8"), -1, ["-1 (int)", "0 to 255"]),
    ("int beyond int64", WHOLE, 2**63, [str(2**63), f"to {2**63 - 1}"]),
    ("a boundless int", WHOLE, 10**5000, ["an int of 16610 bits", f"to {2**63 - 1}"]),
    ("int that float32 rounds", sd.Scalar("float32"), 2**24 + 1, ["16777217", "float32"]),
    ("int that float64 rounds", sd.Scalar("float64"), 2**53 + 1, [str(2**53 + 1), "float64"]),
    ("1e300 for float32", sd.Scalar("float32"), 1e300, ["1e+300 (float)", "float32"]),
    ("-1e300 for float32", sd.Scalar("float32"), -1e300, ["-1e+300 (float)", "float32"]),
    ("a boundless int for float32", sd.Scalar("float32"), 10**400, ["1000", "(int)", "float32"]),
    ("class -1", CLASS, -1, ["-1 (int)", "from 0 to 1", "circle, square"]),
    ("class len", CLASS, 2, ["2 (int)", "from 0 to 1"]),
    ("class of an unknown name", CLASS, "cirle", ["'cirle'", "circle, square", "did you mean"]),
    ("class in float", CLASS, 1.0, ["1.0 (float)", "from 0 to 1"]),
    ("class in np.float32", CLASS, np.float32(1), ["1.0 (float32)", "from 0 to 1"]),
    ("class in bool", CLASS, True, ["True (bool)", "from 0 to 1"]),
    ("class in np.bool", CLASS, np.True_, ["True (bool)", "from 0 to 1"]),
    ("class in timedelta64", CLASS, np.timedelta64(1, "s"), ["timedelta64", "from 0 to 1"]),
    ("class in an array (1,)", CLASS, array(0, dtype="i8"), ["(1,) of int64", "from 0 to 1"]),
    ("one class for several", CLASSES, "circle", ["a str", "list of up to 2 classes"]),
    ("too many classes", CLASSES, [0, 1, 0], ["3 classes", "at most 2"]),
    ("several, one unknown", CLASSES, ["circle", "cat"], ["'cat'", "circle, square"]),
    ("several, one out of range", CLASSES, array(0, 2, dtype="i8"), ["2 (int64)", "from 0 to 1"]),
    ("classes in floats", CLASSES, array(0, 1), ["(2,) of float32", "list of up to 2 classes"]),
    ("a lone surrogate", sd.Text(), "a\ud800", ["not UTF-8", "surrogates", "at 1"]),
    ("bytes that are not UTF-8", sd.Text(), b"ab\xff", ["not UTF-8", "at 2"]),
    ("text that is too long", sd.Text(4), "abcde", ["5 bytes", "at most 4"]),
    ("text too long in bytes alone", sd.Text(4), "äöü", ["6 bytes", "at most 4"]),
    ("bytes that are too long", sd.Text(4), b"abcde", ["5 bytes", "at most 4"]),
    ("a number for text", sd.Text(), 5, ["5 (int)", "text"]),
    ("polygon of 2 corners", POLYGONS, [np.zeros((2, 2), "f4")], ["polygon 0", "2", "3 to 4"]),
    ("polygon of 5 corners", POLYGONS, [np.zeros((5, 2), "f4")], ["polygon 0", "5", "3 to 4"]),
    ("polygon of 3 columns", POLYGONS, [np.zeros((3, 3), "f4")], ["polygon 0", "(3, 3)", "2)"]),
    ("polygon of float64", POLYGONS, [np.zeros((3, 2))], ["polygon 0", "float64", "float32"]),
    ("polygon in a list", POLYGONS, [SQUARE], ["polygon 0", "a list", "float32"]),
    ("3 polygons of 2", POLYGONS, [np.zeros((3, 2), "f4")] * 3, ["3 polygons", "at most 2"]),
    ("one polygon, not in a list", POLYGONS, np.zeros((3, 2), "f4"), ["(3, 2)", "list of up to 2"]),
    ("3 boxes of 2", sd.Boxes(2), np.zeros((3, 4), "f4"), ["(3, 4)", "(≤2, 4) float32"]),
    ("boxes of float64", sd.Boxes(2), np.zeros((1, 4)), ["float64", "(≤2, 4) float32"]),
    ("boxes of 5 columns", sd.Boxes(2), np.zeros((1, 5), "f4"), ["(1, 5)", "(≤2, 4) float32"]),
    ("points without visibility", POINT, np.zeros((1, 2), "f4"), ["(1, 2)", "(1, 3) float32"]),
    ("mask of int64", MASK, np.zeros((2, 2), "i8"), ["int64", "(2, 2) uint8"]),
]

VALUES: list[tuple[str, Any, Any, list[str]]] = [
    ("below ge", FLOATS, array(0, -1.5, 0), ["-1.5 at 1", "from -1", "to 1"]),
    ("above le", FLOATS, array(0, 0, 1.5), ["1.5 at 2", "from -1", "to 1"]),
    ("NaN", FLOATS, array(NAN, 0, 0), ["nan at 0", "finite"]),
    ("inf", FLOATS, array(0, INF, 0), ["inf at 1", "finite"]),
    ("-inf", FLOATS, array(0, -INF, 0), ["-inf at 1", "finite"]),
    ("NaN where no bound is", UP_TO, array([0, NAN]), ["nan at (0, 1)", "finite"]),
    ("inf where no bound is", UP_TO, array([0, INF]), ["inf at (0, 1)", "finite"]),
    ("an int below ge", INTS, array(0, -1, dtype="i8"), ["-1 at 1", "from 0 to 9"]),
    ("an int above le", INTS, array(10, 0, dtype="i8"), ["10 at 0", "from 0 to 9"]),
    (
        "above le where NaN is allowed",
        sd.Tensor("float32", (2,), le=1, finite=False),
        array(NAN, 2),
        ["2.0 at 1", "1 or less"],
    ),
    (
        "inf above le where NaN is allowed",
        sd.Tensor("float32", (2,), le=1, finite=False),
        array(NAN, INF),
        ["inf at 1", "1 or less"],
    ),
    ("a mask's class beyond its names", MASK, array([0, 1], [2, 0], dtype="u1"), ["2 at (1, 0)"]),
    (
        "a negative number in a signed mask",
        sd.Mask(1, 2, "int8"),
        array([0, -1], dtype="i1"),
        ["-1 at (0, 1)", "from 0 to 127"],
    ),
    ("a box left of the image", sd.Boxes(2), array([-1, 0, 2, 2]), ["-1.0", "6 × 4"]),
    ("a box above the image", sd.Boxes(2), array([0, -1, 2, 2]), ["-1.0", "6 × 4"]),
    ("a box right of the image", sd.Boxes(2), array([0, 0, 6.5, 2]), ["6.5", "6 × 4"]),
    ("a box below the image", sd.Boxes(2), array([0, 0, 2, 4.5]), ["4.5", "6 × 4"]),
    ("the second box", sd.Boxes(2), array([0, 0, 2, 2], [0, 0, 9, 2]), ["box 1", "6 × 4"]),
    ("a box of no width", sd.Boxes(2), array([1, 0, 1, 2]), ["[1.0, 0.0, 1.0, 2.0]", "no area"]),
    ("a box of no height", sd.Boxes(2), array([0, 1, 2, 1]), ["[0.0, 1.0, 2.0, 1.0]", "no area"]),
    (
        "a box with x inverted",
        sd.Boxes(2),
        array([2, 0, 1, 2]),
        ["[2.0, 0.0, 1.0, 2.0]", "no area"],
    ),
    (
        "a box with y inverted",
        sd.Boxes(2),
        array([0, 2, 2, 1]),
        ["[0.0, 2.0, 2.0, 1.0]", "no area"],
    ),
    ("a box with NaN", sd.Boxes(2), array([0, 0, NAN, 2]), ["nan", "finite"]),
    ("a box with inf", sd.Boxes(2), array([0, 0, INF, 2]), ["inf", "finite"]),
    ("a point right of the image", POINT, array([6.5, 1, 2]), ["6.5", "6 × 4"]),
    ("a point below the image", POINT, array([1, 4.5, 1]), ["4.5", "6 × 4"]),
    ("a point left of the image", POINT, array([-0.5, 1, 2]), ["-0.5", "6 × 4"]),
    ("a point above the image", POINT, array([1, -0.5, 2]), ["-0.5", "6 × 4"]),
    ("visibility 3", POINT, array([1, 1, 3]), ["[1.0, 1.0, 3.0]", "visibility is 0"]),
    ("visibility 0.5", POINT, array([1, 1, 0.5]), ["[1.0, 1.0, 0.5]", "visibility is 0"]),
    ("visibility 0 away from 0, 0", POINT, array([1, 0, 0]), ["[1.0, 0.0, 0.0]", "x = y = 0"]),
    ("a point with NaN", POINT, array([NAN, 1, 2]), ["nan", "finite"]),
    ("a polygon left of the image", POLYGONS, [array([-1, 0], [2, 0], [2, 2])], ["-1", "6 × 4"]),
    ("a polygon above the image", POLYGONS, [array([0, -1], [2, 0], [2, 2])], ["-1", "6 × 4"]),
    ("a polygon right of the image", POLYGONS, [array([0, 0], [7, 0], [2, 2])], ["7", "6 × 4"]),
    ("a polygon below the image", POLYGONS, [array([0, 0], [2, 5], [2, 2])], ["5", "6 × 4"]),
    (
        "the second polygon",
        POLYGONS,
        [array(*SQUARE), array([0, 0], [7, 0], [2, 2])],
        ["polygon 1", "6 × 4"],
    ),
    ("a polygon with NaN", POLYGONS, [array([NAN, 0], [2, 0], [2, 2])], ["nan", "6 × 4"]),
]

SCALAR_VALUES: list[tuple[str, Any, Any, list[str]]] = [
    ("a scalar below ge", REAL, -1.5, ["-1.5", "from -1", "to 1"]),
    ("a scalar above le", REAL, 2, ["2.0", "from -1", "to 1"]),
    ("a NumPy scalar above le", REAL, np.float32(2), ["2.0", "from -1", "to 1"]),
    ("a 0-d array above le", REAL, np.array(2, "f4"), ["2.0", "from -1", "to 1"]),
    ("a scalar NaN", REAL, NAN, ["nan", "finite"]),
    ("a scalar inf", sd.Scalar("float32"), INF, ["inf", "finite"]),
    ("a scalar -inf", sd.Scalar("float32"), np.float32(-INF), ["-inf", "finite"]),
    ("an int scalar below ge", sd.Scalar("int8", ge=0), -1, ["-1", "0 or more"]),
    ("an int scalar above le", sd.Scalar("int8", le=5), np.int8(6), ["6", "5 or less"]),
]


def _ids(rows: list[tuple[str, Any, Any, list[str]]]) -> list[str]:
    return [row[0] for row in rows]


@pytest.mark.parametrize(
    ("what", "feature", "value", "fragments"),
    STRUCTURE + VALUES + SCALAR_VALUES,
    ids=_ids(STRUCTURE + VALUES + SCALAR_VALUES),
)
def test_a_value_that_breaks_the_declaration_is_refused_with_its_name_and_both_sides(
    what: str, feature: Feature, value: Any, fragments: list[str]
) -> None:
    with pytest.raises(Violation) as caught:
        check_one(feature, value)
    assert caught.value.feature == "metadata.x"
    assert str(caught.value) == f"metadata.x {caught.value.problem}"
    for fragment in fragments:
        assert fragment in caught.value.problem


@pytest.mark.parametrize(("what", "feature", "value", "fragments"), STRUCTURE, ids=_ids(STRUCTURE))
def test_structure_is_checked_also_without_values(
    what: str, feature: Feature, value: Any, fragments: list[str]
) -> None:
    with pytest.raises(Violation):
        check_one(feature, value, values=False)


@pytest.mark.parametrize(("what", "feature", "value", "fragments"), VALUES, ids=_ids(VALUES))
def test_without_values_the_elements_of_arrays_are_not_looked_at(
    what: str, feature: Feature, value: Any, fragments: list[str]
) -> None:
    check_one(feature, value, values=False)


OUTPUT = sd.Output(
    image=sd.Image(2, 2),
    label={"kind": CLASS, "size": sd.Scalar("int64")},
    metadata={"inner": {"radius": sd.Scalar("float32")}},
)
SMALL = np.zeros((2, 2, 3), np.uint8)
LABEL = {"kind": 0, "size": 3}
METADATA = {"inner": {"radius": 0.5}}


@pytest.mark.parametrize(
    ("sample", "feature", "fragments"),
    [
        (sd.Sample(SMALL, {"kind": 0}, METADATA), "label.size", ["missing", "kind"]),
        (sd.Sample(SMALL, {}, METADATA), "label.kind", ["missing", "nothing is given"]),
        (sd.Sample(SMALL, LABEL), "metadata.inner", ["missing", "nothing is given"]),
        (sd.Sample(SMALL, LABEL, {"inner": {}}), "metadata.inner.radius", ["missing"]),
        (
            sd.Sample(SMALL, {**LABEL, "sise": 1}, METADATA),
            "label.sise",
            ["not declared", "did you mean 'size'", "kind, size"],
        ),
        (
            sd.Sample(SMALL, LABEL, {**METADATA, "more": 1}),
            "metadata.more",
            ["not declared", "inner"],
        ),
        (sd.Sample(SMALL, 0, METADATA), "label", ["0 (int)", "dict of kind, size"]),
        (sd.Sample(SMALL, None, METADATA), "label", ["is None", "dict of kind, size"]),
        (sd.Sample(SMALL, LABEL, None), "metadata", ["is None", "dict of inner"]),  # type: ignore[arg-type]  # is the mistake
        (sd.Sample(SMALL, LABEL, {"inner": 0.5}), "metadata.inner", ["0.5", "dict of radius"]),
        (sd.Sample({"a": SMALL}, LABEL, METADATA), "image", ["a dict", "(2, 2, 3) uint8"]),
        (sd.Sample(None, LABEL, METADATA), "image", ["is None", "(2, 2, 3) uint8"]),
        ((SMALL, LABEL, METADATA), "sample", ["a tuple", "sd.Sample"]),
        ({"image": SMALL}, "sample", ["a dict", "sd.Sample"]),
        (SMALL, "sample", ["an array (2, 2, 3) of uint8", "sd.Sample"]),
        (None, "sample", ["is None", "sd.Sample"]),
    ],
)
def test_a_sample_of_another_structure_is_refused_with_the_place(
    sample: Any, feature: str, fragments: list[str]
) -> None:
    for values in (True, False):
        with pytest.raises(Violation) as caught:
            compile_check(OUTPUT, values=values)(sample)
        assert caught.value.feature == feature
        for fragment in fragments:
            assert fragment in str(caught.value)


def test_a_label_is_refused_where_none_is_declared() -> None:
    check = compile_check(sd.Output(image=sd.Image(2, 2)))
    with pytest.raises(Violation, match="label is given, but no label is declared"):
        check(sd.Sample(SMALL, 0))
    with pytest.raises(Violation, match=r"metadata\.more is not declared"):
        check(sd.Sample(SMALL, None, {"more": 1}))


def test_the_first_violation_in_the_order_of_the_declaration_is_named() -> None:
    with pytest.raises(Violation) as caught:
        compile_check(OUTPUT)(sd.Sample(SMALL, {"kind": -1, "size": 0.5}, {"inner": {}}))
    assert caught.value.feature == "label.kind"


@pytest.mark.parametrize(
    ("feature", "value", "stored"),
    [
        (REAL, 1, np.float32(1)),
        (REAL, 0.1, np.float32(0.1)),
        (REAL, np.float32(0.5), np.float32(0.5)),
        (REAL, np.array(0.5, "f4"), np.float32(0.5)),
        (WHOLE, 3, np.int64(3)),
        (WHOLE, np.longlong(3), np.int64(3)),
        (sd.Scalar("uint64"), 2**64 - 1, np.uint64(2**64 - 1)),
        (sd.Scalar("bool"), True, np.True_),
        (sd.Scalar("float32"), 2**24, np.float32(2**24)),
        (sd.Tensor("float16", ()), 0.5, np.float16(0.5)),
        (sd.Scalar("float32", le=0.1), np.float32(0.1), np.float32(0.1)),
        (sd.Scalar("float32", ge=0.1), np.float32(0.1), np.float32(0.1)),
        (sd.Scalar("float16", ge=0.1, le=0.1), 0.1, np.float16(0.1)),
        (sd.Scalar("float32", finite=False), NAN, np.float32(NAN)),
        (sd.Scalar("float32", finite=False), -INF, np.float32(-INF)),
        (sd.Scalar("float32", ge=0, finite=False), INF, np.float32(INF)),
        (sd.Scalar("float32", le=0, finite=False), np.float32(-INF), np.float32(-INF)),
        (sd.Scalar("float32", ge=0, le=1, finite=False), NAN, np.float32(NAN)),
        (CLASS, "square", np.int64(1)),
        (CLASS, np.str_("square"), np.int64(1)),
        (CLASS, 1, np.int64(1)),
        (CLASS, np.uint8(1), np.int64(1)),
        (CLASS, np.array(1, "i4"), np.int64(1)),
        (CLASSES, [], np.zeros(0, "i8")),
        (CLASSES, ("square", 0), np.array([1, 0])),
        (CLASSES, np.array(["square", "circle"]), np.array([1, 0])),
        (CLASSES, np.array([1, 0], "u1"), np.array([1, 0])),
        (sd.Text(4), "äö", "äö"),
        (sd.Text(4), "äö".encode(), "äö"),
        (sd.Text(), "", ""),
    ],
)
def test_what_conforms_comes_back_as_a_value_of_the_declared_dtype(
    feature: Feature, value: Any, stored: Any
) -> None:
    found = check_one(feature, value)
    assert type(found) is type(stored)
    np.testing.assert_array_equal(found, stored)
    if not isinstance(stored, str):
        assert found.dtype == stored.dtype == np.dtype(feature.dtype)


@pytest.mark.parametrize(
    ("feature", "value"),
    [
        (FLOATS, array(-1, 0, 1)),
        (INTS, array(0, 9, dtype="i8")),
        (UP_TO, np.zeros((0, 2), "f4")),
        (UP_TO, np.zeros((3, 2), "f4")),
        (UP_TO, np.zeros((2, 3), "f4").T[:, :2]),
        (sd.Tensor("float32", (2,), finite=False), array(NAN, INF)),
        (sd.Tensor("float32", (3,), ge=0, finite=False), array(NAN, INF, 0)),
        (sd.Tensor("float32", (2,), le=0.1), array(0.1, 0)),
        (sd.Tensor("uint8", (2,), ge=0, le=255), array(0, 255, dtype="u1")),
        (sd.Tensor("bool", (2,)), np.array([True, False])),
        (MASK, array([0, 1], [1, 0], dtype="u1")),
        (sd.Mask(1, 1, "int8"), array([127], dtype="i1")),
        (sd.Boxes(2), np.zeros((0, 4), "f4")),
        (sd.Boxes(2), array([0, 0, WIDTH, HEIGHT], [0.5, 0.5, 0.75, 1])),
        (POINT, array([0, 0, 0])),
        (POINT, array([WIDTH, HEIGHT, 1])),
        (sd.Keypoints(1, 2), np.zeros((0, 1, 3), "f4")),
    ],
)
def test_an_array_that_conforms_comes_back_as_it_is(feature: Feature, value: Any) -> None:
    assert check_one(feature, value) is value


def test_polygons_come_back_as_a_list_of_the_arrays_given() -> None:
    polygons = [array([0, 0], [WIDTH, 0], [WIDTH, HEIGHT]), array(*SQUARE, [0, 2])]
    found = check_one(POLYGONS, polygons)
    assert found == polygons or all(a is b for a, b in zip(found, polygons, strict=True))
    assert check_one(POLYGONS, []) == []
    assert len(check_one(POLYGONS, np.zeros((2, 3, 2), "f4"))) == 2


def test_a_non_contiguous_image_is_accepted() -> None:
    upside_down = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)[::-1, ::-1]
    assert compile_check(sd.Output(image=sd.Image(2, 2)))(sd.Sample(upside_down))[0] is upside_down


def test_any_mapping_does_for_a_dict() -> None:
    label = OrderedDict(size=3, kind="square")
    found = compile_check(OUTPUT)(sd.Sample(SMALL, label, METADATA))
    assert found[1:] == [1, 3, 0.5]


def test_boxes_are_held_against_the_size_that_their_own_image_has_in_this_sample() -> None:
    output = sd.Output(
        image={"left": sd.Image(sd.UpTo(4), sd.UpTo(4)), "right": sd.Image(8, 8)},
        label={"near": sd.Boxes(1, "left"), "far": sd.Boxes(1, "right")},
    )
    check = compile_check(output)

    def sample(side: int, near: float, far: float) -> sd.Sample:
        image = {"left": np.zeros((side, side, 3), "u1"), "right": np.zeros((8, 8, 3), "u1")}
        boxes = {"near": array([0, 0, near, near]), "far": array([0, 0, far, far])}
        return sd.Sample(image, boxes)

    check(sample(4, 4, 8))
    check(sample(2, 2, 8))
    with pytest.raises(Violation, match=r"label\.near .* 2 × 2 pixels"):
        check(sample(2, 3, 8))
    with pytest.raises(Violation, match=r"label\.far .* 8 × 8 pixels"):
        check(sample(4, 4, 9))


UNHURRIED = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@settings(UNHURRIED, max_examples=400, derandomize=True)
@given(st.data())
def test_the_check_accepts_exactly_what_conforms(data: st.DataObject) -> None:
    assert_exact(data)


@pytest.mark.slow
@settings(UNHURRIED, max_examples=20_000)
@given(st.data())
def test_the_check_accepts_exactly_what_conforms_of_20_000_random_samples(
    data: st.DataObject,
) -> None:
    assert_exact(data)


def assert_exact(data: st.DataObject) -> None:
    """The check and the oracle agree on a sample that conforms, and on one that was changed."""
    output = data.draw(strategies.outputs())
    sample = data.draw(strategies.samples(output))
    assert oracle.sample_conforms(output, sample), "the strategy draws what conforms"
    assert_stored(output, sample, compile_check(output)(sample))
    broken = data.draw(strategies.broken_samples(sample))
    refusal: Violation | None = None
    try:
        found = compile_check(output)(broken)
    except Violation as violation:
        refusal = violation
    conforms = oracle.sample_conforms(output, broken)
    assert conforms == (refusal is None), f"conforms: {conforms}, the check: {refusal or 'accepts'}"
    if refusal is None:
        assert_stored(output, broken, found)


def assert_stored(output: sd.Output, sample: sd.Sample, found: list[Any]) -> None:
    """The values found are those of the sample, as the declared dtypes hold them."""
    assert len(found) == len(output.leaves)
    for leaf, stored in zip(output.leaves, found, strict=True):
        feature = leaf.feature
        given: Any = sample._asdict()
        for key in leaf.path:
            given = given[key]
        if isinstance(feature, sd.Text):
            assert stored == (given.decode() if isinstance(given, bytes) else given)
        elif isinstance(feature, sd.Polygons):
            assert len(stored) == len(given)
            for kept, polygon in zip(stored, given, strict=True):
                np.testing.assert_array_equal(kept, polygon, strict=True)
        elif isinstance(feature, sd.ClassLabel):
            assert stored.dtype == np.int64
            items = [given] if feature.max is None else list(given)
            assert np.atleast_1d(stored).tolist() == [
                feature.names.index(item) if isinstance(item, str) else int(item) for item in items
            ]
        elif feature.shape:
            assert stored is given
        else:
            assert isinstance(stored, np.generic)
            np.testing.assert_array_equal(stored, np.dtype(feature.dtype).type(given), strict=True)
