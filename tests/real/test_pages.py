"""The overview of real images quotes the pages that the benchmarks write."""

from __future__ import annotations

import re
from pathlib import Path

REAL = Path(__file__).parents[2] / "docs" / "real"


def test_each_number_of_the_overview_is_on_its_page() -> None:
    rows = re.findall(r"^\| \[.+\]\((.+)\) \|(.+)$", (REAL / "index.md").read_text("utf-8"), re.M)
    assert [name for name, _ in rows] == ["digits.md", "cells.md", "words.md"]
    for name, row in rows:
        page = (REAL / name).read_text("utf-8")
        numbers = re.findall(r"\d+\.\d+", row)
        assert numbers
        assert [number for number in numbers if number not in page] == []
