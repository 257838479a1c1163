"""One cluster for all tests here: it takes longer to start than most of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.cluster.nodes import Nodes, head
from tests.cluster.writing_script import write
from tests.storage.trees import tree


@pytest.fixture(scope="package")
def cluster() -> Iterator[Nodes]:
    with head(1) as nodes:
        yield nodes


@pytest.fixture
def second(cluster: Nodes) -> Iterator[Any]:
    """A second node, which a test may kill."""
    node = cluster.add()
    try:
        yield node
    finally:
        cluster.remove(node)


@pytest.fixture(scope="session")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The sha256 of each file that one machine writes to a folder ``a``."""
    folder = tmp_path_factory.mktemp("local") / "a"
    write(folder, None)
    return tree(folder)
