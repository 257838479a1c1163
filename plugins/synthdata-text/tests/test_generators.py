"""What the params do, and which of them are refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ImageFont, features

import synthdata as sd
from synthdata_text.clusters import clusters_of
from synthdata_text.content import word_list
from synthdata_text.fonts import find_faces

IDS = ["words-v1", "lines-v1", "paragraphs-v1"]
DEJAVU = Path("/usr/share/fonts/truetype/dejavu")


def samples(id: str, count: int, seed: int = 7, **params: Any) -> list[sd.Sample]:
    recipe = sd.Recipe(generator=id, params=params, seed=seed, samples=count)
    return list(sd.Source(recipe))


def texts(id: str, count: int, **params: Any) -> list[str]:
    small: dict[str, Any] = {"height": 32, "width": 64, "difficulty": 0}
    return [sample.label["text"] for sample in samples(id, count, **small | params)]


def three_letters(rng: np.random.Generator) -> str:
    return "".join("abc"[int(rng.integers(3))] for _ in range(3))


def nothing(rng: np.random.Generator) -> int:
    return 3


needs_dejavu = pytest.mark.skipif(not DEJAVU.is_dir(), reason="fonts-dejavu is not installed")


def test_the_word_list_is_long_and_of_ascii_letters() -> None:
    words = word_list()
    assert len(words) >= 1_500
    assert list(words) == sorted(set(words))
    assert all(word.isascii() and word.isalpha() and word.islower() for word in words)


def test_words_are_of_the_list_with_the_case_asked_for() -> None:
    plain: dict[str, Any] = {"numbers": 0, "punctuation": 0, "title": 0, "upper": 0}
    assert set(texts("words-v1", 50, **plain)) <= set(word_list())
    assert all(text.istitle() for text in texts("words-v1", 20, **plain | {"title": 1}))
    assert all(text.isupper() for text in texts("words-v1", 20, **plain | {"upper": 1}))
    marked = texts("words-v1", 40, **plain | {"punctuation": 1})
    assert not any(text.isalpha() for text in marked)
    assert {text.strip(".,;:!?()[]\"'") for text in marked} <= set(word_list())


@pytest.mark.parametrize(
    ("kind", "pattern"),
    [
        ("date", r"\d{4}-\d\d-\d\d|\d\d\.\d\d\.\d{4}|\d{1,2}/\d{1,2}/(\d\d){1,2}"),
        ("amount", r"\$?\d{1,3}(,\d{3})*\.\d\d"),
        ("serial", r"(No\.)?[A-Z0-9/-]+"),
    ],
)
def test_numbers_have_the_form_of_their_kind(kind: str, pattern: str) -> None:
    drawn = texts("words-v1", 60, numbers=1, number_kinds=[kind])
    assert all(re.fullmatch(pattern, text) for text in drawn)
    assert len(set(drawn)) > 50


@pytest.mark.parametrize("id", IDS)
def test_texts_and_patterns_and_functions_are_taken(id: str) -> None:
    sources: list[tuple[dict[str, Any], str]] = [
        ({"texts": ["one", "two"]}, "one|two"),
        ({"patterns": [r"a\##@"]}, r"a#\d[A-Z]"),
        ({"function": f"{__name__}:three_letters"}, "[abc]{3}"),
    ]
    for params, pattern in sources:
        words = " ".join(texts(id, 4, **params)).split()
        assert all(re.fullmatch(pattern, word) for word in words)
        assert len(set(words)) > 1


@needs_dejavu
def test_faker_writes_in_each_of_its_locales() -> None:
    pytest.importorskip("faker")
    params: dict[str, Any] = {"fonts": [str(DEJAVU / "DejaVuSans.ttf")]}
    params |= {"faker": ["de_DE", "el_GR"], "faker_methods": ["name", "city"]}
    drawn = texts("lines-v1", 12, **params)
    greek = [any("α" <= letter <= "ω" for letter in text) for text in drawn]
    assert any(greek)
    assert not all(greek)
    assert len(set(drawn)) == 12


def test_a_word_of_a_longer_text_is_one_of_it() -> None:
    assert set(texts("words-v1", 30, texts=["two words"])) == {"two", "words"}


def test_lines_and_paragraphs_have_the_words_and_lines_asked_for() -> None:
    for text in texts("lines-v1", 5, words=3):
        assert len(text.split(" ")) == 3
    for text in texts("paragraphs-v1", 5, words=2, lines=4):
        assert [len(line.split(" ")) for line in text.split("\n")] == [2, 2, 2, 2]
    for text in texts("paragraphs-v1", 3, words=20, lines=40, max_characters=100):
        assert 100 - 32 < sum(map(len, text.split())) <= 100


@pytest.mark.parametrize(("align", "edge"), [("left", 0), ("right", 2), ("centre", None)])
def test_lines_are_aligned(align: str, edge: int | None) -> None:
    params: dict[str, Any] = {"aligns": [align], "difficulty": 0, "words": 1, "lines": 5}
    for sample in samples("paragraphs-v1", 3, texts=["Hill", "HillHillHill"], **params):
        boxes = [(p[:, 0].min(), p[:, 0].mean(), p[:, 0].max()) for p in sample.label["words"]]
        places = np.array(boxes)
        places[:, 1] = (places[:, 0] + places[:, 2]) / 2
        assert np.ptp(places[:, 1 if edge is None else edge]) < 1.5
        if len({round(float(np.diff(row[[0, 2]])[0])) for row in places}) > 1:
            assert np.ptp(places[:, 0 if edge != 0 else 2]) > 1.5


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("id", IDS)
def test_images_have_the_size_and_channels_asked_for(id: str, channels: int) -> None:
    for sample in samples(id, 2, channels=channels, height=64, width=200):
        assert sample.image.shape == (64, 200, channels)
        assert sample.metadata["colors"].shape == (2, channels)


@pytest.mark.parametrize(
    "param", ["angle", "tilt", "curvature", "texture", "fade", "shade", "shadow", "blur", "noise"]
)
def test_nothing_is_left_of_a_disturbance_at_difficulty_0_and_half_of_it_at_a_half(
    param: str,
) -> None:
    for difficulty in (0, 0.5, 1):
        for sample in samples("words-v1", 3, difficulty=difficulty, **{param: 1}):
            assert sample.metadata[param] == pytest.approx(difficulty)


def test_a_clean_sample_is_sharp_and_even() -> None:
    for sample in samples("words-v1", 5, difficulty=0):
        assert sample.metadata["jpeg"] == 100
        assert sample.metadata["shrink"] == 1
        assert sample.image.max() == sample.metadata["colors"][1, 0]


def test_the_pillow_font_is_the_default_and_no_system_font_is_looked_for() -> None:
    font = ImageFont.load_default(10)
    assert isinstance(font, ImageFont.FreeTypeFont)
    family = " ".join(part or "" for part in font.getname())
    assert {sample.metadata["font"] for sample in samples("words-v1", 4)} == {family}


@needs_dejavu
def test_fonts_of_a_folder_are_all_used_and_in_the_order_of_their_paths() -> None:
    faces = find_faces((str(DEJAVU),))
    # Pillow says the file of a font that it opened.
    assert [face.base.path for face in faces] == sorted(DEJAVU.glob("*.ttf"))
    drawn = {sample.metadata["font"] for sample in samples("words-v1", 30, fonts=[str(DEJAVU)])}
    assert len(drawn) > 3
    assert drawn <= {face.name for face in faces}


@needs_dejavu
def test_a_font_without_the_characters_is_not_taken() -> None:
    fonts = ["pillow", str(DEJAVU / "DejaVuSans.ttf")]
    for sample in samples("words-v1", 10, fonts=fonts, texts=["Жук"]):
        assert sample.metadata["font"] == "DejaVu Sans Book"


def test_a_character_that_no_font_has_is_an_error_that_names_it() -> None:
    with pytest.raises(sd.SynthDataError, match="lacks 'Ж'"):
        samples("words-v1", 1, texts=["Жa"])


def test_a_glyph_without_ink_is_refused(tmp_path: Path) -> None:
    """A font whose letter b is in its tables and has no outline."""
    builder = pytest.importorskip("fontTools.fontBuilder")
    pens = pytest.importorskip("fontTools.pens.ttGlyphPen")
    font = builder.FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder([".notdef", "a", "b"])
    font.setupCharacterMap({ord("a"): "a", ord("b"): "b"})
    glyphs = {}
    for name in (".notdef", "a", "b"):
        pen = pens.TTGlyphPen(None)
        if name != "b":
            pen.moveTo((0, 0))
            for point in ((0, 500), (500, 500), (500, 0)):
                pen.lineTo(point)
            pen.closePath()
        glyphs[name] = pen.glyph()
    font.setupGlyf(glyphs)
    font.setupHorizontalMetrics(dict.fromkeys(glyphs, (600, 0)))
    font.setupHorizontalHeader(ascent=800, descent=-200)
    font.setupNameTable({"familyName": "Test", "styleName": "Regular"})
    font.setupOS2()
    font.setupPost()
    font.save(tmp_path / "test.ttf")
    (face,) = find_faces((str(tmp_path),))
    assert face.lacks("a a", complex_=False) == ""
    assert face.lacks("abc", complex_=False) == "bc"
    assert [cluster.start for cluster in clusters_of("aba", face.at(32, complex_=False))] == [0, 2]


def test_joiners_need_no_ink_where_they_shape_and_are_never_drawn_as_boxes() -> None:
    (face,) = find_faces(("pillow",))
    assert face.lacks("a\u200db", complex_=True) == ""
    assert face.lacks("a\u200db", complex_=False) == "\u200d"
    with pytest.raises(sd.SynthDataError, match="lacks"):
        samples("words-v1", 1, texts=["a\u200db"], shaping="basic")


def test_without_raqm_a_script_that_needs_it_is_one_error_and_other_texts_are_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(features, "check", lambda feature: feature != "raqm")
    assert texts("words-v1", 1, texts=["plain"]) == ["plain"]
    for params in ({"texts": ["שלום"]}, {"shaping": "complex"}):
        with pytest.raises(sd.SynthDataError, match="needs Pillow with Raqm and the system's Fri"):
            samples("words-v1", 1, **params)


@pytest.mark.parametrize("id", IDS)
@pytest.mark.parametrize(
    "params",
    [
        {"height": 16, "width": 16, "em": 256},
        {"em": 6, "difficulty": 1},
        {"difficulty": 1, "tilt": 60, "angle": 180, "curvature": 4},
        {"difficulty": 1, "blur": 8, "shrink": 8, "jpeg": 1, "noise": 128},
        {"difficulty": 1, "shade": 1, "shadow": 1, "fade": 1, "texture": 128, "contrast": 0},
        {"texts": ["a" * 32], "paper": 0},
    ],
)
def test_the_ends_of_each_range_draw_a_sample(id: str, params: dict[str, Any]) -> None:
    (sample,) = samples(id, 1, **params)
    assert sample.label["text"]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"texts": ["a"], "patterns": ["b"]}, "give one of texts, patterns, faker and function"),
        ({"texts": []}, "one or more, none of them empty, are expected, not []"),
        ({"fonts": [""]}, "one or more, none of them empty, are expected, not ['']"),
        ({"texts": [" "]}, "a text with a word is expected, not ' '"),
        ({"patterns": ["\\ "]}, "a text with a word is expected, not ' '"),
        ({"texts": ["a \u200d"]}, "words that can be seen are expected"),
        ({"texts": ["a" * 33]}, "words of up to 32 characters are expected, but one has 33"),
        ({"texts": ["a", "a"]}, "doubled is 'a'"),
        ({"title": 0.7, "upper": 0.7}, "title and upper are 1 at most"),
        ({"tilt": 61}, "numbers from 0 to 60"),
    ],
)
def test_params_that_cannot_be_drawn_are_refused(params: dict[str, Any], message: str) -> None:
    with pytest.raises(sd.ParamsError, match=re.escape(message)):
        sd.make("words-v1", **params)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"fonts": ["/nowhere/font.ttf"]}, "a font file or a folder is expected"),
        ({"fonts": [str(Path(__file__).parent)]}, "a folder with .ttf, .otf or .ttc fonts"),
        ({"fonts": [__file__]}, "cannot be read"),
        ({"function": "nowhere:f"}, "module:name of a function"),
        ({"function": ".a:b"}, "module:name of a function"),
        ({"function": f"{__name__}:IDS"}, "is no function"),
        ({"function": f"{__name__}:nothing"}, "is to return a str, but returned 3"),
        ({"faker": ["xx_XX"]}, "a locale as en_GB is expected"),
    ],
)
def test_what_is_not_there_is_an_error_that_says_what_was_expected(
    params: dict[str, Any], message: str
) -> None:
    with pytest.raises(sd.SynthDataError, match=re.escape(message)):
        samples("words-v1", 1, **params)
