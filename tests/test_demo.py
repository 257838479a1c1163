"""The demo's model learns what it is said to learn."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

pytest.importorskip("tensorflow")


@pytest.mark.slow
def test_the_demo_s_model_gets_95_percent_of_fresh_samples_right() -> None:
    example = Path(__file__).parent.parent / "examples" / "train_shapes.py"
    assert runpy.run_path(str(example))["main"]() >= 0.95
