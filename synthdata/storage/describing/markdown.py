"""Text as Markdown: escaped, in tables, in fences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>|~&$#])")
"""What may mean something wherever it stands."""

_LEADING: Final = re.compile(r"([-+=.)])")
"""What may mean something at the beginning of a line, alone or after digits."""


def escaped(text: str) -> str:
    r"""Return text that looks the same in one line of Markdown; what cannot be printed is a blank.

    >>> print(escaped("1. a|b\n*c*"))
    1\. a\|b \*c\*
    """
    words = "".join(sign if sign.isprintable() else " " for sign in text).split()
    line = _SPECIAL.sub(r"\\\1", " ".join(words))
    digits = len(line) - len(line.lstrip("0123456789"))
    return line[:digits] + _LEADING.sub(r"\\\1", line[digits : digits + 1]) + line[digits + 1 :]


def table(header: Sequence[str], rows: Iterable[Sequence[str]], *, right: int = 0) -> list[str]:
    """Return the lines of a table.

    Args:
        header: names of the columns.
        rows: cells of each row, as Markdown.
        right: from which column on numbers stand, at the right.
    """
    rule = ["---:" if right and place >= right else "---" for place in range(len(header))]
    return ["| " + " | ".join(cells) + " |" for cells in (header, rule, *rows)]


def fenced(text: str, language: str) -> list[str]:
    """Return the lines of a block of code, whatever is in it.

    >>> fenced("samples: 9", "yaml")
    ['```yaml', 'samples: 9', '```']
    """
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [fence + language, *text.rstrip("\n").split("\n"), fence]
