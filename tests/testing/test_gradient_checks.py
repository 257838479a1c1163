"""The checks of gradients: a right vjp passes them, and each way to be wrong fails one."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import synthdata as sd
from synthdata.testing import Conformance, Outcome, Result
from synthdata.testing.subject import Subject
from tests.testing import slopes
from tests.testing.broken import Good

ROOT = Path(__file__).parents[2]
NAMES = ("gradient-names", "gradient-sample", "gradient-vjp")


def results(kind: type[sd.Generator], **params: Any) -> dict[str, Result]:
    conformance = Conformance(Subject(kind, params=params))
    return {name: conformance.result(name) for name in NAMES}


def outcomes(found: dict[str, Result]) -> list[Outcome]:
    return [result.outcome for result in found.values()]


@pytest.mark.parametrize("kind", slopes.RIGHT)
def test_a_right_gradient_passes(kind: type[sd.Generator]) -> None:
    found = results(kind)
    assert outcomes(found) == [Outcome.PASSED] * 3, found


def test_the_image_is_made_exact_only_for_the_checks() -> None:
    assert outcomes(results(slopes.Slope, dtype="uint8")) == [Outcome.PASSED] * 3


@pytest.mark.parametrize("kind", slopes.WRONG_NAMES)
def test_values_without_a_proper_gradient_fail(kind: type[sd.Generator]) -> None:
    found = results(kind)
    assert outcomes(found) == [Outcome.FAILED, Outcome.SKIPPED, Outcome.SKIPPED], found


@pytest.mark.parametrize("kind", slopes.WRONG_SAMPLES)
def test_a_vjp_of_another_sample_or_that_leaves_traces_fails(kind: type[sd.Generator]) -> None:
    found = results(kind)
    assert outcomes(found) == [Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED], found


@pytest.mark.parametrize("kind", slopes.WRONG_PRODUCTS)
def test_a_wrong_product_fails(kind: type[sd.Generator]) -> None:
    found = results(kind)
    assert outcomes(found) == [Outcome.PASSED, Outcome.PASSED, Outcome.FAILED], found


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (slopes.UnknownName, "tilted is no value of the params; did you mean 'tilt'"),
        (slopes.NoNames, "it has one of vjp and differentiable_params, and not the other"),
        (slopes.Missing, r"vjp returned .*, but a dict with .*gain\.low"),
        (slopes.Infinite, r"vjp returned nan by noise for sample 0"),
        (slopes.Whole, "uint8, and what is rounded has no gradient"),
        (slopes.DrawsMore, r"sample 0 \(seed 7\): rng is elsewhere after vjp than after sample"),
        (slopes.KeepsWeights, r"self\.kept is changed by vjp"),
        (slopes.ChangesUpstream, "upstream is changed by vjp"),
        (slopes.FaintClock, r"sample 0 \(seed 7\): vjp returns another gradient a second time"),
        (slopes.SeedsNumpy, r"sample 0 \(seed 7\): vjp uses or seeds the global random numbers"),
        (slopes.WrongSign, r"^by level, vjp returns -?\d.*, but finite differences give -?\d"),
        (slopes.Jagged, r"in 12 of 12 draws .* two finite differences disagree"),
        (slopes.FaintFloat32, r"^noise: in 12 of 12 draws .* too coarse .* dtype .* float64"),
        (slopes.Fixed, r"^level: in 12 of 12 draws of random params, Params refuse a step"),
    ],
)
def test_a_failure_says_what_is_wrong(kind: type[sd.Generator], said: str) -> None:
    [failure] = [one for one in results(kind).values() if one.outcome is Outcome.FAILED]
    assert re.search(said, failure.detail), failure.detail


def test_a_generator_without_a_gradient_is_not_held_to_one() -> None:
    assert {result.detail for result in results(Good).values()} == {"it has no vjp"}


def test_params_that_are_none_leave_nothing_to_check() -> None:
    found = results(slopes.MaybeNothing)
    assert outcomes(found) == [Outcome.SKIPPED] * 3
    assert "none of differentiable_params is a number" in found["gradient-vjp"].detail


def test_the_checks_of_an_ordinary_generator_import_no_tensorflow() -> None:
    script = (
        "import sys; from synthdata.testing import check_generator; "
        "report = check_generator('spots-v1'); assert report, str(report); "
        "print('tensorflow' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "False", done.stderr
