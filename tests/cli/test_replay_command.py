"""``synthdata replay``."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import synthdata as sd
from synthdata.execution import Ledger, Policy
from synthdata.execution.failures import Failure
from synthdata.execution.maker import Made
from synthdata.origin import origin
from tests.cli.conftest import Run, Spawn, assert_one_line
from tests.execution.generators import Counter, Dying
from tests.execution.policy_generators import (
    Batch,
    Into,
    Patchy,
    Stuck,
    Wrong,
    batches,
    draw,
)

ROOT = Path(__file__).parents[2]
SEED = 7

Written: Any = Callable[..., Path]


@pytest.fixture(autouse=True)
def _own_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))


@pytest.fixture
def ledger(tmp_path: Path) -> Written:
    """Makes 45 samples of a generator, and writes their failures down."""

    def write(generator: sd.Generator, on_error: Any = "skip", seed: int = SEED) -> Path:
        path = tmp_path / "failures.jsonl"
        books = Ledger(path, origin(generator), None, None)
        for made in batches(generator, 45, 5, Policy(on_error, 3), seed=seed):
            books.settle(Made([np.zeros(1)], made.failures, made.drawn))  # go on after an error
        return path

    return write


def recorded(
    path: Path, generator: sd.Generator, index: int, error: str = "GeneratorFailedError"
) -> Path:
    """Write down one failure that need not have happened."""
    failure = Failure("x-v1", SEED, index, 0, error, "what was\nsaid then", "", "2026-01-01")
    Ledger(path, origin(generator), None, None).settle(Made([np.zeros(1)], (failure,), 1))
    return path


def bad_luck(index: int, attempt: int = 0, seed: int = SEED) -> str:
    return f"bad luck at {index}: drew {sd.Rng(seed, index, attempt).random()}"


# It fails again


def test_the_last_sample_fails_again_with_its_traceback_and_then_one_line(
    run: Run, ledger: Written
) -> None:
    path = ledger(Patchy(fails={3: 9, 42: 9}))
    done = run("replay", path)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("Traceback (most recent call last):\n")
    *trace, last = done.stderr.splitlines(keepends=True)
    assert 'raise RuntimeError(f"bad luck at {rng.index}' in "".join(trace)
    assert trace[-1] == f"RuntimeError: {bad_luck(42)}\n"
    assert_one_line(last, "Patchy sample 42 (seed 7): sample raised RuntimeError", bad_luck(42))


def test_index_and_attempt_choose_and_the_last_record_of_them_counts(
    run: Run, ledger: Written
) -> None:
    ledger(Patchy(fails={3: 3, 42: 9}), "retry", seed=1)
    path = ledger(Patchy(fails={3: 9, 12: 2, 42: 2}), "retry")
    for arguments, words in (
        (["-i", 3], bad_luck(3, 2)),
        (["--index", 3, "--attempt", 0], bad_luck(3, 0)),
        (["--attempt", 0], bad_luck(42, 0)),
        ([], bad_luck(42, 1)),
        (["-i", 42, "--attempt", 2], bad_luck(42, 2, seed=1)),
    ):
        done = run("replay", path, *arguments)
        assert done.exit_code == 1, done.stderr
        assert done.stderr.splitlines()[-1].startswith("error: ")
        assert words in done.stderr.splitlines()[-1]


def test_a_sample_that_breaks_its_declaration_has_no_traceback_to_show(
    run: Run, ledger: Written
) -> None:
    done = run("replay", ledger(Wrong()))
    assert done.exit_code == 1
    assert_one_line(
        done.stderr, "Wrong sample 3 (seed 7): label is a str, but () int64 is declared"
    )


@pytest.mark.parametrize(
    ("generator", "words"),
    [
        (Into(fault="raises"), "sample raised RuntimeError: bad luck in sample_into"),
        (Into(fault="name"), "metadata.name differs between sample_into and sample"),
        (Batch(fault="raises"), "sample_batch raised RuntimeError: bad luck in sample_batch"),
        (Batch(fault="place"), "metadata.place differs between sample_batch and sample"),
    ],
    ids=["into raises", "into differs", "batch raises", "batch differs"],
)
def test_what_fails_on_a_faster_road_than_sample_fails_again(
    run: Run, ledger: Written, generator: sd.Generator, words: str
) -> None:
    done = run("replay", ledger(generator))
    assert done.exit_code == 1
    assert words in done.stderr.splitlines()[-1]


def test_a_function_with_its_arguments_is_found_again(run: Run, tmp_path: Path) -> None:
    generator = sd.from_function(draw, sd.Output(image=sd.Image(4, 4, 1)), size=(4, 4, 2))
    done = run("replay", recorded(tmp_path / "a.jsonl", generator, 3))
    assert done.exit_code == 1
    assert_one_line(done.stderr, "draw sample 3 (seed 7): image has shape (4, 4, 2)")


def test_what_a_generator_prints_is_no_output(plugin: Path, spawn: Spawn) -> None:
    recipe = {"generator": "fake-plugin/plugin-v1", "params": {"fault": "sample"}}
    path = recorded(plugin.parent / "a.jsonl", Counter(), 3)
    record = {**json.loads(path.read_text()), "origin": recipe}
    path.write_text(json.dumps(record))
    done = spawn("replay", path, path=plugin)
    assert (done.returncode, done.stdout) == (1, "")
    assert "chatter in a sample" in done.stderr
    assert "ValueError: line one\nline two" in done.stderr


# It does not fail any more


def test_a_sample_that_is_made_by_now_is_one_line_that_says_what_was(
    run: Run, ledger: Written, tmp_path: Path
) -> None:
    path = ledger(Patchy(fails={3: 3, 42: 2}, mended=tmp_path / "mended"), "retry")
    assert run("replay", path).exit_code == 1
    (tmp_path / "mended").touch()
    done = run("replay", path)
    assert (done.exit_code, done.stderr) == (0, "")
    [line] = done.stdout.splitlines()
    assert line.startswith("sample 42 (seed 7, attempt 1) is made without an error now; ")
    assert bad_luck(42, 1) in line
    first = run("replay", path, "-i", 42, "--attempt", 0).stdout
    assert first.startswith("sample 42 (seed 7) is made without an error now")


def test_a_message_of_several_lines_is_one_line(run: Run, tmp_path: Path) -> None:
    done = run("replay", recorded(tmp_path / "a.jsonl", Counter(), 3))
    assert done.stdout == (
        "sample 3 (seed 7) is made without an error now; at 2026-01-01 it was "
        "GeneratorFailedError: what was said then\n"
    )


# The debugger


def debugged(path: Path, commands: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "synthdata", "replay", str(path), "--debug"]
    return subprocess.run(
        command, input=commands, capture_output=True, text=True, cwd=ROOT, check=False, timeout=60
    )


def test_the_debugger_opens_at_the_frame_that_raised(ledger: Written) -> None:
    done = debugged(ledger(Patchy(fails={42: 9})), "p rng.index + 1000\np rng.attempt\nq\n")
    assert done.returncode == 1
    assert "-> raise RuntimeError(" in done.stdout
    assert "(Pdb) 1042" in done.stdout
    assert bad_luck(42) in done.stderr.splitlines()[-1]


def test_of_a_sample_that_breaks_its_declaration_the_debugger_shows_the_sample(
    ledger: Written,
) -> None:
    done = debugged(ledger(Wrong()), "p sample.label\nq\n")
    assert done.returncode == 1
    assert "(Pdb) 'three'" in done.stdout


def test_where_nothing_is_raised_the_debugger_does_not_open(tmp_path: Path) -> None:
    done = debugged(recorded(tmp_path / "a.jsonl", Counter(), 3), "")
    assert done.returncode == 0
    assert "(Pdb)" not in done.stdout
    assert done.stdout.splitlines()[1] == "nothing was raised, so there is nothing to debug"


# Samples that worker processes died of


def test_a_sample_that_killed_its_worker_is_announced_and_shows_where_it_crashes(
    tmp_path: Path,
) -> None:
    generator = Dying(at=13, way="segfault")
    path = recorded(tmp_path / "a.jsonl", generator, 13, "WorkerDiedError")
    command = [sys.executable, "-m", "synthdata", "replay", str(path)]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, check=False, timeout=60
    )
    assert done.returncode == -signal.SIGSEGV
    warning, *rest = done.stderr.splitlines()
    assert warning.startswith("warning: sample 13 (seed 7) killed its worker process")
    assert "Ctrl-C ends it" in warning
    assert any("Segmentation fault" in line for line in rest)
    assert any("generators.py" in line and "in misbehave" in line for line in rest)


def interrupted(path: Path, *options: str) -> tuple[int, str, str]:
    """Press Ctrl-C once the sample hangs; return exit code, stdout and stderr."""
    command = [sys.executable, "-m", "synthdata", "replay", str(path), *options]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        warning = process.stderr.readline()
        assert warning.startswith("warning: sample 13 (seed 7) took longer than its timeout")
        assert process.stderr.readline() == "stuck\n"
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate("p 1000 + index\nq\n", timeout=30)
    finally:
        process.kill()
    return process.returncode, stdout, stderr


def test_a_sample_that_hangs_in_c_is_announced_and_ended_by_ctrl_c_which_shows_where(
    tmp_path: Path,
) -> None:
    path = recorded(tmp_path / "a.jsonl", Stuck(), 13, "SampleTimeoutError")
    code, _, stderr = interrupted(path)
    assert code == -signal.SIGINT
    assert "policy_generators.py" in stderr
    assert "in misbehave" in stderr


def test_under_the_debugger_ctrl_c_opens_it_where_the_sample_hangs(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.jsonl", Stuck(in_c=False), 13, "SampleTimeoutError")
    code, stdout, _ = interrupted(path, "--debug")
    assert code == 130
    assert "misbehave()" in stdout
    assert "(Pdb) 1013" in stdout


# What cannot be replayed


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no failure is recorded in it"),
        ("\n \n", "no failure is recorded in it"),
        ("generator: shapes-v1\n", "line 1: not JSON (Expecting value in column 1)"),
        ("{record}\n{record\n", "line 2: not JSON"),
        ("{record}\n\n[1, 2]\n", "line 3: list in place of an object"),
        ('{"index": 3}\n', "line 1: the key 'id' is missing"),
        ("{record-index}\n", "line 1: the key 'index' is missing"),
        ('{record+index="three"}\n', "line 1: "),
        ("{record+index=-1}\n", "line 1: seed 7, index -1"),
        ("{record+origin=3}\n", "line 1: its origin is no object"),
        ("\xff\xfe\x00", "line 1: "),
        ("[" * 100_000, "line 1: "),
    ],
)
def test_a_file_that_is_no_ledger_is_refused_with_the_number_of_the_line(
    run: Run, tmp_path: Path, text: str, words: str
) -> None:
    path = recorded(tmp_path / "a.jsonl", Counter(), 3)
    record = json.loads(path.read_text())
    if "{record-index}" in text:
        text = json.dumps({key: value for key, value in record.items() if key != "index"})
    elif "{record+" in text:
        key, value = text.strip()[len("{record+") : -1].split("=")
        text = json.dumps({**record, key: json.loads(value)})
    path.write_text(text.replace("{record}", json.dumps(record)), encoding="latin-1")
    done = run("replay", path)
    assert (done.exit_code, done.stdout) == (2, "")
    assert_one_line(done.stderr, str(path), words)


def test_a_ledger_that_is_not_there_is_refused(run: Run, tmp_path: Path) -> None:
    for path, words in ((tmp_path / "a.jsonl", "No such file"), (tmp_path, "Is a directory")):
        done = run("replay", path)
        assert done.exit_code == 2
        assert_one_line(done.stderr, str(path), words)


def test_an_index_or_attempt_that_is_not_recorded_is_refused_with_those_near_it(
    run: Run, ledger: Written
) -> None:
    indices = [1, 5, 11, 14, 22, 30, 44]
    path = ledger(Patchy(fails=dict.fromkeys(indices, 2)), "retry")
    done = run("replay", path, "-i", 15)
    assert done.exit_code == 2
    assert_one_line(done.stderr, "-i 15: not in", "nearest to it has 1, 5, 11, 14, 22\n")
    done = run("replay", path, "-i", 14, "--attempt", 2)
    assert done.exit_code == 2
    assert_one_line(done.stderr, "--attempt 2: not in", "of sample 14 has 0, 1\n")


def test_a_generator_that_cannot_be_had_again_is_refused(run: Run, tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.jsonl", Counter(), 3)
    record = json.loads(path.read_text())
    params: dict[str, Any] = {"params": {}}
    for given, words in (
        ({"class": "no_such_module:A", **params}, "no_such_module:A cannot be imported here"),
        ({"class": "__main__:A", **params}, "__main__:A cannot be imported here"),
        ({"generator": "shapes-v9", **params}, "shapes-v9"),
        ({"generator": "shapes-v1", "params": {"sise": 3}}, "did you mean 'size'"),
        ({"function": "a:b"}, "the origin has the keys function"),
    ):
        path.write_text(json.dumps({**record, "origin": given}))
        done = run("replay", path)
        assert (done.exit_code, done.stdout) == (2, "")
        assert_one_line(done.stderr, words)


# From end to end

LOCAL = """
    import synthdata as sd
    import numpy as np

    def photo(rng, size):
        if rng.index == 11:
            raise ValueError(f"no photo {rng.random()}")
        return np.zeros(size, np.uint8)
"""

TRAINING = """
    import synthdata as sd
    from local_photos import photo

    generator = sd.from_function(photo, sd.Output(image=sd.Image(2, 2)), size=(2, 2, 3))
    options = dict(executor="processes", workers=1, on_error="skip", ledger="failures.jsonl")
    print(sum(len(batch["image"]) for batch in sd.build(generator, seed=7, samples=20, **options)))
"""


def test_what_a_training_wrote_is_replayed_in_its_folder_by_the_installed_program(
    tmp_path: Path,
) -> None:
    pytest.importorskip("tensorflow")
    for name, text in (("local_photos", LOCAL), ("training", TRAINING)):
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(text))
    environment = {**os.environ, "PYTHONPATH": ""}
    del environment["PYTHONPATH"]

    def start(*command: object) -> subprocess.CompletedProcess[str]:
        arguments = list(map(str, command))
        return subprocess.run(
            arguments, cwd=tmp_path, capture_output=True, text=True, check=False, env=environment
        )

    trained = start(sys.executable, "training.py")
    assert trained.stdout == "19\n", trained.stderr
    program = Path(sys.executable).with_name("synthdata")
    done = start(program, "replay", "failures.jsonl")
    assert done.returncode == 1
    words = f"ValueError: no photo {sd.Rng(7, 11).random()}"
    assert words in done.stderr.splitlines()[-1]
    assert 'raise ValueError(f"no photo {rng.random()}")' in done.stderr
    mended = (tmp_path / "local_photos.py").read_text().replace("== 11", "== -1")
    (tmp_path / "local_photos.py").write_text(mended)
    done = start(program, "replay", "failures.jsonl")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("sample 11 (seed 7) is made without an error now")
    assert words in done.stdout
