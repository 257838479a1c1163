"""``synthdata cache``: what is listed, what is removed, and what stays."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from synthdata.storage.cache.claim import Claim
from synthdata.storage.cache.folder import entries
from tests.cli.conftest import Run
from tests.storage.cache.caching import CALLS, Fixed, fill, work_of


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    monkeypatch.setenv("SYNTHDATA_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("SYNTHDATA_CACHE_LIMIT", raising=False)
    monkeypatch.delenv(CALLS, raising=False)
    return tmp_path / "cache"


@pytest.fixture
def two() -> None:
    """Two data sets: one of which half is there, used last, and a whole one."""
    for size in (8, 9):
        fill(work_of(Fixed(size=size), shard=(0, 2) if size == 9 else (0, 1)))
        os.utime(entries()[0].folder / "lock", (size * 1e6, size * 1e6))


def ids() -> list[str]:
    return [kept.id for kept in entries()]


@pytest.mark.usefixtures("two")
def test_it_lists_how_much_of_each_data_set_is_there(run: Run, folder: Path) -> None:
    lines = run("cache", "list").output.splitlines()
    assert lines[0].split() == [
        "id",
        "generator",
        "seed",
        "samples",
        "there",
        "size",
        "last",
        "used",
    ]
    assert lines[1].split()[:5] == [
        ids()[0][:12], "tests.storage.cache.caching:Fixed", "7", "40", "20"
    ]  # fmt: skip
    assert lines[2].split()[:5] == [
        ids()[1][:12], "tests.storage.cache.caching:Fixed", "7", "40", "all"
    ]  # fmt: skip
    assert lines[3].startswith("2 data sets, ")
    assert lines[3].endswith(f" of 20.0 GiB, in {folder}")
    listed = json.loads(run("cache", "list", "--json").output)
    assert [(item["there"], item["complete"]) for item in listed] == [(20, False), (40, True)]
    assert [item["last_used"] for item in listed] == [
        "1970-04-15T04:00:00+00:00",
        "1970-04-03T14:13:20+00:00",
    ]
    sizes = [sum(f.stat().st_size for f in (folder / id).rglob("*") if f.is_file()) for id in ids()]
    assert [item["bytes"] for item in listed] == sizes


def test_an_empty_cache_is_no_error(run: Run, folder: Path) -> None:
    assert run("cache", "list").output == f"0 data sets, 0 bytes of 20.0 GiB, in {folder}\n"
    assert run("cache", "list", "--json").output == "[]\n"
    assert run("cache", "clear").output == "removed 0 data sets, 0 bytes\n"


@pytest.mark.usefixtures("two")
def test_an_entry_whose_description_is_lost_is_listed_and_removed(run: Run) -> None:
    (entries()[0].folder / "entry.json").write_text("{")
    assert [item["generator"] for item in json.loads(run("cache", "list", "--json").output)] == [
        None,
        "tests.storage.cache.caching:Fixed",
    ]
    assert run("cache", "list").exit_code == 0
    assert run("cache", "clear", ids()[0]).exit_code == 0
    assert len(entries()) == 1


@pytest.mark.usefixtures("two")
def test_all_is_removed_only_where_that_was_said(run: Run, folder: Path) -> None:
    refused = run("cache", "clear")
    assert refused.exit_code == 2
    assert "this removes 2 data sets" in refused.output
    assert len(entries()) == 2
    assert run("cache", "clear", "--yes").output.startswith("removed 2 data sets, ")
    assert list(folder.iterdir()) == []


@pytest.mark.usefixtures("two")
def test_one_is_removed_by_the_beginning_of_its_id(run: Run) -> None:
    first, second = ids()
    for wrong in ("xyz", ""):
        refused = run("cache", "clear", wrong)
        assert (refused.exit_code, len(entries())) == (2, 2)
        assert "there is none; synthdata cache list shows them" in refused.output
    assert run("cache", "clear", first[:12]).exit_code == 0
    assert ids() == [second]


@pytest.mark.usefixtures("two")
def test_only_what_was_not_used_for_days_is_removed(run: Run) -> None:
    recent = time.time() - 2 * 86_400
    os.utime(entries()[1].folder / "lock", (recent, recent))
    kept = entries()[0].id
    assert run("cache", "clear", "--older-than", "3").output.startswith("removed 1 data set, ")
    assert ids() == [kept]
    assert run("cache", "clear", "--older-than", "1").exit_code == 0
    assert ids() == []


@pytest.mark.usefixtures("two")
def test_what_is_in_use_stays_and_is_named(run: Run) -> None:
    held = Claim(entries()[1].folder)
    result = run("cache", "clear", "--yes")
    assert result.exit_code == 1
    assert f"{held.folder.name[:12]} is in use, and stays" in result.output
    assert ids() == [held.folder.name]
    held.release()
    assert run("cache", "clear", "--yes").exit_code == 0


def test_rubbish_of_a_removal_that_was_broken_off_is_removed(run: Run, folder: Path) -> None:
    rubbish = folder / f".{'0' * 64}-abcd"
    (rubbish / "segment-x").mkdir(parents=True)
    (folder / ".mine").mkdir()
    run("cache", "clear")
    assert [each.name for each in folder.iterdir()] == [".mine"]


def test_its_help_imports_nothing_heavy() -> None:
    script = (
        "import sys; from synthdata.cli import main; sys.argv = ['synthdata', *sys.argv[1:]]\n"
        "try:\n    main()\nexcept SystemExit as ended:\n    assert not ended.code\n"
        "heavy = {'numpy', 'pydantic', 'tensorflow', 'PIL', 'yaml', 'pluggy'}\n"
        "print('loaded:', sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    for command in ("list", "clear"):
        done = subprocess.run(
            [sys.executable, "-c", script, "cache", command, "--help"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stderr == "loaded: []\n"
        assert "Exit codes" in done.stdout or "--json" in done.stdout or "--yes" in done.stdout
