"""Which generators there are, who provides them, and how to load one."""

from __future__ import annotations

import contextlib
import difflib
import functools
import os
import traceback
from collections.abc import Collection, Iterable

import pluggy

from synthdata.errors import (
    AmbiguousIdError,
    BlockedError,
    BrokenPluginError,
    GeneratorNotFoundError,
)
from synthdata.ids import GeneratorId, normalize_distribution
from synthdata.registry.candidate import Candidate, Listing, Status
from synthdata.registry.hooks import PROJECT, Hooks, hookimpl
from synthdata.registry.scan import scan

ALLOW_VARIABLE = "SYNTHDATA_ALLOW"
BLOCK_VARIABLE = "SYNTHDATA_BLOCK"
"""Environment variables of the default registry: distributions or ids, with commas between."""


class _EntryPointPlugin:
    """The lazy stand-in for one entry point: answers the hook, imports nothing."""

    def __init__(self, candidate: Candidate) -> None:
        self._candidate = candidate

    @hookimpl
    def synthdata_generators(self) -> Iterable[Candidate]:
        return [self._candidate]


class Registry:
    """The generators that the installed distributions provide.

    Each entry point is registered with pluggy under its qualified id, as a stand-in that imports
    nothing; a blocked one is refused by pluggy before anything of it runs.

    Args:
        allow: distributions or ids that may be used; None allows all.
        block: distributions or ids that may not be used, whatever ``allow`` says.
        path: folders to look into for metadata instead of ``sys.path``.

    >>> "shapes-v1" in {listing.id for listing in Registry().listings()}
    True
    """

    def __init__(
        self,
        *,
        allow: Collection[str] | None = None,
        block: Collection[str] = (),
        path: list[str] | None = None,
    ) -> None:
        self._plugins = pluggy.PluginManager(PROJECT)
        self._plugins.add_hookspecs(Hooks)
        self._allow = None if allow is None else _comparable(allow)
        self._block = _comparable(block)
        self._unusable: list[Listing] = []
        self._failures: dict[str, Listing] = {}
        for found in scan(path):
            if isinstance(found, Listing):
                self._unusable.append(found)
            else:
                self._register(found)

    def _register(self, candidate: Candidate) -> None:
        if cause := self._blocked(candidate):
            self._plugins.set_blocked(candidate.qualified)
            self._unusable.append(_listing(candidate, "blocked", cause))
        self._plugins.register(_EntryPointPlugin(candidate), name=candidate.qualified)

    def _blocked(self, candidate: Candidate) -> str:
        names = {candidate.distribution, candidate.id, candidate.qualified}
        if blocked := sorted(names & self._block):
            return f"{blocked[0]} is on the block list"
        if self._allow is not None and not names & self._allow:
            return f"neither {candidate.distribution} nor {candidate.id} is on the allow list"
        return ""

    def _candidates(self) -> list[Candidate]:
        groups = self._plugins.hook.synthdata_generators()
        return sorted(
            (candidate for group in groups for candidate in group),
            key=lambda candidate: (candidate.id, candidate.distribution),
        )

    def listings(self, *, load: bool = False) -> list[Listing]:
        """List all generators, by id, then distribution.

        Args:
            load: True imports each plugin, to find those that fail to.

        Returns:
            One Listing each, also for what is broken or blocked. A plugin that fails to import
            is listed as ``ok`` until something tried to load it.
        """
        listings = list(self._unusable)
        for candidate in self._candidates():
            if load:
                # A failure is kept, and listed below.
                with contextlib.suppress(BrokenPluginError):
                    self._load(candidate)
            failure = self._failures.get(candidate.qualified)
            listings.append(failure or _listing(candidate, "ok"))
        return sorted(listings, key=lambda item: (item.id or "", item.distribution))

    def find(self, id: str) -> Candidate:
        """Return the candidate that an id names, without importing it.

        Args:
            id: short or qualified.

        Raises:
            IdError: if the text is no id.
            AmbiguousIdError: if several distributions provide the short id.
            BlockedError: if it is there but may not be used.
            BrokenPluginError: if its entry point is not sound.
            GeneratorNotFoundError: if nobody provides it.
        """
        wanted = GeneratorId.parse(id)
        candidates = self._candidates()
        matches = [item for item in candidates if _matches(wanted, item)]
        if len(matches) == 1:
            return matches[0]
        if matches:
            names = " or ".join(item.qualified for item in matches)
            raise AmbiguousIdError(
                f"{id} is provided by several distributions; say which: {names}", id=id
            )
        for listing in self._unusable:
            if listing.id is not None and _matches(wanted, listing):
                kind = BlockedError if listing.status == "blocked" else BrokenPluginError
                raise kind(
                    f"{id} of {listing.distribution} {listing.version} is {listing.status}: "
                    f"{listing.cause} [{listing.file}]",
                    id=id,
                    distribution=listing.distribution,
                )
        known = [name for item in candidates for name in (item.id, item.qualified)]
        near = difflib.get_close_matches(str(wanted), known, n=3)
        hint = f"; did you mean {' or '.join(near)}? " if near else "; "
        unread = sorted({item.distribution for item in self._unusable if item.id is None})
        note = f"the metadata of {', '.join(unread)} cannot be read; " if unread else ""
        raise GeneratorNotFoundError(
            f"no installed distribution provides {id}{hint}{note}"
            "`synthdata list` shows what there is",
            id=id,
        )

    def load(self, id: str) -> tuple[object, Candidate]:
        """Import what an id names.

        Args:
            id: short or qualified.

        Returns:
            The object that the entry point names, of whatever type, and its candidate.

        Raises:
            RegistryError: as ``find``; BrokenPluginError also if the import fails.
        """
        candidate = self.find(id)
        return self._load(candidate), candidate

    def _load(self, candidate: Candidate) -> object:
        try:
            return candidate.entry_point.load()
        # A plugin may call sys.exit() on import; that must not end the user's program.
        except (Exception, SystemExit) as error:
            file = _raised_in(error) or candidate.file
            failure = _listing(candidate, "broken", _line(error), file)
            self._failures[candidate.qualified] = failure
            raise BrokenPluginError(
                f"{candidate.id} of {candidate.distribution} {candidate.version} cannot be "
                f"imported: {failure.cause} [{file}]",
                id=candidate.id,
                distribution=candidate.distribution,
            ) from error


def _comparable(names: Iterable[str]) -> set[str]:
    """The names as they are, for ids, and normalised, for distributions."""
    forms = set()
    for name in names:
        distribution, slash, short = name.strip().rpartition("/")
        if slash:
            forms.add(f"{normalize_distribution(distribution)}/{short}")
        else:
            forms |= {short, normalize_distribution(short)}
    return forms


def _matches(wanted: GeneratorId, item: Candidate | Listing) -> bool:
    return item.id == wanted.short and wanted.distribution in (None, item.distribution)


def _listing(
    candidate: Candidate, status: Status, cause: str = "", file: str | None = None
) -> Listing:
    where = file or candidate.file
    return Listing(candidate.id, candidate.distribution, candidate.version, status, cause, where)


def _line(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]


def _raised_in(error: BaseException) -> str | None:
    """The file and line that raised, for an import error the file that imports."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith("<")
        and "importlib" not in frame.filename
        and frame.filename != __file__
    ]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else None


@functools.cache
def default_registry() -> Registry:
    """Return the registry of this process, made at the first call.

    It heeds ``SYNTHDATA_ALLOW`` and ``SYNTHDATA_BLOCK``.
    """
    allow, block = os.environ.get(ALLOW_VARIABLE), os.environ.get(BLOCK_VARIABLE, "")
    return Registry(allow=None if allow is None else _names(allow), block=_names(block))


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def generators(*, load: bool = False) -> list[Listing]:
    """List the generators that are installed.

    Args:
        load: True imports each plugin, to find those that fail to.

    Returns:
        One Listing each: id, distribution, version, status, cause, file. Without ``load`` no
        plugin is imported.
    """
    return default_registry().listings(load=load)
