"""All checks of one generator, each run when it is asked for, and once."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from synthdata.errors import ConformanceError
from synthdata.generator import Generator
from synthdata.registry import Registry
from synthdata.testing.check import Check, Failure, Inapplicable
from synthdata.testing.checks import CHECKS
from synthdata.testing.pins import Pins
from synthdata.testing.report import Outcome, Report, Result
from synthdata.testing.subject import Subject

PINNED: Final = "pinned-digest"


class Conformance:
    """The checks of one subject, and what came of them so far.

    Args:
        subject: what is checked.
        expected: reasons by the names of checks that are known to fail.

    Raises:
        ValueError: if ``expected`` names a check that does not exist.
    """

    def __init__(self, subject: Subject, expected: Mapping[str, str] | None = None) -> None:
        self.subject = subject
        self._expected = dict(expected or {})
        self._checks = {check.name: check for check in CHECKS}
        self._results: dict[str, Result] = {}
        for name, reason in self._expected.items():
            if name not in self._checks:
                near = difflib.get_close_matches(name, self._checks, n=1)
                hint = f"; did you mean {near[0]}?" if near else ""
                raise ValueError(f"expected= names {name}, which is no check{hint}")
            if not reason:
                raise ValueError(f"expected= gives no reason why {name} fails")

    def result(self, name: str) -> Result:
        """Return how a check ended; it is run first, if it has not been."""
        if name not in self._results:
            self._results[name] = self._run(self._checks[name])
        return self._results[name]

    def report(self) -> Report:
        """Run all checks that have not run, and report."""
        results = tuple(self.result(name) for name in self._checks)
        return Report(self.subject.identity.id, results)

    def pin(self) -> Path:
        """Pin the digest of the samples in ``digests.toml``, if all other checks hold.

        Returns:
            The file.

        Raises:
            ConformanceError: if the subject has no id, or has params, or another check fails, or
                the file cannot be written.
        """
        subject = self.subject
        if not subject.has_id or subject.given:
            raise ConformanceError(
                f"{subject.identity.id}: a digest is pinned for an id, and without params"
            )
        for name in self._checks:
            if name != PINNED and self.result(name).outcome is Outcome.FAILED:
                raise ConformanceError(
                    f"{subject.identity.id}: no digest is pinned, since {name} fails: "
                    f"{self.result(name).detail}"
                )
        pins = Pins.beside(subject.kind)
        pins.pin(subject.identity.id, subject.stream_digest)
        self._results.pop(PINNED, None)
        return pins.file

    def _run(self, check: Check) -> Result:
        for need in check.needs:
            if not self._held(need):
                detail = f"{need} did not pass"
                return Result(check.name, check.sentence, Outcome.SKIPPED, detail)
        outcome, detail = _tried(check, self.subject)
        reason = self._expected.get(check.name)
        if reason is not None and outcome is Outcome.FAILED:
            return Result(check.name, check.sentence, Outcome.EXPECTED, f"{reason} ({detail})")
        if reason is not None and outcome is Outcome.PASSED:
            detail = f"it passes, and is declared to fail: {reason}"
            return Result(
                check.name, check.sentence, Outcome.FAILED, detail, "take the declaration out"
            )
        hint = check.hint if outcome is Outcome.FAILED else ""
        return Result(check.name, check.sentence, outcome, detail, hint)

    def _held(self, name: str) -> bool:
        """Whether a check passed, or did not apply."""
        needed = self.result(name)
        if needed.outcome is Outcome.SKIPPED:
            return all(self._held(need) for need in self._checks[name].needs)
        return needed.outcome is Outcome.PASSED


def _tried(check: Check, subject: Subject) -> tuple[Outcome, str]:
    try:
        check.run(subject)
    except Failure as failure:
        return Outcome.FAILED, str(failure)
    except Inapplicable as inapplicable:
        return Outcome.SKIPPED, str(inapplicable)
    except (Exception, SystemExit) as error:  # noqa: BLE001  # whatever it raises is the finding
        return Outcome.FAILED, f"{type(error).__name__}: {error}".rstrip(": ")
    return Outcome.PASSED, ""


def check_generator(
    what: str | type[Generator],
    *,
    params: Mapping[str, Any] | None = None,
    id: str | None = None,
    expected: Mapping[str, str] | None = None,
    full: bool = False,
    registry: Registry | None = None,
) -> Report:
    """Hold a generator to the contract, check by check.

    Args:
        what: an id, or a subclass of ``sd.Generator``.
        params: fields of its Params; the others have their defaults.
        id: of a class, under which it is to be published.
        expected: reasons by the names of checks that are known to fail, as
            ``{"seeds-differ": "a chart of fixed colours"}``.
        full: True draws 100 samples for each check in place of 12.
        registry: where an id is looked up; None is the default registry.

    Returns:
        The report; it is true if the generator conforms.

    Raises:
        RegistryError: if the id cannot be had.
        TypeError: if ``what`` is neither an id nor a Generator class.
        ValueError: if ``expected`` names a check that does not exist.

    >>> report = check_generator("noise-v1", params={"shape": [4, 4, 1]})
    >>> bool(report), report.counts["failed"]
    (True, 0)
    """
    subject = Subject(what, params=params, id=id, full=full, registry=registry)
    return Conformance(subject, expected).report()
