"""``synthdata write``."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import synthdata as sd
from synthdata.cli.progress import figures_of
from synthdata.storage.manifest import Manifest
from synthdata.storage.progress import Progress
from synthdata.storage.state import State
from synthdata.storage.targets.target import target_of
from synthdata.testing.digests import stream_digest
from tests.cli.conftest import Run, Spawn, assert_one_line, make_distribution

NOISE = ("noise-v1", "-p", "shape=[8,8,1]")

PLODDING = """
import os
import sys
import time
from pathlib import Path
import synthdata as sd

class Plodding(sd.Generator):
    '''A plugin that takes its time, and chatters.'''
    class Params(sd.Params):
        fails: bool = False
    @classmethod
    def describe(cls, params):
        return sd.Output(image=sd.Image(4, 4, 1))
    def sample(self, rng):
        sys.stdout.write("chatter\\n")  # at once, also where Python does not buffer
        os.write(1, b"chatter of C code\\n")
        time.sleep(float(os.environ.get("PLOD", "0")))
        if self.params.fails and rng.index in (25, 33) and not Path("mended").exists():
            raise ValueError("it broke\\nin two")
        return sd.Sample(rng.integers(256, size=(4, 4, 1), dtype="uint8"))
"""


@pytest.fixture
def plodding(tmp_path: Path) -> Path:
    """A folder with a generator that sleeps for ``PLOD`` seconds a sample, and may fail."""
    entry = "[synthdata.generators]\nplodding-v1 = plodding:Plodding\n"
    make_distribution(tmp_path / "site", "plodding", entry, PLODDING)
    return tmp_path / "site"


def manifest_of(target: Path) -> Manifest:
    return State.whole(target_of(target))


def tree(target: Path) -> dict[str, bytes]:
    """All files of a data set by their paths, without what is not part of it."""
    files = (path for path in target.rglob("*") if path.is_file())
    named = {path.relative_to(target).as_posix(): path.read_bytes() for path in files}
    return {name: data for name, data in named.items() if not name.startswith(".synthdata/")}


def errors_in(stderr: str) -> list[str]:
    """The lines of stderr that the plugin did not print."""
    return [line for line in stderr.splitlines() if not line.startswith("chatter")]


def test_a_recipe_becomes_files_that_hold_its_samples(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_text("generator: shapes-v1\nparams: {size: 16}\nseed: 7\nsamples: 12\n")
    target = tmp_path / "out"
    done = run("write", file, target, "--workers", 0)
    assert (done.exit_code, done.stderr) == (0, "")
    wrote, read = done.stdout.splitlines()
    assert wrote.startswith(f"{target}: 12 samples (train 12), 1 shard of tfrecord, ")
    assert f"sd.read({str(target)!r})" in read
    made = sd.Source(sd.Recipe.from_file(file))
    assert stream_digest(sd.stored(target)) == stream_digest(made)


def test_splits_on_the_command_line_stand_for_what_a_recipe_says(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_text("generator: noise-v1\nparams: {shape: [8, 8, 1]}\nsamples: 12\n")
    target = tmp_path / "out"
    options = ("--split", "train=6", "--split", "test=3", "--workers", 0, "--json")
    done = run("write", file, target, *options, "--samples-per-shard", 2)
    assert done.exit_code == 0, done.stderr
    report = json.loads(done.stdout)
    assert report.pop("seconds") >= 0
    assert report == {
        "format": "tfrecord",
        "target": str(target),
        "samples": {"train": 6, "test": 3},
        "shards": 5,
        "made": 5,
        "left_out": 0,
        "bytes": sum(map(len, tree(target).values())) - len(tree(target)["manifest.json"]),
    }
    again = json.loads(run("write", file, target, *options, "--samples-per-shard", 2).stdout)
    assert (again["shards"], again["made"]) == (5, 0)


def test_samples_on_the_command_line_stand_for_the_splits_of_a_recipe(
    run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "recipe.json"
    file.write_text('{"generator": "noise-v1", "splits": {"train": 5, "test": 4}}')
    assert run("write", file, tmp_path / "a", "--workers", 0).exit_code == 0
    assert run("write", file, tmp_path / "b", "-n", 3, "--workers", 0).exit_code == 0
    assert manifest_of(tmp_path / "a").samples == {"train": 5, "test": 4}
    assert manifest_of(tmp_path / "b").samples == {"train": 3}


def test_each_option_reaches_the_files(run: Run, tmp_path: Path) -> None:
    options = (
        *("--format", "webdataset", "--seed", 5, "--encoding", "jpeg", "--quality", 80),
        *("--drop", "metadata.noise", "--drop", "metadata.mask", "--samples-per-shard", 4),
        *("--on-error", "retry", "--attempts", 2, "--budget", "0.5", "--validate", "sampled"),
        *("--timeout", 30, "--ledger", tmp_path / "failures.jsonl", "--break-lock"),
        *("--workers", 0),
    )
    target = tmp_path / "out"
    done = run("write", "shapes-v1", target, "-p", "size=16", "-n", 10, *options)
    assert done.exit_code == 0, done.stderr
    plan = manifest_of(target).plan
    assert (plan.format, plan.seed, plan.encoding, plan.quality) == ("webdataset", 5, "jpeg", 80)
    assert plan.drop == ("metadata.mask", "metadata.noise")
    assert (plan.on_error, plan.attempts, plan.splits["train"].shards) == ("retry", 2, 3)
    assert (tmp_path / "failures.jsonl").read_text() == ""


def test_the_size_of_shards_decides_their_number(run: Run, tmp_path: Path) -> None:
    # 100 samples of 3 kB of noise are 300 kB and a little more.
    arguments = ("noise-v1", "-p", "shape=[32,32,3]", "-n", 100, "--workers", 0, "--json")
    for size, shards in (("1MiB", 1), ("200 kB", 2), ("100kB", 4)):
        target = tmp_path / size
        done = run("write", *arguments[:1], target, *arguments[1:], "--shard-size", size)
        assert json.loads(done.stdout)["shards"] == shards


def test_quiet_prints_nothing_but_errors(run: Run, tmp_path: Path) -> None:
    for arguments in (("-n", 3), ("-n", 4)):
        done = run("write", *NOISE, tmp_path / "out", *arguments, "--workers", 0, "--quiet")
        assert done.stdout == ""
    assert done.exit_code == 2
    assert_one_line(done.stderr, "holds another data set", "3 there, and 4 was asked for")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "say --samples N, or --split NAME=N"),
        (("-n", 0), "samples"),
        (("-n", 3, "--split", "train=2"), "both given"),
        (("--split", "train"), "NAME=SAMPLES is expected"),
        (("--split", "train=-1"), "NAME=SAMPLES is expected"),
        (("--split", "train=1", "--split", "train=2"), "given twice"),
        (("--split", "all=1"), "not 'all'"),
        (("-n", 3, "--format", "tfrecrd"), "did you mean 'tfrecord'"),
        (("-n", 3, "--encoding", "gif"), "expected 'png'"),
        (("-n", 3, "--quality", 5), "has no loss"),
        (("-n", 3, "--drop", "metadata.nothing"), "no feature 'metadata.nothing'"),
        (("-n", 3, "--shard-size", "many"), "--shard-size many: a size is expected, as 128MiB"),
        (("-n", 3, "--shard-size", "3 parsecs"), "a size is expected"),
        (("-n", 3, "--shard-size", "0.5B"), "a byte is the least"),
        (("-n", 3, "--samples-per-shard", 0), "samples_per_shard=0"),
        (("-n", 3, "--workers", -1), "workers=-1"),
        (("-n", 3, "--on-error", "ignore"), "expected 'raise'"),
        (("-n", 3, "--budget", "few"), "--budget few"),
        (("-n", 3, "--budget", "1.5"), "a fraction from 0.0 to 1.0"),
        (("-n", 3, "--timeout", 0), "more than 0"),
        (("-n", 3, "--ledger", "/nowhere/failures.jsonl"), "/nowhere/failures.jsonl"),
        (("-n", 3, "--quiet", "--json"), "give one of them"),
        (("-n", 3, "-p", "sise=9"), "sise is unknown"),
    ],
)
def test_what_cannot_be_is_code_2_and_one_line(
    run: Run, tmp_path: Path, arguments: tuple[object, ...], words: str
) -> None:
    done = run("write", "noise-v1", tmp_path / "out", "--workers", 0, *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert_one_line(done.stderr, words)


def test_a_target_that_is_a_file_is_code_2_and_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("something")
    done = run("write", *NOISE, tmp_path / "out", "-n", 3, "--workers", 0)
    assert (done.exit_code, done.stdout) == (2, "")
    assert_one_line(done.stderr, "it is a file")


def test_what_a_format_cannot_hold_comes_with_the_options_that_leave_it_out(
    run: Run, tmp_path: Path
) -> None:
    arguments = ("shapes-v1", tmp_path / "out", "-p", "size=16", "-n", 3, "--format", "coco")
    done = run("write", *arguments, "--workers", 0)
    assert (done.exit_code, done.stdout) == (2, "")
    assert_one_line(done.stderr, "leave them out with --drop metadata.mask, or take another format")
    assert not (tmp_path / "out").exists()
    done = run("write", *arguments, "--workers", 0, "--drop", "metadata.mask")
    assert done.exit_code == 0, done.stderr


@pytest.mark.parametrize("workers", [0, 2])
def test_what_a_plugin_prints_stays_out_of_the_output(
    spawn: Spawn, plodding: Path, workers: int
) -> None:
    options = ("-n", 4, "--samples-per-shard", 2, "--workers", workers, "--json")
    done = spawn("write", "plodding-v1", "out", *options, path=plodding)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["samples"] == {"train": 4}
    assert "chatter\n" in done.stderr
    assert "chatter of C code\n" in done.stderr


@pytest.mark.parametrize("workers", [0, 2])
def test_ctrl_c_leaves_what_the_same_command_goes_on_with(
    spawn: Spawn, plodding: Path, tmp_path: Path, workers: int
) -> None:
    arguments = ("write", "plodding-v1", "out", "-n", 60, "--samples-per-shard", 5)
    command = [sys.executable, "-m", "synthdata", *map(str, arguments), "--workers", str(workers)]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(plodding), "PLOD": "0.1"},
    )
    records = tmp_path / "out" / ".synthdata" / "shards"
    while len(stood := list(records.glob("*.json"))) < 2:
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout) == (130, "")
    stand = len(list(records.iterdir()))
    words = f"interrupted; {stand} of 12 shards stand in out, and the same command goes on"
    assert errors_in(stderr) == [words]
    assert len(stood) <= stand < 12
    assert not (tmp_path / "out" / "manifest.json").exists()

    done = spawn(*arguments, "--workers", workers, "--json", path=plodding)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["made"] == 12 - stand
    broken = tree(tmp_path / "out")
    (tmp_path / "out").rename(tmp_path / "broken")
    assert spawn(*arguments, "--workers", 0, path=plodding).returncode == 0
    assert broken == tree(tmp_path / "out")


def test_a_sample_that_fails_is_code_1_and_the_same_command_goes_on_when_it_is_mended(
    spawn: Spawn, plodding: Path, tmp_path: Path
) -> None:
    options = ("-n", 40, "--samples-per-shard", 10, "--workers", 0, "-p", "fails=true")
    done = spawn("write", "plodding-v1", "out", *options, path=plodding)
    assert (done.returncode, done.stdout) == (1, "")
    error, after = errors_in(done.stderr)
    assert error.startswith("error: plodding-v1 sample 25 (seed 0): sample raised ValueError: it b")
    assert after.startswith("2 of 4 shards stand in out; once the cause is mended, the same comm")
    (tmp_path / "mended").touch()
    done = spawn("write", "plodding-v1", "out", *options, path=plodding)
    assert done.returncode == 0, done.stderr
    assert "4 shards (2 of them stood there) of tfrecord" in done.stdout


def test_failures_that_are_left_out_are_told_and_kept_until_the_budget_is_met(
    spawn: Spawn, plodding: Path, tmp_path: Path
) -> None:
    skipping = ("--on-error", "skip", "--ledger", "failures.jsonl")
    options: tuple[object, ...] = (*skipping, "-n", 40, "--samples-per-shard", 10, "--workers", 0)
    options += ("-p", "fails=true")
    done = spawn("write", "plodding-v1", "out", *options, "--budget", 1, path=plodding)
    assert (done.returncode, done.stdout) == (1, "")
    error, after = errors_in(done.stderr)[-2:]
    assert error.startswith("error: 2 samples failed, but budget=1 allows 1")
    assert after.endswith("shards stand in out; with a larger --budget, the same command goes on")
    done = spawn("write", "plodding-v1", "out", *options, "--budget", "0.05", path=plodding)
    assert done.returncode == 0, done.stderr
    assert "out: 38 samples (train 38), 2 left out, 4 shards" in done.stdout
    lines = (tmp_path / "failures.jsonl").read_text().splitlines()
    assert [json.loads(line)["index"] for line in lines] == [25, 33]


def test_a_bar_moves_in_a_terminal_and_never_in_a_pipe(
    spawn: Spawn, plodding: Path, tmp_path: Path
) -> None:
    arguments = ("write", "plodding-v1", "-n", 8, "--samples-per-shard", 4, "--workers", 0)

    def shown(*more: str) -> bytes:
        command = [sys.executable, "-m", "synthdata", *map(str, arguments), *more]
        ours, theirs = pty.openpty()
        env = {**os.environ, "PYTHONPATH": str(plodding), "PLOD": "0.2", "COLUMNS": "200"}
        process = subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=theirs, env=env
        )
        os.close(theirs)
        text = b""
        try:
            while part := os.read(ours, 4096):
                text += part
        except OSError:  # how Linux says that the other end was closed
            pass
        os.close(ours)
        stdout, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        assert b"\x1b" not in stdout
        return text

    seen = shown("a")
    assert b"writing" in seen
    assert b"of 8 samples" in seen
    assert b"of 2 shards" in seen
    assert b"of 8 samples" not in shown("b", "--quiet")
    piped = spawn(*arguments, "c", path=plodding, FORCE_COLOR="1")
    assert errors_in(piped.stderr) == []


def test_what_stood_before_is_done_but_no_part_of_the_rate() -> None:
    figures = figures_of(Progress(300, 500, 3, 5, failures=0, found=200), seconds=2.0)
    assert figures == "300 of 500 samples, 50/s, 3 of 5 shards, 0:04 left"
    begun = figures_of(Progress(200, 500, 2, 5, failures=1, found=200), seconds=0.0)
    assert begun == "200 of 500 samples, 2 of 5 shards, 1 failure"
    slow = figures_of(Progress(1, 36_001, 0, 5, failures=0, found=0), seconds=1.0)
    assert slow == "1 of 36,001 samples, 1.0/s, 0 of 5 shards, 10:00:00 left"


def test_no_more_samples_are_shown_than_there_are_to_be() -> None:
    figures = figures_of(Progress(540, 500, 5, 5, failures=0, found=0), seconds=5.0)
    assert figures == "500 of 500 samples, 100/s, 5 of 5 shards, 0:00 left"


@pytest.mark.parametrize("command", ["write", "describe", "verify", "repair", "convert", "formats"])
def test_the_help_of_commands_for_files_imports_nothing_heavy(command: str) -> None:
    code = (
        "import sys; from synthdata.cli import main; sys.argv[0] = 'synthdata'\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "heavy = {'numpy', 'pydantic', 'tensorflow', 'PIL', 'yaml', 'fsspec', 'rich.progress'}\n"
        "print('loaded:', sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    process = [sys.executable, "-c", code, command, "--help"]
    done = subprocess.run(process, capture_output=True, text=True, check=True)
    assert done.stderr == "loaded: []\n"
    assert "--json" in done.stdout
