"""``synthdata list`` among many distributions, some of them broken."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run, Spawn, assert_one_line, make_distribution

GOOD = [f"fake_good{number:02}" for number in range(50)]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Fifty good distributions, one malformed, one that fails on import, one to be blocked."""
    folder = tmp_path / "site"
    for name in GOOD:
        entry = f"[synthdata.generators]\n{name[5:]}-v1 = {name}:Foo\n"
        make_distribution(folder, name, entry, "from synthdata.builtin.noise import Noise as Foo")
    make_distribution(folder, "fake_malformed", "[synthdata.generators]\nthis is no entry\n")
    raising = "[synthdata.generators]\nraising-v1 = fake_raising:Foo\n"
    make_distribution(folder, "fake_raising", raising, "raise ImportError('libGL [so] is missing')")
    exiting = "[synthdata.generators]\nexiting-v1 = fake_exiting:Foo\n"
    make_distribution(folder, "fake_exiting", exiting, "print('bye'); raise SystemExit(3)")
    blocked = "[synthdata.generators]\nblocked-v1 = fake_blocked:Foo\n"
    make_distribution(folder, "fake_blocked", blocked)
    return folder


def listed(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    """The listings of the made-up distributions, by distribution."""
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    return {row["distribution"]: row for row in rows if row["distribution"].startswith("fake-")}


def imported(site: Path) -> set[str]:
    return {path.stem for path in site.glob("*.imported")}


def test_every_distribution_is_listed_with_its_status_and_none_is_imported(
    site: Path, spawn: Spawn
) -> None:
    rows = listed(spawn("list", "--json", path=site, SYNTHDATA_BLOCK="fake_blocked"))
    assert imported(site) == set()
    good = {row["id"] for row in rows.values() if row["distribution"].startswith("fake-good")}
    assert good == {f"{name[5:]}-v1" for name in GOOD}
    statuses = {name: row["status"] for name, row in rows.items()}
    assert statuses.pop("fake-malformed") == "broken"
    assert statuses.pop("fake-blocked") == "blocked"
    assert set(statuses.values()) == {"ok"}
    assert len(statuses) == 52
    malformed, blocked = rows["fake-malformed"], rows["fake-blocked"]
    assert malformed["id"] is None
    assert "this is no entry" in malformed["cause"]
    assert malformed["file"] == str(site / "fake_malformed-1.0.dist-info" / "entry_points.txt")
    assert "block list" in blocked["cause"]


def test_the_table_has_a_line_for_each_in_the_order_of_ids(site: Path, spawn: Spawn) -> None:
    done = spawn("list", path=site, SYNTHDATA_BLOCK="fake_blocked")
    assert (done.returncode, done.stderr) == (0, "")
    heading, *lines = done.stdout.splitlines()
    assert heading.split() == ["id", "distribution", "version", "status", "cause"]
    ids = [line.split()[0] for line in lines]
    assert ids[0] == "–"  # the distribution that cannot be read has no id
    assert ids[1:] == sorted(ids[1:])
    assert {"good00-v1", "good49-v1", "shapes-v1", "blocked-v1", "raising-v1"} < set(ids)
    assert "fake_malformed-1.0.dist-info/entry_points.txt]" in lines[0]
    [blocked] = [line for line in lines if line.startswith("blocked-v1")]
    assert "block list" in blocked


def test_load_names_what_fails_to_import_with_cause_distribution_and_file(
    site: Path, spawn: Spawn
) -> None:
    done = spawn("list", "--load", "--json", path=site, SYNTHDATA_BLOCK="fake_blocked")
    rows = listed(done)
    assert imported(site) == {*GOOD, "fake_raising", "fake_exiting"}
    raising = rows["fake-raising"]
    assert (raising["id"], raising["status"]) == ("raising-v1", "broken")
    assert raising["cause"] == "ImportError: libGL [so] is missing"
    assert raising["file"].startswith(str(site / "fake_raising.py"))
    assert rows["fake-exiting"]["status"] == "broken"
    assert rows["fake-good07"]["status"] == "ok"
    assert "bye" in done.stderr.splitlines(), "what a plugin prints stays out of the JSON"


def test_load_shows_causes_in_the_table(site: Path, spawn: Spawn) -> None:
    done = spawn("list", "--load", path=site)
    [line] = [line for line in done.stdout.splitlines() if line.startswith("raising-v1")]
    assert "fake-raising" in line
    assert "ImportError: libGL [so] is missing" in line
    assert "fake_raising.py:2" in line


@pytest.mark.parametrize("arguments", [["list"], ["list", "--json"], ["--version"], ["--help"]])
def test_listing_imports_neither_numpy_nor_pydantic_nor_tensorflow(arguments: list[str]) -> None:
    code = (
        "import sys; from synthdata.cli import main; sys.argv[0] = 'synthdata'\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "heavy = {'numpy', 'pydantic', 'tensorflow', 'PIL', 'yaml'} & set(sys.modules)\n"
        "plugins = [name for name in sys.modules if name.startswith('synthdata.generators')]\n"
        "print('loaded:', sorted(heavy), plugins, file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == "loaded: [] []\n"


FAMILY = """
import synthdata as sd
from synthdata.builtin.noise import Noise

@sd.hookimpl
def synthdata_generators():
    return {"one-v1": Noise, "two-v1": "synthdata.builtin.noise:Noise"}
"""


def test_a_hook_module_is_a_line_without_an_id_until_it_is_loaded(
    tmp_path: Path, spawn: Spawn
) -> None:
    site = tmp_path / "site"
    make_distribution(site, "fake_family", "[synthdata]\nfamily = fake_family\n", FAMILY)
    make_distribution(site, "fake_bad", "[synthdata]\nfamily = fake_bad\n", "1 / 0")
    lines = spawn("list", path=site).stdout.splitlines()
    [line] = [line for line in lines if "fake-family" in line]
    assert line.split()[:4] == ["–", "fake-family", "1.0", "ok"]
    assert "synthdata list --load" in line
    assert imported(site) == set()
    lines = spawn("list", "--load", path=site).stdout.splitlines()
    assert [line.split()[0] for line in lines if "fake-family" in line] == ["one-v1", "two-v1"]
    [line] = [line for line in lines if "fake-bad" in line]
    assert line.split()[3] == "broken"
    assert "fake_bad: ZeroDivisionError: division by zero [" in line
    assert "fake_bad.py:2]" in line


def test_a_project_file_blocks_and_one_that_is_wrong_is_one_line(
    tmp_path: Path, spawn: Spawn
) -> None:
    site = tmp_path / "site"
    make_distribution(site, "fake_good", "[synthdata.generators]\ngood-v1 = fake_good:Foo\n")
    project = tmp_path / "pyproject.toml"  # commands run in tmp_path
    project.write_text('[tool.synthdata]\nblock = ["fake_good"]\n')
    row = listed(spawn("list", "--load", "--json", path=site))["fake-good"]
    assert row["status"] == "blocked"
    assert str(project) in row["cause"]
    assert imported(site) == set()
    project.write_text("[tool.synthdata]\nblok = []\n")
    for arguments in (["list"], ["info", "shapes-v1"], ["sample", "shapes-v1", "-i", "0"]):
        done = spawn(*arguments, path=site)
        assert (done.returncode, done.stdout) == (2, "")
        assert_one_line(done.stderr, str(project), "tool.synthdata.blok", "did you mean block?")


def test_a_narrow_screen_wraps_without_losing_letters(site: Path, spawn: Spawn) -> None:
    done = spawn("list", path=site, COLUMNS="60")
    assert max(map(len, done.stdout.splitlines())) <= 60
    assert "…" not in done.stdout


def test_the_listing_in_this_process_has_the_built_in_generators(run: Run) -> None:
    done = run("list", "--json")
    assert done.exit_code == 0
    assert {"shapes-v1", "noise-v1"} < {row["id"] for row in json.loads(done.stdout)}
