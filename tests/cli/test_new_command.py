"""``synthdata new``."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from synthdata.cli.app import app
from tests.cli.conftest import Run, Spawn, assert_one_line


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder, and a git that knows an author."""
    config = tmp_path / "gitconfig"
    config.write_text("[user]\nname = Jo Doe\nemail = jo@example.org\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


def project(folder: str) -> Any:
    return tomllib.loads(Path(folder, "pyproject.toml").read_text(encoding="utf-8"))["project"]


def answer(name: str, *answers: str) -> Result:
    text = "".join(f"{line}\n" for line in answers)
    return CliRunner().invoke(app, ["new", name, "--ask"], input=text, prog_name="synthdata")


def test_the_tree_and_the_next_three_commands_are_printed(run: Run) -> None:
    done = run("new", "my-dots")
    assert (done.exit_code, done.stderr) == (0, "")
    tree, _, rest = done.stdout.partition("\n\n")
    assert tree.startswith("my-dots/\n├── .github/\n│   └── workflows/\n│       └── check.yml\n")
    names = {line.split("── ")[-1].rstrip("/") for line in tree.splitlines()}
    found = {path.name for path in Path("my-dots").rglob("*")}
    assert names == {"my-dots", *found}
    assert "src/my_dots/generator.py" in rest
    assert [line.strip() for line in rest.splitlines()[-3:]] == [
        "cd my-dots",
        "pip install -e '.[dev]'",
        "pytest",
    ]


def test_the_author_is_the_one_of_git(run: Run) -> None:
    run("new", "dots")
    assert project("dots")["authors"] == [{"name": "Jo Doe", "email": "jo@example.org"}]


def test_without_git_it_works_and_names_nobody(spawn: Spawn, tmp_path: Path) -> None:
    done = spawn("new", "dots", PATH=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert "authors" not in project(str(tmp_path / "dots"))


def test_it_reads_nothing_from_the_terminal_unless_asked_to() -> None:
    done = CliRunner().invoke(app, ["new", "dots"], input="", prog_name="synthdata")
    assert done.exit_code == 0  # a question would have met the end of the input


def test_a_name_that_is_taken_is_mapped_and_said(run: Run, here: Path) -> None:
    done = run("new", "class")
    assert done.exit_code == 0
    assert "class is a keyword of Python, so the package is synthdata-class." in done.stdout
    assert "cd class\n" in done.stdout
    assert project("class")["name"] == "synthdata-class"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("new/dots", "not a path"),
        ("../dots", "not a path"),
        ("/dots", "not a path"),
        (".", "not a path"),
        ("dötchen", "letters a to z"),
        ("3d", "first a letter"),
        ("", "''"),
        ("synthdata", "the framework's own name"),
        ("x" * 300, "at most 36"),
        ("full", "full exists and is not empty; choose another name"),
        ("file", "file exists and is not a folder"),
    ],
)
@pytest.mark.parametrize("ask", [[], ["--ask"]])
def test_a_name_that_cannot_be_is_one_line_and_writes_nothing(
    run: Run, here: Path, name: str, words: str, ask: list[str]
) -> None:
    (here / "full").mkdir()
    (here / "full" / "mine").touch()
    (here / "file").touch()
    before = sorted(here.parent.rglob("*"))
    done = run("new", name, *ask)
    assert (done.exit_code, done.stdout) == (2, "")
    assert_one_line(done.stderr, words)
    assert sorted(here.parent.rglob("*")) == before


def test_an_empty_folder_is_filled(run: Run, here: Path) -> None:
    (here / "dots").mkdir()
    assert run("new", "dots").exit_code == 0
    assert project("dots")["name"] == "dots"
    done = run("new", "dots")
    assert done.exit_code == 2
    assert_one_line(done.stderr, "dots exists and is not empty")


def test_a_folder_that_cannot_be_written_to_is_one_line(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/proc/self")  # where not even root makes a folder
    done = run("new", "dots")
    assert done.exit_code == 2
    assert_one_line(done.stderr)
    # Tests may run as root, who may write anywhere else.
    monkeypatch.setattr(os, "access", lambda path, mode: mode == os.R_OK)
    assert_one_line(run("new", "dots").stderr, "the folder is read-only")


def test_the_return_key_alone_gives_what_comes_without_questions(run: Run) -> None:
    run("new", "dots")
    Path("dots").rename("other")
    done = answer("dots", "", "", "", "", "")
    assert done.exit_code == 0, done.stderr
    for path in Path("other").rglob("*"):
        if path.is_file():
            assert Path("dots", path.relative_to("other")).read_bytes() == path.read_bytes()


def test_answers_are_used() -> None:
    done = answer("dots", "synthdata-Dots", "red-dots-v2", "Ana Ö", "ana@example.org", "apache-2.0")
    assert done.exit_code == 0, done.stderr
    made = project("dots")
    assert made["name"] == "synthdata-dots"
    assert made["authors"] == [{"name": "Ana Ö", "email": "ana@example.org"}]
    assert made["license"] == "Apache-2.0"
    assert made["entry-points"]["synthdata.generators"] == {
        "red-dots-v2": "synthdata_dots.generator:RedDots"
    }


def test_a_wrong_answer_is_explained_and_asked_again() -> None:
    wrong_and_right = ("my/dots", "", "dots", "dots-v1", "Jo", "jo", "jo@example.org", "GPL", "MIT")
    done = answer("dots", *wrong_and_right)
    assert done.exit_code == 0, done.stderr
    for words in ("not a path", "name-vN", "an address is expected", "one of MIT, Apache-2.0"):
        assert words in done.output
    assert project("dots")["authors"] == [{"name": "Jo", "email": "jo@example.org"}]


def test_a_dash_leaves_the_author_out() -> None:
    assert answer("dots", "", "", "-", "-", "").exit_code == 0
    assert "authors" not in project("dots")


def test_input_that_ends_early_is_one_line_and_writes_nothing(here: Path) -> None:
    done = answer("dots", "", "")
    assert done.exit_code == 2
    assert "error: --ask: the input ended before an answer to: Author" in done.stderr
    assert "Traceback" not in done.output
    assert not any(here.iterdir())


def test_ctrl_c_at_a_question_ends_with_130_and_writes_nothing(here: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "synthdata", "new", "dots", "--ask"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.read(len("Name of the package")) == "Name of the package"
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in stderr
    assert not any(here.iterdir())
