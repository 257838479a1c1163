"""A list of the distributions and ids that may not, or may only, be used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from synthdata.errors import ConfigurationError, IdError
from synthdata.ids import GeneratorId, is_distribution, normalize_distribution


@dataclass(frozen=True, slots=True)
class Rule:
    """An allow or a block list, and who gave it; made by ``rule``.

    Attributes:
        kind: "allow" or "block".
        by: who gave the list, for messages.
        distributions: normalised names.
        ids: short and qualified, their distributions normalised.
    """

    kind: Literal["allow", "block"]
    by: str
    distributions: frozenset[str]
    ids: frozenset[str]

    def objection(self, distribution: str, id: str | None) -> str:
        """Return why something may not be used, or nothing.

        Args:
            distribution: normalised name of the distribution that provides it.
            id: the short id; None of a module whose ids are not known. It is not blocked for
                single ids, and allowed if the distribution is, or one id of that distribution.
        """
        named = {distribution} & self.distributions
        named |= {str(id), f"{distribution}/{id}"} & self.ids
        if self.kind == "block":
            return f"{min(named)} is on the block list of {self.by}" if named else ""
        if named or (id is None and self._allows_one_of(distribution)):
            return ""
        if id is None:
            return f"{distribution} is not on the allow list of {self.by}"
        return f"neither {distribution} nor {id} is on the allow list of {self.by}"

    def _allows_one_of(self, distribution: str) -> bool:
        return any(id.startswith(f"{distribution}/") for id in self.ids)


def rule(
    kind: Literal["allow", "block"], names: Iterable[str], by: str, *, path: str | None = None
) -> Rule:
    """Make a Rule of names as people write them.

    Args:
        kind: "allow" or "block".
        names: distributions, in any spelling, or ids, short or qualified.
        by: who gave the list, for messages.
        path: the file that holds it, if it is one.

    Raises:
        ConfigurationError: if it is no list of such names; a name that could match nothing would
            allow or block less than it seems to.

    >>> rule("block", ["Grey_Plugin"], "the example").objection("grey-plugin", "grey-v1")
    'grey-plugin is on the block list of the example'
    """
    if isinstance(names, str):
        raise ConfigurationError(
            f"{by}: a list of names is expected, not the text {names!r}", path=path
        )
    given = [name.strip() if isinstance(name, str) else name for name in names]
    for name in given:
        if not is_distribution(name) and _id(name) is None:
            raise ConfigurationError(
                f"{by}: {name!r} is neither a distribution nor an id such as shapes-v1 or "
                "synthdata/shapes-v1",
                path=path,
            )
    distributions = {normalize_distribution(name) for name in given if is_distribution(name)}
    ids = {id for id in map(_id, given) if id is not None}
    return Rule(kind, by, frozenset(distributions), frozenset(ids))


def _id(text: str) -> str | None:
    try:
        return str(GeneratorId.parse(text))
    except IdError:
        return None
