"""Promise P7: listing imports nothing, what is broken touches nobody else, blocking acts first."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import synthdata as sd
from tests.registry.distributions import GREY, install, install_grey


def registry(path: Path, **options: Any) -> sd.Registry:
    return sd.Registry(path=[str(path)], **options)


def rows(listings: list[sd.Listing]) -> list[tuple[str | None, str, str]]:
    return [(item.id, item.distribution, item.status) for item in listings]


def test_generators_are_listed_by_id_then_distribution(tmp_path: Path) -> None:
    install(tmp_path, "zeta", {"b-v1": "m:C", "a-v2": "m:C"})
    file = install(tmp_path, "alpha", {"b-v1": "m:C"}, version="0.7")
    listings = registry(tmp_path).listings()
    assert rows(listings) == [
        ("a-v2", "zeta", "ok"),
        ("b-v1", "alpha", "ok"),
        ("b-v1", "zeta", "ok"),
    ]
    assert listings[1] == sd.Listing("b-v1", "alpha", "0.7", "ok", "", str(file))


def test_listing_and_finding_import_nothing(plugins: Path) -> None:
    install_grey(plugins)
    found = registry(plugins)
    found.listings()
    assert found.find("grey-v1").qualified == "grey-plugin/grey-v1"
    assert "grey_module" not in sys.modules
    kind, candidate = found.load("grey-v1")
    assert (kind, candidate.version) == (sys.modules["grey_module"].Grey, "2.5")


def test_a_qualified_id_finds_what_a_short_one_finds(plugins: Path) -> None:
    install_grey(plugins, "Grey_Plugin")
    found = registry(plugins)
    assert found.find("grey-plugin/grey-v1") == found.find("grey-v1")
    assert found.find("Grey.Plugin/grey-v1") == found.find("grey-v1")
    with pytest.raises(sd.GeneratorNotFoundError, match="no installed distribution provides"):
        found.find("other/grey-v1")


def test_a_short_id_of_two_distributions_is_an_error_that_names_both(plugins: Path) -> None:
    install_grey(plugins, "first", "first_module")
    install_grey(plugins, "second", "second_module")
    found = registry(plugins)
    with pytest.raises(sd.AmbiguousIdError, match="first/grey-v1 or second/grey-v1") as caught:
        found.load("grey-v1")
    assert caught.value.id == "grey-v1"
    assert found.load("second/grey-v1")[1].distribution == "second"
    assert "first_module" not in sys.modules


RAISES = "import os\n\nraise RuntimeError('no licence\\nfor this machine')\n"
SYNTAX = "import os\n\ndef broken(:\n"
EXITS = "import sys\n\nsys.exit('goodbye')\n"
IMPORTS = "x = 1\nimport a_module_that_nobody_has\n"


@pytest.mark.parametrize(
    ("source", "cause", "line", "kind"),
    [
        (RAISES, "RuntimeError: no licence", 3, RuntimeError),
        (SYNTAX, "SyntaxError: ", 3, SyntaxError),
        (EXITS, "SystemExit: goodbye", 3, SystemExit),
        (
            IMPORTS,
            "ModuleNotFoundError: No module named 'a_module_that_nobody_has'",
            2,
            ImportError,
        ),
    ],
    ids=["raises", "syntax", "exits", "imports"],
)
def test_a_plugin_that_fails_to_import_is_an_error_with_cause_and_line_and_then_listed_so(
    plugins: Path, source: str, cause: str, line: int, kind: type[BaseException]
) -> None:
    install(plugins, "bad", {"bad-v1": "bad_module:Bad"}, modules={"bad_module": source})
    install_grey(plugins)
    found = registry(plugins)
    assert rows(found.listings())[0] == ("bad-v1", "bad", "ok")
    where = f"{plugins / 'bad_module.py'}:{line}"
    for _ in range(2):
        with pytest.raises(sd.BrokenPluginError) as caught:
            found.load("bad-v1")
        assert f"bad-v1 of bad 1.0 cannot be imported: {cause}" in str(caught.value)
        assert str(caught.value).endswith(f"[{where}]")
        assert (caught.value.id, caught.value.distribution) == ("bad-v1", "bad")
        assert isinstance(caught.value.__cause__, kind)
    bad, good = found.listings()
    assert (bad.status, bad.file) == ("broken", where)
    assert bad.cause.startswith(cause)
    assert "\n" not in bad.cause
    assert (good.id, good.status) == ("grey-v1", "ok")
    assert inspect.isclass(found.load("grey-v1")[0])


@pytest.mark.parametrize(
    ("value", "cause"),
    [
        ("bad_module:Missing", "AttributeError: module 'bad_module' has no attribute 'Missing'"),
        ("no_such_module:Bad", "ModuleNotFoundError: No module named 'no_such_module'"),
    ],
)
def test_an_entry_point_that_leads_nowhere_names_the_file_that_declares_it(
    plugins: Path, value: str, cause: str
) -> None:
    file = install(plugins, "bad", {"bad-v1": value}, modules={"bad_module": "x = 1\n"})
    found = registry(plugins)
    with pytest.raises(sd.BrokenPluginError) as caught:
        found.load("bad-v1")
    assert cause in str(caught.value)
    assert str(caught.value).endswith(f"[{file}]")
    assert found.listings()[0].file == str(file)


def test_listing_with_load_tries_each_and_survives_each(plugins: Path) -> None:
    modules = {"bad_a": RAISES, "bad_b": EXITS, "bad_c": SYNTAX, "good": GREY}
    for number, module in enumerate(modules):
        entry_points = {f"g{number}-v1": f"{module}:Grey"}
        install(plugins, f"plugin-{number}", entry_points, modules={module: modules[module]})
    install(plugins, "malformed", "[synthdata.generators]\nno pair\n")
    found = registry(plugins)
    assert [item.status for item in found.listings()] == ["broken"] + ["ok"] * 4
    assert [(item.id, item.status) for item in found.listings(load=True)] == [
        (None, "broken"),
        ("g0-v1", "broken"),
        ("g1-v1", "broken"),
        ("g2-v1", "broken"),
        ("g3-v1", "ok"),
    ]


NO_GENERATORS = """\
import synthdata as sd

value = 5


class Half(sd.Generator):
    @classmethod
    def describe(cls, params):
        return sd.Output(image=sd.Image(2, 2))
"""


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("value", "not a subclass of sd.Generator"),
        ("sd.Generator", "not a subclass of sd.Generator"),
        ("sd.Image", "not a subclass of sd.Generator"),
        ("Half", "abstract: sample is missing"),
    ],
)
def test_what_is_no_generator_is_an_error_and_then_listed_so(
    plugins: Path, name: str, problem: str
) -> None:
    file = install(plugins, "odd", {"odd-v1": f"odd:{name}"}, modules={"odd": NO_GENERATORS})
    found = registry(plugins)
    with pytest.raises(sd.BrokenPluginError) as caught:
        found.load("odd-v1")
    assert str(caught.value) == f"odd-v1 of odd 1.0 is broken: odd:{name} is {problem} [{file}]"
    cause = f"odd:{name} is {problem}"
    for again in (found, registry(plugins)):
        [listed] = again.listings(load=True)
        assert listed == sd.Listing("odd-v1", "odd", "1.0", "broken", cause, str(file))


def test_an_exception_that_cannot_be_shown_is_one_that_harms_no_other(plugins: Path) -> None:
    source = "class Bad(Exception):\n    def __str__(self): raise ValueError\nraise Bad\n"
    install(plugins, "bad", {"bad-v1": "bad_module:Bad"}, modules={"bad_module": source})
    install_grey(plugins)
    statuses = {item.id: item.status for item in registry(plugins).listings(load=True)}
    assert statuses == {"bad-v1": "broken", "grey-v1": "ok"}


def test_a_plugin_that_was_mended_is_listed_as_ok_again(plugins: Path) -> None:
    install(plugins, "bad", {"grey-v1": "bad_module:Grey"}, modules={"bad_module": "1 / 0\n"})
    found = registry(plugins)
    with pytest.raises(sd.BrokenPluginError):
        found.load("grey-v1")
    assert found.listings()[0].status == "broken"
    (plugins / "bad_module.py").write_text(GREY)
    importlib.invalidate_caches()
    assert inspect.isclass(found.load("grey-v1")[0])
    assert found.listings()[0].status == "ok"


def test_a_broken_entry_point_is_an_error_with_its_cause(plugins: Path) -> None:
    file = install(plugins, "bad", {"bad-v1": "no_class"})
    with pytest.raises(sd.BrokenPluginError) as caught:
        registry(plugins).load("bad-v1")
    assert "bad-v1 of bad 1.0 is broken: bad-v1 = no_class: the value is not" in str(caught.value)
    assert str(file) in str(caught.value)


@pytest.mark.parametrize("id", ["grey-v0", "Grey", "a/b/grey-v1", "Grey-v1", "", "grey-v1 ", None])
def test_text_that_is_no_id_is_refused_as_such(tmp_path: Path, id: Any) -> None:
    with pytest.raises(sd.IdError, match=r"expected \[distribution/\]name-vN"):
        registry(tmp_path).find(id)


def test_the_built_in_generators_are_registered_like_any_other() -> None:
    built_in = [item for item in sd.Registry().listings() if item.distribution == "synthdata"]
    assert built_in
    assert {item.status for item in built_in} == {"ok"}
    assert {item.version for item in built_in} == {sd.__version__}


COUNT = 50


def test_fifty_plugins_and_some_bad_ones_are_listed_without_importing_anything(
    tmp_path: Path,
) -> None:
    for number in range(COUNT):
        install(
            tmp_path,
            f"plugin-{number}",
            {f"fake{number}-v1": f"fake_module_{number}:Grey"},
            modules={f"fake_module_{number}": "raise AssertionError('imported')\n"},
        )
    install(tmp_path, "malformed", "[synthdata.generators]\nno pair\n")
    install(tmp_path, "binary", b"\xff")
    install(tmp_path, "nameless", {"fake-nameless-v1": "m:C"}, metadata=False)
    script = f"""\
import sys
sys.path.insert(0, {str(tmp_path)!r})
import synthdata
found = [item for item in synthdata.generators() if item.file.startswith({str(tmp_path)!r})]
print(len(found), sum(item.status == "broken" for item in found))
heavy = ("fake_module", "numpy", "pydantic", "tensorflow", "yaml", "typer")
print([name for name in sys.modules if name.startswith(heavy)])
"""
    command = [sys.executable, "-W", "error", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [f"{COUNT + 3} 2", "[]"]
