"""The registry that is meant where none is named, and how another takes its place."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

import synthdata as sd
from synthdata.registry import Registry, default_registry, using
from tests.registry.distributions import install_grey


def test_the_default_registry_is_made_once() -> None:
    assert default_registry() is default_registry()


def test_another_registry_is_the_default_within_a_block_and_in_all_threads(plugins: Path) -> None:
    install_grey(plugins)
    before = default_registry()
    seen = []
    with using(Registry(path=[str(plugins)])) as isolated:
        assert default_registry() is isolated
        assert [item.id for item in sd.generators()] == ["grey-v1"]
        assert sd.make("grey-v1").identity.distribution == "grey-plugin"
        assert sd.Source(sd.Recipe(generator="grey-v1", samples=1))[0].image.shape == (4, 4, 1)
        with pytest.raises(sd.GeneratorNotFoundError):
            sd.make("shapes-v1")
        thread = threading.Thread(target=lambda: seen.append(default_registry()))
        thread.start()
        thread.join()
    assert seen == [isolated]
    assert default_registry() is before


def test_blocks_nest_and_an_exception_ends_one_too(tmp_path: Path) -> None:
    outer, inner = Registry(path=[]), Registry(path=[])
    with using(outer):
        with pytest.raises(ZeroDivisionError), using(inner):  # noqa: PT012  # the block is meant
            assert default_registry() is inner
            raise ZeroDivisionError
        assert default_registry() is outer
