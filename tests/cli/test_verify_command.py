"""``synthdata verify``."""

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


def flip(file: Path) -> None:
    """Change one bit in the middle of a file."""
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def test_a_data_set_that_is_whole_is_code_0_and_one_line(run: Run, written: Path) -> None:
    for level in ("fast", "full", "deep"):
        done = run("verify", written, "--level", level)
        assert (done.exit_code, done.stderr) == (0, "")
        assert done.stdout.startswith(f"{written} is whole: ")
        assert ("8 samples made again" in done.stdout) == (level == "deep")


def test_a_flipped_bit_is_code_1_and_names_the_file_and_the_way_out(
    run: Run, written: Path
) -> None:
    flip(written / "train-00001-of-00004.tfrecord")
    (written / "README.md").unlink()
    done = run("verify", written)
    assert (done.exit_code, done.stderr) == (1, "")
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[0] == [f"{written}:", "2", "problems"]
    assert ["train-00001-of-00004.tfrecord", "1", "content", "its", "sha256"] in [
        line[:5] for line in lines
    ]
    assert ["README.md", "–", "missing"] in [line[:3] for line in lines]
    assert f"`synthdata repair {written}`" in done.stdout


def test_fast_looks_at_sizes_alone(run: Run, written: Path) -> None:
    shard = written / "train-00001-of-00004.tfrecord"
    flip(shard)
    assert run("verify", written, "--level", "fast").exit_code == 0
    shard.write_bytes(shard.read_bytes()[:-1])
    assert run("verify", written, "--level", "fast").exit_code == 1


def test_json_holds_each_problem_and_the_exit_code_stays(run: Run, written: Path) -> None:
    assert json.loads(run("verify", written, "--json").stdout)["ok"] is True
    flip(written / "train-00003-of-00004.tfrecord")
    done = run("verify", written, "--json")
    report = json.loads(done.stdout)
    assert (done.exit_code, report["ok"], report["level"]) == (1, False, "full")
    (problem,) = report["problems"]
    assert (problem["path"], problem["shard"]) == ("train-00003-of-00004.tfrecord", 3)


def test_quiet_says_it_by_the_exit_code_alone(run: Run, written: Path) -> None:
    done = run("verify", written, "--quiet")
    assert (done.exit_code, done.output) == (0, "")
    flip(written / "train-00003-of-00004.tfrecord")
    done = run("verify", written, "--quiet")
    assert (done.exit_code, done.output) == (1, "")


def test_what_is_no_whole_data_set_is_code_2_and_one_line(
    run: Run, written: Path, tmp_path: Path
) -> None:
    done = run("verify", tmp_path / "nothing")
    assert done.exit_code == 2
    assert_one_line(done.stderr, "holds no data set of synthdata")
    done = run("verify", written, "--level", "deepest")
    assert done.exit_code == 2
    assert_one_line(done.stderr, "expected 'fast' or 'full' or 'deep'")
