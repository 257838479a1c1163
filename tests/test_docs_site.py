"""The site of docs/ is built without a warning, whole, and loads nothing from another place."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest

import synthdata as sd

ROOT = Path(__file__).parent.parent
SECONDS = 120

# A proxy that refuses connections: whoever asks the network then fails, and the build with it.
OFFLINE = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}

LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
"""What a browser loads when it shows a page, by tag and attribute."""


class References(HTMLParser):
    """The addresses in a page: what a browser loads, and where links lead."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.anchors.add(found.get("id", ""))
        if LOADED.get(tag) in found:
            self.loaded.append(found[LOADED[tag]])
        if tag == "a" and "href" in found:
            self.links.append(found["href"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("mkdocs")
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, **OFFLINE, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, References]:
    return {page: References(page) for page in sorted(site.rglob("*.html"))}


def test_each_page_of_docs_is_built(site: Path) -> None:
    for page in (ROOT / "docs").rglob("*.md"):
        assert (site / page.relative_to(ROOT / "docs").with_suffix(".html")).is_file(), page


def test_a_browser_loads_nothing_from_another_place(
    site: Path, pages: dict[Path, References]
) -> None:
    for page, found in pages.items():
        assert found.loaded
        for address in found.loaded:
            assert not urlparse(address).netloc, f"{page}: {address}"
            if page.name != "404.html":  # whose addresses are those of a server
                assert (page.parent / unquote(urlparse(address).path)).exists(), address
    for sheet in site.rglob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        assert not re.search(r"(?:url\(|@import)\s*['\"]?(?:https?:)?//", text), sheet


def test_no_page_makes_the_theme_load_what_it_does_not_bring(
    pages: dict[Path, References],
) -> None:
    for page in pages:
        assert 'class="mermaid"' not in page.read_text(encoding="utf-8"), page


def test_each_link_within_the_site_leads_somewhere(pages: dict[Path, References]) -> None:
    for page, found in pages.items():
        for link in found.links:
            parts = urlparse(link)
            if parts.scheme or parts.netloc or page.name == "404.html" or not link:
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            assert target.exists(), f"{page}: {link}"
            if parts.fragment and target in pages:
                assert unquote(parts.fragment) in pages[target].anchors, f"{page}: {link}"


def test_the_reference_shows_each_public_name(pages: dict[Path, References]) -> None:
    anchors = {name for page, found in pages.items() for name in found.anchors}
    assert {f"synthdata.{name}" for name in sd.__all__} <= anchors


def test_a_declaration_shows_the_signature_that_its_fields_make(site: Path) -> None:
    text = re.sub(r"<[^>]+>", "", (site / "reference" / "output.html").read_text(encoding="utf-8"))
    shown = " ".join(text.split())
    fields = (
        'height, width, dtype="uint8", le=None, names=None, instances=False, *, description="",'
    )
    assert f"Mask( {fields} )" in shown
