"""What the page on trust says of data on disk is so."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import synthdata as sd
from synthdata.origin import origin

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "authors" / "registry.md").read_text(encoding="utf-8")

NOISY = """\
print("imported")
import numpy as np
import synthdata as sd

class Noisy(sd.Generator):
    @classmethod
    def describe(cls, params):
        return sd.Output(image=sd.Image(4, 4, 1))

    def sample(self, rng):
        return sd.Sample(np.zeros((4, 4, 1), np.uint8))
"""


def python(code: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=folder, check=True
    )
    return done.stdout


def test_reading_a_recipe_imports_no_module_of_the_generator_that_it_names(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text("generator: synthdata/shapes-v1\nparams: {size: 32}\n")
    code = (
        "import sys, synthdata as sd\n"
        "recipe = sd.Recipe.from_file('recipe.yaml')\n"
        "print('synthdata.builtin.shapes' in sys.modules)\n"
        "sd.Source(recipe)\n"
        "print('synthdata.builtin.shapes' in sys.modules)\n"
    )
    assert python(code, tmp_path).split() == ["False", "True"]


def test_nothing_but_the_talk_with_workers_is_unpickled() -> None:
    found = {
        file.relative_to(ROOT / "synthdata").as_posix()
        for file in (ROOT / "synthdata").rglob("*.py")
        if re.search(
            r"pickle\.loads?\(|allow_pickle=True|Unpickler|yaml\.load\(.*Unsafe",
            file.read_text(encoding="utf-8"),
        )
    }
    assert found == {"execution/worker.py", "execution/wire.py", "cluster/node.py"}


def ledger(folder: Path, origin: object) -> None:
    record = {
        "id": "noisy",
        "seed": 0,
        "index": 0,
        "attempt": 0,
        "error": "ValueError",
        "message": "",
        "traceback": "",
        "time": "",
        "origin": origin,
    }
    (folder / "failures.jsonl").write_text(json.dumps(record) + "\n")


def replayed(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "synthdata", "replay", "failures.jsonl", *options]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)


def test_a_ledger_runs_the_module_that_it_names_when_it_is_replayed_and_not_before(
    tmp_path: Path,
) -> None:
    assert "**`replay` imports the module that" in " ".join(PAGE.split("\n"))
    (tmp_path / "noisy.py").write_text(NOISY)
    ledger(tmp_path, {"class": "noisy:Noisy", "params": {}})
    assert "imported" not in replayed(tmp_path, "--index", "5").stderr
    assert "imported" in replayed(tmp_path).stderr


def test_a_ledger_that_names_an_id_goes_through_the_block_list(tmp_path: Path) -> None:
    ledger(tmp_path, origin(sd.make("noise-v1", shape=[4, 4, 1])))
    (tmp_path / "pyproject.toml").write_text('[tool.synthdata]\nblock = ["noise-v1"]\n')
    done = replayed(tmp_path)
    assert done.returncode == 2
    assert "is blocked" in done.stderr
