"""What the measurements say: medians and ratios, as Markdown tables and as a picture."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from contenders import CONTENDERS, CORES, Contender
from measure import How

DASH = "–"
HEADINGS = (
    "contender",
    "samples/s",
    "min to max",
    "× from_generator",
    "× best peer",
    "of loops at once",
    f"of one loop × {CORES}",
    "s to first batch",
    "samples",
)
SUMMARY = (
    "generator",
    "batch",
    "consumed",
    "from_generator",
    "best peer",
    "synthdata",
    "× from_generator",
    "× best peer",
    "of loops at once",
)


class Case(NamedTuple):
    """What is compared with each other."""

    generator: str
    batch: int
    how: How

    def __str__(self) -> str:
        where = "a Python for" if self.how == "for" else "a tf.function"
        return f"{self.generator}, batch {self.batch}, consumed by {where}"


@dataclass(frozen=True, slots=True)
class Measurement:
    """One contender in one round; figures, or the reason why there are none."""

    generator: str
    batch: int
    how: How
    contender: str
    round: int
    rate: float | None = None
    first: float | None = None
    samples: int | None = None
    reason: str | None = None
    left: int = 0

    @property
    def case(self) -> Case:
        """What it belongs to."""
        return Case(self.generator, self.batch, self.how)


class Report:
    """All measurements, to be asked for medians.

    Args:
        measurements: of all rounds.
        cases: those to report, in order.
    """

    def __init__(self, measurements: Iterable[Measurement], cases: Iterable[Case]) -> None:
        self._of: dict[tuple[Case, str], list[Measurement]] = {}
        for measurement in measurements:
            self._of.setdefault((measurement.case, measurement.contender), []).append(measurement)
        self.cases = list(cases)
        self.names = [name for name in CONTENDERS if any(name == one for _, one in self._of)]

    def runs(self, case: Case, name: str) -> list[Measurement]:
        """Return the rounds that gave figures."""
        return [one for one in self._of.get((case, name), ()) if one.rate is not None]

    def rate(self, case: Case, name: str) -> float | None:
        """Return the median of samples a second.

        What no tf.function can consume counts as a ``for`` consumes it.
        """
        if not CONTENDERS[name].is_dataset:
            case = case._replace(how="for")
        rates = [one.rate for one in self.runs(case, name) if one.rate is not None]
        return statistics.median(rates) if rates else None

    def best(self, case: Case, kind: str) -> tuple[str, float] | None:
        """Return the fastest contender of a kind, and its median."""
        names = [name for name in self.names if CONTENDERS[name].kind == kind]
        rates = {name: rate for name in names if (rate := self.rate(case, name))}
        return max(rates.items(), key=lambda pair: pair[1]) if rates else None

    def ratios(self, case: Case, name: str) -> list[str]:
        """Return the ratios to from_generator, to the best peer and to the two ideals."""
        rate = self.rate(case, name)
        peer = self.best(case, "peer")
        loops = "fills at once" if CONTENDERS[name].into else "loops at once"
        single = None if CONTENDERS[name].into else self.rate(case, "plain loop, gc.freeze")
        return [
            ratio(rate, self.rate(case, "from_generator")),
            ratio(rate, peer and peer[1]),
            ratio(rate, self.rate(case, loops)),
            ratio(rate, single and single * CORES),
        ]

    def table(self, case: Case) -> str:
        """Return the table of a case, and a line for each reason and each process left over."""
        rows = [self._row(case, CONTENDERS[name]) for name in self.names if self._here(case, name)]
        return "\n".join([f"## {case}", "", *markdown(HEADINGS, rows), *self._notes(case)])

    def _here(self, case: Case, name: str) -> bool:
        return (case, name) in self._of or (case._replace(how="for"), name) in self._of

    def _row(self, case: Case, contender: Contender) -> list[str]:
        name = contender.name
        loop = contender.kind == "loop"
        runs = self.runs(case._replace(how="for") if loop else case, name)
        if not runs:
            return [name] + [DASH] * (len(HEADINGS) - 1)
        rates = [one.rate or 0.0 for one in runs]
        first = statistics.median(one.first or 0.0 for one in runs)
        spread = f"{number(min(rates))} to {number(max(rates))}"
        middle = number(statistics.median(rates))
        samples = number(sum(one.samples or 0 for one in runs))
        return [name, middle, spread, *self.ratios(case, name), f"{first:.2f}", samples]

    def _notes(self, case: Case) -> list[str]:
        here = [one for name in self.names for one in self._of.get((case, name), ())]
        reasons = {f"- {one.contender}: {one.reason}": None for one in here if one.reason}
        left = {
            f"- {one.contender}: did not end by itself (processes killed: {one.left})": None
            for one in here
            if one.left
        }
        notes = [*reasons, *left]
        if any(CONTENDERS[one.contender].into and one.rate for one in here):
            notes.append("- sample_into is compared with fills at once, not with loops at once")
        return ["", *notes] if notes else []

    def summary(self) -> str:
        """Return a row a case: the fastest of synthdata against the others."""
        rows = []
        for case in self.cases:
            ours, peer = self.best(case, "synthdata"), self.best(case, "peer")
            if ours is None:
                continue
            usual = self.rate(case, "from_generator")
            rows.append(
                [
                    *(case.generator, str(case.batch), case.how),
                    number(usual) if usual else DASH,
                    f"{number(peer[1])} ({peer[0]})" if peer else DASH,
                    f"{number(ours[1])} ({ours[0].removeprefix('synthdata ')})",
                    *self.ratios(case, ours[0])[:3],
                ]
            )
        return "\n".join(markdown(SUMMARY, rows))


def ratio(rate: float | None, to: float | None) -> str:
    """Return a ratio with three digits, or a dash."""
    if not rate or not to:
        return DASH
    value = rate / to
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def number(value: float) -> str:
    """Return a rate or a count, small ones with a decimal."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a Markdown table, its columns aligned for the eye too."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = [[cell.ljust(width) for cell, width in zip(head, widths, strict=True)]]
    lines.append(["-" * width for width in widths])
    lines += [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in rows]
    return [f"| {' | '.join(cells)} |" for cells in lines]
