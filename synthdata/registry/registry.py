"""Which generators there are, who provides them, and how to load one."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Collection, Iterable

from synthdata.errors import BrokenPluginError
from synthdata.ids import GeneratorName, normalize_distribution, parse_id_or_name
from synthdata.registry.candidate import Candidate, HookModule, Listing, listing
from synthdata.registry.faults import cause_of, class_fault, raised_in
from synthdata.registry.finding import by_id, newest
from synthdata.registry.hook_modules import HookModules, where_of
from synthdata.registry.provider import Provider, provider
from synthdata.registry.rule import Rule, rule
from synthdata.registry.scan import scan

UNKNOWN_IDS = "its ids are known once it is imported: synthdata list --load"


class Registry:
    """The generators that the installed distributions provide.

    What is named by an entry point is known from the metadata alone. Hook modules are imported
    when their ids are needed, each once and by itself; one that fails is listed as broken, and
    nothing else is touched. What is blocked is never imported.

    Args:
        allow: distributions or ids that may be used; None allows all.
        block: distributions or ids that may not be used, whatever ``allow`` says.
        path: folders to look into for metadata instead of ``sys.path``.
        rules: more lists, as ``configured_rules`` makes them; all of them hold.

    Raises:
        ConfigurationError: if ``allow`` or ``block`` holds what is no distribution and no id.

    >>> "shapes-v1" in {listing.id for listing in Registry().listings()}
    True
    """

    def __init__(
        self,
        *,
        allow: Collection[str] | None = None,
        block: Collection[str] = (),
        path: list[str] | None = None,
        rules: Iterable[Rule] = (),
    ) -> None:
        self._rules = list(rules)
        if allow is not None:
            self._rules.append(rule("allow", allow, "Registry(allow=…)"))
        self._rules.append(rule("block", block, "Registry(block=…)"))
        self._path = path
        self._modules = HookModules()
        self._lock = threading.RLock()
        self._candidates: list[Candidate] = []
        self._hooks: list[HookModule] = []
        self._asked: dict[HookModule, Listing | None] = {}
        self._broken: list[Listing] = []
        self._failures: dict[str, Listing] = {}
        for found in scan(path):
            if isinstance(found, Candidate):
                self._candidates.append(found)
            elif isinstance(found, HookModule):
                self._hooks.append(found)
            else:
                self._broken.append(found)

    def block(self, *names: str) -> None:
        """Block distributions or ids from now on.

        What was imported before stays imported, but is not found any more.

        Args:
            *names: distributions, or ids, short or qualified.

        Raises:
            ConfigurationError: if a name is neither.
        """
        self._rules.append(rule("block", names, "Registry.block(…)"))

    def listings(self, *, load: bool = False) -> list[Listing]:
        """List all generators, by id, then distribution.

        Args:
            load: True imports each plugin, to find those that fail to, and the ids of hook modules.

        Returns:
            One Listing each, also for what is broken or blocked, and one without an id for a hook
            module that was not imported. A plugin that fails to import is listed as ``ok`` until
            something tried to load it.
        """
        if load:
            self._ask_hooks()
            for candidate in self._usable():
                # A failure is kept, and listed below.
                with contextlib.suppress(BrokenPluginError):
                    self._load(candidate)
        rows = [self._row(item) for item in self._candidates]
        rows += [self._broken_row(item) for item in self._broken]
        rows += [row for hook in self._hooks if (row := self._hook_row(hook))]
        return sorted(rows, key=lambda item: (item.id or "", item.distribution, item.cause))

    def find(self, id: str) -> Candidate:
        """Return the candidate that an id names, without importing its class.

        A short id is looked for in each hook module, so that whether it is ambiguous does not
        depend on what was imported before; a qualified one only in those of its distribution, and
        in none if an entry point names it.

        Args:
            id: short or qualified. A name without ``-vN`` stands for the newest version in the one
                distribution that provides it, which is logged.

        Raises:
            IdError: if the text is neither.
            AmbiguousIdError: if several distributions provide the short id or name.
            BlockedError: if it, or the newest version of a name, is there but may not be used.
            BrokenPluginError: if what names it is not sound.
            GeneratorNotFoundError: if nobody provides it.
        """
        wanted = parse_id_or_name(id)
        if not any(str(wanted) == item.qualified for item in self._candidates):
            self._ask_hooks(wanted.distribution)
        refused = [row for row in self.listings() if row.status != "ok"]
        if isinstance(wanted, GeneratorName):
            return newest(wanted, self._usable(), refused)
        return by_id(wanted, self._usable(), refused)

    def exact(self, id: str) -> str:
        """Return the exact id that an id or a name stands for.

        Args:
            id: an id, which is returned as it is, or a name, as for ``find``.

        Raises:
            RegistryError: as ``find``, for a name.
        """
        wanted = parse_id_or_name(id)
        return self.find(id).qualified if isinstance(wanted, GeneratorName) else str(wanted)

    def load(self, id: str) -> tuple[type, Candidate]:
        """Import what an id names.

        Args:
            id: as for ``find``.

        Returns:
            A class, which is derived from ``Generator`` and not abstract, and its candidate.

        Raises:
            RegistryError: as ``find``; BrokenPluginError also if the import fails, or leads to
                anything else.
        """
        candidate = self.find(id)
        return self._load(candidate), candidate

    def about(self, distribution: str) -> Provider:
        """Return what is known of a distribution, importing nothing.

        Args:
            distribution: its name, in any spelling.

        Raises:
            GeneratorNotFoundError: if it is not installed.
        """
        name = normalize_distribution(distribution)
        rows = self.listings()
        hooks = {
            hook.entry_point.value: self._hook_row(hook) or listing(hook, "ok")
            for hook in self._hooks
            if hook.distribution == name
        }
        return provider(name, self._path, rows, hooks, self._objection(name, None))

    def objection(self, distribution: str) -> str:
        """Return why nothing of a distribution may be used, or an empty text.

        Args:
            distribution: its normalised name.
        """
        return self._objection(distribution, None)

    def _objection(self, distribution: str, id: str | None) -> str:
        return next(filter(None, (item.objection(distribution, id) for item in self._rules)), "")

    def _usable(self) -> list[Candidate]:
        usable = [item for item in self._candidates if not self._objection(*_key(item))]
        return sorted(usable, key=_key)

    def _row(self, item: Candidate) -> Listing:
        if cause := self._objection(item.distribution, item.id):
            return listing(item, "blocked", cause)
        return self._failures.get(item.qualified) or listing(item, "ok")

    def _hook_row(self, hook: HookModule) -> Listing | None:
        """How a hook module is listed, or None if its ids are listed instead."""
        if cause := self._objection(hook.distribution, None):
            return listing(hook, "blocked", cause)
        return self._asked.get(hook, listing(hook, "ok", UNKNOWN_IDS))

    def _broken_row(self, item: Listing) -> Listing:
        cause = self._objection(item.distribution, item.id)
        return dataclasses.replace(item, status="blocked", cause=cause) if cause else item

    def _ask_hooks(self, distribution: str | None = None) -> None:
        """Import the hook modules of one distribution, or all; those that were are not again."""
        with self._lock:
            for hook in self._hooks:
                wanted = distribution in (None, hook.distribution) and hook not in self._asked
                if wanted and not self._objection(hook.distribution, None):
                    self._ask(hook)

    def _ask(self, hook: HookModule) -> None:
        # A module that looks up a generator while it is imported must not be imported for that.
        self._asked[hook] = listing(hook, "ok", "it is being imported")
        try:
            self._asked[hook] = self._take_over(hook)
        except BaseException:  # Ctrl-C
            del self._asked[hook]
            raise

    def _take_over(self, hook: HookModule) -> Listing | None:
        """Take over what a hook module provides; return how it is listed if that is nothing."""
        try:
            candidates = self._modules.ask(hook)
        # A plugin may call sys.exit() on import; that must not end the user's program.
        except (Exception, SystemExit) as error:  # noqa: BLE001  # it is listed, and told of
            return listing(hook, "broken", cause_of(error), where_of(error, hook))
        known = {item.qualified for item in self._candidates}
        for item in candidates:
            if item.qualified in known:
                cause = f"{item.id} is declared twice; that of {hook.entry_point.value} is not used"
                self._broken.append(listing(item, "broken", cause))
            else:
                known.add(item.qualified)
                self._candidates.append(item)
        return None if candidates else listing(hook, "ok", "it provides no generators")

    def _load(self, candidate: Candidate) -> type:
        try:
            kind = candidate.load()
        except (Exception, SystemExit) as error:
            failure = listing(candidate, "broken", cause_of(error), raised_in(error))
            raise self._failed(candidate, "cannot be imported", failure) from error
        if fault := class_fault(kind):
            failure = listing(candidate, "broken", f"{candidate.entry_point.value} is {fault}")
            raise self._failed(candidate, "is broken", failure)
        self._failures.pop(candidate.qualified, None)
        assert isinstance(kind, type)
        return kind

    def _failed(self, candidate: Candidate, what: str, failure: Listing) -> BrokenPluginError:
        self._failures[candidate.qualified] = failure
        return BrokenPluginError(
            f"{candidate.id} of {candidate.distribution} {candidate.version} {what}: "
            f"{failure.cause} [{failure.file}]",
            id=candidate.id,
            distribution=candidate.distribution,
        )


def _key(item: Candidate) -> tuple[str, str]:
    return item.distribution, item.id
