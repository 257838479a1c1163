"""The program in this process and in one of its own, and a folder of made-up distributions."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest
from typer.testing import CliRunner, Result

from synthdata.cli.app import app

Run: TypeAlias = Callable[..., Result]
Spawn: TypeAlias = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run() -> Run:
    """Runs the program in this process."""

    def invoke(*arguments: object) -> Result:
        return CliRunner().invoke(app, [str(item) for item in arguments], prog_name="synthdata")

    return invoke


@pytest.fixture
def spawn(tmp_path: Path) -> Spawn:
    """Runs ``python -m synthdata`` in ``tmp_path``; ``path`` is put on PYTHONPATH."""

    def start(*arguments: object, path: Path | None = None, **env: str) -> object:
        command = [sys.executable, "-W", "error", "-m", "synthdata", *map(str, arguments)]
        environment = {**os.environ, **env, "PYTHONPATH": str(path or "")}
        return subprocess.run(
            command, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False
        )

    return start  # type: ignore[return-value]


def make_distribution(folder: Path, name: str, entry_points: str, module: str = "") -> None:
    """Write a dist-info folder, as an installer would, and its module."""
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(entry_points)
    (folder / f"{name}.py").write_text(
        f"open({str(folder / name)!r} + '.imported', 'w').close()\n{module}"
    )


GENERATOR = """
import time
import numpy as np
import synthdata as sd
print("a plugin that chatters")

class Plugin(sd.Generator):
    '''A small plugin, for tests.

    With more to say.
    '''
    class Params(sd.Params):
        size: int = sd_field(8)
        fault: str = ""
    @classmethod
    def describe(cls, params):
        if params.fault == "describe":
            raise ZeroDivisionError("a bug\\nin describe")
        label = {"mask": sd.Mask(params.size, params.size), "depth": sd.Mask(8, 8, "int32"),
                 "classes": sd.ClassLabel(["a", "b"], 3)}
        return sd.Output(
            image={"rgb": sd.Image(params.size, params.size),
                   "float": sd.Image(4, 4, 1, "float32", finite=False)},
            label=label,
            metadata={"text": sd.Text(), "nan": sd.Scalar("float32", finite=False),
                      "long": sd.Tensor("int16", (2000,)), "short": sd.Tensor("bool", (2, 2))})
    def open(self):
        if self.params.fault == "asset":
            raise sd.AssetError("fonts.ttf is missing; install it", path="fonts.ttf")
        if self.params.fault == "open":
            raise OSError("open failed")
    def sample(self, rng):
        print("chatter in a sample")
        if self.params.fault == "sample":
            raise ValueError("line one\\nline two")
        if self.params.fault == "contract":
            return sd.Sample(None)
        if self.params.fault == "endless":
            print("sampling", flush=True)
            time.sleep(60)
        if self.params.fault == "interrupt":
            raise KeyboardInterrupt
        size = self.params.size
        image = rng.integers(256, size=(size, size, 3), dtype="uint8")
        return sd.Sample(
            {"rgb": image, "float": np.full((4, 4, 1), np.nan, "float32")},
            {"mask": image[..., 0] // 128, "depth": np.zeros((8, 8), "int32"),
             "classes": np.array([1, 0])},
            {"text": "grüße", "nan": np.float32("nan"), "long": np.zeros(2000, "int16"),
             "short": np.array([[True, False], [False, True]])})
""".replace("sd_field(8)", "__import__('pydantic').Field(8, ge=4, le=512, description='the side')")


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """A folder with the distribution ``fake_plugin``, which provides ``plugin-v1``."""
    folder = tmp_path / "site"
    entry = "[synthdata.generators]\nplugin-v1 = fake_plugin:Plugin\n"
    make_distribution(folder, "fake_plugin", entry, GENERATOR)
    return folder


def assert_one_line(stderr: str, *words: str) -> None:
    """The error is one line, no traceback, and says each of the words."""
    assert stderr.startswith("error: "), stderr
    assert stderr.count("\n") == 1, stderr
    assert "Traceback" not in stderr
    for word in words:
        assert word in stderr, stderr
