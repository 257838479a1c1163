"""Which of many candidates an id or a name means, or an error that says why none."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Iterable, Sequence
from typing import Final

from synthdata.errors import (
    AmbiguousIdError,
    BlockedError,
    BrokenPluginError,
    GeneratorNotFoundError,
    IdError,
    RegistryError,
)
from synthdata.ids import GeneratorId, GeneratorName
from synthdata.registry.candidate import Candidate, Listing

_logger = logging.getLogger("synthdata")

_MOST: Final = 5
"""What is blocked or broken and shown in one message."""


def by_id(wanted: GeneratorId, usable: Sequence[Candidate], refused: list[Listing]) -> Candidate:
    """Return the candidate of an id.

    Args:
        wanted: short or qualified.
        usable: what is not blocked, and not known to be broken without being imported.
        refused: what is blocked or broken.

    Raises:
        AmbiguousIdError: if several distributions provide the short id.
        BlockedError, BrokenPluginError: if it is there, but refused.
        GeneratorNotFoundError: if nobody provides it.
    """
    matches = [item for item in usable if _is(wanted, item)]
    if len(matches) > 1:
        raise _ambiguous(wanted, matches)
    if matches:
        return matches[0]
    for item in refused:
        if _is(wanted, item):
            raise _refusal(wanted, f"{wanted} of {item.distribution} {item.version} is", item)
    raise _not_found(wanted, usable, refused)


def newest(wanted: GeneratorName, usable: Sequence[Candidate], refused: list[Listing]) -> Candidate:
    """Return the candidate of the newest version of a name, and log which it is.

    An older version never takes the place of a newer one that is blocked or broken.

    Args:
        wanted: with or without a distribution.
        usable: as for ``by_id``.
        refused: as for ``by_id``.

    Raises:
        AmbiguousIdError: if several distributions provide versions of the name.
        BlockedError, BrokenPluginError: if the newest is refused.
        GeneratorNotFoundError: if nobody provides any.
    """
    versions = sorted((item for item in usable if _names(wanted, item)), key=_version)
    best = {item.distribution: item for item in versions}
    if len(best) > 1:
        raise _ambiguous(wanted, best.values())
    better = [
        item
        for item in refused
        if _names(wanted, item)
        and (not best or item.distribution in best)
        and all(_version(item) > _version(other) for other in best.values())
    ]
    if better:
        item = max(better, key=_version)
        subject = f"{wanted}: the newest, {item.distribution}/{item.id} ({item.version}), is"
        raise _refusal(wanted, subject, item, best.values())
    if not best:
        raise _not_found(wanted, usable, refused)
    [found] = best.values()
    _logger.info("%s: newest is %s", wanted, found.qualified)
    for item in refused:
        if item.id is None and item.distribution == found.distribution:
            message = "%s: %s may have a newer version than %s, but is %s: %s"
            told = wanted, item.distribution, found.id, item.status, item.cause
            _logger.warning(message, *told)
    return found


def _is(wanted: GeneratorId, item: Candidate | Listing) -> bool:
    return item.id == wanted.short and wanted.distribution in (None, item.distribution)


def _names(wanted: GeneratorName, item: Candidate | Listing) -> bool:
    if wanted.distribution not in (None, item.distribution):
        return False
    try:
        return GeneratorId.parse(str(item.id)).name == wanted.name
    except IdError:  # what it is listed by is no id: that is what is wrong with it
        return False


def _version(item: Candidate | Listing) -> int:
    return GeneratorId.parse(str(item.id)).version


def _ambiguous(
    wanted: GeneratorId | GeneratorName, matches: Iterable[Candidate]
) -> AmbiguousIdError:
    names = " or ".join(sorted(item.qualified for item in matches))
    return AmbiguousIdError(
        f"{wanted} is provided by several distributions; say which: {names}", id=str(wanted)
    )


def _refusal(
    wanted: GeneratorId | GeneratorName,
    subject: str,
    item: Listing,
    others: Iterable[Candidate] = (),
) -> RegistryError:
    kind = BlockedError if item.status == "blocked" else BrokenPluginError
    hint = "".join(f"; to use an older one say {other.qualified}" for other in others)
    message = f"{subject} {item.status}: {item.cause}{hint} [{item.file}]"
    return kind(message, id=str(wanted), distribution=item.distribution)


def _not_found(
    wanted: GeneratorId | GeneratorName, usable: Sequence[Candidate], refused: list[Listing]
) -> RegistryError:
    near = difflib.get_close_matches(str(wanted), _known(wanted, usable), n=3)
    own = [item for item in refused if item.id is None and item.distribution == wanted.distribution]
    if own and not any(item.distribution == wanted.distribution for item in usable):
        # Its ids are not known, so that it may well be there.
        return _refusal(wanted, f"{wanted} cannot be had: {own[0].distribution} is", own[0])
    parts = [f"no installed distribution provides {wanted}"]
    parts += [f"did you mean {' or '.join(near)}?"] if near else []
    blocked = [item for item in refused if item.status == "blocked"]
    unread = [item for item in refused if item.status == "broken" and item.unread]
    broken = [item for item in refused if item.status == "broken" and not item.unread]
    parts += [f"blocked: {_few(wanted, blocked)}"] if blocked else []
    parts += [f"broken: {_few(wanted, broken)}"] if broken else []
    parts += [f"the metadata of {_few(wanted, unread)} cannot be read"] if unread else []
    parts.append("`synthdata list` shows what there is")
    return GeneratorNotFoundError("; ".join(parts).replace("?;", "?"), id=str(wanted))


def _known(wanted: GeneratorId | GeneratorName, usable: Sequence[Candidate]) -> list[str]:
    ids = {item.qualified if wanted.distribution else item.id for item in usable}
    names = {id.rpartition("-v")[0] for id in ids}
    return sorted(ids if isinstance(wanted, GeneratorId) else ids | names)


def _few(wanted: GeneratorId | GeneratorName, rows: list[Listing]) -> str:
    """Show the rows whose names are nearest."""

    def likeness(item: Listing) -> float:
        return -difflib.SequenceMatcher(None, _name(item), str(wanted)).ratio()

    nearest = sorted(rows, key=likeness)[:_MOST]
    shown = [_name(item) if item.unread else f"{_name(item)} ({item.cause})" for item in nearest]
    more = [f"{len(rows) - _MOST} more"] if len(rows) > _MOST else []
    return ", ".join(shown + more)


def _name(item: Listing) -> str:
    return item.distribution if item.id is None else f"{item.distribution}/{item.id}"
