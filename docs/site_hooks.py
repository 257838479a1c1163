"""What MkDocs is told in Python: files beside docs/ to which pages link belong to the site."""

from __future__ import annotations

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the examples, so that a link to one leads to it."""
    for example in sorted((ROOT / "examples").glob("*.py")):
        uri = f"examples/{example.name}"
        files.append(File.generated(config, uri, abs_src_path=str(example)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let links that are right in the repository be right on the site, where docs/ is the root."""
    return markdown.replace("](../examples/", "](examples/")
