"""``synthdata describe``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import synthdata as sd
from tests.cli.conftest import Run, assert_one_line


def part_of(stdout: str, heading: str) -> list[list[str]]:
    """The words of the lines under a heading."""
    lines = stdout.partition(f"\n{heading}\n")[2].partition("\n\n")[0]
    return [line.split() for line in lines.splitlines()]


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A data set of two splits, in JPEG, without two of its features."""
    recipe = sd.Recipe(
        generator="shapes-v1", params={"size": 16}, seed=7, splits={"train": 6, "test": 4}
    )
    sd.write(
        recipe,
        tmp_path / "out",
        samples_per_shard=2,
        encoding="jpeg",
        quality=90,
        drop=["metadata.noise", "metadata.mask"],
        workers=0,
    )
    return tmp_path / "out"


def test_it_shows_where_the_data_set_is_from_and_what_it_holds(run: Run, written: Path) -> None:
    done = run("describe", written)
    assert (done.exit_code, done.stderr) == (0, "")
    stdout = done.stdout
    facts = {line[0]: " ".join(line[1:]) for line in map(str.split, stdout.splitlines()) if line}
    assert facts["state"].startswith("whole: ")
    assert facts["format"] == f"tfrecord (synthdata {sd.__version__}), images as jpeg of quality 90"
    assert facts["generator"] == f"synthdata/shapes-v1 (synthdata {sd.__version__})"
    assert facts["dropped"] == "metadata.mask, metadata.noise"
    splits = part_of(stdout, "Splits")
    assert [line[:3] for line in splits[1:]] == [["train", "6", "3"], ["test", "4", "2"]]
    features = {line[0]: line[1] for line in part_of(stdout, "Features")[1:]}
    assert features["label"] == "class_label"
    assert "metadata.mask" not in features
    assert ["seed:", "7"] in part_of(stdout, "Recipe")
    assert part_of(stdout, "Statistics")[0][:2] == ["samples:", "10"]


def test_json_holds_the_same_and_the_recipe_makes_the_samples_again(
    run: Run, written: Path
) -> None:
    about = json.loads(run("describe", written, "--json").stdout)
    assert (about["whole"], about["format"], about["quality"]) == (True, "tfrecord", 90)
    assert [(split["split"], split["samples"], split["shards"]) for split in about["splits"]] == [
        ("train", 6, 3),
        ("test", 4, 2),
    ]
    files = list(written.rglob("*.tfrecord"))
    assert sum(split["bytes"] for split in about["splits"]) == sum(
        file.stat().st_size for file in files
    )
    assert (about["left_out"], about["failures"]) == ([], {})
    assert sd.Recipe.parse(about["recipe"]).splits == {"train": 6, "test": 4}
    assert about["summary"]["samples"] == 10


def test_it_reads_no_sample(run: Run, written: Path) -> None:
    before = run("describe", written).stdout
    for shard in written.glob("*.tfrecord"):
        shard.write_bytes(b"x" * shard.stat().st_size)
    done = run("describe", written)
    assert (done.exit_code, done.stdout) == (0, before)


def test_one_that_is_not_finished_says_how_much_of_it_stands(run: Run, tmp_path: Path) -> None:
    def draw(rng: sd.Rng) -> sd.Sample:
        if rng.index == 5:
            raise ValueError("it broke")
        return sd.Sample(rng.integers(256, size=(4, 4, 1), dtype="uint8"))

    generator = sd.from_function(draw, sd.Output(image=sd.Image(4, 4, 1)))
    with pytest.raises(sd.SampleError):
        sd.write(generator, tmp_path / "out", samples=8, samples_per_shard=2, workers=0)
    done = run("describe", tmp_path / "out")
    assert (done.exit_code, done.stderr) == (0, "")
    assert "not finished: 2 of 4 shards stand; the command that wrote them goes on" in done.stdout
    assert part_of(done.stdout, "Splits")[1][:7] == ["train", "4", "of", "8", "2", "of", "4"]
    about = json.loads(run("describe", tmp_path / "out", "--json").stdout)
    assert (about["whole"], about["plugin"], about["recipe"]) == (False, None, None)


def test_samples_that_were_left_out_are_shown(run: Run, tmp_path: Path) -> None:
    def draw(rng: sd.Rng) -> sd.Sample:
        if rng.index in (3, 5):
            raise ValueError("it broke")
        return sd.Sample(rng.integers(256, size=(4, 4, 1), dtype="uint8"))

    generator = sd.from_function(draw, sd.Output(image=sd.Image(4, 4, 1)))
    sd.write(generator, tmp_path / "out", samples=8, on_error="skip", workers=0)
    done = run("describe", tmp_path / "out")
    assert "2 samples that could not be made: 3, 5" in done.stdout
    assert "2 GeneratorFailedError, under on_error=skip" in done.stdout
    about = json.loads(run("describe", tmp_path / "out", "--json").stdout)
    assert (about["left_out"], about["failures"]) == ([3, 5], {"GeneratorFailedError": 2})
    assert about["splits"][0]["samples"] == 6


def test_where_nothing_is_it_is_code_2_and_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "manifest.json").write_text("{")
    for name, words in (("nothing", "holds no data set"), ("bad", "manifest.json is damaged")):
        done = run("describe", tmp_path / name)
        assert (done.exit_code, done.stdout) == (2, "")
        assert_one_line(done.stderr, words)
