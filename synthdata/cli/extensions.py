"""Tables of what plugins provide beside generators: formats of files, transforms."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from synthdata.cli.show import NOTHING, plugin_prints_go_to_stderr, show_json, show_table
from synthdata.cli.wording import summary_of


def show_extensions(noun: str, find: Callable[[], Iterable[Any]], *, json: bool) -> None:
    """Import and list extensions, also those that are of no use.

    Args:
        noun: heads the column of their names.
        find: returns them, each an ``Extension`` with ``load``.
        json: prints JSON in place of a table.
    """
    keys = (noun, "distribution", "version", "status", "summary")
    with plugin_prints_go_to_stderr():
        rows = [(one.name, one.distribution, one.version, *_status(one)) for one in find()]
    if json:
        show_json([dict(zip(keys, row, strict=True)) for row in rows])
    else:
        show_table(keys, rows)


def _status(found: Any) -> tuple[str, str]:
    from synthdata.errors import SynthDataError

    if found.objection:
        return "blocked", found.objection
    try:
        kind = found.load()
    except SynthDataError as error:
        return "broken", str(error)
    return "ok", summary_of(kind).replace("``", "`") or NOTHING
