"""Hook modules one by one: imported, registered with pluggy, asked; what is bad leaves no trace."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Mapping
from importlib.metadata import EntryPoint
from typing import Any

import pluggy

from synthdata.registry.candidate import Candidate, HookModule
from synthdata.registry.faults import Fault, class_fault, raised_in
from synthdata.registry.hooks import HOOK, PROJECT, Hooks
from synthdata.registry.scan import HOOK_GROUP, id_fault, value_fault


class HookModules:
    """The hook modules that were imported and found sound.

    No hook is ever called for all of them at once, where one that raises, or wraps the others,
    would take the others with it.
    """

    def __init__(self) -> None:
        self._plugins = pluggy.PluginManager(PROJECT)
        self._plugins.add_hookspecs(Hooks)

    def ask(self, hook: HookModule) -> list[Candidate]:
        """Import a hook module, and return the generators that it provides.

        Raises:
            Fault: if what it is or returns is no use.
            Exception, SystemExit: whatever it raises when it is imported or asked. In either case
                it is not registered.
        """
        plugin = hook.entry_point.load()
        name = f"{hook.distribution}:{hook.name}"
        self._check_marked(plugin)
        if known := self._plugins.get_name(plugin):
            raise Fault(f"it is named twice, also by {known.replace(':', ' as ')}")
        try:
            # pluggy before 1.7 leaves a plugin that it refuses half registered.
            self._register(plugin, name)
            return self._candidates(plugin, hook)
        except BaseException:
            self._plugins.unregister(name=name)
            raise

    def _check_marked(self, plugin: object) -> None:
        marks = (self._plugins.parse_hookimpl_opts(plugin, name) for name in dir(plugin))
        if not any(mark is not None for mark in marks):
            found = "is not marked with" if hasattr(plugin, HOOK) else "is missing; mark it with"
            raise Fault(f"{HOOK} {found} @synthdata.hookimpl")

    def _register(self, plugin: object, name: str) -> None:
        try:
            self._plugins.register(plugin, name)
        except pluggy.PluginValidationError as error:
            # The lines before repeat names and show how the function begins.
            raise Fault(f"{HOOK} takes no arguments: {str(error).splitlines()[-1]}") from error
        try:
            self._plugins.check_pending()
        except pluggy.PluginValidationError as error:
            raise Fault(self._unknown_hook(plugin)) from error

    def _unknown_hook(self, plugin: object) -> str:
        callers = self._plugins.get_hookcallers(plugin) or []
        name = next(caller.name for caller in callers if not caller.has_spec())
        near = difflib.get_close_matches(name, [HOOK], n=1)
        return f"the hook {name} is unknown; " + (
            f"did you mean {HOOK}?" if near else f"known is {HOOK}"
        )

    def _candidates(self, plugin: object, hook: HookModule) -> list[Candidate]:
        candidates = []
        for implementation in getattr(self._plugins.hook, HOOK).get_hookimpls():
            if implementation.plugin is plugin:
                if implementation.wrapper or implementation.hookwrapper:
                    raise Fault(f"{HOOK} wraps the hook, which is not supported")
                candidates += _provided(implementation.function(), hook, _file(hook))
        return candidates


def _provided(returned: object, hook: HookModule, file: str) -> list[Candidate]:
    if not isinstance(returned, Mapping):
        raise Fault(
            f"{HOOK} returned {type(returned).__name__}, but a mapping is expected from id to "
            "a subclass of sd.Generator or 'module:Class'"
        )
    return [_candidate(id, value, hook, file) for id, value in returned.items()]


def _candidate(id: Any, value: Any, hook: HookModule, file: str) -> Candidate:
    if fault := id_fault(id):
        raise Fault(f"{HOOK} returned an id that cannot be: {fault}")
    kind = None if isinstance(value, str) else value
    if kind is not None and (fault := class_fault(kind)):
        raise Fault(f"{HOOK} returned {id}: {value!r} is {fault}")
    where = f"{kind.__module__}:{kind.__qualname__}" if kind else value
    entry_point = EntryPoint(id, where, HOOK_GROUP)
    if kind is None and (fault := value_fault(entry_point)):
        raise Fault(f"{HOOK} returned {fault}")
    return Candidate(id, hook.distribution, hook.version, file, entry_point, kind)


def _file(hook: HookModule) -> str:
    module = sys.modules.get(hook.entry_point.module)
    return getattr(module, "__file__", None) or hook.file


def where_of(error: BaseException, hook: HookModule) -> str:
    """Return the file, and where it is known the line, that made a hook module fail."""
    return _file(hook) if isinstance(error, Fault) else raised_in(error) or hook.file
