"""The benchmark of files compares like with like, and runs."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import synthdata as sd

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
FILES = str(BENCHMARKS / "files.py")
SAMPLES = 40
SOURCE = sd.Source(sd.Recipe(generator="shapes-v1", samples=SAMPLES))


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = str(tmp_path_factory.mktemp("files") / "shapes")
    sd.write("shapes-v1", folder, samples=SAMPLES, samples_per_shard=15, workers=0)
    return folder


def test_the_pipeline_by_hand_yields_what_sd_read_yields(module: Any, shapes: str) -> None:
    tf = pytest.importorskip("tensorflow")
    reading = module("reading")
    one, other = (
        [next(batches) for _ in range(2)]  # the second begins anew within it
        for batches in map(iter, (reading.by_hand(shapes), reading.by_synthdata(shapes)))
    )
    tf.nest.assert_same_structure(one, other)
    for left, right in zip(tf.nest.flatten(one), tf.nest.flatten(other), strict=True):
        assert left.dtype == right.dtype
        np.testing.assert_array_equal(left, right)


def test_tfds_writes_the_same_examples(module: Any, shapes: str, tmp_path: Path) -> None:
    pytest.importorskip("tensorflow")
    tfds = pytest.importorskip("tensorflow_datasets")
    module("tfds_writer").write(SOURCE, str(tmp_path), shuffled=False)
    theirs, ours = (
        tfds.builder_from_directory(str(folder)).as_dataset("train", read_config=in_order(tfds))
        for folder in (tmp_path / "shapes" / "1.0.0", shapes)
    )
    assert theirs.element_spec == ours.element_spec
    assert len(theirs) == len(ours) == SAMPLES
    for one, other in zip(theirs, ours, strict=True):
        for left, right in zip(flat(one), flat(other), strict=True):
            np.testing.assert_array_equal(left, right)


def in_order(tfds: Any) -> Any:
    return tfds.ReadConfig(interleave_cycle_length=1)


def flat(tree: Any) -> list[Any]:
    tf = importlib.import_module("tensorflow")
    return list(tf.nest.flatten(tree))


def test_a_ratio_is_that_of_one_round(module: Any) -> None:
    ratios = module("ratios")
    rates = {"1 worker": [100, 50, 10], "2 workers": [200, 75, 10]}
    done = [
        ratios.Measurement("write", name, turn, rate=float(rate))
        for name, found in rates.items()
        for turn, rate in enumerate(found)
    ]
    [claim] = [claim for claim in ratios.CLAIMS if claim.other == "1 worker"]
    assert ratios.Ratios(done).ratios(claim) == [2.0, 1.5, 1.0]
    assert ratios.Ratios(done[1:]).ratios(claim) == [1.5, 1.0]
    [row] = ratios.Ratios(done).claims().splitlines()[2:]
    assert [cell.strip() for cell in row.split("|")][2:5] == ["1.50", "1.00", "2.00"]


def test_a_contender_that_fails_has_its_reason_in_the_report_and_no_figures(
    tmp_path: Path,
) -> None:
    file = tmp_path / "figures.json"
    shown = benchmark("--contenders", "1 worker", "--samples", "-1", "--json", str(file))
    [figures] = json.loads(file.read_text())["measurements"]
    assert figures["rate"] is None
    assert "RecipeError" in figures["reason"]
    assert figures["reason"] in shown


def test_it_runs_and_says_how_many_times_as_fast_two_workers_are(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    contenders = ("1 worker", "2 workers")
    shown = benchmark("--contenders", *contenders, "--samples", "40", "--json", str(file))
    figures = json.loads(file.read_text())["measurements"]
    assert [one["contender"] for one in figures] == list(contenders)
    assert all(one["rate"] > 0 and one["left"] == 0 for one in figures)
    assert "| 2 workers / 1 worker" in shown


def benchmark(*options: str) -> str:
    """Run one round of writing; return what is printed."""
    done = subprocess.run(
        [
            sys.executable,
            str(BENCHMARKS / "files.py"),
            "--rounds",
            "1",
            "--cases",
            "write",
            *options,
        ],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
