"""``synthdata bench``."""

from __future__ import annotations

import importlib.util
import json
import os
import pty
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from synthdata.cli.verdict import BUSY, GENERATING, WAITS, Figures, judge
from tests.cli.conftest import Run, Spawn, assert_one_line, make_distribution

needs_tensorflow = pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is None, reason="TensorFlow is not installed"
)

TINY = ("noise-v1", "-p", "shape=[8,8,1]", "--seconds", "0.2")

WATCHFUL = """
import sys
import threading
import numpy as np
import synthdata as sd

class Watchful(sd.Generator):
    class Params(sd.Params):
        fails: bool = False
    @classmethod
    def describe(cls, params):
        return sd.Output(image=sd.Image(4, 4, 1))
    def sample(self, rng):
        sys.stdout.write("a plugin that chatters\\n")
        if self.params.fails and "tensorflow" in sys.modules and rng.index == 40:
            assert threading.current_thread() is not threading.main_thread(), "it is too early"
            raise ValueError("TensorFlow is here\\n, of all places")
        return sd.Sample(np.zeros((4, 4, 1), "uint8"))
"""


@pytest.fixture(autouse=True)
def _unset_log_level(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command sets it; whatever it set is undone, since this was noted before."""
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "")
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL")


GENERATOR_BOUND = Figures(
    alone=1000, together=1850, cores=2, executor="processes", workers=2, waited=1.0, busy=0.98
)


@pytest.mark.parametrize(
    ("changes", "limit"),
    [
        ({}, "generator-bound"),
        ({"waited": 0.5}, "generator-bound"),
        ({"executor": "inline", "workers": 0, "busy": None, "together": 900}, "generator-bound"),
        ({"workers": 4, "together": 1700}, "generator-bound"),
        ({"together": 2100}, "generator-bound"),  # workers may be faster than the plain loop
        ({"waited": 0.03, "busy": 0.4, "together": 700}, "consumer-bound"),
        ({"waited": 0.03}, "consumer-bound"),
        ({"busy": 0.3, "together": 400}, "overhead-bound"),
        ({"busy": 0.5, "together": 1300}, "overhead-bound"),  # hand-over is the limit
        ({"together": 600}, "overhead-bound"),  # busy, but not with the generator
        ({"executor": "inline", "workers": 0, "busy": None, "together": 300}, "overhead-bound"),
        ({"executor": "threads", "busy": None, "together": 1000}, "overhead-bound"),  # one GIL
    ],
)
def test_the_verdict_says_what_the_limit_is(changes: dict[str, object], limit: str) -> None:
    assert judge(replace(GENERATOR_BOUND, **changes)).limit == limit  # type: ignore[arg-type]


def test_the_verdict_turns_at_its_thresholds() -> None:
    def limit(**changes: float) -> str:
        return judge(replace(GENERATOR_BOUND, **changes)).limit  # type: ignore[arg-type]

    assert limit(waited=WAITS) == "consumer-bound"
    assert limit(waited=WAITS + 0.01) == "generator-bound"
    assert limit(busy=BUSY) == "generator-bound"
    assert limit(busy=BUSY - 0.01) == "overhead-bound"
    assert limit(together=GENERATING * 2000 + 1) == "generator-bound"
    assert limit(together=GENERATING * 2000 - 1) == "overhead-bound"


def test_the_advice_fits_the_verdict_and_what_is_not_yet_used() -> None:
    def advice(**changes: object) -> str:
        return "\n".join(judge(replace(GENERATOR_BOUND, **changes)).advice)  # type: ignore[arg-type]

    assert "sample_batch" in advice()
    assert "more cores" in advice()
    assert "the other 7 of 8 cores" in advice(
        executor="inline", workers=0, busy=None, together=900, cores=8
    )
    assert "nothing is to be gained" in advice(waited=0.0)
    slow = {"together": 300}
    assert "larger batch" in advice(**slow)
    assert "what else runs on these cores" in advice(**slow)
    assert "sample_into" in advice(**slow, busy=0.3)
    assert "tune_process" not in advice(**slow, busy=0.3)
    assert "sd.tune_process()" in advice(**slow, executor="threads", busy=None)
    assert "executor='processes'" in advice(**slow, executor="ray")


def test_the_ideal_is_the_plain_loop_on_each_core() -> None:
    assert replace(GENERATOR_BOUND, cores=6).ideal == 6000
    # Workers that have no core of their own add nothing.
    assert replace(GENERATOR_BOUND, workers=4).generating == GENERATOR_BOUND.generating


@needs_tensorflow
def test_figures_explanation_and_verdict_are_printed_and_nothing_else(spawn: Spawn) -> None:
    done = spawn("bench", *TINY, "--executor", "processes")
    assert (done.returncode, done.stderr) == (0, "")
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert lines[0].startswith("executor='processes', workers=")
    assert lines[1].startswith("memory: ")
    assert any(line.startswith("generator ") and "noise-v1" in line for line in lines)
    assert any(line.startswith("sd.build ") and "of the ideal" in line for line in lines)
    assert "executor processes" in lines
    assert "restarts 0" in lines
    assert {"overhead-bound", "generator-bound"} & set(lines)


@needs_tensorflow
def test_json_holds_the_figures_and_a_short_data_set_is_repeated(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "1")
    recipe = tmp_path / "short.yaml"
    recipe.write_text("generator: noise-v1\nparams: {shape: [8, 8, 1]}\nsamples: 3\n")
    options = ("--workers", 0, "--batch-size", 5, "--seconds", 0.2, "--json")
    done = run("bench", recipe, *options)
    assert done.exit_code == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["executor"], report["workers"], report["busy"]) == ("inline", 0, None)
    assert (report["batch_size"], report["step_ms"], report["waited"]) == (5, 0, 1)
    assert report["batches"] > 1
    assert report["together"] == pytest.approx(report["batches"] * 5 / report["seconds"])
    assert report["ideal"] == report["alone"] * report["cores"]
    assert report["ratio"] == pytest.approx(report["together"] / report["ideal"])
    assert report["stats"]["batches"] >= report["batches"]
    assert "workers=0" in report["explanation"]
    assert report["verdict"] in ("generator-bound", "overhead-bound")
    assert any("--step" in text for text in report["cautions"])
    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "1", "what the user set stays"


@needs_tensorflow
def test_a_step_that_is_longer_than_its_batch_is_the_limit(run: Run) -> None:
    options = ("--step", 50, "--batch-size", 1, "--executor", "inline", "--json")
    report = json.loads(run("bench", *TINY, *options).stdout)
    assert report["verdict"] == "consumer-bound"
    assert report["batches"] <= 4, "0.2 s are four steps"
    assert any("only" in text for text in report["cautions"])


@pytest.fixture
def watchful(tmp_path: Path) -> Path:
    """A folder with a generator that knows whether TensorFlow is there, and prints."""
    entry = "[synthdata.generators]\nwatchful-v1 = watchful:Watchful\n"
    make_distribution(tmp_path / "site", "watchful", entry, WATCHFUL)
    return tmp_path / "site"


@needs_tensorflow
def test_the_loop_alone_runs_without_tensorflow_and_a_later_failure_is_code_1_and_one_line(
    spawn: Spawn, watchful: Path
) -> None:
    options = ("-p", "fails=true", "--seconds", "0.2", "--executor", "inline")
    done = spawn("bench", "watchful-v1", *options, path=watchful)
    assert (done.returncode, done.stdout) == (1, "")
    words = "sample raised ValueError: TensorFlow is here , of all places (at watchful.py:"
    said = [line for line in done.stderr.splitlines(keepends=True) if "chatters" not in line]
    assert_one_line("".join(said), f"watchful-v1 sample 40 (seed 0): {words}")


@needs_tensorflow
@pytest.mark.parametrize("executor", ["inline", "threads", "processes"])
def test_what_a_plugin_prints_stays_out_of_the_output_wherever_it_runs(
    spawn: Spawn, watchful: Path, executor: str
) -> None:
    options = ("--seconds", "0.2", "--executor", executor, "--json")
    done = spawn("bench", "watchful-v1", *options, path=watchful)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["executor"] == executor
    assert "a plugin that chatters" in done.stderr


def test_without_tensorflow_it_says_so_before_anything_is_timed(plugin: Path, spawn: Spawn) -> None:
    # Python imports sitecustomize at its start; this one hides TensorFlow.
    (plugin / "sitecustomize.py").write_text("import sys\nsys.modules['tensorflow'] = None\n")
    done = spawn("bench", "plugin-v1", path=plugin)
    assert (done.returncode, done.stdout) == (2, "")
    assert_one_line(done.stderr, "build needs TensorFlow", "pip install 'synthdata[cpu]'")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--executor", "fast"), "expected auto, inline, threads, processes, graph or ray"),
        (("--cluster", "local"), "cluster='local' is for executor='ray', not 'auto'"),
        (("--workers", -1), "--workers -1"),
        (("--batch-size", 0), "--batch-size 0"),
        (("--seconds", 0), "--seconds 0"),
        (("--seconds", "inf"), "--seconds inf"),
        (("--step", -1), "--step -1"),
        (("--step", "nan"), "--step nan"),
        (("-p", "size=9"), "size is unknown"),
    ],
)
def test_an_option_that_cannot_be_is_one_line(
    run: Run, arguments: tuple[object, ...], words: str
) -> None:
    done = run("bench", "noise-v1", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert_one_line(done.stderr, words)


def test_a_sample_that_fails_in_the_loop_alone_is_code_1(plugin: Path, spawn: Spawn) -> None:
    done = spawn("bench", "plugin-v1", "-p", "fault=sample", path=plugin)
    assert (done.returncode, done.stdout) == (1, "")
    assert_one_line(done.stderr.splitlines(keepends=True)[-1], "plugin-v1 sample 0 (seed 0)")


@needs_tensorflow
def test_a_bar_moves_in_a_terminal_and_never_in_a_pipe(spawn: Spawn) -> None:
    command = [sys.executable, "-m", "synthdata", "bench", *TINY, "--executor", "inline"]
    ours, theirs = pty.openpty()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, text=True)
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 4096):
            shown += part
    except OSError:  # how Linux says that the other end was closed
        pass
    os.close(ours)
    stdout, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert b"the generator alone" in shown
    assert b"the dataset" in shown
    assert "\x1b" not in stdout
    piped = spawn("bench", *TINY, "--executor", "inline", FORCE_COLOR="1")
    assert piped.stderr == ""


def test_its_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from synthdata.cli import main; sys.argv[0] = 'synthdata'\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "heavy = {'numpy', 'pydantic', 'tensorflow', 'PIL', 'yaml', 'rich.progress'}\n"
        "print('loaded:', sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, "bench", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == "loaded: []\n"
    assert "--batch-size" in done.stdout
