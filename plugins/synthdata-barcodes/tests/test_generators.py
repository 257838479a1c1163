"""What the params do, and which of them are refused."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import synthdata as sd
from synthdata_barcodes.qr import LEVELS
from synthdata_barcodes.symbologies import SYMBOLOGIES, encode

IDS = ["qr-v1", "barcode-v1"]


def samples(id: str, count: int, seed: int = 7, **params: Any) -> list[sd.Sample]:
    recipe = sd.Recipe(generator=id, params=params, seed=seed, samples=count)
    return list(sd.Source(recipe))


def edges(sample: sd.Sample) -> float:
    """Mean step between neighbouring pixels, in grey levels."""
    grey = sample.image.mean(axis=2)
    return float(np.abs(np.diff(grey, axis=0)).mean() + np.abs(np.diff(grey, axis=1)).mean())


# The weighted sums of GS1's General Specifications, section 7.9, worked by hand.
@pytest.mark.parametrize(
    ("name", "data", "payload"),
    [
        ("ean-13", "629104150021", "6291041500213"),
        ("ean-8", "9638507", "96385074"),
        ("upc-a", "03600029145", "036000291452"),
    ],
)
def test_a_product_code_gets_its_check_digit(name: Any, data: str, payload: str) -> None:
    assert encode(name, data).payload == payload
    for sample in samples("barcode-v1", 3, symbologies=[name], texts=[data, payload]):
        assert sample.metadata["payload"] == payload


@pytest.mark.parametrize("id", IDS)
def test_the_label_is_the_class_or_the_corners(id: str) -> None:
    classified, located = samples(id, 5), samples(id, 5, task="locate")
    for first, second in zip(classified, located, strict=True):
        np.testing.assert_array_equal(first.image, second.image)
        assert first.label == first.metadata["class"]
        np.testing.assert_array_equal(second.label, first.metadata["corners"])


def test_all_classes_are_drawn_and_only_those_asked_for() -> None:
    assert {sample.label for sample in samples("qr-v1", 40)} == set(range(len(LEVELS)))
    assert {sample.label for sample in samples("barcode-v1", 60)} == set(range(len(SYMBOLOGIES)))
    # The classes of QR codes stay the same four, those of barcodes are the ones asked for.
    assert {sample.label for sample in samples("qr-v1", 20, levels=["Q"])} == {2}
    assert {sample.label for sample in samples("barcode-v1", 20, symbologies=["itf"])} == {0}


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("id", IDS)
def test_images_have_the_channels_asked_for(id: str, channels: int) -> None:
    for sample in samples(id, 3, channels=channels, size=128):
        assert sample.image.shape == (128, 128, channels)
        assert sample.metadata["colors"].shape == (2, channels)


def test_texts_are_chosen_from_and_patterns_are_filled() -> None:
    chosen = {s.metadata["payload"] for s in samples("qr-v1", 30, texts=["one", "#2"])}
    assert chosen == {"one", "#2"}
    filled = samples("qr-v1", 9, patterns=[r"a\#-##@"])
    filled += samples("barcode-v1", 9, symbologies=["code-128"], patterns=[r"a\#-##@"])
    payloads = [sample.metadata["payload"] for sample in filled]
    assert all(re.fullmatch(r"a#-\d\d[A-Z]", payload) for payload in payloads)
    assert len(set(payloads)) > 9


@pytest.mark.parametrize("id", IDS)
def test_ink_swallows_the_part_of_the_light_that_contrast_says(id: str) -> None:
    for sample in samples(id, 10, contrast=0.75, paper=200, tint=0):
        assert sample.metadata["colors"].tolist() == [[50, 50, 50], [200, 200, 200]]


@pytest.mark.parametrize(
    ("param", "mild", "strong"),
    [("blur", 0, 1), ("shrink", 1, 4), ("contrast", 1, 0.2), ("shade", 0, 0.8)],
)
def test_wear_takes_edges_from_the_picture(param: str, mild: float, strong: float) -> None:
    calm: dict[str, Any] = {"noise": 0, "jpeg": 100, "backgrounds": ["paper"]}
    for id in IDS:
        sharp = samples(id, 4, **calm | {param: mild})
        worn = samples(id, 4, **calm | {param: strong})
        assert all(edges(a) > 1.1 * edges(b) for a, b in zip(sharp, worn, strict=True))


def test_noise_has_the_standard_deviation_of_the_metadata() -> None:
    calm: dict[str, Any] = {"jpeg": 100, "shrink": 1, "blur": 0, "shade": 0, "tint": 0}
    flat: dict[str, Any] = {"contrast": 0, "paper": 128, "backgrounds": ["paper"]}
    for sample in samples("qr-v1", 3, **calm, **flat, noise=10):
        # Rounding adds the variance 1/12.
        assert sample.image.std() == pytest.approx((100 + 1 / 12) ** 0.5, rel=0.02)
        assert sample.metadata["noise"] == 10


def test_light_fades_to_the_part_that_shade_leaves() -> None:
    calm: dict[str, Any] = {"jpeg": 100, "shrink": 1, "blur": 0, "noise": 0, "tint": 0}
    flat: dict[str, Any] = {"contrast": 0, "paper": 200, "backgrounds": ["paper"]}
    for sample in samples("barcode-v1", 5, **calm, **flat, shade=0.5):
        assert sample.image.max() == pytest.approx(200, abs=2)
        assert sample.image.min() == pytest.approx(100, abs=2)


@pytest.mark.parametrize("id", IDS)
@pytest.mark.parametrize(
    "params",
    [
        {"size": 64, "module": 64},
        {"size": 1024, "module": 64, "noise": 128},
        {"angle": -360, "tilt": 60, "quiet": 0},
        {"angle": 360, "tilt": 60, "quiet": 20},
        {"blur": 4, "shrink": 8, "jpeg": 1, "shade": 1, "paper": 0},
        {"contrast": 0, "tint": 1, "paper": 255},
        {"length": 1},
    ],
)
def test_the_ends_of_each_range_draw_a_sample(id: str, params: dict[str, Any]) -> None:
    assert len(samples(id, 2, **params)) == 2


@pytest.mark.parametrize(
    "params", [{"version": 40}, {"length": 200}, {"micro": 1}, {"micro": 1, "levels": ["H"]}]
)
def test_the_ends_of_qr_params_draw_a_sample(params: dict[str, Any]) -> None:
    assert len(samples("qr-v1", 3, **params)) == 3


@pytest.mark.parametrize("params", [{"length": 40}, {"bar_height": 4}, {"bar_height": 200}])
def test_the_ends_of_barcode_params_draw_a_sample(params: dict[str, Any]) -> None:
    assert len(samples("barcode-v1", 3, **params)) == 3


@pytest.mark.parametrize(
    ("id", "params", "message"),
    [
        ("qr-v1", {"texts": ["a"], "patterns": ["b"]}, "texts or patterns, not both"),
        ("qr-v1", {"texts": [""]}, "1 to 1024 bytes, but one has 0"),
        ("qr-v1", {"texts": ["ä" * 600]}, "1 to 1024 bytes, but one has 1200"),
        ("qr-v1", {"micro": 0.5, "texts": ["a" * 16]}, "too long for a Micro QR code of level L"),
        ("qr-v1", {"micro": 0.5, "texts": ["ä"]}, "a Micro QR code holds ASCII"),
        ("qr-v1", {"micro": 0.5, "kinds": ["url"]}, "too small for url; set micro to 0"),
        ("qr-v1", {"levels": ["L", "L"]}, "doubled is 'L'"),
        ("qr-v1", {"tilt": 61}, "numbers from 0 to 60"),
        ("barcode-v1", {"texts": ["a"], "patterns": ["b"]}, "texts or patterns, not both"),
        (
            "barcode-v1",
            {"texts": ["12345678"]},
            "ean-13 cannot hold a payload: '12345678' is not 12",
        ),
        ("barcode-v1", {"symbologies": ["ean-8"], "texts": ["96385071"]}, "but 4 is right"),
        (
            "barcode-v1",
            {"symbologies": ["ean-8"], "patterns": ["########"]},
            "check digit left out",
        ),
        ("barcode-v1", {"symbologies": ["itf"], "texts": ["123"]}, "odd number of digits"),
        ("barcode-v1", {"symbologies": ["itf"], "texts": [""]}, "0 characters, not 1 to 80"),
        ("barcode-v1", {"symbologies": ["code-39"], "texts": ["a"]}, "'a' has 'a'"),
        ("barcode-v1", {"symbologies": ["code-128"], "texts": ["ä"]}, "'ä' has 'ä'"),
    ],
)
def test_params_that_cannot_be_drawn_are_refused(
    id: str, params: dict[str, Any], message: str
) -> None:
    with pytest.raises(sd.ParamsError, match=re.escape(message)):
        sd.make(id, **params)
