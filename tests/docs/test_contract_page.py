"""The page on the contract has a row for each check of the kit, as the kit words it.

After a change of a check: ``SYNTHDATA_WRITE_DOCS=1 pytest tests/docs/test_contract_page.py``.
"""

from __future__ import annotations

import os
import runpy
from typing import Any

import pytest

from synthdata.testing.checks import CHECKS
from tests.docs.blocks import DOCS

PAGE = DOCS / "authors" / "contract.md"
TABLE: dict[str, Any] = runpy.run_path(str(DOCS / "contract_table.py"))


def test_the_tables_are_those_that_the_kit_makes() -> None:
    text = TABLE["written"](PAGE.read_text(encoding="utf-8"))
    if os.environ.get("SYNTHDATA_WRITE_DOCS"):
        PAGE.write_text(text, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == text, "see the top of this test for the command"


def test_each_check_has_one_row() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line[:3] == "| `"]
    assert [row.split("`")[1] for row in rows] == [check.name for check in CHECKS]
    assert all(check.sentence and check.hint for check in CHECKS)


def test_a_group_of_checks_without_a_place_on_the_page_is_an_error() -> None:
    page = PAGE.read_text(encoding="utf-8").replace("<!-- checks: roads -->", "")
    with pytest.raises(ValueError, match="roads"):
        TABLE["written"](page)
