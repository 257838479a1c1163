"""Runs code beside the benchmarks in a process of its own, as a user does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

Run: TypeAlias = Callable[[str], str]

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def run() -> Run:
    """Return what runs code and returns what it prints.

    The other tests switch off TensorFlow's faster convolutions, to have the same bits anywhere;
    a training would take three times as long.
    """
    environ = {key: value for key, value in os.environ.items() if key != "TF_ENABLE_ONEDNN_OPTS"}

    def run(code: str) -> str:
        command = [sys.executable, "-c", code]
        done = subprocess.run(
            command, cwd=BENCHMARKS, env=environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
