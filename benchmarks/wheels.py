"""Real images that come inside of wheels whose code is not imported."""

from __future__ import annotations

import importlib.util
from pathlib import Path


def folder_of(package: str, wanted: str) -> Path:
    """Return the folder of a package that is installed.

    Args:
        package: its name; it is not imported, as what it imports may not be installed.
        wanted: what of it is looked for, with its verb.

    Raises:
        SystemExit: if it is not installed.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(f"{wanted} expected, but it is not installed: run `make real`")
    return Path(spec.submodule_search_locations[0])
