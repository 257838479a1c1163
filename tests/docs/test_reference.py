"""The reference has each public name once."""

from __future__ import annotations

import re
import textwrap
from collections import Counter

import synthdata as sd
import synthdata.errors
import synthdata.preview
import synthdata.testing
from tests.docs.blocks import DOCS

PAGES = sorted((DOCS / "reference").glob("*.md"))
NAMES = [
    name
    for page in PAGES
    for name in re.findall(r"^::: (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
]


def test_each_public_name_is_in_it_once() -> None:
    public = [f"synthdata.{name}" for name in sd.__all__]
    public += [f"synthdata.testing.{name}" for name in synthdata.testing.__all__]
    public += [f"synthdata.preview.{name}" for name in synthdata.preview.__all__]
    missing = set(public) - set(NAMES)
    assert not missing, f"add ::: {min(missing)} to a page of docs/reference"
    assert max(Counter(NAMES).values()) == 1


def test_errors_have_a_page_of_their_own_with_the_tree_that_the_code_shows() -> None:
    text = (DOCS / "reference" / "errors.md").read_text(encoding="utf-8")
    tree = textwrap.dedent((synthdata.errors.__doc__ or "").partition("::\n\n")[2]).rstrip()
    assert f"```text\n{tree}\n```" in text
    for name, kind in vars(synthdata.errors).items():
        if isinstance(kind, type) and issubclass(kind, sd.SynthDataError):
            assert f"\n::: synthdata.{name}\n" in f"{text}\n"
