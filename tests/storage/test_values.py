"""Values as JSON and back, and images as files and back: the same to the last bit."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import synthdata as sd
from synthdata.storage.encoding import Encoding
from synthdata.storage.values import from_json, label_indices, label_names, to_json
from synthdata.storage.verifying import same


def back(feature: Any, value: Any) -> Any:
    text = json.dumps(to_json(feature, value), allow_nan=False)
    return from_json(feature, json.loads(text))


@given(st.data(), st.sampled_from(["float16", "float32", "float64"]))
def test_any_bits_of_a_float_come_back(data: st.DataObject, dtype: Any) -> None:
    size = np.dtype(dtype).itemsize
    bits = data.draw(arrays.arrays(f"u{size}", (3, 2)))
    feature = sd.Tensor(dtype, (3, 2), finite=False)
    assert same(back(feature, bits.view(dtype)), bits.view(dtype))


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "uint64"])
def test_the_ends_of_an_integer_dtype_come_back(dtype: Any) -> None:
    ends = [False, True] if dtype == "bool" else [np.iinfo(dtype).min, np.iinfo(dtype).max]
    value = np.array(ends, dtype)
    assert same(back(sd.Tensor(dtype, (sd.UpTo(5),)), value), value)
    assert same(back(sd.Scalar(dtype), value[1]), value[1])


def test_what_is_empty_keeps_its_shape() -> None:
    for feature, shape in ((sd.Boxes(3), (0, 4)), (sd.Keypoints(5, max=2), (0, 5, 3))):
        assert back(feature, np.zeros(shape, np.float32)).shape == shape
    assert back(sd.Polygons(3), []) == []


@pytest.mark.parametrize("data", ["NaN 00", "nan", "NaN zz", "Inf"])
def test_text_that_is_no_number_is_an_error(data: str) -> None:
    with pytest.raises(ValueError, match=r"number|hexadecimal"):
        from_json(sd.Scalar("float32", finite=False), data)


def test_classes_by_name_and_back() -> None:
    several = sd.ClassLabel(["rot", "grün", "blå"], max=3)
    names = label_names(several, np.array([2, 0]))
    assert names == ["blå", "rot"]
    assert same(label_indices(several, names), np.array([2, 0]))


@pytest.mark.parametrize("name", ["png", "webp", "raw"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_an_image_comes_back_from_each_encoding_without_loss(
    name: Any, channels: int, dtype: Any
) -> None:
    image = np.random.default_rng(3).random((7, 5, channels)) * 255
    codec = Encoding(name).codec(sd.Image(7, 5, channels, dtype))
    assert codec.lossless
    assert same(codec.decode(codec.encode(image.astype(dtype))), image.astype(dtype))


def test_colours_under_nothing_survive() -> None:
    image = np.zeros((4, 4, 4), np.uint8)
    image[..., 0] = 200  # red, and wholly transparent
    codec = Encoding("webp").codec(sd.Image(4, 4, 4))
    assert codec.name == "webp"
    assert same(codec.decode(codec.encode(image)), image)


def test_a_mask_is_never_encoded_with_loss() -> None:
    mask = np.random.default_rng(3).integers(0, 2**16, (9, 9), np.uint16)
    for name in ("jpeg", "webp"):
        codec = Encoding(name, 10).codec(sd.Mask(9, 9, "uint16"))
        assert codec.name == "png"
        assert same(codec.decode(codec.encode(mask)), mask)


def test_an_image_without_pixels_is_kept_as_an_array() -> None:
    codec = Encoding().codec(sd.Image(sd.UpTo(4), 4))
    empty = np.zeros((0, 4, 3), np.uint8)
    assert same(codec.decode(codec.encode(empty)), empty)


def test_an_image_that_readers_would_take_for_an_attack_is_raw() -> None:
    assert Encoding().codec(sd.Image(13_500, 13_500, 1)).name == "raw"


@pytest.mark.parametrize("name", ["png", "jpeg", "webp"])
def test_what_is_no_image_is_a_value_error(name: Any) -> None:
    codec = Encoding(name).codec(sd.Image(8, 8))
    data = codec.encode(np.zeros((8, 8, 3), np.uint8))
    for bad in (b"", data[: len(data) // 2], b"GIF89a"):
        with pytest.raises(ValueError, match=f"no {name} file"):
            codec.decode(bad)


@pytest.mark.parametrize(
    ("dtype", "data"), [("uint8", 256), ("int64", 2**70), ("float16", 1e6), ("int32", None)]
)
def test_a_number_that_the_dtype_has_not_is_a_value_error(dtype: Any, data: Any) -> None:
    with pytest.raises(ValueError, match=dtype):
        from_json(sd.Scalar(dtype), data)


def test_a_damaged_array_file_is_a_value_error() -> None:
    codec = Encoding("raw").codec(sd.Image(4, 4))
    data = codec.encode(np.zeros((4, 4, 3), np.uint8))
    for place in range(6, len(data) - 48):
        for end in (bytes([data[place] ^ 255]) + data[place + 1 :], b""):
            try:
                codec.decode(data[:place] + end)
            except ValueError:
                continue
