"""What is told of a distribution: its metadata, what it provides, and what blocks it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

import synthdata as sd
from tests.registry.distributions import install, install_grey, install_hook


def registry(path: Path, block: tuple[str, ...] = ()) -> sd.Registry:
    return sd.Registry(path=[str(path)], block=block)


def add_metadata(file: Path, text: str) -> None:
    """Add headers to the METADATA beside an ``entry_points.txt``."""
    with (file.parent / "METADATA").open("a") as metadata:
        metadata.write(text)


def test_a_distribution_is_told_with_metadata_generators_and_hook_modules(plugins: Path) -> None:
    more = "[synthdata.generators]\ngrey-v2 = family_module:Grey\nodd = m:C\n"
    file = install_hook(plugins, "Family_Plugin", more=more)
    add_metadata(
        file,
        "Summary: Greys, and\n  blacks.\nProject-URL: Changelog, https://example.org/changes\n"
        "Project-URL: Homepage, https://example.org\n",
    )
    install_grey(plugins)
    about = registry(plugins).about("family.plugin")
    assert (about.name, about.version, about.blocked) == ("family-plugin", "3.1", "")
    assert about.summary == "Greys, and blacks."
    assert about.home == "https://example.org"
    assert Path(about.where) == plugins
    assert [(item.id, item.status) for item in about.generators] == [
        ("grey-v2", "ok"),
        ("odd", "broken"),
    ]
    assert [(module, item.status) for module, item in about.hooks.items()] == [
        ("family_module", "ok")
    ]
    assert {"family_module", "grey_module"} & set(sys.modules) == set()


def test_what_a_hook_module_provided_is_told_once_it_was_imported(plugins: Path) -> None:
    install_hook(plugins)
    found = registry(plugins)
    found.find("grey-v1")
    about = found.about("family-plugin")
    assert [item.id for item in about.generators] == ["black-v1", "grey-v1"]
    assert about.hooks["family_module"].cause == ""


def test_a_blocked_distribution_is_told_with_the_list_that_blocks_it(plugins: Path) -> None:
    install_hook(plugins)
    about = registry(plugins, block=("family-plugin",)).about("family-plugin")
    assert about.blocked == "family-plugin is on the block list of Registry(block=…)"
    assert about.hooks["family_module"].status == "blocked"
    allowed = sd.Registry(path=[str(plugins)], allow=["grey-v1"])
    install_grey(plugins)
    some = sd.Registry(path=[str(plugins)], allow=["grey-v1"]).about("grey-plugin")
    assert some.blocked == "", "one of its ids is allowed"
    assert "not on the allow list" in allowed.about("family-plugin").blocked


def test_a_home_page_in_the_old_header_is_told_too(plugins: Path) -> None:
    file = install_grey(plugins)
    add_metadata(file, "Home-page: https://example.org/old\n")
    assert registry(plugins).about("grey-plugin").home == "https://example.org/old"


def test_an_editable_distribution_lies_where_its_sources_are(plugins: Path) -> None:
    file = install_grey(plugins)
    direct = {"url": "file:///home/me/my%20plugin", "dir_info": {"editable": True}}
    (file.parent / "direct_url.json").write_text(json.dumps(direct))
    assert registry(plugins).about("grey-plugin").where == "/home/me/my plugin"
    direct["dir_info"] = {}
    (file.parent / "direct_url.json").write_text(json.dumps(direct))
    assert Path(registry(plugins).about("grey-plugin").where) == plugins
    (file.parent / "direct_url.json").write_text("no json")
    assert Path(registry(plugins).about("grey-plugin").where) == plugins


def test_a_distribution_that_cannot_be_read_is_told_so(plugins: Path) -> None:
    install(plugins, "malformed", "[synthdata.generators]\nno pair\n")
    install(plugins, "bare", {"grey-v1": "m:C"}, metadata=False)
    [broken] = registry(plugins).about("malformed").generators
    assert (broken.id, broken.status) == (None, "broken")
    about = registry(plugins).about("bare")
    assert (about.version, about.summary, about.home) == ("?", "", "")
    assert [item.id for item in about.generators] == ["grey-v1"]


def test_a_distribution_without_generators_is_told_with_none() -> None:
    about = sd.Registry().about("pluggy")
    assert (about.generators, dict(about.hooks)) == ((), {})
    assert about.summary


def test_a_distribution_that_is_not_installed_is_an_error_with_near_names(plugins: Path) -> None:
    install_grey(plugins)
    with pytest.raises(sd.GeneratorNotFoundError, match="no distribution gray-plugin is install"):
        registry(plugins).about("gray-plugin")
    with pytest.raises(sd.GeneratorNotFoundError, match=r"did you mean grey-plugin\?") as caught:
        registry(plugins).about("gray-plugin")
    assert (caught.value.id, caught.value.distribution) == (None, "gray-plugin")
