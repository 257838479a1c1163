"""``synthdata preview``."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.conftest import Run, Spawn, assert_one_line


def test_a_sheet_is_written_and_named(plugin: Path, spawn: Spawn, tmp_path: Path) -> None:
    done = spawn("preview", "plugin-v1", "-o", "sheet.png", "-n", "4", path=plugin)
    assert (done.returncode, done.stdout) == (0, "sheet.png: 4 samples of plugin-v1\n")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size > (100, 100)


def test_seed_and_params_of_the_command_replace_those_of_a_recipe(run: Run, tmp_path: Path) -> None:
    recipe = tmp_path / "shapes.yaml"
    recipe.write_text("generator: shapes-v1\nparams: {size: 32, noise: 0}\nsamples: 2\nseed: 3\n")

    def sheet(name: str, *arguments: object) -> bytes:
        done = run("preview", *arguments, "-o", tmp_path / name)
        assert done.exit_code == 0, done.stderr
        assert "2 samples" in done.stdout or "-n" in arguments
        return (tmp_path / name).read_bytes()

    plain = sheet("a.png", recipe)
    by_id = ("shapes-v1", "-n", 2, "-p", "noise=0")
    assert plain == sheet("b.png", *by_id, "-p", "size=32", "--seed", 3)
    assert plain != sheet("c.png", recipe, "--seed", 4)
    assert sheet("d.png", recipe, "-p", "size=48") == sheet(
        "e.png", *by_id, "-p", "size=48", "--seed", 3
    )


@pytest.mark.parametrize("count", [0, -3, 1001])
def test_a_count_out_of_range_is_refused(run: Run, count: int, tmp_path: Path) -> None:
    done = run("preview", "shapes-v1", "-o", tmp_path / "a.png", "-n", count)
    assert done.exit_code == 2
    assert_one_line(done.stderr, f"-n {count}", "1 to 1000")


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("missing/a.png", "the folder does not exist"),
        ("file/a.png", "is not a folder"),
        (".", "must end in"),
        ("folder.png", "is a folder"),
        ("a.txt", "must end in one of .png"),
    ],
)
def test_an_output_that_cannot_be_written_is_refused_before_a_sample_is_made(
    plugin: Path, spawn: Spawn, tmp_path: Path, output: str, words: str
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder.png").mkdir()
    done = spawn("preview", "plugin-v1", "-o", output, path=plugin)
    assert (done.returncode, done.stdout) == (2, "")
    assert_one_line(done.stderr, words)
    assert not list(plugin.glob("*.imported"))


def test_a_read_only_folder_or_file_is_refused(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Tests may run as root, who may write anywhere.
    monkeypatch.setattr(os, "access", lambda path, mode: mode == os.R_OK)
    done = run("preview", "shapes-v1", "-o", tmp_path / "a.png")
    assert done.exit_code == 2
    assert_one_line(done.stderr, "read-only")
    (tmp_path / "b.png").touch()
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    assert_one_line(run("preview", "shapes-v1", "-o", tmp_path / "b.png").stderr, "read-only")
