"""Every code is read back by zxing-cpp, which shares no line with what drew it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest
import zxingcpp
from numpy.typing import NDArray
from PIL import Image, ImageFilter

import synthdata as sd
from synthdata_barcodes.payloads import ALPHANUMERIC, KINDS
from synthdata_barcodes.qr import LEVELS
from synthdata_barcodes.symbologies import SYMBOLOGIES
from synthdata_barcodes.view import project

READABLE = 0.995
"""Least part of a thousand codes that is read at default settings."""

FORMATS = {
    "ean-13": zxingcpp.BarcodeFormat.EAN13,
    "ean-8": zxingcpp.BarcodeFormat.EAN8,
    "upc-a": zxingcpp.BarcodeFormat.UPCA,
    "code-128": zxingcpp.BarcodeFormat.Code128,
    # The standard one: six characters may else pass for an Italian drug, in Code 32.
    "code-39": zxingcpp.BarcodeFormat.Code39Std,
    "itf": zxingcpp.BarcodeFormat.ITF,
}
MATRIX = [zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.MicroQRCode]

# The reader gives corners in whole pixels, a sixth of a module here, and finds a finder pattern to
# half a module or so. A corner without one hangs on an alignment pattern. Version 1 lacks that, and
# a Micro QR code has but one finder pattern: where they say is what they are off by, grown.
TOLERANCE = {"qr": [1, 1, 1, 1], "qr 1": [1, 1, 2, 1], "micro": [1, 2, 2, 2]}
# The guard pattern of an EAN is three modules wide, and the reader at times starts within it.
ENDS_TOLERANCE = 3
TYPICAL = 0.6
"""Nine of ten corners are this near, in modules."""


class Found(NamedTuple):
    """What the reader saw: the text, what it says of the code, corners (4, 2) in the image."""

    text: str
    code: Any
    corners: NDArray[np.float64]


class Frame(NamedTuple):
    """A copy of an image for the reader: turned back, enlarged, its light evened out."""

    turn: float = 0
    scale: float = 1
    even: bool = False

    def read(self, image: NDArray[np.uint8], formats: Any) -> list[Found]:
        """What the reader sees in the copy, the code that it saw in most lines first."""
        copy, back = self._copy(image)
        codes = zxingcpp.read_barcodes(
            np.asarray(copy), formats=formats, text_mode=zxingcpp.TextMode.Plain
        )
        seen = [(code, _corners(code)) for code in codes]
        seen.sort(key=lambda pair: float(np.ptp(pair[1][:, 1])), reverse=True)
        return [Found(_text(code), code, project(back, corners)) for code, corners in seen]

    def _copy(self, image: NDArray[np.uint8]) -> tuple[Image.Image, NDArray[np.float64]]:
        half = image.shape[0] / 2
        side = round(2 * half * self.scale * (math.sqrt(2) if self.turn else 1))
        cosine, sine = math.cos(math.radians(self.turn)), math.sin(math.radians(self.turn))
        back = np.eye(3)
        back[:2, :2] = np.array([(cosine, -sine), (sine, cosine)]) / self.scale
        back[:2, 2] = half - back[:2, :2] @ (side / 2, side / 2)
        copy = Image.fromarray(image.squeeze()).convert("L")
        copy = copy.transform(
            (side, side),
            Image.Transform.AFFINE,
            tuple(back[:2].ravel()),
            Image.Resampling.BICUBIC,
            fillcolor=int(np.median(image)),
        )
        return (_even(copy) if self.even else copy), back


def _even(picture: Image.Image) -> Image.Image:
    """Divide by the lightest nearby: zxing has one threshold for a whole line of a picture."""
    small = picture.resize((picture.width // 4, picture.height // 4), Image.Resampling.BOX)
    paper = small.filter(ImageFilter.MaxFilter(9)).filter(ImageFilter.GaussianBlur(4))
    light = np.maximum(np.asarray(paper.resize(picture.size), np.float32), 1)
    return Image.fromarray(np.clip(np.asarray(picture) * (230 / light), 0, 255).astype(np.uint8))


def _corners(code: Any) -> NDArray[np.float64]:
    """The reader's corners, which are pixels, as points: the middles of those pixels."""
    place = code.position
    corners = (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
    return np.array([(corner.x + 0.5, corner.y + 0.5) for corner in corners])


def _text(code: Any) -> str:
    """The text; zxing reports a UPC-A as the EAN-13 that it is, with a 0 before it."""
    text = str(code.text)
    product = code.format in (zxingcpp.BarcodeFormat.EAN13, zxingcpp.BarcodeFormat.UPCA)
    return text[1:] if product and len(text) == 13 and text[0] == "0" else text


def samples(id: str, seed: int, count: int, **params: Any) -> Iterator[sd.Sample]:
    yield from sd.Source(sd.Recipe(generator=id, params=params, seed=seed, samples=count))


def first_read(frames: Sequence[Frame], sample: sd.Sample, formats: Any) -> Found | None:
    for frame in frames:
        for found in frame.read(sample.image, formats):
            return found
    return None


def read_qr(sample: sd.Sample) -> Found | None:
    """As it is, else enlarged, with its light evened out, and turned."""
    frames = [Frame(), Frame(0, 2), Frame(0, 2, True), Frame(30, 2, True), Frame(60, 2, True)]
    return first_read(frames, sample, MATRIX)


def read_linear(sample: sd.Sample) -> Found | None:
    """As someone does who holds the scanner along the code."""
    turn = float(sample.metadata["angle"])
    return first_read([Frame(turn, 2, True), Frame(turn, 3, True)], sample, [*FORMATS.values()])


def missed(sample: sd.Sample, found: Found) -> NDArray[np.float64]:
    """How far the reader's corners are from the sample's, in modules."""
    away = found.corners - sample.metadata["corners"][:, :2]
    far: NDArray[np.float64] = np.hypot(away[:, 0], away[:, 1]) / sample.metadata["module"]
    return far


def ends_missed(sample: sd.Sample, found: Found) -> NDArray[np.float64]:
    """How far they are from the ends of the bars, in modules; inf if beside the bars.

    A reader of bars cannot say how high they are.
    """
    to_modules = np.linalg.inv(sample.metadata["homography"].astype(float))
    place = project(to_modules, found.corners)
    (width, height) = project(to_modules, sample.metadata["corners"][:, :2])[2]
    far: NDArray[np.float64] = np.abs(place[:, 0] - [0, width, width, 0])
    return far if ((place[:, 1] > -1) & (place[:, 1] < height + 1)).all() else far + np.inf


def design(sample: sd.Sample) -> str:
    if sample.metadata["micro"]:
        return "micro"
    return "qr 1" if sample.metadata["version"] == 1 else "qr"


def qr_misses(seed: int, count: int, **params: Any) -> list[NDArray[np.float64]]:
    """How far each corner of each code that was read right is off."""
    misses = []
    for sample in samples("qr-v1", seed, count, **params):
        found = read_qr(sample)
        if found and found.text == sample.metadata["payload"]:
            far = missed(sample, found)
            if (far <= TOLERANCE[design(sample)]).all():
                misses.append(far)
    return misses


def linear_misses(seed: int, count: int, **params: Any) -> list[NDArray[np.float64]]:
    misses = []
    for sample in samples("barcode-v1", seed, count, **params):
        found = read_linear(sample)
        if found and found.text == sample.metadata["payload"]:
            far = ends_missed(sample, found)
            if (far <= ENDS_TOLERANCE).all():
                misses.append(far)
    return misses


def typically(misses: list[NDArray[np.float64]]) -> float:
    return float(np.quantile(misses, 0.9))


def test_qr_codes_are_read_with_payload_and_corners() -> None:
    misses = qr_misses(seed=3, count=150)
    assert len(misses) >= 0.99 * 150
    assert typically(misses) < TYPICAL


def test_barcodes_are_read_with_payload_and_ends() -> None:
    misses = linear_misses(seed=3, count=150)
    assert len(misses) >= 0.99 * 150
    assert typically(misses) < TYPICAL


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_of_a_thousand_qr_codes_all_but_five_are_read(seed: int) -> None:
    misses = qr_misses(seed, count=1_000)
    assert len(misses) >= READABLE * 1_000
    assert typically(misses) < TYPICAL


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_of_a_thousand_barcodes_all_but_five_are_read(seed: int) -> None:
    misses = linear_misses(seed, count=1_000)
    assert len(misses) >= READABLE * 1_000
    assert typically(misses) < TYPICAL


CLEAN: dict[str, Any] = {
    "tilt": 0,
    "contrast": 1,
    "tint": 0,
    "backgrounds": ["paper"],
    "shade": 0,
    "blur": 0,
    "shrink": 1,
    "noise": 0,
    "jpeg": 100,
}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("version", [1, 6, 14, 40])
def test_the_reader_agrees_about_level_and_version(level: str, version: int) -> None:
    params = {"levels": [level], "version": version, "size": 1024, "module": 5}
    for sample in samples("qr-v1", 5, 2, **CLEAN, **params):
        found = read_qr(sample)
        assert found
        assert (found.text, found.code.ec_level) == (sample.metadata["payload"], level)
        assert LEVELS[sample.label] == level
        side = found.corners[1] - found.corners[0]
        modules = math.hypot(*side) / sample.metadata["module"]
        # ISO/IEC 18004: version 1 has 21 modules a side, each further one four more.
        assert round((modules - 17) / 4) == sample.metadata["version"] >= version


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_payload_is_read(kind: str) -> None:
    for sample in samples("qr-v1", 6, 5, **CLEAN, kinds=[kind], length={"uniform": [1, 60]}):
        found = read_qr(sample)
        assert found
        assert found.text == sample.metadata["payload"]
        assert KINDS[sample.metadata["kind"]] == kind


@pytest.mark.parametrize("mask", ["random", "best"])
@pytest.mark.parametrize("text", ["Straße 7, Łódź", "東京都", "Ω≈ç√", ALPHANUMERIC, "a" * 200])
def test_texts_of_any_script_are_read(text: str, mask: str) -> None:
    for sample in samples("qr-v1", 7, 3, **CLEAN, size=512, module=8, texts=[text], mask=mask):
        found = read_qr(sample)
        assert found
        assert found.text == sample.metadata["payload"] == text


def test_micro_qr_codes_are_read_with_payload_and_corners() -> None:
    assert len(qr_misses(8, 40, **CLEAN, micro=1)) == 40


def test_most_micro_qr_codes_are_read_at_default_settings() -> None:
    # Their one finder pattern is not always enough for the reader.
    assert len(qr_misses(8, 60, micro=1)) >= 0.95 * 60


def test_part_of_the_codes_are_micro_qr_codes() -> None:
    seen = {
        str(found.code.format) == "Micro QR Code"
        for sample in samples("qr-v1", 9, 30, **CLEAN, micro=0.5)
        if (found := read_qr(sample)) and found.text == sample.metadata["payload"]
        if (str(found.code.format) == "Micro QR Code") == sample.metadata["micro"]
    }
    assert seen == {True, False}


@pytest.mark.parametrize("name", SYMBOLOGIES)
def test_the_reader_agrees_about_the_symbology(name: str) -> None:
    params = {"symbologies": [name], "length": {"uniform": [6, 20]}, "size": 512, "module": 4}
    for sample in samples("barcode-v1", 10, 4, **CLEAN, **params):
        # Of one format, as a UPC-A would be reported as EAN-13 if that were among them.
        frame = Frame(float(sample.metadata["angle"]), 2)
        (found,) = frame.read(sample.image, [FORMATS[name]])
        assert found.text == sample.metadata["payload"]


VISIBLE = "".join(map(chr, range(32, 127)))


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        (
            "code-128",
            [
                VISIBLE[:32],
                VISIBLE[32:64],
                VISIBLE[64:],
                "0123456789",
                "A1",
                "12a3456b78",
                "99",
                "99a",
            ],
        ),
        ("code-39", ["0123456789", "ABCDEFGHIJKLMN", "OPQRSTUVWXYZ", "-. $/+%0"]),
        ("ean-13", ["978020137962", "9780201379624"]),  # with and without its check digit
        ("itf", ["00123456789012"]),
    ],
)
def test_each_character_of_an_alphabet_is_read(name: str, texts: list[str]) -> None:
    params = {"symbologies": [name], "texts": texts, "size": 1024, "module": 3, "angle": 0}
    found = {}
    for sample in samples("barcode-v1", 11, 8 * len(texts), **CLEAN, **params):
        payload = sample.metadata["payload"]
        if payload not in found:
            (seen,) = Frame().read(sample.image, [FORMATS[name]])
            found[payload] = seen.text
    assert len(found) == (1 if name == "ean-13" else len(texts))
    assert all(payload == text for payload, text in found.items())
