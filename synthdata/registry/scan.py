"""Look for generators in the metadata of what is installed; nothing is imported here.

``importlib.metadata.entry_points()`` raises for everybody where one distribution's file is
malformed, so each distribution is read by itself.
"""

from __future__ import annotations

import difflib
import importlib.metadata
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, EntryPoint
from pathlib import Path
from typing import Any, TypeAlias

from synthdata.errors import IdError
from synthdata.ids import GeneratorId, normalize_distribution
from synthdata.registry.candidate import METADATA_FILE, Candidate, HookModule, Listing

GROUP = "synthdata.generators"
HOOK_GROUP = "synthdata"
FORMAT_GROUP = "synthdata.formats"
TRANSFORM_GROUP = "synthdata.transforms"

_ALIKE = 0.9
"""From this similarity on (difflib), a group is a misspelled one and not one of tomorrow."""

Found: TypeAlias = Candidate | HookModule | Listing


def scan(path: list[str] | None = None) -> Iterator[Found]:
    """Yield what the installed distributions offer, in the order of ``sys.path``.

    Args:
        path: folders to look into instead of ``sys.path``.

    Yields:
        A Candidate or a HookModule for each sound entry point, a Listing for each that is broken,
        and one for each distribution whose entry points cannot be read.
    """
    seen: set[str] = set()
    for distribution in importlib.metadata.distributions(path=sys.path if path is None else path):
        try:
            entry_points = [item for item in distribution.entry_points if _is_ours(item.group)]
        except Exception as error:  # noqa: BLE001  # whatever a damaged file provokes
            name = _folder_name(distribution)
            cause, file = _cause(distribution, error), _file(distribution)
            found: list[Found] = [Listing(None, name, "?", "broken", cause, file)]
        else:
            if not entry_points:
                continue
            name, version = name_and_version(distribution)
            found = _offers(entry_points, name, version, _file(distribution))
        # The first on the path is the one that imports would find; the others are shadowed.
        if name not in seen:
            seen.add(name)
            yield from found


def scan_group(group: str, path: list[str] | None = None) -> Iterator[tuple[str, str, EntryPoint]]:
    """Yield the distribution, its version, and each entry point of a group.

    What cannot be read is left out; ``scan`` names it.

    Args:
        group: of what is no generator: ``FORMAT_GROUP`` or ``TRANSFORM_GROUP``.
        path: folders to look into instead of ``sys.path``.
    """
    seen: set[str] = set()
    for distribution in importlib.metadata.distributions(path=sys.path if path is None else path):
        try:
            found = [item for item in distribution.entry_points if item.group == group]
        except Exception:  # noqa: BLE001, S112  # `synthdata list` tells which, and why
            continue
        if found and (named := name_and_version(distribution))[0] not in seen:
            seen.add(named[0])
            yield from ((*named, item) for item in found)


def _is_ours(group: str) -> bool:
    """Whether a group is meant for generators: one of tomorrow, or misspelled, is so too."""
    if group in (FORMAT_GROUP, TRANSFORM_GROUP):
        return False
    spelled = group.lower().replace("_", ".").replace("-", ".")
    return group == HOOK_GROUP or group.startswith(f"{HOOK_GROUP}.") or spelled == GROUP


def _offers(entry_points: list[EntryPoint], name: str, version: str, file: str) -> list[Found]:
    found: list[Found] = []
    sound: set[tuple[str, str]] = set()
    for item in sorted(entry_points, key=lambda item: item.group != GROUP):
        origin = (name, version, file)
        if (GROUP, item.name) in sound and item.group.startswith(f"{GROUP}."):
            continue  # for synthdata of today and of tomorrow
        if (item.group, item.name) in sound:
            fault = f"{item.name} is declared twice; {item.value} is not used"
        else:
            fault = _fault(item)
        if fault:
            id = None if item.group == HOOK_GROUP else item.name
            found.append(Listing(id, name, version, "broken", fault, file))
            continue
        sound.add((item.group, item.name))
        kind = HookModule if item.group == HOOK_GROUP else Candidate
        found.append(kind(item.name, *origin, item))
    return found


def _fault(item: EntryPoint) -> str:
    if item.group == GROUP:
        return id_fault(item.name) or value_fault(item)
    if item.group == HOOK_GROUP:
        if item.pattern.match(item.value) is None:
            return f"{item.name} = {item.value}: the value is not a module, nor module:object"
        return ""
    likeness = difflib.SequenceMatcher(None, item.group, GROUP).ratio()
    if likeness >= _ALIKE and not item.group.startswith(f"{GROUP}."):
        return f"the group {item.group} is unknown; did you mean {GROUP}?"
    return f"made for a newer synthdata (group {item.group}); upgrade synthdata"


def id_fault(id: Any) -> str:
    """Return what is wrong with the id by which a generator is provided, or nothing."""
    try:
        if GeneratorId.parse(id).distribution is not None:
            return f"{id!r}: the generator is named name-vN, without a distribution"
    except IdError as error:
        return str(error)
    return ""


def value_fault(item: EntryPoint) -> str:
    """Return what is wrong with where a class should be, or nothing."""
    match = item.pattern.match(item.value)
    if match is None or not match.group("attr"):
        return f"{item.name} = {item.value}: the value is not module:Class"
    return ""


def name_and_version(distribution: Distribution) -> tuple[str, str]:
    """Return the normalised name and the version, ``?`` where the metadata is damaged."""
    try:
        return normalize_distribution(distribution.metadata["Name"]), distribution.version or "?"
    except Exception:  # noqa: BLE001  # METADATA is damaged; what it offers is still known
        return _folder_name(distribution), "?"


def metadata_folder(distribution: Distribution) -> Path | None:
    """Return the dist-info folder; there is no public way to it, and other finders have none."""
    path = getattr(distribution, "_path", None)
    return Path(str(path)) if path is not None else None


def _folder_name(distribution: Distribution) -> str:
    folder = metadata_folder(distribution)
    if folder is None:
        return "unknown"
    return normalize_distribution(folder.name.rpartition(".")[0].split("-")[0])


def _file(distribution: Distribution) -> str:
    folder = metadata_folder(distribution)
    return str(folder / METADATA_FILE) if folder is not None else "unknown"


def _cause(distribution: Distribution, error: Exception) -> str:
    """Name the first line that is no section, comment or ``name = value``."""
    try:
        text = distribution.read_text(METADATA_FILE) or ""
    except Exception:  # noqa: BLE001  # not even text
        return f"{METADATA_FILE} cannot be read: {error}"
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if line and line[0] not in "#[" and "=" not in line:
            return f"{METADATA_FILE} line {number} is not name = module:Class, but {line[:60]!r}"
    return f"{METADATA_FILE} cannot be read: {error}"
