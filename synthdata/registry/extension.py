"""What plugins provide beside generators, named by entry points and not imported."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import EntryPoint
from typing import Final, TypeVar

from synthdata.registry.default import default_registry
from synthdata.registry.scan import scan_group

E = TypeVar("E", bound="Extension")

_OWN: Final = "synthdata"
"""What comes with the framework itself is no plugin, and no list blocks it."""


@dataclass(frozen=True, slots=True)
class Extension:
    """What an entry point names; it is not imported.

    Attributes:
        name: of the entry point.
        distribution: that provides it.
        version: of the distribution.
        entry_point: leads to the class.
    """

    name: str
    distribution: str
    version: str
    entry_point: EntryPoint

    @property
    def objection(self) -> str:
        """Why it may not be used, or nothing.

        Raises:
            ConfigurationError: if a list of what may be used is wrong.
        """
        registry = default_registry()
        return "" if self.distribution == _OWN else registry.objection(self.distribution)


def extensions(kind: type[E], group: str) -> list[E]:
    """Return what the installed distributions provide under a group, by name, then distribution."""
    found = [
        kind(item.name, distribution, version, item)
        for distribution, version, item in scan_group(group)
    ]
    return sorted(found, key=lambda one: (one.name, one.distribution))
