"""What came of the checks of one generator."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How a check ended.

    A check that is declared to fail, and fails, is ``EXPECTED``; one that then passes has
    ``FAILED``, since its declaration is out of date.
    """

    PASSED = "passed"
    FAILED = "failed"
    EXPECTED = "expected"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Result:
    """How one check ended.

    Attributes:
        name: of the check, as ``any-order``.
        sentence: what it holds a generator to.
        outcome: how it ended.
        detail: what was found, or why it was skipped; empty if it passed.
        hint: what to do about it; empty unless it failed.
    """

    name: str
    sentence: str
    outcome: Outcome
    detail: str = ""
    hint: str = ""

    def __str__(self) -> str:
        """Show the outcome and the name, and below what was found and what to do."""
        lines = [f"{self.outcome:8} {self.name}: {self.sentence}"]
        lines += [f"         {line}" for line in (*self.detail.splitlines(), self.hint) if line]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Report:
    """The results of all checks of one generator; true if it conforms.

    Attributes:
        subject: the generator's id, or the name of its class.
        results: one for each check, in the order in which they ran.
    """

    subject: str
    results: tuple[Result, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many checks ran, and how many of each outcome there are."""
        found = Counter(result.outcome for result in self.results)
        counts = {str(outcome): found[outcome] for outcome in Outcome}
        return {"ran": len(self.results) - counts["skipped"], **counts}

    @property
    def failures(self) -> tuple[Result, ...]:
        """The results that failed."""
        return tuple(item for item in self.results if item.outcome is Outcome.FAILED)

    def __bool__(self) -> bool:
        """Whether checks ran, some passed, and none failed."""
        return self.counts["passed"] > 0 and not self.failures

    def __str__(self) -> str:
        """Show what did not pass, and the counts."""
        shown = [str(item) for item in self.results if item.outcome is not Outcome.PASSED]
        verdict = "conforms" if self else "does not conform"
        if not self.counts["ran"]:
            verdict += ", since no check ran"
        counts = ", ".join(f"{count} {name}" for name, count in self.counts.items())
        return "\n".join([*shown, f"{self.subject} {verdict}: {counts}"])
