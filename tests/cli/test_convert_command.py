"""``synthdata convert`` and ``synthdata formats``."""

from __future__ import annotations

import json
from pathlib import Path

import synthdata as sd
from synthdata.storage.state import State
from synthdata.storage.targets.target import target_of
from synthdata.testing.digests import stream_digest
from tests.cli.conftest import Run, Spawn, assert_one_line, make_distribution

GENERATOR = """
import synthdata as sd

class Passing(sd.Generator):
    @classmethod
    def describe(cls, params):
        metadata = {"text": sd.Text(), "n": sd.Scalar("int64")}
        return sd.Output(image=sd.Image(4, 4, 1), metadata=metadata)
    def sample(self, rng):
        return sd.Sample(rng.integers(256, size=(4, 4, 1), dtype="uint8"),
                         metadata={"text": "grüße", "n": rng.index})
"""


def test_the_samples_stay_what_they_are_though_the_generator_has_gone(
    spawn: Spawn, tmp_path: Path
) -> None:
    entry = "[synthdata.generators]\npassing-v1 = passing:Passing\n"
    make_distribution(tmp_path / "site", "passing", entry, GENERATOR)
    write = ("write", "passing-v1", "one", "-n", 7, "--samples-per-shard", 3, "--workers", 0)
    assert spawn(*write, path=tmp_path / "site").returncode == 0
    done = spawn("convert", "one", "two", "--to", "npz", "--workers", 2, "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["format"], report["samples"], report["target"]) == ("npz", {"train": 7}, "two")
    one, two = (sd.stored(tmp_path / name) for name in ("one", "two"))
    assert stream_digest(two) == stream_digest(one)


def test_its_options_reach_the_files(run: Run, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    sd.write("shapes-v1", one, params={"size": 16}, samples=6, workers=0)
    options = ("--encoding", "webp", "--quality", 70, "--drop", "metadata.mask")
    done = run(
        *("convert", one, two, "--to", "coco", *options),
        *("--samples-per-shard", 2, "--shard-size", "1MB", "--workers", 0, "--break-lock"),
    )
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{two}: 6 samples (train 6), 3 shards of coco, ")
    plan = State.whole(target_of(two)).plan
    assert (plan.encoding, plan.quality, plan.drop) == ("webp", 70, ("metadata.mask",))
    assert plan.shard_bytes == 1_000_000


def test_what_cannot_be_is_code_2_and_one_line(run: Run, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    sd.write("shapes-v1", one, params={"size": 16}, samples=3, workers=0)
    for arguments, words in (
        ((one, one, "--to", "npz"), "is what is to be converted; name another"),
        ((two, one, "--to", "npz"), "holds no data set"),
        ((one, two, "--to", "coco"), "leave them out with --drop metadata.mask"),
        ((one, two, "--to", "cocoa"), "did you mean 'coco'"),
        ((one, two, "--to", "npz", "--shard-size", "big"), "--shard-size big"),
        ((one, two, "--to", "npz", "--quiet", "--json"), "give one of them"),
    ):
        done = run("convert", *arguments, "--workers", 0)
        assert (done.exit_code, done.stdout) == (2, "")
        assert_one_line(done.stderr, words)
    assert not two.exists()


def test_quiet_prints_nothing(run: Run, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    sd.write("noise-v1", one, params={"shape": [8, 8, 1]}, samples=3, workers=0)
    done = run("convert", one, two, "--to", "npz", "--workers", 0, "--quiet")
    assert (done.exit_code, done.output) == (0, "")


def test_formats_lists_ours_and_those_of_plugins_and_what_is_broken(
    spawn: Spawn, tmp_path: Path
) -> None:
    entry = "[synthdata.formats]\nodd = odd:Odd\n"
    make_distribution(tmp_path / "site", "odd", entry, "print('chatter')\nOdd = 3\n")
    done = spawn("formats", "--json", path=tmp_path / "site")
    assert (done.returncode, done.stderr) == (0, "chatter\n")
    rows = {row["format"]: row for row in json.loads(done.stdout)}
    ours = {name for name, row in rows.items() if row["distribution"] == "synthdata"}
    assert ours == {
        *("arrayrecord", "coco", "folder", "npz", "parquet", "tfrecord", "webdataset", "yolo")
    }
    assert {rows[name]["status"] for name in ours} == {"ok"}
    assert (rows["odd"]["distribution"], rows["odd"]["status"]) == ("odd", "broken")
    assert "no subclass of synthdata.storage.format.Format" in rows["odd"]["summary"]
    plain = spawn("formats", path=tmp_path / "site")
    assert "npz" in plain.stdout
    assert plain.returncode == 0
