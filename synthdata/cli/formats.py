"""``synthdata formats``: which formats of files there are."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from synthdata.cli.show import NOTHING, plugin_prints_go_to_stderr, show_json, show_table
from synthdata.cli.target import AsJson

if TYPE_CHECKING:
    from synthdata.storage.finding import FoundFormat

_KEYS = ("format", "distribution", "version", "status", "summary")


def formats(json: AsJson = False) -> None:
    """List the formats of files that write and convert know, also those that are broken."""
    from synthdata.storage.finding import formats as found_formats

    with plugin_prints_go_to_stderr():
        rows = [_row(found) for found in found_formats()]
    if json:
        show_json([dict(zip(_KEYS, row, strict=True)) for row in rows])
    else:
        show_table(_KEYS, rows)


def _row(found: FoundFormat) -> tuple[str, ...]:
    from synthdata.errors import FormatError

    try:
        kind = found.load()
    except FormatError as error:
        return found.name, found.distribution, found.version, "broken", str(error)
    summary = (inspect.getdoc(kind) or "").split("\n\n")[0].replace("\n", " ").replace("``", "`")
    return found.name, found.distribution, found.version, "ok", summary or NOTHING
