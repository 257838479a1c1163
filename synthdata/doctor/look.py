"""A look at one plugin from within: it is imported in this process, and no other ever is.

Run as ``python -m synthdata.doctor.look`` by fresh.py.
"""

from __future__ import annotations

import importlib
import inspect
import time
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint, PackageNotFoundError, distribution
from typing import TYPE_CHECKING, Any, Final, TypeVar

from synthdata.doctor.notes import Notes, cause_of, settle_in
from synthdata.doctor.weighing import Weighing, resident

if TYPE_CHECKING:
    from synthdata.generator import Generator
    from synthdata.registry import Listing

T = TypeVar("T")

HOOKS: Final = "synthdata"
"""The group of entry points that name modules with hooks."""


def main() -> None:
    """Note what there is to know of a plugin, step by step."""
    notes, request = settle_in()
    look, cause = _attempt(lambda: Look(notes, **request))
    if look is None:
        notes.add(unable=cause)
    else:
        notes.mark()
        look.import_all()
        notes.mark()
        look.examine_all()
    notes.finish()


class Look:
    """What is seen of one distribution.

    Args:
        notes: where it is written down.
        distribution: its normalised name.
        hooks: whether its hook modules may be imported.
    """

    def __init__(self, notes: Notes, distribution: str, hooks: bool) -> None:
        # Every plugin needs it, and what it imports is not held against one.
        importlib.import_module("synthdata.schemas")
        from synthdata.registry import Registry, configured_rules

        self._notes = notes
        self._distribution = distribution
        self._hooks = _hook_modules(distribution) if hooks else []
        # What is blocked stays so, and no hook module of another plugin is imported.
        self._registry = Registry(allow=[distribution], rules=configured_rules())
        self._kinds: dict[str, type[Generator]] = {}

    def import_all(self) -> None:
        """Import what the distribution offers, and note what that took."""
        began, held = time.perf_counter(), resident()
        with Weighing() as weighing:
            for entry_point in self._hooks:
                self._notes.add(step=f"the import of {entry_point.value}")
                self._examine_hook(entry_point)
            for id in self._ids():
                self._import(id)
        seconds, size = time.perf_counter() - began, max(resident() - held, 0)
        heavy = weighing.heavy(self._packages())
        self._notes.add(weight={"seconds": seconds, "bytes": size, "heavy": heavy})

    def _ids(self) -> Iterator[str]:
        known = {item.id: item.status for item in self._listed() if item.id}
        yield from (id for id, status in known.items() if status == "ok")
        if self._hooks:
            self._notes.add(step="the import of the generators that its hooks name")
            yield from (id for id in self._ids_of_hooks() if id not in known)

    def _ids_of_hooks(self) -> Iterator[str]:
        for item in self._listed(load=True):
            if item.id:
                yield item.id
            elif item.status == "broken":
                self._notes.add(fault=f"{item.cause} [{item.file}]")

    def _listed(self, *, load: bool = False) -> list[Listing]:
        listings, cause = _attempt(lambda: self._registry.listings(load=load))
        if listings is None:
            self._notes.add(fault=cause)
        return [
            item
            for item in listings or ()
            if item.distribution == self._distribution and item.status != "blocked"
        ]

    def _import(self, id: str) -> None:
        from synthdata.generator import load_class

        self._notes.add(step=f"the import of {id}")
        found, cause = _attempt(lambda: load_class(f"{self._distribution}/{id}", self._registry))
        if found is None:
            self._notes.add(generator={"id": id, "cause": cause})
        else:
            self._kinds[id] = found[0]

    def _packages(self) -> set[str]:
        modules = [entry_point.module for entry_point in self._hooks]
        modules += [kind.__module__ for kind in self._kinds.values()]
        return {name.partition(".")[0] for name in modules}

    def _examine_hook(self, entry_point: EntryPoint) -> None:
        names, cause = _attempt(lambda: _implemented(entry_point.load()))
        if not cause and not names:
            cause = "it implements no hook; expected a function marked with @synthdata.hookimpl"
        hook = {"module": entry_point.value, "implements": names or [], "cause": cause}
        self._notes.add(hook=hook)

    def examine_all(self) -> None:
        """Note of each class whether its declarations hold, and what it says of itself."""
        for id, kind in self._kinds.items():
            self._notes.add(step=f"describe of {id}")
            self._notes.add(generator={"id": id, **self._examined(id, kind)})

    def _examined(self, id: str, kind: type[Generator]) -> dict[str, Any]:
        from synthdata.generator import make_generator
        from synthdata.schemas import params_schema

        schema, cause = _attempt(lambda: params_schema(kind.Params, id))
        if schema is None:
            return {"cause": f"its Params give no JSON Schema: {cause}", "summary": _summary(kind)}
        needed = list(schema.get("required", ()))
        if not needed:
            name = f"{self._distribution}/{id}"
            _, cause = _attempt(lambda: make_generator(name, {}, self._registry))
        return {"cause": cause, "needed": needed, "summary": _summary(kind)}


def _attempt(action: Callable[[], T]) -> tuple[T | None, str]:
    """Return what an action returns, or None and why it failed."""
    try:
        return action(), ""
    except BaseException as error:  # noqa: BLE001  # a plugin may raise whatever there is
        return None, cause_of(error)


def _hook_modules(name: str) -> list[EntryPoint]:
    try:
        entry_points = distribution(name).entry_points
    except PackageNotFoundError:  # named in a way that only a scan of everything finds
        return []
    return [item for item in entry_points if item.group == HOOKS and item.pattern.match(item.value)]


def _implemented(module: object) -> list[str]:
    """The hooks that a module implements, each of them known, with the arguments it has."""
    import pluggy

    from synthdata.registry.hooks import PROJECT, Hooks

    plugins = pluggy.PluginManager(PROJECT)
    plugins.add_hookspecs(Hooks)
    plugins.register(module)
    plugins.check_pending()
    return sorted(caller.name for caller in plugins.get_hookcallers(module) or ())


def _summary(kind: type[Generator]) -> str:
    # Of the class itself: inspect.getdoc would go on to that of sd.Generator.
    text = kind.__doc__ if isinstance(kind.__doc__, str) else ""
    return " ".join(inspect.cleandoc(text).split("\n\n")[0].split())


if __name__ == "__main__":
    main()
