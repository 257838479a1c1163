"""What the README says is so."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import synthdata as sd

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("code", blocks("python"))
def test_each_python_block_runs_as_it_stands(code: str, tmp_path: Path) -> None:
    pytest.importorskip("tensorflow")
    command = [sys.executable, "-W", "error::UserWarning", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_the_recipe_block_is_a_recipe_that_makes_samples(tmp_path: Path) -> None:
    [text] = blocks("yaml")
    file = tmp_path / "shapes.yaml"
    file.write_text(text)
    recipe = sd.Recipe.from_file(file)
    assert recipe == sd.Recipe(**yaml.safe_load(text))
    assert len(sd.Source(recipe)[0].label["boxes"]) >= 1


def test_the_commands_printed_exist() -> None:
    targets = (ROOT / "Makefile").read_text().partition(".PHONY:")[2].splitlines()[0].split()
    printed = [line[2:].split() for block in blocks("console") for line in block.splitlines()]
    assert ["make", "demo"] in printed
    assert ["make", "test"] in printed
    for words in printed:
        if words[0] == "make":
            assert words[1] in targets
        else:
            help_text = subprocess.run(
                [sys.executable, "-m", "synthdata", words[1], "--help"],
                capture_output=True,
                text=True,
                timeout=60,
                check=True,
            ).stdout
            for option in (word for word in words if word.startswith("-")):
                assert option in help_text


def test_ci_runs_the_readme_s_test_command() -> None:
    assert (ROOT / ".ci" / "run").read_text().splitlines()[-1] == "make test"


def test_each_file_it_links_to_is_there() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert (ROOT / target).exists(), target


def test_no_file_of_the_project_names_a_registry_address() -> None:
    for name in ("constraints.txt", "pyproject.toml", "Makefile", ".ci/run", "README.md"):
        assert "://" not in (ROOT / name).read_text(encoding="utf-8"), name
