"""The declaration of a whole sample: what is refused, in what order it lies, and its JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from pydantic import ValidationError

import synthdata as sd
from synthdata import Feature
from tests import strategies

Output: Any = sd.Output  # the type checker would refuse what these tests write wrongly
IMAGE = sd.Image(4, 6)
TWO = {"left": sd.Image(4, 6), "right": sd.Image(4, 6)}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, r"Output: image is missing"),
        ({"image": 3}, r"Output: image: .*sd\.Image\(64, 64\), or a dict of them.*got 3"),
        ({"image": None}, r"Output: image: .*got None"),
        ({"image": IMAGE, "label": ["a"]}, r"Output: label: .*got \['a'\]"),
        ({"image": IMAGE, "metadata": {"x": "float32"}}, r"Output: metadata\.x: .*got 'float32'"),
        ({"image": IMAGE, "metadata": sd.Text()}, r"Output: metadata: "),
        ({"image": IMAGE, "metadat": {}}, r"Output: metadat is unknown; did you mean 'metadata'\?"),
        ({"image": {}}, r"Output: no feature is declared"),
        ({"image": {"a": {}}, "label": {}}, r"Output: no feature is declared"),
        ({"image": {"a b": IMAGE}}, r"Output: image.*key 'a b' is not made of letters"),
        ({"image": IMAGE, "label": {"": sd.Text()}}, r"Output: label.*key '' is not made of"),
        ({"image": IMAGE, "label": {"1st": sd.Text()}}, r"Output: label.*key '1st' is not made of"),
        ({"image": IMAGE, "metadata": {"a.b": sd.Text()}}, r"Output: metadata.*key 'a\.b'"),
        ({"image": IMAGE, "metadata": {"a": {"ü": sd.Text()}}}, r"Output: metadata\.a.*key 'ü'"),
        ({"image": IMAGE, "metadata": {"a\n": sd.Text()}}, r"Output: metadata.*key 'a\\n'"),
        ({"image": IMAGE, "metadata": {1: sd.Text()}}, r"Output: metadata.*1.*got 1"),
    ],
)
def test_an_output_that_cannot_be_is_refused_and_the_field_named(
    fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(sd.DeclarationError, match=message):
        Output(**fields)


@pytest.mark.parametrize(
    "feature", [sd.Boxes(3), sd.Keypoints(3), sd.Polygons(3)], ids=lambda item: item.kind
)
@pytest.mark.parametrize(
    ("image", "key", "message"),
    [
        (sd.Tensor("uint8", (4, 6)), None, r"label needs an Image to lie in, but .* declares none"),
        (TWO, None, r"label must say which image it lies in: .*\['left', 'right'\]"),
        (TWO, "centre", r"label lies in image='centre', declared are \['left', 'right'\]"),
        (IMAGE, "left", r"label: leave image= out"),
        ({"a": {"b": IMAGE}, "c": IMAGE}, "b", r"lies in image='b', declared are \['a\.b', 'c'\]"),
    ],
)
def test_boxes_points_and_polygons_must_have_one_image_to_lie_in(
    feature: Any, image: Any, key: str | None, message: str
) -> None:
    framed = type(feature)(3, image=key)
    with pytest.raises(sd.DeclarationError, match=message):
        Output(image=image, label=framed)


def test_an_image_in_the_label_is_no_image_to_lie_in() -> None:
    with pytest.raises(sd.DeclarationError, match=r"metadata\.x needs an Image to lie in"):
        Output(image=sd.Scalar("int8"), label=IMAGE, metadata={"x": sd.Boxes(3)})


def test_boxes_are_refused_where_they_are_declared_before_their_image() -> None:
    varying = sd.Image(sd.UpTo(4), sd.UpTo(6))
    with pytest.raises(sd.DeclarationError, match=r"image\.boxes is declared before the image"):
        Output(image={"boxes": sd.Boxes(3), "photo": varying})
    Output(image={"photo": varying, "boxes": sd.Boxes(3)})


def test_each_framed_feature_knows_the_number_of_its_image() -> None:
    output = Output(
        image={"first": sd.Scalar("int8"), "deep": {"photo": IMAGE}, "right": IMAGE},
        label={"a": sd.Boxes(3, "right"), "b": sd.Text(), "c": sd.Polygons(3, image="deep.photo")},
        metadata={"d": sd.Keypoints(3, image="right")},
    )
    assert [leaf.frame for leaf in output.leaves] == [None, None, None, 2, None, 1, 2]
    alone = Output(image={"photo": IMAGE}, label=sd.Boxes(3), metadata={"x": sd.Boxes(3, "photo")})
    assert [leaf.frame for leaf in alone.leaves] == [None, 0, 0]


def test_leaves_come_in_the_order_of_the_declaration_image_first() -> None:
    output = Output(
        metadata={"z": sd.Text(), "a": {"y": sd.Scalar("int8"), "b": sd.Text()}},
        label={"second": sd.Text(), "first": sd.Text()},
        image=IMAGE,
    )
    assert [leaf.path for leaf in output.leaves] == [
        ("image",),
        ("label", "second"),
        ("label", "first"),
        ("metadata", "z"),
        ("metadata", "a", "y"),
        ("metadata", "a", "b"),
    ]
    assert [leaf.name for leaf in output.leaves][-1] == "metadata.a.b"
    assert output.leaves[0].feature == IMAGE


UNHURRIED = settings(
    max_examples=100,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


@UNHURRIED
@given(strategies.outputs())
def test_an_output_comes_back_equal_from_json_in_the_same_order(output: sd.Output) -> None:
    for again in (
        sd.Output.parse(output.model_dump_json()),
        sd.Output.parse(output.model_dump_json().encode()),
        sd.Output.parse(json.loads(output.model_dump_json())),
        sd.Output.parse(output.model_dump()),
    ):
        assert again == output
        assert again.leaves == output.leaves


@UNHURRIED
@given(strategies.outputs())
def test_the_assembler_puts_each_value_at_its_path(output: sd.Output) -> None:
    tree = output.assembler()(list(range(len(output.leaves))))
    assert set(tree) == {leaf.path[0] for leaf in output.leaves}
    for number, leaf in enumerate(output.leaves):
        value: Any = tree
        for key in leaf.path:
            value = value[key]
        assert value == number


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            '{"image": {"kind": "image", "height": 0, "width": 3}}',
            r"^Output: image.*height: .*not 0",
        ),
        ('{"image": {"kind": "imag", "height": 3, "width": 3}}', r"^Output: image.*'imag'"),
        ('{"image": {"kind": "scalar", "dtype": "int8", "ge": 2, "le": 1}}', r"ge=2 is greater"),
        ('{"image": {"kind": "scalar", "dtype": "int8", "gee": 2}}', r"gee is unknown"),
        ('{"images": {}}', r"^Output: .*images is unknown; did you mean 'image'"),
        ('{"image": {"a b": {"kind": "text"}}}', r"^Output: image.*key 'a b'"),
        ('{"image": {}}', r"^Output: no feature is declared"),
        ("{nope", r"^Output: Invalid JSON"),
        ("[]", r"^Output: .*object"),
        (b"\xff", r"^Output: Invalid JSON"),
        ({"image": 3}, r"^Output: image: .*got 3"),
    ],
)
def test_what_is_wrong_in_json_is_a_declaration_error_in_one_line(data: Any, message: str) -> None:
    with pytest.raises(sd.DeclarationError, match=message) as caught:
        sd.Output.parse(data)
    assert "\n" not in str(caught.value)
    assert "Output: Output:" not in str(caught.value)


def test_an_output_is_frozen() -> None:
    output: Any = sd.Output(image=IMAGE)
    with pytest.raises(ValidationError, match="frozen"):
        output.image = sd.Image(2, 2)


def test_an_output_shows_each_feature_as_messages_do() -> None:
    output = Output(image=IMAGE, label=sd.Boxes(3), metadata={"a": {"b": sd.Text()}})
    assert str(output) == repr(output)
    assert repr(output) == (
        "Output(image: (4, 6, 3) uint8, label: (≤3, 4) float32, metadata.a.b: () string)"
    )


def test_a_feature_may_stand_under_the_key_kind() -> None:
    output = Output(image={"kind": IMAGE})
    assert output.leaves[0].path == ("image", "kind")
    assert isinstance(sd.Output.parse(output.model_dump_json()).leaves[0].feature, Feature)
