"""The pytest plugin: a fixture with a registry of its own. It imports nothing until it is used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from synthdata.registry import Registry


@pytest.fixture
def synthdata_registry() -> Iterator[Registry]:
    """A new registry that is the default one within the test.

    It scans ``sys.path`` as it is then, heeds no allow or block list of the environment or of a
    pyproject, and what the test blocks or loads in it is forgotten at the end.
    """
    from synthdata.registry import Registry, using

    with using(Registry()) as registry:
        yield registry
