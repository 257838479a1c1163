"""Families of generators by the hook: imported late, one by one, and without a trace if bad."""

from __future__ import annotations

import inspect
import itertools
import pickle
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pluggy
import pytest

import synthdata as sd
from synthdata.generator import make_generator
from synthdata.registry import using
from synthdata.registry.hooks import Hooks
from synthdata.registry.registry import UNKNOWN_IDS
from tests.registry.distributions import FAMILY, install, install_grey, install_hook


def registry(path: Path, **options: Any) -> sd.Registry:
    return sd.Registry(path=[str(path)], **options)


def rows(listings: list[sd.Listing]) -> list[tuple[str | None, str, str]]:
    return [(item.id, item.distribution, item.status) for item in listings]


def test_a_hook_module_is_listed_without_being_imported(plugins: Path) -> None:
    file = install_hook(plugins)
    found = registry(plugins)
    cause = f"family_module: {UNKNOWN_IDS}"
    [listed] = found.listings()
    assert listed == sd.Listing(None, "family-plugin", "3.1", "ok", cause, str(file))
    assert "synthdata list --load" in cause
    assert "family_module" not in sys.modules
    module = str(plugins / "family_module.py")
    assert found.listings(load=True) == [
        sd.Listing("black-v1", "family-plugin", "3.1", "ok", "", module),
        sd.Listing("grey-v1", "family-plugin", "3.1", "ok", "", module),
    ]


def test_classes_and_their_places_are_made_generators_with_provenance(plugins: Path) -> None:
    install_hook(plugins)
    found = registry(plugins)
    for id, name in (("grey-v1", "Grey"), ("black-v1", "Black")):
        made = make_generator(id, {"size": 2}, found)
        assert type(made) is getattr(sys.modules["family_module"], name)
        identity = made.identity
        assert (identity.id, identity.distribution, identity.version) == (
            id,
            "family-plugin",
            "3.1",
        )
        assert str(identity.where).startswith("family_module.py:")


def test_an_object_in_a_module_may_implement_the_hook(plugins: Path) -> None:
    source = FAMILY.split("@sd.hookimpl")[0] + (
        "class Family:\n"
        "    @sd.hookimpl(specname='synthdata_generators')\n"
        "    def ids(self): return {'grey-v1': Grey}\n"
        "family = Family()\n"
    )
    install_hook(plugins, source=source, value="family_module:family")
    assert registry(plugins).load("grey-v1")[0].__name__ == "Grey"


def test_finding_a_qualified_id_imports_only_hook_modules_of_its_distribution(
    plugins: Path,
) -> None:
    install_grey(plugins)
    install_hook(plugins, "first", "first_module")
    install_hook(plugins, "second", "second_module")
    found = registry(plugins)
    assert found.find("grey-plugin/grey-v1").distribution == "grey-plugin"
    assert {"first_module", "second_module"} & set(sys.modules) == set()
    assert found.find("first/black-v1").distribution == "first"
    assert "second_module" not in sys.modules


def test_an_entry_point_of_a_distribution_is_found_without_its_hook_module(plugins: Path) -> None:
    more = "[synthdata.generators]\ndirect-v1 = family_module:Grey\n"
    install_hook(plugins, more=more)
    found = registry(plugins)
    assert found.find("family-plugin/direct-v1").id == "direct-v1"
    assert "family_module" not in sys.modules


def test_a_short_id_is_ambiguous_whatever_was_imported_before(plugins: Path) -> None:
    install_grey(plugins)
    install_hook(plugins)
    for before in (None, "grey-plugin/grey-v1", "family-plugin/grey-v1"):
        found = registry(plugins)
        if before is not None:
            found.load(before)
        with pytest.raises(
            sd.AmbiguousIdError, match="family-plugin/grey-v1 or grey-plugin/grey-v1"
        ):
            found.find("grey-v1")


def test_each_hook_module_is_imported_and_asked_once(plugins: Path) -> None:
    count = "with open(__file__ + '.count', 'a') as file:\n    file.write('%s')\n"
    asked = FAMILY.replace("():\n", "():\n    " + (count % "asked ").replace("\n", "\n    ") + "\n")
    install_hook(plugins, "good", "good_module", count % "imported " + asked)
    install_hook(plugins, "bad", "bad_module", count % "imported " + "raise ValueError\n")
    found = registry(plugins)
    for _ in range(2):
        found.listings(load=True)
        found.find("grey-v1")
        with pytest.raises(sd.GeneratorNotFoundError):
            found.find("nowhere-v1")
    assert (plugins / "good_module.py.count").read_text() == "imported asked "
    assert (plugins / "bad_module.py.count").read_text() == "imported "


def broken(source: str) -> str:
    return "import synthdata as sd\n" + source


HOOK = "@sd.hookimpl\ndef synthdata_generators():\n    "
BAD = {
    "raises on import": (
        "x = 1\nraise RuntimeError('no licence\\nhere')",
        ["RuntimeError: no licence"],
        3,
    ),
    "exits on import": ("raise SystemExit(3)", ["SystemExit: 3"], 2),
    "syntax": ("def broken(:", ["SyntaxError"], 2),
    "missing import": ("import nobody_has_this", ["ModuleNotFoundError", "nobody_has_this"], 2),
    "no hook": ("x = 1", ["synthdata_generators is missing", "@synthdata.hookimpl"], None),
    "not marked": (
        "def synthdata_generators(): return {}",
        ["is not marked with @synthdata.hookimpl"],
        None,
    ),
    "misspelled": (
        "@sd.hookimpl\ndef synthdata_generatorz(): return {}",
        ["synthdata_generatorz is unknown", "did you mean synthdata_generators?"],
        None,
    ),
    "another hook": (
        f"{HOOK}return {{}}\n@sd.hookimpl\ndef other(): return 3",
        ["the hook other is unknown"],
        None,
    ),
    "arguments": (
        "@sd.hookimpl\ndef synthdata_generators(registry): return {}",
        ["synthdata_generators takes no arguments", "registry"],
        None,
    ),
    "wrapper": (
        "@sd.hookimpl(wrapper=True)\ndef synthdata_generators():\n    return (yield)",
        ["wraps the hook"],
        None,
    ),
    "old wrapper": (
        "@sd.hookimpl(hookwrapper=True)\ndef synthdata_generators():\n    yield",
        ["wraps the hook"],
        None,
    ),
    "hook raises": (f"{HOOK}1 / 0", ["ZeroDivisionError: division by zero"], 4),
    "hook exits": (f"{HOOK}raise SystemExit", ["SystemExit"], 4),
    "returns nothing": (f"{HOOK}pass", ["returned NoneType", "a mapping is expected"], None),
    "returns a list": (f"{HOOK}return ['a-v1']", ["returned list"], None),
    "bad id": (f"{HOOK}return {{'A-v1': 'm:C'}}", ["'A-v1' is not a generator id"], None),
    "no text as id": (f"{HOOK}return {{3: 'm:C'}}", ["3 is not a generator id"], None),
    "qualified id": (f"{HOOK}return {{'a/a-v1': 'm:C'}}", ["'a/a-v1'", "without a dist"], None),
    "bad place": (f"{HOOK}return {{'a-v1': 'm'}}", ["a-v1 = m: the value is not"], None),
    "other class": (f"{HOOK}return {{'a-v1': int}}", ["a-v1: <class 'int'> is not a sub"], None),
    "instance": (f"{HOOK}return {{'a-v1': 3}}", ["a-v1: 3 is not a subclass"], None),
    "abstract": (
        f"class Half(sd.Generator): pass\n{HOOK}return {{'a-v1': Half}}",
        ["a-v1: ", "is abstract: describe, sample is missing"],
        None,
    ),
    "one of two": (
        f"{FAMILY.split('@sd.hookimpl')[0]}\n{HOOK}return {{'grey-v1': Grey, 'B-v1': Grey}}",
        ["'B-v1' is not a generator id"],
        None,
    ),
}


@pytest.mark.parametrize(("source", "words", "line"), BAD.values(), ids=BAD)
def test_a_bad_hook_module_is_listed_with_cause_and_file_and_touches_nothing_else(
    plugins: Path, source: str, words: list[str], line: int | None
) -> None:
    install_hook(plugins, "a-family", "a_family")
    install_hook(plugins, "bad", "bad_module", broken(source))
    install_hook(plugins, "c-family", "c_family")
    found = registry(plugins)
    listings = found.listings(load=True)
    assert rows(listings) == [
        (None, "bad", "broken"),
        ("black-v1", "a-family", "ok"),
        ("black-v1", "c-family", "ok"),
        ("grey-v1", "a-family", "ok"),
        ("grey-v1", "c-family", "ok"),
    ]
    bad = listings[0]
    assert bad.cause.startswith("bad_module: ")
    assert "\n" not in bad.cause
    for word in words:
        assert word in bad.cause
    file = str(plugins / "bad_module.py")
    assert bad.file == (file if line is None else f"{file}:{line}")
    assert inspect.isclass(found.load("c-family/grey-v1")[0])
    # Nothing of it is registered, or asked, any more.
    assert found._modules._plugins.get_plugin("bad:family") is None
    hooks = vars(found._modules._plugins.hook).values()
    held = [impl for hook in hooks for impl in hook.get_hookimpls()]
    assert {impl.plugin.__name__ for impl in held} == {"a_family", "c_family"}
    with pytest.raises(sd.BrokenPluginError, match="bad/a-v1 cannot be had: bad is broken: bad_mo"):
        found.find("bad/a-v1")


def test_a_plugin_that_pluggy_leaves_half_registered_is_rolled_back(
    plugins: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As pluggy before 1.7 does: the name is taken first, the hooks are looked at then."""
    register = pluggy.PluginManager.register

    def halfway(self: pluggy.PluginManager, plugin: Any, name: str) -> Any:
        self._name2plugin[name] = plugin
        try:
            return register(self, plugin, f"{name} itself")
        except ValueError as error:
            raise pluggy.PluginValidationError(plugin, "refused\nhalfway") from error

    install_hook(plugins)
    found = registry(plugins)
    monkeypatch.setattr(pluggy.PluginManager, "register", halfway)
    [listed] = found.listings(load=True)
    assert (listed.status, "halfway" in listed.cause) == ("broken", True)
    assert found._modules._plugins.get_plugins() == set()


def test_one_module_named_by_two_distributions_is_taken_once_and_the_other_is_broken(
    plugins: Path,
) -> None:
    install_hook(plugins, "first", "same_module")
    install(plugins, "second", "[synthdata]\nfamily = same_module\n")
    found = registry(plugins)
    listings = found.listings(load=True)
    assert rows(listings) == [
        (None, "second", "broken"),
        ("black-v1", "first", "ok"),
        ("grey-v1", "first", "ok"),
    ]
    assert "named twice, also by first as family" in listings[0].cause


def test_an_id_that_an_entry_point_has_too_is_declared_twice(plugins: Path) -> None:
    install_hook(plugins, more="[synthdata.generators]\ngrey-v1 = family_module:Grey\n")
    found = registry(plugins)
    listings = found.listings(load=True)
    assert rows(listings) == [
        ("black-v1", "family-plugin", "ok"),
        ("grey-v1", "family-plugin", "ok"),
        ("grey-v1", "family-plugin", "broken"),
    ]
    assert "grey-v1 is declared twice; that of family_module is not used" in listings[2].cause
    assert found.find("grey-v1").entry_point.group == "synthdata.generators"


def test_a_family_that_is_empty_here_is_listed_as_such(plugins: Path) -> None:
    install_hook(plugins, source=broken(f"{HOOK}return {{}}\n"))
    [listed] = registry(plugins).listings(load=True)
    assert (listed.id, listed.status) == (None, "ok")
    assert listed.cause == "family_module: it provides no generators"


def test_a_place_that_leads_nowhere_breaks_its_id_alone(plugins: Path) -> None:
    source = FAMILY.replace("%(module)s:Black", "%(module)s:Missing")
    install_hook(plugins, source=source)
    found = registry(plugins)
    assert rows(found.listings(load=True)) == [
        ("black-v1", "family-plugin", "broken"),
        ("grey-v1", "family-plugin", "ok"),
    ]
    with pytest.raises(sd.BrokenPluginError, match=r"no attribute 'Missing' \[.*family_module\.py"):
        found.load("black-v1")


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        ({"block": ["family-plugin"]}, "family-plugin is on the block list of Registry(block=…)"),
        ({"allow": []}, "family-plugin is not on the allow list of Registry(allow=…)"),
        ({"allow": ["grey-v1"]}, "family-plugin is not on the allow list of Registry(allow=…)"),
        ({"allow": ["x/grey-v1"]}, "family-plugin is not on the allow list of Registry(allow=…)"),
    ],
)
def test_a_blocked_hook_module_is_never_imported(
    plugins: Path, options: dict[str, Any], cause: str
) -> None:
    install_hook(plugins)
    found = registry(plugins, **options)
    [listed] = found.listings(load=True)
    assert (listed.id, listed.status) == (None, "blocked")
    assert listed.cause == f"family_module: {cause}"
    with pytest.raises(sd.BlockedError, match="family-plugin/grey-v1 cannot be had: family-plug"):
        found.find("family-plugin/grey-v1")
    with pytest.raises(sd.GeneratorNotFoundError, match="blocked: family-plugin"):
        found.find("grey-v1")
    assert "family_module" not in sys.modules


@pytest.mark.parametrize(
    "options",
    [
        {"allow": ["family-plugin/grey-v1"]},
        {"block": ["black-v1"]},
        {"block": ["family-plugin/black-v1"]},
        {"allow": ["Family_Plugin"], "block": ["black-v1"]},
    ],
)
def test_single_ids_of_a_hook_module_are_allowed_and_blocked(
    plugins: Path, options: dict[str, Any]
) -> None:
    install_hook(plugins)
    found = registry(plugins, **options)
    assert rows(found.listings(load=True)) == [
        ("black-v1", "family-plugin", "blocked"),
        ("grey-v1", "family-plugin", "ok"),
    ]
    with pytest.raises(sd.BlockedError):
        found.load("black-v1")
    assert found.load("grey-v1")


def test_a_hook_module_may_look_up_generators_while_it_is_imported(plugins: Path) -> None:
    install_grey(plugins)
    source = FAMILY.replace("Grey, ", "sd.make('grey-plugin/grey-v1').__class__, ").replace(
        "class Black", "assert sd.generators()\nFound = sd.make('grey-plugin/grey-v1')\nclass Black"
    )
    install_hook(plugins, source=source)
    with using(registry(plugins)) as found:
        assert found.find("black-v1").distribution == "family-plugin"


def test_ctrl_c_while_a_hook_module_is_imported_ends_the_call_and_it_is_tried_again(
    plugins: Path,
) -> None:
    once = "import builtins\nif not hasattr(builtins, 'tried'):\n    builtins.tried = 1\n"
    source = f"{once}    raise KeyboardInterrupt\ndel builtins.tried\n{FAMILY}"
    install_hook(plugins, source=source)
    found = registry(plugins)
    with pytest.raises(KeyboardInterrupt):
        found.find("grey-v1")
    assert found.listings()[0].cause == f"family_module: {UNKNOWN_IDS}"
    assert found.find("grey-v1").distribution == "family-plugin"


def example() -> tuple[str, str]:
    """The entry point and the module that the docstring of the hook shows."""
    text = inspect.cleandoc(str(Hooks.synthdata_generators.__doc__))
    _, entry, module = text.split("::\n\n")
    blocks = []
    for part in (entry, module):
        lines = itertools.takewhile(lambda line: line[:1] in ("", " "), part.splitlines())
        blocks.append(textwrap.dedent("\n".join(lines)))
    return blocks[0].replace("project.entry-points.", "").replace('"', ""), blocks[1]


def test_the_example_of_the_hook_works_and_other_processes_import_its_classes(
    plugins: Path,
) -> None:
    entry, module = example()
    install(plugins, "stripes-plugin", entry, modules={"stripes": module})
    found = registry(plugins)
    upright = make_generator("stripes-90-v1", {}, found)
    images = [
        sd.Source.of(make_generator(f"stripes-{angle}-v1", {}, found), samples=1)[0].image
        for angle in (0, 90)
    ]
    assert (images[0] == images[0][:1]).all()
    assert not (images[1] == images[1][:1]).all()
    assert (images[1] == images[1][:, :1]).all()
    script = (
        "import pickle, sys; import synthdata as sd\n"
        f"sys.path.insert(0, {str(plugins)!r})\n"
        f"generator = pickle.loads({pickle.dumps(upright)!r})\n"
        "print(sd.Source.of(generator, samples=1)[0].image.tobytes().hex(), generator.identity)"
    )
    command = [sys.executable, "-W", "error", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout == f"{images[1].tobytes().hex()} {upright.identity}\n", done.stderr
