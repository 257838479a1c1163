"""How commands end: exit codes and errors of one line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import synthdata as sd
from synthdata.cli.target import parse_params
from tests.cli.conftest import Run, Spawn, assert_one_line, make_distribution


def test_the_version_is_printed_by_the_script_and_the_module(spawn: Spawn) -> None:
    script = Path(sys.executable).with_name("synthdata")
    done = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == spawn("--version").stdout == f"synthdata {sd.__version__}\n"


def test_help_names_the_exit_codes(run: Run) -> None:
    done = run("--help")
    assert done.exit_code == 0
    assert "Exit codes: 0" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [["lits"], ["list", "--laod"], ["preview", "shapes-v1"], ["sample", "shapes-v1", "-i", "x"]],
)
def test_wrong_usage_is_code_2(run: Run, arguments: list[str]) -> None:
    done = run(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        ("sample", 1, "plugin-v1 sample 0 (seed 0): sample raised ValueError: line one line two"),
        ("contract", 1, "plugin-v1 sample 0 (seed 0): image"),
        ("asset", 1, "fonts.ttf is missing; install it"),
        ("open", 1, "open raised OSError"),
    ],
)
def test_a_sample_that_cannot_be_made_is_code_1_and_one_line(
    plugin: Path, spawn: Spawn, tmp_path: Path, fault: str, code: int, words: str
) -> None:
    for command in (["preview", "-o", "a.png"], ["sample", "-i", "0"]):
        done = spawn(*command, "plugin-v1", "-p", f"fault={fault}", path=plugin)
        assert (done.returncode, done.stdout) == (code, "")
        error = done.stderr.splitlines(keepends=True)[-1]
        assert_one_line(error, words)
        assert "Traceback" not in done.stderr
    assert not (tmp_path / "a.png").exists()
    assert not (tmp_path / "plugin-v1-0").exists()


def test_a_describe_that_raises_is_code_2_and_names_the_plugin(plugin: Path, spawn: Spawn) -> None:
    done = spawn("info", "plugin-v1", "-p", "fault=describe", path=plugin)
    assert done.returncode == 2
    words = (
        "error: plugin-v1: describe raised ZeroDivisionError: a bug in describe [fake-plugin 1.0"
    )
    assert done.stderr.splitlines()[-1].startswith(words)
    assert "Traceback" not in done.stderr


def test_a_bug_is_code_70_and_one_line_that_names_the_way_to_a_traceback(
    tmp_path: Path, spawn: Spawn
) -> None:
    # Python imports sitecustomize at its start; this one plants a bug in a command.
    (tmp_path / "sitecustomize.py").write_text(
        "import synthdata.registry\n"
        "def generators(**options): raise ZeroDivisionError('a bug in list')\n"
        "synthdata.registry.generators = generators\n"
    )
    done = spawn("list", path=tmp_path)
    assert done.returncode == 70
    words = "error: unexpected ZeroDivisionError: a bug in list (rerun with SYNTHDATA_DEBUG=1"
    assert done.stderr.splitlines()[-1].startswith(words)
    assert "Traceback" not in done.stderr
    debugged = spawn("list", path=tmp_path, SYNTHDATA_DEBUG="1")
    assert debugged.returncode == 70
    assert "Traceback" in debugged.stderr
    assert "sitecustomize.py" in debugged.stderr


def test_a_traceback_on_request_leads_to_the_line_in_the_plugin(plugin: Path, spawn: Spawn) -> None:
    arguments = ("sample", "plugin-v1", "-i", "0", "-p", "fault=sample")
    done = spawn(*arguments, path=plugin, SYNTHDATA_DEBUG="1")
    assert done.returncode == 1
    assert 'raise ValueError("line one\\nline two")' in done.stderr


def test_a_plugin_that_cannot_be_imported_is_one_line(tmp_path: Path, spawn: Spawn) -> None:
    entry = "[synthdata.generators]\nraising-v1 = fake_raising:Foo\n"
    make_distribution(tmp_path / "site", "fake_raising", entry, "raise ImportError('no libGL')")
    done = spawn("info", "raising-v1", path=tmp_path / "site")
    assert done.returncode == 2
    assert_one_line(done.stderr, "raising-v1 of fake-raising 1.0", "no libGL", "fake_raising.py")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("generator: [", "recipe.yaml"),
        ("generator: shapes-v1\nsed: 7\n", "did you mean 'seed'"),
        ("generator: shapes-v1\nparams: {size: tiny}\n", "size"),
        ("- 1\n", "a recipe is a mapping"),
        ("generator: shpes-v1\n", "shapes-v1"),
    ],
)
def test_a_recipe_that_is_wrong_is_one_line(
    run: Run, tmp_path: Path, text: str, words: str
) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(text)
    done = run("preview", recipe, "-o", tmp_path / "a.png")
    assert (done.exit_code, done.stdout) == (2, "")
    assert_one_line(done.stderr, words)


def test_a_target_that_is_nothing_known_is_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").touch()
    for target, words in (
        (tmp_path / "missing.yaml", "No such file"),
        (tmp_path / "recipe.toml", "ends in .yaml, .yml or .json"),
        ("Shapes", "not a generator id"),
        ("shapes-v9", "did you mean"),
    ):
        done = run("preview", target, "-o", tmp_path / "a.png")
        assert done.exit_code == 2
        assert_one_line(done.stderr, words)


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        ("size", "key=value is expected"),
        ("=3", "key=value is expected"),
        ("size=[1", "not YAML"),
        ("size={a: 1, a: 2}", "twice"),
        ("size=2020-99-99", "not YAML"),
        ("size=.inf", "inf"),
        ("size=7", "16"),
    ],
)
def test_a_wrong_param_is_one_line(run: Run, tmp_path: Path, pair: str, words: str) -> None:
    for arguments in (("info",), ("sample", "-i", 0, "-o", tmp_path)):
        done = run(*arguments, "shapes-v1", "-p", pair)
        assert (done.exit_code, done.stdout) == (2, "")
        assert_one_line(done.stderr, words)


def test_a_param_given_twice_is_refused(run: Run) -> None:
    done = run("info", "shapes-v1", "-p", "size=32", "-p", "size=64")
    assert done.exit_code == 2
    assert_one_line(done.stderr, "given twice")


def test_a_seed_out_of_range_is_one_line(run: Run, tmp_path: Path) -> None:
    done = run("sample", "shapes-v1", "-i", 0, "-o", tmp_path, "--seed", -1)
    assert done.exit_code == 2
    assert_one_line(done.stderr, "seed")


def test_params_are_yaml() -> None:
    assert parse_params(["a={uniform: [4, 20]}", "b=1e-3", "c=", "d=x=y", "e='7'"]) == {
        "a": {"uniform": [4, 20]},
        "b": 0.001,
        "c": None,
        "d": "x=y",
        "e": "7",
    }


def test_an_interrupt_inside_a_command_is_code_130(plugin: Path, spawn: Spawn) -> None:
    arguments = ("sample", "plugin-v1", "-i", "0", "-p", "fault=interrupt")
    done = spawn(*arguments, path=plugin)
    assert done.returncode == 130
    assert "Traceback" not in done.stderr


def test_ctrl_c_ends_a_running_command_with_130(plugin: Path) -> None:
    command = [sys.executable, "-m", "synthdata", "sample", "plugin-v1", "-i", "0"]
    process = subprocess.Popen(
        [*command, "-p", "fault=endless"],
        cwd=plugin,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(plugin)},
    )
    assert process.stderr is not None
    # What a plugin prints goes to stderr; the command is then within its work.
    assert any(line == "sampling\n" for line in process.stderr)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in stderr


@pytest.mark.parametrize("command", ["list", "list --json", "schema output", "--help"])
def test_a_reader_that_goes_away_is_met_with_silence(command: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    arguments = [sys.executable, "-m", "synthdata", *command.split()]
    with os.fdopen(writing, "w") as pipe:
        done = subprocess.run(
            arguments, stdout=pipe, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.stderr == ""
    assert done.returncode in (1, 141)
    assert command == "--help" or done.returncode == 141  # help is Typer's own


def test_a_screen_that_knows_only_ascii_shows_the_rest_as_escapes(spawn: Spawn) -> None:
    done = spawn("info", "shapes-v1", PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert "\\u2026" in done.stdout
