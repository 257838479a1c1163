"""``synthdata transforms``: which transforms there are."""

from __future__ import annotations

from synthdata.cli.target import AsJson


def transforms(json: AsJson = False) -> None:
    """List the transforms that transformed-v1 can apply, also those that are of no use."""
    from synthdata.cli.extensions import show_extensions
    from synthdata.transform import transforms as found_transforms

    show_extensions("transform", found_transforms, json=json)
