"""What the pages of docs/ show is so: each block is run, page by page, in the order of the page."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

import pytest
from PIL import Image

from tests.docs.blocks import DOCS, blocks, pages, source
from tests.docs.session import Session

ELSEWHERE = {"execution.md": "tests/test_docs.py", "resume.md": "tests/test_resume.py"}
"""Pages whose blocks are run one by one, by another test."""

PAGES = [
    page
    for page in pages()
    if page not in ELSEWHERE and not all(block.skipped for block in blocks(page))
]


@pytest.mark.parametrize("page", PAGES)
def test_a_reader_who_does_what_a_page_says_sees_what_it_shows(page: str, tmp_path: Path) -> None:
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("some of its blocks need TensorFlow")
    folder = tmp_path / "work"
    folder.mkdir()
    Session(folder, tmp_path / "environment").run(blocks(page))
    if page == "authors/tutorial.md":
        _compare_picture(folder / "dots/docs/contact-sheet.png", DOCS / "authors/dots.png")


def _compare_picture(drawn: Path, shown: Path) -> None:
    if os.environ.get("SYNTHDATA_WRITE_DOCS"):
        shutil.copyfile(drawn, shown)
    with Image.open(drawn) as one, Image.open(shown) as other:
        assert one.tobytes() == other.tobytes(), f"{shown}: SYNTHDATA_WRITE_DOCS=1 draws it again"


def test_no_block_is_overlooked() -> None:
    for page in pages():
        fences = sum(line.lstrip().startswith("```") for line in source(page).splitlines())
        assert fences == 2 * len(blocks(page)), page


def test_a_block_that_is_not_run_is_rare_and_says_why() -> None:
    skipped = [block for page in pages() for block in blocks(page) if block.skipped]
    assert len(skipped) <= 4, [str(block) for block in skipped]


@pytest.mark.parametrize(("page", "test"), ELSEWHERE.items())
def test_pages_that_are_run_by_another_test_still_are(page: str, test: str) -> None:
    assert f'"docs" / "{page}"' in (DOCS.parent / test).read_text(encoding="utf-8")
