"""``synthdata formats``: which formats of files there are."""

from __future__ import annotations

from synthdata.cli.target import AsJson


def formats(json: AsJson = False) -> None:
    """List the formats of files that write and convert know, also those that are broken."""
    from synthdata.cli.extensions import show_extensions
    from synthdata.storage.finding import formats as found_formats

    show_extensions("format", found_formats, json=json)
