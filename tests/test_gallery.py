"""The gallery shows each first-party generator as it is.

After a change of one: ``python docs/gallery.py``, which draws the pictures as well.
"""

from __future__ import annotations

import re
import runpy
from typing import Any

import pytest
from PIL import Image

from tests.docs.blocks import DOCS

GALLERY: dict[str, Any] = runpy.run_path(str(DOCS / "gallery.py"))
PAGE = (DOCS / "gallery.md").read_text(encoding="utf-8")
ADVICE = "python docs/gallery.py writes the page again"

LISTED = re.findall(r"^### (.*)$", PAGE, re.MULTILINE)


def declared() -> list[str]:
    """The ids in the order of the page, as the projects of this repository name them."""
    tables = GALLERY["first_party"]().values()
    return [id for table in tables for id in sorted(table["entry-points"]["synthdata.generators"])]


def test_it_lists_exactly_the_first_party_generators() -> None:
    assert declared() == LISTED, ADVICE


def test_it_has_a_section_for_each_one_that_is_registered_and_what_it_says_is_so() -> None:
    sections: dict[str, str] = GALLERY["sections"]()
    assert {"synthdata/shapes-v1", "synthdata/photos-v1"} <= set(sections)
    for id, text in sections.items():
        assert text in PAGE, f"{id}: {ADVICE}"
    if len(sections) == len(LISTED):
        assert GALLERY["page"]() == PAGE, ADVICE


@pytest.mark.parametrize("id", LISTED)
def test_each_has_a_small_picture(id: str) -> None:
    file = DOCS / "pictures" / f"{id}.png"
    assert f"![Samples of {id}](pictures/{id}.png)" in PAGE
    with Image.open(file) as picture:
        picture.load()
        assert picture.format == "PNG"
        assert min(picture.size) >= 150
    assert file.stat().st_size < 100_000


def test_no_picture_is_left_over() -> None:
    assert {file.stem for file in (DOCS / "pictures").iterdir()} == set(LISTED)


def test_a_generator_is_drawn_with_what_it_needs() -> None:
    pytest.importorskip("skimage")
    assert GALLERY["draw"]("synthdata/photos-v1").size[0] > 4 * 100


def test_what_is_not_ours_is_not_shown(synthdata_registry: Any) -> None:
    synthdata_registry.block("noise-v1")
    shown = {item.id for item in GALLERY["listings"]()}
    assert "shapes-v1" in shown
    assert "noise-v1" not in shown
