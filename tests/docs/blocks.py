"""The code blocks of a page, in their order, and how each is meant.

- ``python`` without a title is run in a process of its own; a ``text`` block right after it is what
  it prints.
- ``console``: each line after ``$`` is run, and the lines below it are what that prints.
- Whatever has ``title="PATH"`` is a file. One that begins with a TOML table, where the file exists,
  takes the place of that table.
- ``<!-- exit N -->`` before a block says how its last command ends, if not with 0.
- ``<!-- not run: REASON -->`` before a block says that it is there to be read.

In what is printed, ``…`` stands for any characters, a line of it for any lines, and one space for
any number of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

_BLOCK = re.compile(
    r"(?:^<!-- (?P<note>[^>]*) -->\n\n)?"
    r"^```(?P<language>\w+)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Block:
    """One block.

    Attributes:
        page: its file, relative to ``docs``.
        line: where its text begins in the file, from 1.
        language: as ``python``.
        title: the file that it is, or None.
        note: the comment before it, or nothing.
        text: what is in it.
    """

    page: str
    line: int
    language: str
    title: str | None
    note: str
    text: str

    def __str__(self) -> str:
        """Show where it is."""
        return f"docs/{self.page}:{self.line}"

    @property
    def skipped(self) -> bool:
        """Whether it is there to be read only."""
        return self.note.startswith("not run: ")

    @property
    def exit_code(self) -> int:
        """How its last command ends."""
        return int(self.note.removeprefix("exit ")) if self.note.startswith("exit ") else 0

    @property
    def commands(self) -> list[tuple[str, str]]:
        """The commands of a console block, each with what it prints; nothing if none is shown."""
        parts = re.split(r"^\$ (.*)\n", self.text, flags=re.MULTILINE)
        return list(zip(parts[1::2], parts[2::2], strict=True))


def pages() -> list[str]:
    """Return the pages that are written by hand, sorted, relative to ``docs``."""
    found = (file.relative_to(DOCS).as_posix() for file in DOCS.rglob("*.md"))
    return sorted(set(found) - {"cli.md", "gallery.md"})


def source(page: str) -> str:
    """Return the Markdown of a page."""
    return (DOCS / page).read_text(encoding="utf-8")


def blocks(page: str) -> list[Block]:
    """Return the blocks of a page."""
    return list(_found(page, source(page)))


def _found(page: str, text: str) -> Iterator[Block]:
    for match in _BLOCK.finditer(text):
        line = text.count("\n", 0, match.start("text")) + 1
        found = match.groupdict()
        yield Block(
            page, line, found["language"], found["title"], found["note"] or "", found["text"]
        )


def prints(shown: str, printed: str) -> bool:
    """Return whether a block shows what was printed.

    >>> prints("a …\\n…\\nz", "a  1\\nb\\nc\\nz\\n"), prints("a\\nz", "a\\nb\\nz")
    (True, False)
    """
    pattern = ""
    for line in _lines(shown):
        if line == "…":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*".join(re.escape(part) for part in line.split("…")) + r"\n"
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in _lines(printed))) is not None


def _lines(text: str) -> list[str]:
    """The lines, spaces made one, without empty lines at either end."""
    return [" ".join(line.split()) for line in text.strip().splitlines()]
