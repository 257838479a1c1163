"""``synthdata list``: which generators are installed; without ``--load`` no plugin is imported."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from synthdata.cli.show import NOTHING, plugin_prints_go_to_stderr, show_json, show_table
from synthdata.cli.target import AsJson

if TYPE_CHECKING:
    from synthdata.registry import Listing


def list_generators(
    load: Annotated[
        bool,
        typer.Option(
            "--load", help="Import each plugin, for the ids of hook modules and to find what fails."
        ),
    ] = False,
    json: AsJson = False,
) -> None:
    """List the installed generators, also those that are broken or blocked.

    Without --load no plugin is imported: ok means that nothing wrong is known, and a hook module,
    which makes its generators in a loop, is one line without an id.
    """
    from synthdata.registry import generators

    with plugin_prints_go_to_stderr():
        listings = generators(load=load)
    if json:
        show_json([asdict(item) for item in listings])
    else:
        headings = ("id", "distribution", "version", "status", "cause")
        show_table(headings, [_row(item) for item in listings])


def _row(item: Listing) -> tuple[str, ...]:
    cause = f"{item.cause} [{item.file}]" if item.status == "broken" else item.cause
    return (item.id or NOTHING, item.distribution, item.version, item.status, cause)
