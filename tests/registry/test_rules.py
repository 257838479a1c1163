"""Allow and block lists, of the program, the environment and the project; they act before import.

Each is told apart from the others in what a listing says.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import synthdata as sd
from synthdata.registry import configured_registry, configured_rules
from tests.registry.distributions import install, install_grey, install_hook


@pytest.fixture(autouse=True)
def no_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of the tests has no lists of its own."""
    for variable in ("SYNTHDATA_ALLOW", "SYNTHDATA_BLOCK"):
        monkeypatch.delenv(variable, raising=False)


def registry(path: Path, **options: Any) -> sd.Registry:
    return sd.Registry(path=[str(path)], **options)


def project(folder: Path, text: str) -> Path:
    """Write a pyproject.toml."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "pyproject.toml"
    file.write_text(text)
    return file


def test_blocking_one_of_two_makes_the_short_id_clear(plugins: Path) -> None:
    install_grey(plugins, "first", "first_module")
    install_grey(plugins, "second", "second_module")
    assert registry(plugins, block=["first"]).find("grey-v1").distribution == "second"


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        ({"block": ["grey-v1"]}, "grey-v1 is on the block list"),
        ({"block": ["grey-plugin"]}, "grey-plugin is on the block list"),
        ({"block": ["Grey_Plugin"]}, "grey-plugin is on the block list"),
        ({"block": ["Grey_Plugin/grey-v1"]}, "grey-plugin/grey-v1 is on the block list"),
        ({"block": ["grey-v1"], "allow": ["grey-v1"]}, "grey-v1 is on the block list"),
        ({"allow": []}, "neither grey-plugin nor grey-v1 is on the allow list"),
        ({"allow": ["other"]}, "neither grey-plugin nor grey-v1 is on the allow list"),
    ],
)
def test_what_is_blocked_is_listed_so_and_never_imported(
    plugins: Path, options: dict[str, Any], cause: str
) -> None:
    file = install_grey(plugins)
    install(plugins, "other", {"other-v1": "m:C"})
    found = registry(plugins, **options)
    listed = {item.id: item for item in found.listings(load=True)}
    kind = "block" if "block" in cause else "allow"
    cause = f"{cause} of Registry({kind}=…)"
    assert (listed["grey-v1"].status, listed["grey-v1"].cause) == ("blocked", cause)
    for id in ("grey-v1", "grey-plugin/grey-v1"):
        with pytest.raises(sd.BlockedError) as caught:
            found.load(id)
        assert str(caught.value) == f"{id} of grey-plugin 2.5 is blocked: {cause} [{file}]"
        assert (caught.value.id, caught.value.distribution) == (id, "grey-plugin")
    assert "grey_module" not in sys.modules


@pytest.mark.parametrize(
    "options",
    [
        {"allow": ["grey-v1"]},
        {"allow": ["Grey_Plugin"]},
        {"allow": ["grey-plugin/grey-v1"]},
        {"block": ["grey-v2", "other", "other/grey-v1"]},
    ],
)
def test_what_is_allowed_is_usable(plugins: Path, options: dict[str, Any]) -> None:
    install_grey(plugins)
    assert registry(plugins, **options).load("grey-v1")[1].id == "grey-v1"


def test_an_id_with_an_underscore_can_be_blocked(tmp_path: Path) -> None:
    install(tmp_path, "plugin", {"light_grey-v1": "m:C", "light-grey-v1": "m:C"})
    listings = registry(tmp_path, block=["light_grey-v1"]).listings()
    assert {item.id: item.status for item in listings} == {
        "light-grey-v1": "ok",
        "light_grey-v1": "blocked",
    }


def test_what_is_blocked_later_is_not_found_any_more(plugins: Path) -> None:
    install_grey(plugins)
    install_hook(plugins)
    found = registry(plugins)
    found.load("grey-plugin/grey-v1")
    found.block("Grey_Plugin", "family-plugin")
    statuses = [(item.id, item.status) for item in found.listings(load=True)]
    assert statuses == [(None, "blocked"), ("grey-v1", "blocked")]
    with pytest.raises(sd.BlockedError, match=r"grey-plugin is on the block list of Registry\.bl"):
        found.load("grey-v1")
    assert "family_module" not in sys.modules


def test_a_distribution_that_cannot_be_read_can_be_blocked_too(tmp_path: Path) -> None:
    install(tmp_path, "malformed", "[synthdata.generators]\nno pair\n")
    [listed] = registry(tmp_path, block=["malformed"]).listings()
    assert (listed.id, listed.status) == (None, "blocked")


@pytest.mark.parametrize("names", ["shapes-v1", ["a;b"], ["shapes v1"], ["synthdata/shapes"], [3]])
@pytest.mark.parametrize("kind", ["allow", "block"])
def test_a_list_that_would_match_nothing_is_refused(tmp_path: Path, kind: str, names: Any) -> None:
    with pytest.raises(sd.ConfigurationError) as caught:
        registry(tmp_path, **{kind: names})
    assert f"Registry({kind}=…)" in str(caught.value)
    assert repr(names if isinstance(names, str) else names[0]) in str(caught.value)
    assert caught.value.path is None
    assert caught.value.id is None


def statuses_of(*ids: str) -> dict[str | None, str]:
    return {item.id: item.status for item in configured_registry().listings() if item.id in ids}


def test_the_environment_blocks_and_allows(plugins: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_grey(plugins)
    install(plugins, "other-plugin", {"other-v1": "m:C"})
    ids = ("grey-v1", "other-v1")
    assert statuses_of(*ids) == {"grey-v1": "ok", "other-v1": "ok"}
    monkeypatch.setenv("SYNTHDATA_BLOCK", "nobody, Grey_Plugin ,")
    assert statuses_of(*ids) == {"grey-v1": "blocked", "other-v1": "ok"}
    with pytest.raises(sd.BlockedError, match=r"block list of the environment \(SYNTHDATA_BLOCK\)"):
        configured_registry().find("grey-v1")
    monkeypatch.setenv("SYNTHDATA_ALLOW", "grey-v1,other-plugin/other-v1")
    assert statuses_of(*ids) == {"grey-v1": "blocked", "other-v1": "ok"}
    monkeypatch.delenv("SYNTHDATA_BLOCK")
    assert statuses_of(*ids) == {"grey-v1": "ok", "other-v1": "ok"}
    monkeypatch.setenv("SYNTHDATA_ALLOW", "")
    assert statuses_of(*ids) == {"grey-v1": "blocked", "other-v1": "blocked"}


def test_the_environment_with_other_commas_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNTHDATA_BLOCK", "grey-v1;other-v1")
    with pytest.raises(sd.ConfigurationError, match=r"SYNTHDATA_BLOCK\): 'grey-v1;other-v1' is"):
        configured_registry()


def test_the_project_blocks_from_its_folder_and_those_below(
    plugins: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_grey(plugins)
    install(plugins, "other-plugin", {"other-v1": "m:C"})
    file = project(plugins / "project", '[tool.synthdata]\nblock = ["Grey_Plugin"]\n')
    below = plugins / "project" / "src" / "deep"
    below.mkdir(parents=True)
    for folder in (file.parent, below):
        monkeypatch.chdir(folder)
        listed = {item.id: item for item in configured_registry().listings()}
        assert listed["other-v1"].status == "ok"
        cause = f"grey-plugin is on the block list of {file} (tool.synthdata.block)"
        assert (listed["grey-v1"].status, listed["grey-v1"].cause) == ("blocked", cause)
    monkeypatch.chdir(plugins)
    assert statuses_of("grey-v1") == {"grey-v1": "ok"}


def test_the_nearest_project_counts_alone(tmp_path: Path) -> None:
    project(tmp_path, '[tool.synthdata]\nblock = ["grey-plugin"]\n')
    project(tmp_path / "inner", "[project]\nname = 'inner'\n")
    assert configured_rules(tmp_path / "inner") == []
    [rule] = configured_rules(tmp_path)
    assert rule.kind == "block"
    assert rule.distributions == {"grey-plugin"}


def test_both_block_and_the_environment_allows_in_place_of_the_project(
    plugins: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abc":
        install(plugins, f"{name}-plugin", {f"{name}-v1": "m:C"})
    text = '[tool.synthdata]\nallow = ["a-plugin", "b-plugin"]\nblock = ["a-v1"]\n'
    monkeypatch.chdir(project(plugins / "project", text).parent)
    ids = ("a-v1", "b-v1", "c-v1")
    assert statuses_of(*ids) == {"a-v1": "blocked", "b-v1": "ok", "c-v1": "blocked"}
    monkeypatch.setenv("SYNTHDATA_ALLOW", "a-plugin,b-plugin,c-plugin")
    assert statuses_of(*ids) == {"a-v1": "blocked", "b-v1": "ok", "c-v1": "ok"}
    monkeypatch.setenv("SYNTHDATA_BLOCK", "c-v1")
    assert statuses_of(*ids) == {"a-v1": "blocked", "b-v1": "ok", "c-v1": "blocked"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[tool.synthdata\n", ["cannot be read", "line 1"]),
        (
            "[tool.synthdata]\nblok = []\n",
            ["tool.synthdata.blok is unknown", "did you mean block?"],
        ),
        ("[tool.synthdata]\nformat = 3\n", ["tool.synthdata.format is unknown", "allow and block"]),
        ("[tool.synthdata]\nblock = 'grey-v1'\n", ["tool.synthdata.block is a list", "'grey-v1'"]),
        ("[tool.synthdata]\nallow = [1]\n", ["tool.synthdata.allow", "1 is neither"]),
        ("[tool.synthdata]\nallow = ['a b']\n", ["tool.synthdata.allow", "'a b' is neither"]),
        ("[tool]\nsynthdata = 1\n", ["tool.synthdata is a table", "1"]),
        ("tool = 1\n", ["tool is a table", "1"]),
    ],
)
def test_a_project_file_that_is_wrong_is_an_error_that_names_file_and_key(
    tmp_path: Path, text: str, words: list[str]
) -> None:
    file = project(tmp_path, text)
    with pytest.raises(sd.ConfigurationError) as caught:
        configured_registry(tmp_path)
    assert caught.value.path == str(file)
    for word in (str(file), *words):
        assert word in str(caught.value)


def test_a_project_file_that_is_no_text_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(sd.ConfigurationError, match=r"pyproject\.toml cannot be read"):
        configured_registry(tmp_path)


def test_a_wrong_project_file_is_one_line_for_users_of_the_default_registry_only(
    tmp_path: Path,
) -> None:
    project(tmp_path, "[tool.synthdata]\nblok = []\n")
    script = """\
import synthdata as sd
print("synthdata" in {item.distribution for item in sd.Registry().listings()})
for use in (sd.generators, lambda: sd.make("shapes-v1"), sd.generators):
    try:
        use()
    except sd.ConfigurationError as error:
        print(error)
"""
    command = [sys.executable, "-W", "error", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.stderr == ""
    wrong = f"{tmp_path / 'pyproject.toml'}: tool.synthdata.blok is unknown; did you mean block?"
    assert done.stdout.splitlines() == ["True", wrong, wrong, wrong]


def test_a_working_folder_that_was_removed_has_no_project(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    script = (
        f"import os, synthdata; os.rmdir({str(gone)!r}); print(len(synthdata.generators()) > 0)"
    )
    command = [sys.executable, "-W", "error", "-c", script]
    environment = {**os.environ, "PYTHONPATH": str(Path(str(sd.__file__)).parents[1])}
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=gone, env=environment
    )
    assert (done.stdout, done.stderr) == ("True\n", "")
