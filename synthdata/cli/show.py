"""What commands print on stdout: tables for people, JSON for programs."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any, Final

import typer
from rich.console import Console
from rich.table import Table

NOTHING: Final = "–"

_UNLIMITED: Final = 1000
"""Columns of a line where stdout is no terminal: each row is one line, for grep."""


def show_json(value: Any) -> None:
    """Print a value as JSON."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def show_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows under headings; words wrap in a terminal, and nowhere else."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*row)
    _console().print(table)


def show_heading(text: str) -> None:
    """Print a line in bold."""
    _console().print(text, style="bold")


def plugin_prints_go_to_stderr() -> contextlib.AbstractContextManager[Any]:
    """Keep what plugins print out of the output, which may be JSON."""
    return contextlib.redirect_stdout(sys.stderr)


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave a closed pipe to the command, as for all other output."""
        raise BrokenPipeError


def _console() -> Console:
    wide = not sys.stdout.isatty() and "COLUMNS" not in os.environ
    width = _UNLIMITED if wide else None
    # What is shown comes from plugins: brackets in it are no markup.
    return _Console(width=width, markup=False, highlight=False, emoji=False)
