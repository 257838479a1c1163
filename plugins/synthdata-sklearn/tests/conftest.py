from collections.abc import Callable
from typing import Any

import pytest

import synthdata as sd


@pytest.fixture
def draw() -> Callable[..., list[sd.Sample]]:
    """Checked samples of a generator, from the first on."""

    def drawn(id: str, count: int, **params: Any) -> list[sd.Sample]:
        return list(sd.Source.of(sd.make(id, **params), seed=7, samples=count))

    return drawn
