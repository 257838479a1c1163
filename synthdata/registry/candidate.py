"""A generator that is known to exist and has not been imported, and how it is listed."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import EntryPoint
from typing import Literal, TypeAlias

Status: TypeAlias = Literal["ok", "broken", "blocked"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One entry point of the group ``synthdata.generators``.

    Attributes:
        id: the short id, as ``shapes-v1``; the entry point's name.
        distribution: normalised name of the distribution that provides it.
        version: that distribution's version.
        file: the ``entry_points.txt`` that names it.
        entry_point: leads to the class; loading it imports the plugin.
    """

    id: str
    distribution: str
    version: str
    file: str
    entry_point: EntryPoint

    @property
    def qualified(self) -> str:
        """The id with its distribution, as ``synthdata/shapes-v1``."""
        return f"{self.distribution}/{self.id}"


@dataclass(frozen=True, slots=True)
class Listing:
    """How a generator, or a distribution that cannot be read, is listed.

    Attributes:
        id: the short id; None of a distribution whose metadata cannot be read.
        distribution: normalised name of the distribution.
        version: its version, or ``?`` where its metadata cannot be read.
        status: ``ok`` (nothing wrong is known), ``broken`` or ``blocked``.
        cause: why it is broken or blocked; empty if it is ok.
        file: where it comes from: the metadata file, or the file that failed to import.
    """

    id: str | None
    distribution: str
    version: str
    status: Status
    cause: str
    file: str
