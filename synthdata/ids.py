"""Ids of generators, ``[distribution/]name-vN``, and names: their grammar, not who has them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from synthdata.errors import IdError

_DISTRIBUTION = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_NAME = r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*"
_ID = re.compile(rf"(?:({_DISTRIBUTION})/)?({_NAME})-v([1-9][0-9]*)")
# What ends in -vN is an id or, as grey-v0, a mistake.
_VERSIONLESS = re.compile(rf"(?:({_DISTRIBUTION})/)?(?!{_NAME}-v[0-9]+$)({_NAME})")


def normalize_distribution(name: str) -> str:
    """Return the distribution's name as indexes compare it (PEP 503).

    >>> normalize_distribution("My_Plugin.Extra")
    'my-plugin-extra'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def is_distribution(text: str) -> bool:
    """Return whether the text can be the name of a distribution (PEP 508).

    >>> is_distribution("My_Plugin"), is_distribution("a;b")
    (True, False)
    """
    return isinstance(text, str) and re.fullmatch(_DISTRIBUTION, text) is not None


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


@dataclass(frozen=True, slots=True)
class GeneratorName:
    """A name without a version, which stands for its newest one.

    Attributes:
        name: such as ``shapes``.
        distribution: normalised name of the distribution, or None.
    """

    name: str
    distribution: str | None = None

    def __str__(self) -> str:
        return f"{self.distribution}/{self.name}" if self.distribution else self.name


def parse_id_or_name(text: str) -> GeneratorId | GeneratorName:
    """Parse an id, or a name without a version.

    Raises:
        IdError: if the text is neither.

    >>> parse_id_or_name("synthdata/shapes")
    GeneratorName(name='shapes', distribution='synthdata')
    >>> parse_id_or_name("shapes-v1")
    GeneratorId(name='shapes', version=1, distribution=None)
    """
    match = _VERSIONLESS.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return GeneratorId.parse(text)
    distribution, name = match.groups()
    return GeneratorName(name, normalize_distribution(distribution) if distribution else None)
