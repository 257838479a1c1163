"""Ids of generators, ``[distribution/]name-vN``: their grammar, not what they stand for."""

from __future__ import annotations

import re
from dataclasses import dataclass

from synthdata.errors import IdError

_DISTRIBUTION = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_ID = re.compile(rf"(?:({_DISTRIBUTION})/)?([a-z][a-z0-9]*(?:[-_][a-z0-9]+)*)-v([1-9][0-9]*)")


def normalize_distribution(name: str) -> str:
    """Return the distribution's name as indexes compare it (PEP 503).

    >>> normalize_distribution("My_Plugin.Extra")
    'my-plugin-extra'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


@dataclass(frozen=True, slots=True)
class GeneratorId:
    """A parsed id.

    Attributes:
        name: such as ``shapes``.
        version: the N of ``-vN``; the same id gives the same bytes for ever.
        distribution: normalised name of the distribution, or None in a short id.
    """

    name: str
    version: int
    distribution: str | None = None

    @classmethod
    def parse(cls, text: str) -> GeneratorId:
        """Parse an id.

        Args:
            text: for example ``shapes-v1`` or ``synthdata/shapes-v1``.

        Returns:
            The parsed id, its distribution normalised.

        Raises:
            IdError: if the text does not match the grammar.

        >>> GeneratorId.parse("Synth_Data/shapes-v1")
        GeneratorId(name='shapes', version=1, distribution='synth-data')
        """
        match = _ID.fullmatch(text) if isinstance(text, str) else None
        if match is None:
            raise IdError(
                f"{text!r} is not a generator id; expected [distribution/]name-vN in lower case, "
                "for example shapes-v1 or synthdata/shapes-v1",
                id=str(text),
            )
        distribution, name, version = match.groups()
        return cls(
            name, int(version), normalize_distribution(distribution) if distribution else None
        )

    @property
    def short(self) -> str:
        """The id without its distribution, as ``shapes-v1``."""
        return f"{self.name}-v{self.version}"

    def __str__(self) -> str:
        return f"{self.distribution}/{self.short}" if self.distribution else self.short
