"""``synthdata check``: ids, files and projects held to the contract."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from synthdata.testing.checks import CHECKS
from tests.cli.conftest import Run, Spawn
from tests.registry.distributions import GREY, install_grey

BROKEN = GREY.replace("level, np.uint8", "level")
PROJECT = """\
[project]
name = "grey"
version = "1.0"

[project.entry-points."synthdata.generators"]
grey-v1 = "grey_project:Grey"
"""


def project(folder: Path, source: str, *, toml: str = PROJECT) -> Path:
    (folder / "src").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(toml)
    (folder / "src" / "grey_project.py").write_text(source)
    return folder


def test_a_generator_that_conforms_ends_with_0(run: Run) -> None:
    ended = run("check", "noise-v1", "-p", "shape=[4, 4, 1]")
    assert ended.exit_code == 0, ended.output
    assert "noise-v1 conforms" in ended.stdout
    for check in CHECKS:
        assert check.name in ended.stdout


def test_one_that_does_not_ends_with_1_and_says_what_to_do(spawn: Spawn, tmp_path: Path) -> None:
    file = tmp_path / "grey_file.py"
    file.write_text(BROKEN)
    ended = spawn("check", file)
    assert ended.returncode == 1, ended.stderr
    assert "dtype: Each value has exactly the declared dtype." in ended.stdout
    assert "do: convert to the declared dtype" in ended.stdout
    assert "Grey does not conform" in ended.stdout


def test_an_installed_plugin_is_checked_by_its_id(spawn: Spawn, tmp_path: Path) -> None:
    install_grey(tmp_path)
    ended = spawn("check", "grey-v1", "--json", path=tmp_path)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    [report] = json.loads(ended.stdout)
    assert (report["subject"], report["conforms"]) == ("grey-v1", True)
    assert {item["name"] for item in report["results"]} == {check.name for check in CHECKS}
    assert report["counts"]["failed"] == 0


def test_a_project_is_checked_before_it_is_installed_and_its_digest_pinned(
    spawn: Spawn, tmp_path: Path
) -> None:
    folder = project(tmp_path / "grey", GREY)
    ended = spawn("check", folder, "--update")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "grey-v1 conforms" in ended.stdout
    assert "[grey-v1]" in (folder / "src" / "digests.toml").read_text()
    (folder / "src" / "grey_project.py").write_text(
        GREY.replace("Uniform(10, 20)", "Uniform(0, 9)")
    )
    ended = spawn("check", folder)
    assert ended.returncode == 1
    assert "pinned-digest" in ended.stdout


def test_a_known_failure_needs_a_reason(run: Run) -> None:
    ended = run("check", "noise-v1", "--expect", "clock")
    assert ended.exit_code == 2
    assert "CHECK=REASON is expected" in ended.stderr
    ended = run("check", "noise-v1", "--expect", "clok=x")
    assert ended.exit_code == 2
    assert "did you mean clock" in ended.stderr


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: folder / "absent.py", "absent.py: a Python file (.py), or the folder"),
        (lambda folder: folder, "pyproject.toml: cannot be read"),
        (
            lambda folder: project(folder / "a", "x = 1\n"),
            "grey-v1 = grey_project:Grey is no subclass of sd.Generator",
        ),
        (
            lambda folder: project(folder / "a", "raise RuntimeError('no ink')\n"),
            "importing grey_project raised RuntimeError: no ink",
        ),
        (lambda folder: project(folder / "a", "", toml="[project]\n"), "no generator in it"),
        (lambda folder: "no-such-v1", "no installed distribution provides no-such-v1"),
    ],
    ids=["absent", "no-project", "no-class", "raises", "no-generator", "no-id"],
)
def test_what_cannot_be_checked_is_one_line_on_stderr(
    spawn: Spawn, tmp_path: Path, make: object, message: str
) -> None:
    ended = spawn("check", make(tmp_path))  # type: ignore[operator]
    assert ended.returncode == 2, ended.stdout
    assert message in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert ended.stdout == ""


def test_the_checks_are_listed_with_what_they_are_for(run: Run) -> None:
    ended = run("check", "--list")
    assert ended.exit_code == 0
    for check in CHECKS:
        assert check.sentence in ended.stdout
    assert run("check").exit_code == 2
