"""Which generator an id or a name means, and what an error says that finds none."""

from __future__ import annotations

import logging
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import synthdata as sd
from synthdata.registry import using
from tests.registry.distributions import GREY, install, install_grey, install_hook


def registry(path: Path, **options: Any) -> sd.Registry:
    return sd.Registry(path=[str(path)], **options)


def install_versions(folder: Path, name: str, *ids: str, module: str = "grey_module") -> Path:
    """Install a distribution that provides the ids, all of them the class ``Grey``."""
    return install(folder, name, dict.fromkeys(ids, f"{module}:Grey"), modules={module: GREY})


def test_an_unknown_id_is_an_error_that_suggests_near_ones(plugins: Path) -> None:
    install_grey(plugins)
    install(plugins, "far", {"zzz-v9": "m:C"})
    found = registry(plugins)
    with pytest.raises(sd.GeneratorNotFoundError) as caught:
        found.find("gray-v1")
    assert "did you mean grey-v1?" in str(caught.value)
    assert "zzz" not in str(caught.value)
    assert caught.value.id == "gray-v1"
    with pytest.raises(sd.GeneratorNotFoundError, match="did you mean grey-plugin/grey-v1"):
        found.find("gray-plugin/grey-v1")
    with pytest.raises(sd.GeneratorNotFoundError) as caught:
        found.find("utterly-other-v1")
    assert "did you mean" not in str(caught.value)


def test_an_unknown_id_tells_what_is_blocked_and_broken_and_cannot_be_read(plugins: Path) -> None:
    install_grey(plugins)
    install(plugins, "malformed", "[synthdata.generators]\nno pair\n")
    install(plugins, "odd", {"Odd": "m:C"})
    install(plugins, "failing", {"failing-v1": "failing:C"}, modules={"failing": "1 / 0\n"})
    install_hook(plugins, "bad", "bad_module", "1 / 0\n")
    found = registry(plugins, block=["grey-plugin"])
    with pytest.raises(sd.BrokenPluginError):
        found.load("failing-v1")
    with pytest.raises(sd.GeneratorNotFoundError) as caught:
        found.find("missing-v1")
    message = str(caught.value)
    assert "blocked: grey-plugin/grey-v1 (grey-plugin is on the block list of" in message
    assert "odd/Odd ('Odd' is not a generator id" in message
    assert "bad (bad_module: ZeroDivisionError: division by zero)" in message
    assert "failing/failing-v1 (ZeroDivisionError: division by zero)" in message
    assert "the metadata of malformed cannot be read" in message
    assert message.endswith("`synthdata list` shows what there is")
    assert "\n" not in message


def test_of_much_that_is_blocked_the_nearest_are_told(tmp_path: Path) -> None:
    ids = [f"thing{number}-v1" for number in range(30)]
    install(tmp_path, "many", dict.fromkeys([*ids, "wanted-v1"], "m:C"))
    with pytest.raises(sd.GeneratorNotFoundError) as caught:
        registry(tmp_path, block=["many"]).find("want-v1")
    assert "blocked: many/wanted-v1 (" in str(caught.value)
    assert "26 more" in str(caught.value)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize(
    ("block", "kind", "words"),
    [
        ([], sd.BrokenPluginError, "is broken: entry_points.txt line 2 is not"),
        (["malformed"], sd.BlockedError, "is blocked: malformed is on the block list"),
    ],
)
def test_an_id_of_a_distribution_whose_ids_are_not_known_is_told_why(
    tmp_path: Path, block: list[str], kind: type[sd.RegistryError], words: str
) -> None:
    file = install(tmp_path, "malformed", "[synthdata.generators]\nno pair\n")
    with pytest.raises(kind) as caught:
        registry(tmp_path, block=block).find("malformed/grey-v1")
    assert f"malformed/grey-v1 cannot be had: malformed {words}" in str(caught.value)
    assert str(caught.value).endswith(f"[{file}]")
    assert (caught.value.id, caught.value.distribution) == ("malformed/grey-v1", "malformed")


def test_a_name_is_its_newest_version_and_that_is_logged(
    plugins: Path, caplog: pytest.LogCaptureFixture
) -> None:
    install_versions(plugins, "greys", "grey-v2", "grey-v10", "grey-v9", "greyer-v11")
    found = registry(plugins)
    with caplog.at_level(logging.INFO, logger="synthdata"):
        for name in ("grey", "greys/grey", "Greys/grey"):
            assert found.find(name).qualified == "greys/grey-v10"
            assert found.exact(name) == "greys/grey-v10"
    said = [(record.name, record.levelname, record.getMessage()) for record in caplog.records]
    assert said[0] == ("synthdata", "INFO", "grey: newest is greys/grey-v10")
    assert said[2] == ("synthdata", "INFO", "greys/grey: newest is greys/grey-v10")
    assert "grey_module" not in sys.modules


def test_an_exact_id_is_left_as_it_is_and_not_looked_up(tmp_path: Path) -> None:
    install_hook(tmp_path)
    found = registry(tmp_path)
    for id in ("nowhere-v1", "nowhere/grey-v3"):
        assert found.exact(id) == id
    with pytest.raises(sd.IdError):
        found.exact("No-v1")
    assert "family_module" not in sys.modules


def test_make_takes_a_name(plugins: Path) -> None:
    install_versions(plugins, "greys", "grey-v1", "grey-v2")
    with using(registry(plugins)):
        assert sd.make("grey", size=2).identity.id == "grey-v2"


@pytest.mark.skipif(find_spec("tensorflow") is None, reason="build needs TensorFlow")
def test_build_takes_a_name_and_refuses_what_is_none(plugins: Path) -> None:
    install_versions(plugins, "greys", "grey-v1", "grey-v2")
    with using(registry(plugins)):
        ds = sd.build("grey", samples=2, batch_size=2, executor="inline")
        assert ds.element_spec["image"].shape == (2, 4, 4, 1)
        with pytest.raises(sd.IdError):
            sd.build("Grey", samples=2)
        with pytest.raises(sd.GeneratorNotFoundError, match="did you mean grey"):
            sd.build("gray", samples=2)


def test_a_recipe_keeps_needing_the_exact_id(tmp_path: Path) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_text("generator: shapes\n")
    with pytest.raises(sd.RecipeError, match="'shapes' is not a generator id; expected"):
        sd.Recipe.from_file(file)


def test_versions_of_two_distributions_are_an_error_that_names_the_newest_of_both(
    plugins: Path,
) -> None:
    install_versions(plugins, "one", "grey-v1", "grey-v2")
    install_versions(plugins, "two", "grey-v5")
    found = registry(plugins)
    with pytest.raises(sd.AmbiguousIdError, match="say which: one/grey-v2 or two/grey-v5") as error:
        found.find("grey")
    assert error.value.id == "grey"
    assert found.find("one/grey").qualified == "one/grey-v2"
    assert registry(plugins, block=["two"]).find("grey").qualified == "one/grey-v2"


def test_a_version_in_a_hook_module_counts_and_makes_a_name_ambiguous(plugins: Path) -> None:
    install_versions(plugins, "one", "grey-v1")
    install_hook(plugins)
    with pytest.raises(sd.AmbiguousIdError, match="family-plugin/grey-v1 or one/grey-v1"):
        registry(plugins).find("grey")
    newer = "[synthdata.generators]\nblack-v7 = family_module:Black\n"
    install_hook(plugins, "newer", "newer_module", more=newer)
    assert registry(plugins).find("newer/black").id == "black-v7"
    assert registry(plugins).find("newer/grey").id == "grey-v1"


@pytest.mark.parametrize("name", ["grey", "greys/grey"])
def test_a_newest_version_that_is_blocked_is_an_error_and_no_older_one_is_taken(
    plugins: Path, name: str
) -> None:
    install_versions(plugins, "greys", "grey-v1", "grey-v2")
    with pytest.raises(sd.BlockedError) as caught:
        registry(plugins, block=["grey-v2"]).find(name)
    message = str(caught.value)
    assert f"{name}: the newest, greys/grey-v2 (1.0), is blocked: grey-v2 is on the" in message
    assert "to use an older one say greys/grey-v1" in message
    assert registry(plugins, block=["grey-v1"]).find(name).id == "grey-v2"
    with pytest.raises(sd.BlockedError, match="grey-v2 is on the block list"):
        registry(plugins, block=["grey-v1", "grey-v2"]).find(name)


@pytest.mark.parametrize(
    ("more", "cause"),
    [
        ("grey-v3 = no_class\n", "the value is not module:Class"),
        ("[synthdata.generators.v2]\ngrey-v3 = m:C\n", "made for a newer synthdata"),
    ],
)
def test_a_newest_version_that_is_broken_is_an_error_and_no_older_one_is_taken(
    plugins: Path, more: str, cause: str
) -> None:
    text = f"[synthdata.generators]\ngrey-v2 = grey_module:Grey\n{more}"
    install(plugins, "greys", text, modules={"grey_module": GREY})
    with pytest.raises(sd.BrokenPluginError, match=cause) as caught:
        registry(plugins).find("grey")
    assert "the newest, greys/grey-v3 (1.0), is broken" in str(caught.value)
    assert "greys/grey-v2" in str(caught.value)


def test_a_newest_version_that_fails_to_import_is_an_error_each_time(plugins: Path) -> None:
    text = {"grey-v1": "grey_module:Grey", "grey-v2": "failing:Grey"}
    install(plugins, "greys", text, modules={"grey_module": GREY, "failing": "1 / 0\n"})
    found = registry(plugins)
    for _ in range(2):
        with pytest.raises(sd.BrokenPluginError, match=r"grey-v2 of greys 1\.0 cannot be imported"):
            found.load("grey")


def test_a_broken_hook_module_of_the_same_distribution_is_warned_of(
    plugins: Path, caplog: pytest.LogCaptureFixture
) -> None:
    install_hook(
        plugins,
        "greys",
        "bad_module",
        "1 / 0\n",
        more="[synthdata.generators]\ngrey-v1 = grey_module:Grey\n",
    )
    assert registry(plugins).find("grey").id == "grey-v1"
    [record] = [record for record in caplog.records if record.levelname == "WARNING"]
    said = record.getMessage()
    assert "grey: greys may have a newer version than grey-v1, but is broken: bad_module" in said


def test_a_name_that_nobody_has_is_an_error_that_suggests_near_ones(plugins: Path) -> None:
    install_grey(plugins)
    with pytest.raises(sd.GeneratorNotFoundError, match="provides gray; did you mean grey"):
        registry(plugins).find("gray")
    with pytest.raises(sd.GeneratorNotFoundError, match="provides other/grey"):
        registry(plugins).find("other/grey")
