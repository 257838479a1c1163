"""What is known to exist and has not been imported, and how it is listed."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import EntryPoint
from typing import Final, Literal, TypeAlias

Status: TypeAlias = Literal["ok", "broken", "blocked"]

METADATA_FILE: Final = "entry_points.txt"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A generator that an entry point or a hook module names.

    Attributes:
        id: the short id, as ``shapes-v1``.
        distribution: normalised name of the distribution that provides it.
        version: that distribution's version.
        file: the ``entry_points.txt`` that names it, or its hook module.
        entry_point: leads to the class; loading it imports the plugin.
        kind: the class itself, where a hook module gave it; else None.
    """

    id: str
    distribution: str
    version: str
    file: str
    entry_point: EntryPoint
    kind: type | None = None

    @property
    def qualified(self) -> str:
        """The id with its distribution, as ``synthdata/shapes-v1``."""
        return f"{self.distribution}/{self.id}"

    def load(self) -> object:
        """Return what the entry point names; it is imported, and so may raise anything."""
        return self.entry_point.load() if self.kind is None else self.kind


@dataclass(frozen=True, slots=True)
class HookModule:
    """A module, or an object in one, that says by a hook which generators there are.

    Attributes:
        name: of its entry point in the group ``synthdata``.
        distribution: normalised name of the distribution that names it.
        version: that distribution's version.
        file: the ``entry_points.txt`` that names it.
        entry_point: leads to the module; loading it imports the plugin.
    """

    name: str
    distribution: str
    version: str
    file: str
    entry_point: EntryPoint

    @property
    def id(self) -> None:
        """None: which ids it provides is known once it is imported."""
        return


@dataclass(frozen=True, slots=True)
class Listing:
    """How a generator, a hook module, or a distribution that cannot be read, is listed.

    Attributes:
        id: the short id; None of a hook module that was not imported, or failed to, and of a
            distribution whose metadata cannot be read.
        distribution: normalised name of the distribution.
        version: its version, or ``?`` where its metadata cannot be read.
        status: ``ok`` (nothing wrong is known), ``broken`` or ``blocked``.
        cause: why it is broken or blocked, or which ids are not known yet; else empty.
        file: where it comes from: the metadata file, or the file that failed to import.
    """

    id: str | None
    distribution: str
    version: str
    status: Status
    cause: str
    file: str

    @property
    def unread(self) -> bool:
        """Whether it is a distribution whose entry points cannot be read."""
        return self.id is None and self.cause.startswith(METADATA_FILE)


def listing(
    item: Candidate | HookModule, status: Status, cause: str = "", file: str | None = None
) -> Listing:
    """Return how an item is listed; what is said of a hook module begins with its name."""
    if isinstance(item, HookModule) and cause:
        cause = f"{item.entry_point.value}: {cause}"
    where = file or item.file
    return Listing(item.id, item.distribution, item.version, status, cause, where)
