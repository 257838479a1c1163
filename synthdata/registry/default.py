"""The registry that is meant where none is named."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from pathlib import Path

from synthdata.registry.candidate import Listing
from synthdata.registry.project import configured_rules
from synthdata.registry.registry import Registry

_in_use: list[Registry] = []


def configured_registry(folder: Path | None = None) -> Registry:
    """Make a registry that heeds the environment and the project's pyproject.toml.

    Args:
        folder: where the nearest ``pyproject.toml`` is looked for; None is the working folder.

    Raises:
        ConfigurationError: if a list of what may be used is wrong.
    """
    return Registry(rules=configured_rules(folder))


def default_registry() -> Registry:
    """Return the registry of this process, made by ``configured_registry`` at the first call.

    Within ``using`` it is the one that was given there.

    Raises:
        ConfigurationError: if a list of what may be used is wrong.
    """
    return _in_use[-1] if _in_use else _own()


@functools.cache
def _own() -> Registry:
    return configured_registry()


@contextlib.contextmanager
def using(registry: Registry) -> Iterator[Registry]:
    """Make a registry the default one, in all threads, until the block ends.

    Worker processes are given classes, and look nothing up.

    >>> with using(Registry(block=["synthdata"])):
    ...     {listing.status for listing in generators() if listing.distribution == "synthdata"}
    {'blocked'}
    """
    before = list(_in_use)
    _in_use.append(registry)
    try:
        yield registry
    finally:
        _in_use[:] = before


def generators(*, load: bool = False) -> list[Listing]:
    """List the generators that are installed.

    Args:
        load: True imports each plugin, to find those that fail to, and the ids of hook modules.

    Returns:
        One Listing each: id, distribution, version, status, cause, file. Without ``load`` no
        plugin is imported.

    Raises:
        ConfigurationError: if a list of what may be used is wrong.
    """
    return default_registry().listings(load=load)
