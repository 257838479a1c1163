"""The conformance kit: each check fails for its own reason, and for no other."""

from __future__ import annotations

import pytest

import synthdata as sd
from synthdata.testing import Outcome, Report, Result, check_generator
from synthdata.testing.checks import CHECKS
from tests.testing.broken import BROKEN, Complete, Good, SameForAllSeeds, WithNan

CASES = [(name, kind, id) for name, kinds in BROKEN.items() for kind, id in kinds]


def test_each_check_has_a_generator_that_fails_it() -> None:
    assert list(BROKEN) == [check.name for check in CHECKS]


@pytest.mark.parametrize(
    ("name", "kind", "id"), CASES, ids=[f"{name}-{kind.__name__}" for name, kind, _ in CASES]
)
def test_a_generator_that_is_broken_in_one_way_fails_that_check_and_no_other(
    name: str, kind: type[sd.Generator], id: str | None
) -> None:
    if issubclass(kind, sd.TensorGenerator):
        pytest.importorskip("tensorflow")
    report = check_generator(kind, id=id)
    assert [result.name for result in report.failures] == [name], str(report)
    assert not report
    assert report.failures[0].hint
    assert report.failures[0].detail


def test_a_generator_that_keeps_the_contract_passes_all_that_applies() -> None:
    report = check_generator(Complete)
    assert report, str(report)
    skipped = {item.name for item in report.results if item.outcome is Outcome.SKIPPED}
    gradients = {"gradient-names", "gradient-sample", "gradient-vjp"}
    graphs = {"graph-eager", "graph-batches", "graph-saved"}
    assert skipped == {"id", "pinned-digest"} | gradients | graphs
    ran = len(CHECKS) - len(skipped)
    assert report.counts == {"ran": ran, "passed": ran, "failed": 0, "expected": 0, "skipped": 8}
    assert str(report).endswith(
        f"Complete conforms: {ran} ran, {ran} passed, 0 failed, 0 expected, 8 skipped"
    )


def test_a_nan_that_is_declared_is_the_same_bytes_everywhere() -> None:
    report = check_generator(WithNan)
    assert report, str(report)


def test_more_samples_are_drawn_in_full() -> None:
    report = check_generator(Good, full=True)
    assert report, str(report)


def test_a_failure_that_is_declared_with_a_reason_is_none() -> None:
    report = check_generator(SameForAllSeeds, expected={"seeds-differ": "a chart"})
    assert report
    [result] = [item for item in report.results if item.outcome is Outcome.EXPECTED]
    assert result.name == "seeds-differ"
    assert result.detail.startswith("a chart (")


def test_a_check_that_passes_though_it_is_declared_to_fail_has_failed() -> None:
    report = check_generator(Good, expected={"clock": "a sundial"})
    assert [result.name for result in report.failures] == ["clock"]
    assert "a sundial" in report.failures[0].detail


@pytest.mark.parametrize(
    ("expected", "message"),
    [
        ({"seed-differ": "x"}, "seed-differ, which is no check; did you mean seeds-differ"),
        ({"clock": ""}, "no reason"),
    ],
)
def test_a_declaration_of_no_check_or_without_a_reason_is_refused(
    expected: dict[str, str], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        check_generator(Good, expected=expected)


def test_a_report_in_which_nothing_ran_is_no_success() -> None:
    skipped = Result("clock", "Samples do not depend on the time.", Outcome.SKIPPED, "why")
    assert not Report("dots-v1", ())
    assert not Report("dots-v1", (skipped,))
    assert "since no check ran" in str(Report("dots-v1", (skipped,)))


def test_what_is_neither_an_id_nor_a_generator_is_refused() -> None:
    with pytest.raises(TypeError, match="an id or a subclass"):
        check_generator(dict)  # type: ignore[arg-type]
    with pytest.raises(sd.GeneratorNotFoundError):
        check_generator("no-such-generator-v1")


def test_a_generator_that_raises_is_reported_with_what_it_raised() -> None:
    class Raises(Good):
        """It raises."""

        def sample(self, rng: object) -> sd.Sample:
            raise RuntimeError("out of ink")

    report = check_generator(Raises)
    assert [result.name for result in report.failures] == ["structure"]
    assert "RuntimeError: out of ink" in str(report)
