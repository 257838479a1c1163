"""Look for generators in the metadata of what is installed; nothing is imported here.

``importlib.metadata.entry_points()`` raises for everybody where one distribution's file is
malformed, so each distribution is read by itself.
"""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, EntryPoint
from pathlib import Path

from synthdata.errors import IdError
from synthdata.ids import GeneratorId, normalize_distribution
from synthdata.registry.candidate import Candidate, Listing

GROUP = "synthdata.generators"


def scan(path: list[str] | None = None) -> Iterator[Candidate | Listing]:
    """Yield what the installed distributions offer, in the order of ``sys.path``.

    Args:
        path: folders to look into instead of ``sys.path``.

    Yields:
        A Candidate for each sound entry point, a Listing for each that is broken, and one for
        each distribution whose entry points cannot be read.
    """
    found = importlib.metadata.distributions(path=sys.path if path is None else path)
    seen: set[str] = set()
    for distribution in found:
        try:
            entry_points = list(distribution.entry_points)
        except Exception as error:  # noqa: BLE001  # whatever a damaged file provokes
            name = _folder_name(distribution)
            if name not in seen:
                seen.add(name)
                yield Listing(
                    None, name, "?", "broken", _cause(distribution, error), _file(distribution)
                )
            continue
        ours = [entry_point for entry_point in entry_points if entry_point.group == GROUP]
        if not ours:
            continue
        name, version = _name_and_version(distribution)
        # The first on the path is the one that imports would find; the others are shadowed.
        if name in seen:
            continue
        seen.add(name)
        yield from _candidates(ours, name, version, _file(distribution))


def _candidates(
    entry_points: list[EntryPoint], name: str, version: str, file: str
) -> Iterator[Candidate | Listing]:
    names = [entry_point.name for entry_point in entry_points]
    for place, entry_point in enumerate(entry_points):
        cause = _fault(entry_point)
        if not cause and entry_point.name in names[:place]:
            cause = f"{entry_point.name} is declared twice; {entry_point.value} is not used"
        if cause:
            yield Listing(entry_point.name, name, version, "broken", cause, file)
        else:
            yield Candidate(entry_point.name, name, version, file, entry_point)


def _fault(entry_point: EntryPoint) -> str:
    try:
        if GeneratorId.parse(entry_point.name).distribution is not None:
            return f"{entry_point.name!r}: the entry point is named name-vN, without a distribution"
    except IdError as error:
        return str(error)
    match = entry_point.pattern.match(entry_point.value)
    if match is None or not match.group("attr"):
        return f"{entry_point.name} = {entry_point.value}: the value is not module:Class"
    return ""


def _name_and_version(distribution: Distribution) -> tuple[str, str]:
    try:
        return normalize_distribution(distribution.metadata["Name"]), distribution.version
    except Exception:  # noqa: BLE001  # METADATA is damaged; what it offers is still known
        return _folder_name(distribution), "?"


def _metadata_folder(distribution: Distribution) -> Path | None:
    # There is no public way to the dist-info folder; other finders may have none.
    path = getattr(distribution, "_path", None)
    return Path(str(path)) if path is not None else None


def _folder_name(distribution: Distribution) -> str:
    folder = _metadata_folder(distribution)
    if folder is None:
        return "unknown"
    return normalize_distribution(folder.name.rpartition(".")[0].split("-")[0])


def _file(distribution: Distribution) -> str:
    folder = _metadata_folder(distribution)
    return str(folder / "entry_points.txt") if folder is not None else "unknown"


def _cause(distribution: Distribution, error: Exception) -> str:
    """Name the first line that is no section, comment or ``name = value``."""
    try:
        text = distribution.read_text("entry_points.txt") or ""
    except Exception:  # noqa: BLE001  # not even text
        return f"entry_points.txt cannot be read: {error}"
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if line and line[0] not in "#[" and "=" not in line:
            return f"entry_points.txt line {number} is not name = module:Class, but {line[:60]!r}"
    return f"entry_points.txt cannot be read: {error}"
