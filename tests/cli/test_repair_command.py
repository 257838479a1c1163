"""``synthdata repair``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import synthdata as sd
from tests.cli.conftest import Run, assert_one_line


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A data set of four shards."""
    target = tmp_path / "out"
    sd.write(
        "noise-v1", target, params={"shape": [8, 8, 1]}, samples=8, samples_per_shard=2, workers=0
    )
    return target


def test_what_is_bad_is_made_again_and_nothing_else(run: Run, written: Path) -> None:
    bad, good = (written / f"train-0000{number}-of-00004.tfrecord" for number in (1, 2))
    before = {path: path.read_bytes() for path in written.glob("*") if path.is_file()}
    kept = good.stat().st_ino
    bad.write_bytes(b"no record")
    (written / "README.md").unlink()
    done = run("repair", written, "--workers", 0)
    assert (done.exit_code, done.stderr) == (0, "")
    assert f"{written}: 2 problems" in done.stdout
    last = done.stdout.splitlines()[-1]
    assert last == f"made again: 1 shard, 1 other file; {written} is whole"
    assert {path: path.read_bytes() for path in before} == before
    assert good.stat().st_ino == kept


def test_where_all_is_well_nothing_is_done(run: Run, written: Path) -> None:
    done = run("repair", written, "--level", "fast", "--workers", 0)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{written} is whole: ")
    assert "made again" not in done.stdout


def test_json_holds_what_was_and_what_was_made_again(run: Run, written: Path) -> None:
    (written / "train-00002-of-00004.tfrecord").unlink()
    done = run("repair", written, "--workers", 0, "--json")
    assert done.exit_code == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["was"]["ok"] is False
    assert [problem["fault"] for problem in report["was"]["problems"]] == ["missing"]
    assert report["made_again"] == {"shards": [2], "files": []}
    quiet = run("repair", written, "--workers", 0, "--quiet")
    assert (quiet.exit_code, quiet.output) == (0, "")


def test_a_data_set_that_is_not_finished_is_code_2_and_says_how_to_finish_it(
    run: Run, written: Path
) -> None:
    plan = json.loads((written / "manifest.json").read_text())["plan"]
    (written / "manifest.json").unlink()
    (written / ".synthdata" / "plan.json").write_text(json.dumps(plan))
    done = run("repair", written)
    assert (done.exit_code, done.stdout) == (2, "")
    assert_one_line(done.stderr, "is not finished; run the same write again")


def test_a_generator_that_draws_otherwise_now_is_an_error_that_says_so(
    run: Run, written: Path
) -> None:
    file = written / "manifest.json"
    manifest = json.loads(file.read_text())
    manifest["plan"]["seed"] = 9  # stands for another release of the plugin
    file.write_text(json.dumps(manifest))
    (written / "train-00002-of-00004.tfrecord").unlink()
    done = run("repair", written, "--workers", 0)
    assert (done.exit_code, done.stdout) == (2, "")
    assert_one_line(done.stderr, "was made again, and is not what it was")
