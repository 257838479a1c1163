"""``synthdata transforms``: which transforms there are."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from synthdata.cli.show import NOTHING, plugin_prints_go_to_stderr, show_json, show_table
from synthdata.cli.target import AsJson

if TYPE_CHECKING:
    from synthdata.transform import FoundTransform

_KEYS = ("transform", "distribution", "version", "status", "summary")


def transforms(json: AsJson = False) -> None:
    """List the transforms that transformed-v1 can apply, also those that are of no use."""
    from synthdata.transform import transforms as found_transforms

    with plugin_prints_go_to_stderr():
        rows = [_row(found) for found in found_transforms()]
    if json:
        show_json([dict(zip(_KEYS, row, strict=True)) for row in rows])
    else:
        show_table(_KEYS, rows)


def _row(found: FoundTransform) -> tuple[str, ...]:
    from synthdata.errors import BrokenPluginError

    named = found.id, found.distribution, found.version
    if found.objection:
        return *named, "blocked", found.objection
    try:
        kind = found.load()
    except BrokenPluginError as error:
        return *named, "broken", str(error)
    summary = (inspect.getdoc(kind) or "").split("\n\n")[0].replace("\n", " ").replace("``", "`")
    return *named, "ok", summary or NOTHING
