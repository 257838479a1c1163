"""Polygons against ink, pixel by pixel; one character's ink goes through the same warp."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont, features

import synthdata as sd
from synthdata_text.clusters import clusters_of, direction_of
from synthdata_text.fonts import Face, find_faces
from synthdata_text.layout import Sheet, lay_out
from synthdata_text.picture import CHARACTER_PARTS
from synthdata_text.surface import cover
from synthdata_text.warp import Pose, Warp, placed
from synthdata_text.wear import Wear, wear_out

DEJAVU = Path("/usr/share/fonts/truetype/dejavu")
ITALIC = DEJAVU / "DejaVuSerif-BoldItalic.ttf"
SANS = DEJAVU / "DejaVuSans.ttf"
INDIC = Path("/usr/share/fonts/truetype/freefont/FreeSans.ttf")

INK = 0.25
"""Part of a pixel, or of the paper's light, from which on ink is seen."""

PAPER = 250

IDS = ["words-v1", "lines-v1", "paragraphs-v1"]


def samples(id: str, seed: int, count: int, **params: Any) -> list[sd.Sample]:
    recipe = sd.Recipe(generator=id, params=params, seed=seed, samples=count)
    return list(sd.Source(recipe))


def inside(polygon: NDArray[Any], height: int, width: int) -> NDArray[np.bool_]:
    """Pixels whose middle is inside a polygon: an odd number of its edges is to the right."""
    left, top = np.maximum(np.floor(polygon.min(axis=0)), 0).astype(int)
    right, bottom = np.ceil(polygon.max(axis=0)).astype(int)
    found = np.zeros((height, width), bool)
    odd = found[top:bottom, left:right]
    y, x = np.ogrid[top : min(bottom, height), left : min(right, width)]
    for (x0, y0), (x1, y1) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        if y0 != y1:
            crosses = (y0 > y + 0.5) != (y1 > y + 0.5)
            odd ^= crosses & (x + 0.5 < x0 + (y + 0.5 - y0) * (x1 - x0) / (y1 - y0))
    return found


def area(polygon: NDArray[Any]) -> float:
    """By the shoelace formula; positive if it goes clockwise, as y goes down."""
    x, y = polygon[:, 0].astype(float), polygon[:, 1].astype(float)
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def hard(**more: Any) -> dict[str, Any]:
    """Every warp at its strongest, on one paper in one light, so that dark pixels are ink."""
    calm: dict[str, Any] = {"paper": PAPER, "contrast": 1, "difficulty": 1}
    calm |= dict.fromkeys(["texture", "fade", "shade", "shadow", "noise"], 0) | {"jpeg": 100}
    warped: dict[str, Any] = {
        "angle": {"uniform": [-30, 30]},
        "tilt": {"uniform": [0, 50]},
        "curvature": {"uniform": [-1, 1]},
    }
    return calm | warped | more


def installed(file: Path, package: str, id: str) -> Any:
    absent = pytest.mark.skipif(not file.is_file(), reason=f"{package} is not installed")
    return pytest.param(str(file), id=id, marks=absent)


FONTS = [pytest.param("pillow", id="pillow"), installed(ITALIC, "fonts-dejavu", "italic")]

WEAR = pytest.mark.parametrize(
    ("blur", "shrink"), [(0, 1), (1.5, 1), (1, 2)], ids=["sharp", "blurred", "small"]
)


@WEAR
@pytest.mark.parametrize("font", FONTS)
@pytest.mark.parametrize(("id", "count"), [("words-v1", 5), ("paragraphs-v1", 2)])
def test_all_ink_lies_in_the_polygons_after_every_warp(
    id: str, count: int, font: str, blur: float, shrink: float
) -> None:
    for sample in samples(id, 5, count, **hard(fonts=[font], blur=blur, shrink=shrink)):
        ink = sample.image[..., 0] < PAPER * (1 - INK)
        assert ink.any()
        for name in ("words", "characters"):
            covered = np.zeros(ink.shape, bool)
            for polygon in sample.label[name]:
                covered |= inside(polygon, *ink.shape)
            assert not (ink & ~covered).any()


def sheets(font: ImageFont.FreeTypeFont, lines: list[list[str]]) -> tuple[Sheet, list[Any]]:
    """A sheet, and of each of its characters the ink that it has where it stands alone."""
    sheet = lay_out(lines, font, spacing=1.3, align="left")
    alone = []
    height, width = sheet.ink.shape
    characters = [c for line in lines for word in line for c in word]
    for box, character in zip(sheet.characters, characters, strict=True):
        picture = Image.new("L", (width, height))
        mask, _ = font.getmask2(character, mode="L", anchor="ls")
        left, top, _, _ = mask.getbbox()
        corner = round(box[0] - left), round(box[1] - top)
        glyph = Image.frombytes("L", mask.size, bytes(mask))
        picture.paste(glyph, corner, glyph)
        alone.append(np.asarray(picture))
    return sheet, alone


@pytest.mark.parametrize("font", FONTS)
def test_characters_drawn_alone_at_their_boxes_are_the_whole_sheet(font: str) -> None:
    (face,) = find_faces((font,))
    sheet, alone = sheets(face.at(48, complex_=False), [["AVAjfTo", "fly(y)"], ["Wj,", "quick"]])
    together = np.maximum.reduce(alone).astype(int)
    # Pillow rounds a pen's place to a 64th, and where glyphs overlap it adds their ink.
    assert (np.abs(together - sheet.ink) > 64).mean() < 0.002


@WEAR
@pytest.mark.parametrize("font", FONTS)
def test_the_ink_of_each_character_lies_in_its_own_polygon(
    font: str, blur: float, shrink: float
) -> None:
    (face,) = find_faces((font,))
    sheet, alone = sheets(face.at(64, complex_=False), [["AVAjfTo", "fly(y)"], ["Wj,", "quick"]])
    rng = np.random.default_rng(3)
    width, height = 320, 128
    wear = Wear(blur, shrink, 0, 100)
    for _ in range(2):
        pose = Pose(rng.uniform(-40, 40), rng.uniform(0, 55), rng.uniform(0, 360), 64.0, (0.5, 0.5))
        warp, scale = placed(sheet.words, pose, 0.4, (width, height), 0.5 + wear.reach())
        polygons = warp.polygons(sheet.characters, CHARACTER_PARTS, wear.reach())
        for polygon, ink in zip(polygons, alone, strict=True):
            covered = cover(ink, warp, scale, (width, height))
            image = wear_out(PAPER * (1 - covered[..., None]), wear, rng)
            seen = image[..., 0] < PAPER * (1 - INK)
            assert seen.any()
            assert not (seen & ~inside(polygon, height, width)).any()


@pytest.mark.parametrize("id", IDS)
def test_polygons_are_tight_and_clockwise(id: str) -> None:
    for sample in samples(id, 8, 3, difficulty=0):
        ink = sample.image[..., 0] < 0.5 * sample.metadata["colors"][1, 0]
        for polygon in sample.label["characters"]:
            assert area(polygon) > 0
            y, x = np.nonzero(inside(polygon, *ink.shape) & ink)
            edges = np.array([polygon.min(axis=0), polygon.max(axis=0)])
            seen = np.array([[x.min(), y.min()], [x.max() + 1, y.max() + 1]])
            # It is grown by 0.75 of a pixel, and the ink of a border is less than half of it.
            assert (np.abs(edges - seen) < 2.5).all()


@pytest.mark.parametrize("id", IDS)
def test_each_character_has_a_polygon_a_word_and_a_place_in_the_text(id: str) -> None:
    for sample in samples(id, 9, 3):
        text = sample.label["text"]
        assert len(sample.label["words"]) == len(text.split())
        starts = sample.metadata["starts"].tolist()
        assert starts == [place for place, c in enumerate(text) if not c.isspace()]
        assert len(sample.label["characters"]) == len(starts)
        words = [text[:start].replace("\n", " ").count(" ") for start in starts]
        assert sample.metadata["word_of"].tolist() == words


def gap(points: NDArray[Any], polygon: NDArray[Any]) -> float:
    """The least distance of points (n, 2) from the edges of a polygon."""
    edges = np.roll(polygon, -1, axis=0) - polygon
    away = points[:, None] - polygon
    along = np.clip((away * edges).sum(axis=2) / (edges**2).sum(axis=1), 0, 1)
    return float(np.linalg.norm(away - along[..., None] * edges, axis=2).min())


def test_polygons_reach_as_far_around_boxes_as_asked_for_in_every_direction() -> None:
    boxes = np.array([[4.0, 4.0, 60.0, 60.0], [200.0, 20.0, 300.0, 60.0]])
    for toward in range(0, 360, 30):
        pose = Pose(15, 60, toward, 20.0, (0.5, 0.5))
        warp, _ = placed(boxes, pose, 0.5, (240, 160), 4)
        exact, grown = (warp.polygons(boxes, 8, reach) for reach in (0, 2))
        for inner, outer in zip(exact, grown, strict=True):
            # The scale is that of the corners, which a step of 2 pixels changes a little.
            assert 1.8 < gap(inner, outer) < 4


def test_the_map_back_undoes_the_map_forward() -> None:
    boxes = np.array([[4.0, 4.0, 300.0, 60.0]])
    warp, scale = placed(boxes, Pose(20, 40, 70, 30.0, (0.2, 0.7)), 0.5, (160, 96), 2)
    v, u = warp.back(96, 160, 1)
    y, x = np.mgrid[:96, :160] + 0.5
    shown = warp.forward(np.stack([u.ravel(), v.ravel()], axis=1).astype(float))
    np.testing.assert_allclose(shown, np.stack([x.ravel(), y.ravel()], axis=1), atol=0.02)
    assert scale <= 0.5


def test_a_horizon_within_the_image_is_looked_beyond() -> None:
    """With the row 0, 2, 1 the middles of the first pixels, y = 1/2, are at infinity."""
    matrix = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 2.0, 1.0]])
    assert np.isfinite(Warp(matrix, 1.0, 2.0, 2.0).back(4, 4, 1)).all()


@pytest.mark.parametrize(("id", "params"), [("words-v1", {"em": 200}), ("paragraphs-v1", {})])
def test_a_text_that_does_not_fit_is_made_smaller(id: str, params: dict[str, Any]) -> None:
    for sample in samples(id, 4, 4, **hard(blur=0, shrink=1, **params)):
        ink = sample.image[..., 0] < PAPER * (1 - INK)
        border = np.concatenate([ink[0], ink[-1], ink[:, 0], ink[:, -1]])
        assert ink.any()
        assert not border.any()


def shaped_face(file: Path) -> Face:
    if not features.check("raqm"):
        pytest.skip("Pillow finds no Raqm, or it no FriBiDi")
    if not file.is_file():
        pytest.skip(f"{file} is not installed")
    return find_faces((str(file),))[0]


@pytest.fixture
def shaped() -> Face:
    return shaped_face(SANS)


@pytest.mark.parametrize(
    ("file", "word", "count"),
    [
        (SANS, "محمد", 4),
        (SANS, "سلام", 4),
        (SANS, "שלום", 4),
        (SANS, "e\u0301te\u0301", 3),
        (INDIC, "हिन्दी", 2),
    ],
    ids=["joined", "ligature", "right-to-left", "accents", "conjunct"],
)
def test_shaped_clusters_hold_all_ink_in_the_direction_of_the_script(
    file: Path, word: str, count: int
) -> None:
    font = shaped_face(file).at(96, complex_=True)
    clusters = clusters_of(word, font)
    assert count - 1 <= len(clusters) <= count  # lam and alef are one glyph
    middles = [(cluster.box[0] + cluster.box[2]) / 2 for cluster in clusters]
    assert middles == sorted(middles, reverse=direction_of(word) == "rtl")
    sheet = lay_out([[word]], font, spacing=1, align="left")
    covered = Image.new("1", sheet.ink.shape[::-1])
    pen = ImageDraw.Draw(covered)
    for x0, y0, x1, y1 in sheet.characters.tolist():
        pen.rectangle((x0 - 1, y0 - 1, x1 + 1, y1 + 1), fill=1)
    assert not ((sheet.ink > 64) & ~np.asarray(covered)).any()


def test_joined_letters_are_where_they_would_be_alone(shaped: Face) -> None:
    """The forms of meem, hah, meem and dal, each drawn alone, from right to left.

    Unicode gives the forms code points of their own, which a font draws without shaping.
    """
    font, plain = shaped.at(96, complex_=True), shaped.at(96, complex_=False)
    forms = ["\ufee3", "\ufea4", "\ufee4", "\ufeaa"]  # initial meem, medial hah and meem, final dal
    right, boxes = 0.0, []
    for form in forms:
        mask, (left, top) = plain.getmask2(form, mode="L", anchor="ls")
        x0, y0, x1, y1 = mask.getbbox()
        right -= plain.getlength(form)
        boxes.append((right + left + x0, top + y0, right + left + x1, top + y1))
    length = font.getlength("محمد", direction="rtl")
    for cluster, box in zip(clusters_of("محمد", font), boxes, strict=True):
        moved = np.array(box) + np.array([length, 0, length, 0])
        # The strokes that join two letters overlap by a twentieth of an em.
        np.testing.assert_allclose(cluster.box, moved, atol=5)


@pytest.mark.usefixtures("shaped")
def test_lines_of_arabic_begin_at_the_right() -> None:
    for sample in samples("lines-v1", 2, 4, fonts=[str(SANS)], texts=["محمد"], difficulty=0):
        assert sample.metadata["complex"]
        middles = [polygon[:, 0].mean() for polygon in sample.label["words"]]
        assert middles == sorted(middles, reverse=True)
