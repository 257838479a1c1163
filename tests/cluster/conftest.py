"""One cluster for all tests: it takes longer to start than most of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.cluster.nodes import Nodes, head


@pytest.fixture(scope="session")
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
