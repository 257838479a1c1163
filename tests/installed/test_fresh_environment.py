"""What users do, in an environment of their own: wheels, a new plugin, and broken neighbours."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.installed import zoo
from tests.installed.environment import ROOT, Environment, wheel_of

PLUGINS = sorted(path.parent for path in (ROOT / "plugins").glob("*/pyproject.toml"))

BUILD = """\
import synthdata as sd

ds = sd.build("dots-v1", samples=20, batch_size=5, executor="processes", workers=2)
print(sum(len(batch["image"]) for batch in ds))
"""


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The wheels of synthdata, of a package that ``synthdata new`` made, and of our plugins."""
    folder, projects = tmp_path_factory.mktemp("wheels"), tmp_path_factory.mktemp("projects")
    new = [sys.executable, "-m", "synthdata", "new", "dots"]
    subprocess.run(new, cwd=projects, check=True, capture_output=True)
    sources = {"synthdata": ROOT, "dots": projects / "dots", **{p.name: p for p in PLUGINS}}
    return {name: wheel_of(source, folder) for name, source in sources.items()}


@pytest.fixture(scope="module")
def fresh(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with synthdata, TensorFlow and the new package."""
    made = Environment.make(tmp_path_factory.mktemp("fresh") / "venv")
    made.pip("install", f"{wheels['synthdata']}[cpu]", wheels["dots"])
    return made


@pytest.fixture
def crowded(fresh: Environment, tmp_path: Path) -> Iterator[Environment]:
    """The same beside the broken ones, which pytest itself would not survive."""
    zoo.keep(tmp_path)
    link = fresh.packages / "zoo.pth"
    link.write_text(f"{tmp_path}\n")
    yield fresh
    link.unlink()


def listed(environment: Environment, *options: str) -> dict[tuple[str, str | None], Any]:
    """What ``synthdata list`` says, by distribution and id."""
    ended = environment.run("synthdata", "list", "--json", *options)
    assert ended.returncode == 0, ended.stderr
    return {(row["distribution"], row["id"]): row for row in json.loads(ended.stdout)}


def test_the_new_package_is_listed_with_its_provenance(crowded: Environment) -> None:
    row = listed(crowded)["dots", "dots-v1"]
    assert (row["status"], row["version"]) == ("ok", "0.1.0")
    assert Path(row["file"]).is_relative_to(crowded.packages)


def test_the_new_package_keeps_the_contract(crowded: Environment) -> None:
    ended = crowded.run("synthdata", "check", "dots-v1", "--json")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    [report] = json.loads(ended.stdout)
    outcomes = {item["name"]: item["outcome"] for item in report["results"]}
    assert outcomes["pinned-digest"] == outcomes["worker-process"] == "passed"


def test_the_new_package_yields_batches(crowded: Environment) -> None:
    ended = crowded.run("python", "-c", BUILD)
    assert ended.stdout.split() == ["20"], ended.stderr


def test_what_can_be_known_without_importing_is_listed_with_its_cause(crowded: Environment) -> None:
    rows = listed(crowded)
    for animal in zoo.ZOO:
        [row] = [row for (name, _), row in rows.items() if name == animal.name]
        assert row["status"] == ("ok" if animal.known is None else "broken"), animal.name
        assert (animal.known or "") in row["cause"]


def test_loading_finds_the_rest_and_harms_nobody(crowded: Environment) -> None:
    rows = listed(crowded, "--load")
    for animal in zoo.ZOO:
        [row] = [row for (name, _), row in rows.items() if name == animal.name]
        assert row["status"] == "broken", animal.name
        assert animal.loaded is not None
        assert animal.loaded in row["cause"], animal.name
    assert rows["dots", "dots-v1"]["status"] == "ok"
    assert rows["synthdata", "shapes-v1"]["status"] == "ok"


def test_the_doctor_names_each_that_is_broken(crowded: Environment) -> None:
    ended = crowded.run("synthdata", "doctor")
    assert ended.returncode == 1, ended.stderr
    for animal in zoo.ZOO:
        assert animal.name in ended.stdout
        assert animal.loaded is not None
        assert animal.loaded in ended.stdout, animal.name


def test_an_id_of_two_is_an_error_that_names_both(crowded: Environment) -> None:
    ended = crowded.run("synthdata", "info", "twin-v1")
    assert ended.returncode == 2
    assert "twin-one/twin-v1" in ended.stderr
    assert "twin-two/twin-v1" in ended.stderr


@pytest.mark.parametrize("plugin", [path.name for path in PLUGINS])
def test_a_plugin_of_ours_passes_its_tests_as_a_wheel(
    fresh: Environment, wheels: dict[str, Path], plugin: str
) -> None:
    fresh.pip("install", f"{wheels[plugin]}[test]")
    ended = fresh.run(
        "python",
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "tests",
        cwd=ROOT / "plugins" / plugin,
    )
    assert ended.returncode == 0, ended.stdout[-4000:] + ended.stderr


def test_uninstalling_makes_it_vanish(crowded: Environment) -> None:
    crowded.pip("uninstall", "--yes", "--quiet", "dots")
    rows = listed(crowded)
    assert ("dots", "dots-v1") not in rows
    assert rows["synthdata", "shapes-v1"]["status"] == "ok"
    ended = crowded.run("synthdata", "info", "dots-v1")
    assert ended.returncode == 2
    assert "no installed distribution provides dots-v1" in ended.stderr
