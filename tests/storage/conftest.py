"""An object store for the tests of a module, and a network before it that can fail."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.storage.targets import s3


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with s3.server() as port:
        s3.make_bucket(port, "bucket")
        yield port


@pytest.fixture(scope="module")
def network(port: int) -> Iterator[s3.Network]:
    with s3.Network(port) as network:
        yield network
