"""Reading the metadata of what is installed: each fault is one line of the list."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthdata.registry import Candidate, HookModule, Listing
from synthdata.registry.scan import Found, scan
from tests.registry.distributions import install, install_grey


def only(path: Path) -> Found:
    [found] = scan([str(path)])
    return found


def test_a_sound_entry_point_is_a_candidate_with_its_origin(tmp_path: Path) -> None:
    file = install(tmp_path, "My_Plugin.Extra", {"grey-v1": "grey:Grey"}, version="2.5")
    found = only(tmp_path)
    assert isinstance(found, Candidate)
    assert (found.id, found.distribution, found.version) == ("grey-v1", "my-plugin-extra", "2.5")
    assert found.qualified == "my-plugin-extra/grey-v1"
    assert found.file == str(file)
    assert found.entry_point.value == "grey:Grey"


def test_other_groups_are_not_ours(tmp_path: Path) -> None:
    install(tmp_path, "other", "[console_scripts]\ngrey-v1 = grey:Grey\n[x.y]\na = b\n")
    assert list(scan([str(tmp_path)])) == []


def test_an_empty_path_holds_nothing(tmp_path: Path) -> None:
    assert list(scan([])) == []
    assert list(scan([str(tmp_path)])) == []
    assert list(scan([str(tmp_path / "missing")])) == []


def test_without_a_path_sys_path_is_searched(plugins: Path) -> None:
    install_grey(plugins)
    assert "grey-plugin" in {found.distribution for found in scan()}


def test_a_line_without_an_equals_sign_breaks_its_distribution_and_is_quoted(
    tmp_path: Path,
) -> None:
    text = "# written by hand\n[synthdata.generators]\n\ngrey-v1 = grey:Grey\nthis is no pair\n"
    file = install(tmp_path, "malformed", text, version="3.0")
    found = only(tmp_path)
    assert isinstance(found, Listing)
    assert (found.id, found.distribution, found.status) == (None, "malformed", "broken")
    assert "line 5 is not name = module:Class" in found.cause
    assert "'this is no pair'" in found.cause
    assert found.file == str(file)


def test_bytes_that_are_no_text_break_their_distribution(tmp_path: Path) -> None:
    file = install(tmp_path, "binary", b"[synthdata.generators]\ngrey-v1 = \xff\xfe:Grey\n")
    found = only(tmp_path)
    assert isinstance(found, Listing)
    assert (found.distribution, found.status, found.file) == ("binary", "broken", str(file))
    assert "entry_points.txt cannot be read" in found.cause
    assert "0xff" in found.cause


def test_a_broken_distribution_leaves_the_others_sound(tmp_path: Path) -> None:
    install(tmp_path, "a-malformed", "[synthdata.generators]\nno pair\n")
    install(tmp_path, "b-binary", b"\xff")
    install_grey(tmp_path)
    found: dict[str, Found] = {item.distribution: item for item in scan([str(tmp_path)])}
    assert set(found) == {"a-malformed", "b-binary", "grey-plugin"}
    assert isinstance(found["grey-plugin"], Candidate)


@pytest.mark.parametrize("name", ["Grey-v1", "grey", "grey-v0", "grey-1", "-v1", "grey v1"])
def test_a_name_that_is_no_id_is_broken(tmp_path: Path, name: str) -> None:
    install(tmp_path, "plugin", {name: "grey:Grey"})
    found = only(tmp_path)
    assert isinstance(found, Listing)
    assert (found.id, found.distribution, found.status) == (name, "plugin", "broken")
    assert f"{name!r} is not a generator id; expected [distribution/]name-vN" in found.cause


def test_a_name_with_a_distribution_is_broken(tmp_path: Path) -> None:
    install(tmp_path, "plugin", {"plugin/grey-v1": "grey:Grey"})
    found = only(tmp_path)
    assert isinstance(found, Listing)
    assert "without a distribution" in found.cause


@pytest.mark.parametrize("value", ["grey", "grey.Grey", "grey:", "grey/module:Grey", "Grey Class"])
def test_a_value_that_is_not_module_and_class_is_broken(tmp_path: Path, value: str) -> None:
    install(tmp_path, "plugin", {"grey-v1": value})
    found = only(tmp_path)
    assert isinstance(found, Listing)
    assert (found.id, found.status) == ("grey-v1", "broken")
    assert f"grey-v1 = {value}: the value is not module:Class" in found.cause


def test_a_name_declared_twice_is_used_once_and_the_second_is_broken(tmp_path: Path) -> None:
    text = "[synthdata.generators]\ngrey-v1 = first:Grey\ngrey-v1 = second:Grey\n"
    install(tmp_path, "plugin", text)
    first, second = scan([str(tmp_path)])
    assert isinstance(first, Candidate)
    assert first.entry_point.value == "first:Grey"
    assert isinstance(second, Listing)
    assert (second.id, second.status) == ("grey-v1", "broken")
    assert "grey-v1 is declared twice; second:Grey is not used" in second.cause


def test_without_metadata_the_folder_gives_the_name(tmp_path: Path) -> None:
    install(tmp_path, "bare-plugin", {"grey-v1": "grey:Grey"}, metadata=False)
    found = only(tmp_path)
    assert isinstance(found, Candidate)
    assert (found.distribution, found.version) == ("bare-plugin", "?")


def test_the_first_on_the_path_shadows_the_same_distribution_behind_it(tmp_path: Path) -> None:
    front, back = tmp_path / "front", tmp_path / "back"
    install(front, "plugin", {"new-v2": "grey:Grey"}, version="2.0")
    install(back, "Plugin", {"old-v1": "grey:Grey"}, version="1.0")
    install(back, "other", {"other-v1": "grey:Grey"})
    found = [(item.id, item.version) for item in scan([str(front), str(back)])]
    assert found == [("new-v2", "2.0"), ("other-v1", "1.0")]


def test_a_broken_distribution_shadows_the_sound_one_behind_it(tmp_path: Path) -> None:
    front, back = tmp_path / "front", tmp_path / "back"
    install(front, "plugin", "[synthdata.generators]\nno pair\n")
    install(back, "plugin", {"grey-v1": "grey:Grey"})
    found = list(scan([str(front), str(back)]))
    assert [(item.id, item.distribution) for item in found] == [(None, "plugin")]


@pytest.mark.parametrize("value", ["family", "package.family", "family:Family", "family:a.b"])
def test_a_hook_module_is_named_with_its_origin(tmp_path: Path, value: str) -> None:
    file = install(tmp_path, "plugin", f"[synthdata]\nany name = {value}\n", version="2.5")
    found = only(tmp_path)
    assert isinstance(found, HookModule)
    assert (found.name, found.distribution, found.version) == ("any name", "plugin", "2.5")
    assert (found.id, found.file, found.entry_point.value) == (None, str(file), value)


def test_a_hook_module_that_cannot_be_one_is_broken(tmp_path: Path) -> None:
    install(tmp_path, "plugin", "[synthdata]\nfamily = not a/module\n")
    found = only(tmp_path)
    assert isinstance(found, Listing)
    assert (found.id, found.status) == (None, "broken")
    assert "family = not a/module: the value is not a module, nor module:object" in found.cause


def test_two_hook_modules_of_one_name_are_one_and_a_broken_one(tmp_path: Path) -> None:
    install(tmp_path, "plugin", "[synthdata]\na = one\na = two\nb = three\n")
    first, second, third = scan([str(tmp_path)])
    assert isinstance(first, HookModule)
    assert isinstance(third, HookModule)
    assert isinstance(second, Listing)
    assert "a is declared twice; two is not used" in second.cause


@pytest.mark.parametrize(
    "group", ["synthdata.generators.v2", "synthdata.generators.v10.beta", "synthdata.readers"]
)
def test_a_group_of_tomorrow_is_broken_as_made_for_a_newer_synthdata(
    tmp_path: Path, group: str
) -> None:
    file = install(tmp_path, "plugin", f"[{group}]\ngrey-v1 = grey:Grey\n", version="2.5")
    cause = f"made for a newer synthdata (group {group}); upgrade synthdata"
    assert only(tmp_path) == Listing("grey-v1", "plugin", "2.5", "broken", cause, str(file))


def test_a_generator_for_today_and_tomorrow_is_that_of_today(tmp_path: Path) -> None:
    text = "[synthdata.generators.v2]\na-v1 = new:A\nb-v1 = new:B\n"
    install(tmp_path, "plugin", f"{text}[synthdata.generators]\na-v1 = old:A\n")
    found = list(scan([str(tmp_path)]))
    assert [(item.id, type(item)) for item in found] == [("a-v1", Candidate), ("b-v1", Listing)]


@pytest.mark.parametrize(
    "group",
    ["synthdata.generator", "synthdata.genrators", "synthdata_generators", "Synthdata.Generators"],
)
def test_a_misspelled_group_is_broken_with_the_right_name(tmp_path: Path, group: str) -> None:
    install(tmp_path, "plugin", f"[{group}]\ngrey-v1 = grey:Grey\n")
    found = only(tmp_path)
    assert isinstance(found, Listing)
    assert (found.id, found.status) == ("grey-v1", "broken")
    assert found.cause == f"the group {group} is unknown; did you mean synthdata.generators?"


def test_groups_of_others_are_theirs(tmp_path: Path) -> None:
    text = "".join(
        f"[{group}]\na = b:C\n" for group in ("synthdata_x", "synthdatas", "x.synthdata")
    )
    install(tmp_path, "other", text)
    assert list(scan([str(tmp_path)])) == []
