"""The filters that photos-v1 chains: how they are written, refused, drawn and applied."""

from __future__ import annotations

import io
import json
from typing import Any

import jsonschema
import numpy as np
import pytest
from PIL import Image, ImageFilter, ImageOps
from pydantic import TypeAdapter

import synthdata as sd
from synthdata.builtin.filters import (
    AnyFilter,
    Autocontrast,
    Blur,
    Contour,
    Edges,
    Emboss,
    Filter,
    Jpeg,
    Noise,
    Posterize,
    Sharpen,
    Solarize,
    apply_filters,
    parse_filter,
)

ADAPTER: TypeAdapter[Any] = TypeAdapter(tuple[AnyFilter, ...])

EVERY: tuple[Filter, ...] = (
    Blur(),
    Sharpen(),
    Edges(),
    Emboss(),
    Contour(),
    Posterize(),
    Solarize(),
    Autocontrast(),
    Noise(),
    Jpeg(),
)


def picture(mode: str = "RGB", size: tuple[int, int] = (40, 30)) -> Image.Image:
    bands = len(Image.new(mode, (1, 1)).getbands())
    values = np.random.default_rng(1).integers(256, size=(size[1], size[0], bands), dtype=np.uint8)
    smooth = Image.fromarray(values if bands > 1 else values[:, :, 0])
    return smooth.filter(ImageFilter.GaussianBlur(1))


def recompressed(image: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file)


def as_json(filters: tuple[Filter, ...]) -> Any:
    return json.loads(ADAPTER.dump_json(filters))


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ({"blur": {"radius": 1.5}}, lambda image: image.filter(ImageFilter.GaussianBlur(1.5))),
        (
            {"sharpen": {"radius": 3, "percent": 200, "threshold": 5}},
            lambda image: image.filter(ImageFilter.UnsharpMask(3, 200, 5)),
        ),
        ("sharpen", lambda image: image.filter(ImageFilter.UnsharpMask(2, 150, 3))),
        ("edges", lambda image: image.filter(ImageFilter.FIND_EDGES)),
        ("emboss", lambda image: image.filter(ImageFilter.EMBOSS)),
        ("contour", lambda image: image.filter(ImageFilter.CONTOUR)),
        ({"posterize": {"bits": 2}}, lambda image: ImageOps.posterize(image, 2)),
        ({"solarize": {"threshold": 90}}, lambda image: ImageOps.solarize(image, 90)),
        ({"autocontrast": {"cutoff": 5}}, lambda image: ImageOps.autocontrast(image, 5)),
        ({"jpeg": {"quality": 20}}, lambda image: recompressed(image, 20)),
    ],
)
def test_a_filter_does_what_pillow_does(written: Any, plain: Any, mode: str) -> None:
    image = picture(mode)
    made = parse_filter(written).apply(image, np.random.default_rng(0))
    expected = plain(image)
    assert made.mode == expected.mode == mode
    assert np.array_equal(np.asarray(made), np.asarray(expected))
    assert not np.array_equal(np.asarray(made), np.asarray(image)), "the filter changes something"


def test_noise_has_the_standard_deviation_that_is_asked_for() -> None:
    grey = Image.new("RGB", (200, 200), (128, 128, 128))
    noisy = np.asarray(Noise(std=12).apply(grey, np.random.default_rng(0))).astype(float)
    assert abs(noisy.mean() - 128) < 0.2
    assert abs(noisy.std() - 12) < 0.2
    assert not np.array_equal(noisy[..., 0], noisy[..., 1])


def test_noise_is_cut_off_at_black_and_white_and_does_not_wrap_around() -> None:
    white = Image.new("L", (100, 100), 255)
    noisy = np.asarray(Noise(std=5).apply(white, np.random.default_rng(0)))
    assert noisy.min() > 200


def test_an_argument_is_drawn_anew_for_each_sample() -> None:
    blur = Blur(radius=sd.Uniform(0, 5))
    made = {blur.apply(picture(), np.random.default_rng(seed)).tobytes() for seed in range(5)}
    assert len(made) == 5


def test_a_drawn_argument_is_the_one_that_the_random_numbers_give() -> None:
    made = Jpeg(quality={"uniform": [10, 90]}).apply(picture(), np.random.default_rng(4))
    quality = round(np.random.default_rng(4).uniform(10, 90))
    assert made.tobytes() == recompressed(picture(), quality).tobytes()


def test_filters_apply_in_the_order_that_they_are_given_in() -> None:
    rng = np.random.default_rng(0)
    one = apply_filters(picture(), (Edges(), Posterize(bits=1)), rng)
    other = apply_filters(picture(), (Posterize(bits=1), Edges()), rng)
    assert (
        one.tobytes() == ImageOps.posterize(picture().filter(ImageFilter.FIND_EDGES), 1).tobytes()
    )
    assert one.tobytes() != other.tobytes()


@pytest.mark.parametrize("filter_", EVERY, ids=lambda filter_: filter_.kind)
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
@pytest.mark.parametrize("size", [(1, 1), (2, 7), (40, 30)])
def test_each_filter_keeps_mode_and_size(filter_: Filter, mode: str, size: tuple[int, int]) -> None:
    made = apply_filters(picture(mode, size), (filter_,), np.random.default_rng(0))
    assert (made.mode, made.size) == (mode, size)


@pytest.mark.parametrize("filter_", EVERY, ids=lambda filter_: filter_.kind)
def test_an_alpha_channel_stays_as_it_is(filter_: Filter) -> None:
    image = picture("RGBA")
    made = apply_filters(image, (filter_,), np.random.default_rng(0))
    assert made.getchannel("A").tobytes() == image.getchannel("A").tobytes()
    opaque = apply_filters(image.convert("RGB"), (filter_,), np.random.default_rng(0))
    assert made.convert("RGB").tobytes() == opaque.tobytes()


def test_filters_come_back_from_json_as_they_were() -> None:
    filters = (
        *EVERY,
        Blur(radius=sd.Uniform(0, 2)),
        Jpeg(quality=sd.Choice((10, 90), weights=(1, 3))),
        Noise(std=sd.Normal(5, 1, low=0, high=20)),
    )
    again = ADAPTER.validate_json(ADAPTER.dump_json(filters))
    assert again == filters
    assert as_json(again) == as_json(filters)


def test_json_holds_the_short_form() -> None:
    assert as_json((Edges(), Blur(radius=sd.Uniform(0, 2)))) == [
        "edges",
        {"blur": {"radius": {"uniform": [0, 2]}}},
    ]


def test_a_name_alone_is_the_filter_with_its_defaults() -> None:
    assert parse_filter("blur") == Blur() == parse_filter({"blur": {"radius": 2}})


def test_a_filter_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Blur().radius = sd.Constant(3)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("blurr", "filter 'blurr' is unknown; did you mean 'blur'.*known are blur, sharpen"),
        ({"zoom": {}}, "filter 'zoom' is unknown; known are blur"),
        ({"blur": {"radious": 2}}, "blur: radious is unknown; did you mean 'radius'"),
        ({"blur": {"radius": -1}}, "blur: radius: numbers from 0 to 256 .* from -1 to -1"),
        ({"blur": {"radius": {"uniform": [0, 300]}}}, "blur: radius: numbers from 0 to 256"),
        ({"blur": {"radius": "wide"}}, "blur: radius: numbers from 0 to 256 .* it draws words"),
        ({"blur": {"radius": {"normal": [2, 1]}}}, "blur: radius: .* from -inf to inf"),
        ({"posterize": {"bits": 0}}, "posterize: bits: numbers from 1 to 8"),
        ({"jpeg": {"quality": 101}}, "jpeg: quality: numbers from 1 to 100"),
        ({"blur": 2}, "blur: arguments are given by name"),
        ({"blur": {}, "edges": {}}, "a filter is one of"),
        (3, "a filter is one of"),
        ({}, "a filter is one of"),
        ({7: {}}, "filter 7 is unknown"),
    ],
)
def test_a_wrong_filter_is_refused_with_what_would_be_right(written: Any, message: str) -> None:
    with pytest.raises(sd.DeclarationError, match=message):
        parse_filter(written)


@pytest.mark.parametrize("mode", ["validation", "serialization"])
def test_the_json_schema_takes_what_is_written_and_no_more(mode: Any) -> None:
    schema = ADAPTER.json_schema(mode=mode)
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    validator.validate(as_json((*EVERY, Blur(radius=sd.Uniform(0, 2)))))
    validator.validate(["blur", {"blur": {}}, "edges"])
    refused: list[Any] = ["blurr", {"blur": {"radious": 2}}, {"blur": {}, "edges": {}}, 3]
    for wrong in refused:
        assert not validator.is_valid([wrong]), wrong
