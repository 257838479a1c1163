"""Write the tables of docs/authors/contract.md: what the conformance kit checks, group by group."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path
from typing import Final

from synthdata.testing.check import Check
from synthdata.testing.checks import CHECKS

PAGE: Final = Path(__file__).with_name("authors") / "contract.md"

_TABLE: Final = re.compile(r"(?<=^<!-- checks: )(\w+) -->\n.*?(?=^<!-- end -->$)", re.M | re.S)
"""A group's name, and the table that was written under it."""


def groups() -> dict[str, list[Check]]:
    """Return the checks by the module that has them, in the order in which they run."""
    found = groupby(CHECKS, key=lambda check: check.run.__module__.rpartition(".")[2])
    return {name: list(checks) for name, checks in found}


def written(page: str) -> str:
    """Return the text of the page with its tables as they should be.

    Args:
        page: the text as it is.

    Raises:
        ValueError: if the page lacks a place for a group, or has one for what is no group.
    """
    known, places = groups(), _TABLE.findall(page)
    if list(known) != places:
        raise ValueError(f"{PAGE}: has tables of {places}, but the groups are {list(known)}")
    return _TABLE.sub(lambda match: f"{match[1]} -->\n\n{_table(known[match[1]])}\n", page)


def _table(checks: list[Check]) -> str:
    rows = [("check", "rule", "what to do"), ("---", "---", "---")]
    rows += [(f"`{check.name}`", _cell(check.sentence), _cell(check.hint)) for check in checks]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _cell(text: str) -> str:
    """Text of which nothing is taken for Markdown, but code in backticks."""
    plain = re.split(r"(`[^`]*`)", text)
    return "".join(
        part if part.startswith("`") else re.sub(r"([|*_<\[\]])", r"\\\1", part) for part in plain
    )


def main() -> None:
    """Write the page."""
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print(PAGE)


if __name__ == "__main__":
    main()
