"""Features refuse mistakes when they are declared, and travel as JSON."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from pydantic import TypeAdapter

import synthdata as sd
from synthdata import Feature
from synthdata.dtypes import representable
from synthdata.features import AnyFeature
from tests import strategies

ANY: TypeAdapter[Any] = TypeAdapter(AnyFeature)

# What a user may write wrongly; typed Any, since the type checker would refuse most of it.
Image: Any = sd.Image
Tensor: Any = sd.Tensor
Scalar: Any = sd.Scalar
ClassLabel: Any = sd.ClassLabel
Text: Any = sd.Text
Boxes: Any = sd.Boxes
Mask: Any = sd.Mask
Keypoints: Any = sd.Keypoints
Polygons: Any = sd.Polygons
UpTo: Any = sd.UpTo

MISTAKES: list[tuple[Any, tuple[Any, ...], dict[str, Any], str]] = [
    (Image, (0, 64), {}, r"Image: height: .*not 0"),
    (Image, (64, -1), {}, r"Image: width: .*not -1"),
    (Image, (64, 64, 0), {}, r"Image: channels: .*got 0"),
    (Image, (True, 64), {}, r"Image: height: .*not True"),
    (Image, (64, 64, True), {}, r"Image: channels: .*got True"),
    (Image, (64.0, 64), {}, r"Image: height: .*not 64\.0"),
    (Image, ("64", 64), {}, r"Image: height: .*not '64'"),
    (Image, (2**31, 64), {}, r"Image: height: .*2147483648"),
    (Image, (64,), {}, r"Image: width is missing"),
    (Image, (64, 64), {"chanels": 3}, r"Image: chanels is unknown; did you mean 'channels'\?"),
    (Image, (64, 64), {"dtype": "uint7"}, r"Image: dtype: .*got 'uint7'"),
    (UpTo, (0,), {}, r"UpTo: up_to: .*got 0"),
    (UpTo, (True,), {}, r"UpTo: up_to: .*got True"),
    (Tensor, ("float32", (3, 0)), {}, r"Tensor: shape\.1: .*not 0"),
    (Tensor, ("float32", (3, True)), {}, r"Tensor: shape\.1: .*not True"),
    (Tensor, ("float32", (None,)), {}, r"Tensor: shape\.0: .*UpTo\(n\), not None"),
    (Tensor, ("float32", 3), {}, r"Tensor: shape: .*got 3"),
    (Tensor, ("float31", (3,)), {}, r"Tensor: dtype: .*got 'float31'"),
    (Tensor, ("f4", (3,)), {}, r"Tensor: dtype: .*got 'f4'"),
    (Tensor, ("complex64", (3,)), {}, r"Tensor: dtype: .*got 'complex64'"),
    (Tensor, (object, (3,)), {}, r"Tensor: dtype: .*got 'object'"),
    (Scalar, ("float32", 2, 1), {}, r"Scalar: ge=2 is greater than le=1"),
    (Scalar, ("int64",), {"ge": 2, "le": 1}, r"Scalar: ge=2 is greater than le=1"),
    (Scalar, ("uint8",), {"le": 256}, r"Scalar: le=256 is not a value of uint8"),
    (Scalar, ("uint8",), {"ge": -1}, r"Scalar: ge=-1 is not a value of uint8"),
    (Scalar, ("int64",), {"le": 2**63}, r"Scalar: le=9223372036854775808 is not a value of int64"),
    (Scalar, ("float16",), {"le": 1e9}, r"Scalar: le=1000000000\.0 is not a value of float16"),
    (Scalar, ("float32",), {"le": 10**400}, r"Scalar: le=10+ is not a value of float32"),
    (Scalar, ("float32",), {"le": float("inf")}, r"Scalar: le=inf is not a value of float32"),
    (Scalar, ("int32",), {"le": float("inf")}, r"Scalar: le=inf is not a value of int32"),
    (Scalar, ("float32",), {"ge": float("nan")}, r"Scalar: ge=nan is not a value of float32"),
    (Scalar, ("int32",), {"ge": float("nan")}, r"Scalar: ge=nan is not a value of int32"),
    (Scalar, ("int32",), {"ge": 0.5}, r"Scalar: ge=0\.5 is fractional, but int32"),
    (Scalar, ("float32",), {"ge": "0"}, r"Scalar: ge.*got '0'"),
    (Scalar, ("float32",), {"ge": True}, r"Scalar: ge.*got True"),
    (Scalar, ("bool",), {"ge": 0}, r"Scalar: a bool takes no ge or le"),
    (Scalar, ("int32",), {"finite": False}, r"Scalar: finite=False is for floats, but int32"),
    (Image, (8, 8), {"finite": False}, r"Image: finite=False is for floats, but uint8"),
    (Scalar, ("float32",), {"gee": 0}, r"Scalar: gee is unknown; did you mean 'ge'\?"),
    (Scalar, (), {}, r"Scalar: dtype is missing"),
    (ClassLabel, (["a", "b", "a"],), {}, r"ClassLabel: names: .*doubled are 'a'"),
    (ClassLabel, ([],), {}, r"ClassLabel: names: .*at least 1"),
    (ClassLabel, (["a", ""],), {}, r"ClassLabel: names: a name is empty"),
    (ClassLabel, ("ab",), {}, r"ClassLabel: names: .*got 'ab'"),
    (ClassLabel, ([1, 2],), {}, r"ClassLabel: names\.0: .*got 1"),
    (ClassLabel, (["a"], 0), {}, r"ClassLabel: max: .*got 0"),
    (Text, (0,), {}, r"Text: max_bytes: .*got 0"),
    (Text, (), {"max": 3}, r"Text: max is unknown"),
    (Boxes, (0,), {}, r"Boxes: max: .*got 0"),
    (Boxes, (), {}, r"Boxes: max is missing"),
    (Mask, (8, 8, "float32"), {}, r"Mask: dtype: .*got 'float32'"),
    (Mask, (8, 8), {"le": 256}, r"Mask: le=256 is not a value of uint8"),
    (Mask, (8, 8), {"le": -1}, r"Mask: le: .*got -1"),
    (
        Mask,
        (8, 8),
        {"names": [str(n) for n in range(257)]},
        r"Mask: le=256 is not a value of uint8",
    ),
    (Mask, (8, 8), {"le": 1, "names": ["none"]}, r"Mask: give le or names, not both"),
    (
        Mask,
        (8, 8),
        {"names": ["no", "yes"], "instances": True},
        r"Mask: names are of classes, but with instances=True the values number objects; leave",
    ),
    (Mask, (8, 8), {"names": ["a", "a"]}, r"Mask: names: .*doubled are 'a'"),
    (Mask, (0, 8), {}, r"Mask: height: .*not 0"),
    (Keypoints, (0,), {}, r"Keypoints: points: .*got 0"),
    (Keypoints, (17, 0), {}, r"Keypoints: max: .*got 0"),
    (Polygons, (0,), {}, r"Polygons: max: .*got 0"),
    (Polygons, (3, 2), {}, r"Polygons: max_points: .*got 2"),
]


@pytest.mark.parametrize(("kind", "given", "named", "message"), MISTAKES)
def test_a_mistake_is_refused_when_it_is_written_and_the_field_is_named(
    kind: Any, given: tuple[Any, ...], named: dict[str, Any], message: str
) -> None:
    with pytest.raises(sd.DeclarationError, match=message) as caught:
        kind(*given, **named)
    assert "\n" not in str(caught.value)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(strategies.features())
def test_a_feature_comes_back_equal_from_json(feature: Any) -> None:
    assert ANY.validate_json(ANY.dump_json(feature)) == feature


def test_a_mask_of_instances_comes_back_from_json_and_one_that_does_not_say_is_none() -> None:
    mask = Mask(4, 6, instances=True)
    text = ANY.dump_json(mask)
    assert ANY.validate_json(text) == mask != Mask(4, 6)
    assert ANY.validate_python({"kind": "mask", "height": 4, "width": 6}) == Mask(4, 6)
    assert Mask(4, 6).instances is False


@pytest.mark.parametrize(
    "kind",
    ["Tensor", "Scalar", "Image", "ClassLabel", "Text", "Boxes", "Mask", "Keypoints", "Polygons"],
)
def test_the_strategy_that_the_tests_use_makes_each_kind(kind: str) -> None:
    from hypothesis import find

    assert find(strategies.features(), lambda feature: type(feature).__name__ == kind)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(strategies.features())
def test_a_feature_is_frozen_and_an_equal_one_has_its_hash(feature: Any) -> None:
    again = ANY.validate_python(ANY.dump_python(feature))
    assert again is not feature
    assert hash(again) == hash(feature)
    assert len({feature, again}) == 1
    for field in dataclasses.fields(feature):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(feature, field.name, getattr(feature, field.name))


@settings(max_examples=200, derandomize=True, deadline=None)
@given(strategies.features())
def test_the_bound_holds_the_static_shape(feature: Any) -> None:
    assert len(feature.bound) == len(feature.static_shape) == len(feature.shape)
    for dim, bound, static in zip(feature.shape, feature.bound, feature.static_shape, strict=True):
        assert bound == (dim.up_to if isinstance(dim, sd.UpTo) else dim)
        assert static == (None if isinstance(dim, sd.UpTo) else dim)
    assert feature.varying == (None in feature.static_shape)


@pytest.mark.parametrize(
    ("positional", "named"),
    [
        (
            Tensor("float32", (2, UpTo(3)), 0, 1, False),
            Tensor(dtype="float32", shape=(2, UpTo(3)), ge=0, le=1, finite=False),
        ),
        (Scalar("int8", -1, 1), Scalar(dtype="int8", ge=-1, le=1)),
        (
            Image(4, 6, 1, "float32", 0, 1),
            Image(height=4, width=6, channels=1, dtype="float32", ge=0, le=1),
        ),
        (ClassLabel(["a", "b"], 2), ClassLabel(names=("a", "b"), max=2)),
        (Text(9), Text(max_bytes=9)),
        (Boxes(9, "left"), Boxes(max=9, image="left")),
        (
            Mask(4, 6, "int32", 7, None, True),
            Mask(height=4, width=6, dtype="int32", le=7, instances=True),
        ),
        (Keypoints(17, 3, "left"), Keypoints(points=17, max=3, image="left")),
        (Polygons(3, 5, "left"), Polygons(max=3, max_points=5, image="left")),
        (UpTo(3), UpTo(up_to=3)),
    ],
)
def test_arguments_may_be_given_by_position(positional: Any, named: Any) -> None:
    assert positional == named
    assert dataclasses.asdict(positional) == dataclasses.asdict(named)


@pytest.mark.parametrize("dtype", [np.float32, np.dtype("float32"), np.dtype(">f4")])
def test_a_numpy_dtype_is_taken_for_its_name(dtype: Any) -> None:
    assert Tensor(dtype, (3,)).dtype == "float32"
    assert Scalar(dtype) == Scalar("float32")
    assert Mask(2, 2, np.int32).dtype == "int32"


@pytest.mark.parametrize(
    ("feature", "text"),
    [
        (Image(64, 48), "(64, 48, 3) uint8"),
        (Tensor("float32", (UpTo(20), 4)), "(≤20, 4) float32"),
        (Tensor("float32", (3,)), "(3,) float32"),
        (Scalar("bool"), "() bool"),
        (Boxes(20), "(≤20, 4) float32"),
        (Keypoints(17), "(17, 3) float32"),
        (Keypoints(17, 5), "(≤5, 17, 3) float32"),
        (Polygons(2, 9), "(≤2, ≤9, 2) float32"),
        (ClassLabel(["a"], 3), "(≤3,) int64"),
        (Text(), "() string"),
        (Mask(4, UpTo(6)), "(4, ≤6) uint8"),
    ],
)
def test_messages_show_shape_and_dtype(feature: Feature, text: str) -> None:
    assert str(feature) == text


@pytest.mark.parametrize(
    ("feature", "limits"),
    [
        (Scalar("float32"), None),
        (Scalar("float32", ge=0, le=1), (0, 1)),
        (Scalar("uint8", ge=3), (3, 255)),
        (Scalar("int8", le=3.0), (-128, 3)),
        (Scalar("uint64", le=2**64 - 1), (0, 2**64 - 1)),
        (ClassLabel(["a", "b", "c"]), (0, 2)),
        (Mask(2, 2), (0, 255)),
        (Mask(2, 2, "int8", le=5), (0, 5)),
        (Mask(2, 2, names=["none", "car"]), (0, 1)),
        (Text(), None),
        (Boxes(2), None),
    ],
)
def test_limits_are_the_smallest_and_largest_value_allowed(feature: Feature, limits: Any) -> None:
    assert feature.limits == limits


@pytest.mark.parametrize("dtype", strategies.DTYPES[1:])
def test_representable_gives_the_ends_of_a_dtype_as_python_numbers(dtype: str) -> None:
    low, high = representable(np.dtype(dtype))
    kind = int if "int" in dtype else float
    assert type(low) is type(high) is kind
    if kind is int:
        bits = 8 * np.dtype(dtype).itemsize
        assert high - low == 2**bits - 1
        assert low == (0 if dtype.startswith("u") else -(2 ** (bits - 1)))
    else:
        one = np.dtype(dtype).type
        assert -low == high
        assert float(one(high)) == high
        with np.errstate(over="ignore"):
            assert np.isinf(np.nextafter(one(high), one(np.inf)))


def test_a_description_is_kept_and_changes_no_check() -> None:
    feature = Scalar("float32", description="side in pixels")
    assert feature.description == "side in pixels"
    assert (feature.dtype, feature.shape, feature.limits) == ("float32", (), None)
