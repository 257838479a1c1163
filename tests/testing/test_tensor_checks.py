"""The checks of generators made of TensorFlow ops: what a graph would hide fails one of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import synthdata as sd
from synthdata.testing import Conformance, Outcome, Result, check_generator
from synthdata.testing.check import Failure
from synthdata.testing.checks import tensors
from synthdata.testing.checks.tensors import graph_batches, graph_saved
from synthdata.testing.elsewhere import answer
from synthdata.testing.subject import Subject
from tests.native_generators import Waves
from tests.testing import native_broken
from tests.testing.broken import Good

pytest.importorskip("tensorflow")

NAMES = ("graph-eager", "graph-batches", "graph-saved")


def result(kind: type[sd.Generator], name: str, **params: object) -> Result:
    return Conformance(Subject(kind, params=params)).result(name)


def test_a_graph_that_holds_all_it_depends_on_conforms() -> None:
    report = check_generator(native_broken.Tones)
    assert report, str(report)
    passed = {one.name for one in report.results if one.outcome is Outcome.PASSED}
    assert passed >= {*NAMES, "self-unchanged"}


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_vector_instructions_that_round_otherwise_are_allowed_for(dtype: str) -> None:
    found = result(Waves, "graph-eager", dtype=dtype)
    assert found.outcome is Outcome.PASSED, found


@pytest.mark.parametrize(
    "kind",
    [
        native_broken.BakesRandom,
        native_broken.BakesNumpy,
        native_broken.BakesCount,
        native_broken.BakesDay,
        native_broken.BakesInAFunction,
        native_broken.OtherWhenEager,
        native_broken.SlightlyBrighter,
        native_broken.OnePixelOff,
    ],
)
def test_what_python_decides_while_it_traces_fails(kind: type[sd.Generator]) -> None:
    found = result(kind, "graph-eager")
    assert found.outcome is Outcome.FAILED
    assert re.search(
        r"sample \d+ \(seed \d+\): \S+ is .* op by op, but .* in the graph", str(found)
    )


@pytest.mark.parametrize(
    ("size", "levels", "outcome"),
    [
        (64, 1, Outcome.PASSED),
        (64, 2, Outcome.FAILED),
        (20, 1, Outcome.FAILED),
        (120, 99, Outcome.PASSED),
    ],
    ids=["one-in-4096-by-one", "by-two", "one-in-400-by-one", "one-in-14400-by-any"],
)
def test_a_stated_part_of_integers_may_be_off(size: int, levels: int, outcome: Outcome) -> None:
    found = result(native_broken.OneLevelOff, "graph-eager", size=size, levels=levels)
    assert found.outcome is outcome, found


@pytest.mark.parametrize(
    ("kind", "name", "said"),
    [
        (native_broken.BranchesOnTheIndex, "structure", "as a Python `bool` is not allowed"),
        (native_broken.OwnBranch, "graph-eager", "as a Python `bool` is not allowed"),
        (native_broken.CallsPython, "structure", r"calls Python \(EagerPyFunc\)"),
    ],
)
def test_python_in_the_graph_fails_the_first_check_that_traces(
    kind: type[sd.Generator], name: str, said: str
) -> None:
    found = result(kind, name)
    assert found.outcome is Outcome.FAILED
    assert re.search(said, found.detail)


def test_a_sample_of_its_own_must_be_the_bytes_of_the_graph() -> None:
    said = r"sample \d+ \(seed 7\) is other bytes in a graph's batch of 1 than by sample"
    with pytest.raises(Failure, match=said):
        graph_batches.run(Subject(native_broken.OwnSample))


def test_what_the_graph_only_refers_to_is_not_in_a_saved_model() -> None:
    with pytest.raises(AssertionError, match="untracked"):
        graph_saved.run(Subject(native_broken.HoldsAVariable))


def test_a_saved_model_of_other_bytes_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        tensors, "LOADED", tensors.LOADED.replace("seeds, indices)", "indices, seeds)")
    )
    with pytest.raises(Failure, match="other bytes from a SavedModel in a new process"):
        graph_saved.run(Subject(native_broken.Tones))


def test_a_saved_model_that_another_process_cannot_load_is_reported(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=f"a new process fails: .*{tmp_path}"):
        answer(["-c", tensors.LOADED, str(tmp_path)], [[0], [0]])


def test_a_generator_without_tensors_is_not_held_to_them() -> None:
    found = [result(Good, name) for name in NAMES]
    assert {one.outcome for one in found} == {Outcome.SKIPPED}
    assert {one.detail for one in found} == {"it has no tensor_sample"}
