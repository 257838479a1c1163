"""Ratios of rates, round by round: what is claimed of files, and what was measured."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from report import DASH, markdown, number

HEADINGS = ("contender", "samples/s", "from … to", "MiB", "s to first batch")
CLAIM_HEADINGS = ("claim", "median", "least", "most", "rounds", "wanted")


@dataclass(frozen=True, slots=True)
class Measurement:
    """One contender in one round; figures, or the reason why there are none.

    Attributes:
        case: "write", "format", "cluster", "for" or "function".
        contender: its name.
        round: from 0.
        rate: samples a second.
        samples: how many were measured.
        first: seconds to the first batch, of readers.
        bytes: of all files, of writers.
        reason: why there are no figures.
        left: processes that did not end by themselves.
    """

    case: str
    contender: str
    round: int
    rate: float | None = None
    samples: int | None = None
    first: float | None = None
    bytes: int | None = None
    reason: str | None = None
    left: int = 0


@dataclass(frozen=True, slots=True)
class Claim:
    """That one contender is so many times as fast as another.

    Attributes:
        case: in which both take part.
        one, other: the contenders.
        wanted: the least ratio.
    """

    case: str
    one: str
    other: str
    wanted: float

    def __str__(self) -> str:
        where = {"for": ", by a Python for", "function": ", in a tf.function"}
        return f"{self.one} / {self.other}{where.get(self.case, '')}"


CLAIMS = (
    Claim("write", "2 workers", "1 worker", 1.7),
    Claim("write", "2 workers", "TFDS", 2.0),
    Claim("write", "2 workers", "TFDS, in order", 2.0),
    Claim("cluster", "Ray, 2 CPUs", "2 workers", 0.9),
    Claim("for", "sd.read", "by hand", 0.9),
    Claim("function", "sd.read", "by hand", 0.9),
)


class Ratios:
    """All measurements, by case and contender.

    Args:
        measurements: of all rounds.
    """

    def __init__(self, measurements: Iterable[Measurement]) -> None:
        self._of: dict[str, dict[str, list[Measurement]]] = {}
        for one in measurements:
            self._of.setdefault(one.case, {}).setdefault(one.contender, []).append(one)

    @property
    def cases(self) -> list[str]:
        """Those that were measured."""
        return list(self._of)

    def ratios(self, claim: Claim) -> list[float]:
        """Return the ratio of each round in which both contenders have a rate."""
        found = self._of.get(claim.case, {})
        one, other = (
            {run.round: run.rate for run in found.get(name, ()) if run.rate}
            for name in (claim.one, claim.other)
        )
        return [one[turn] / other[turn] for turn in sorted(one.keys() & other.keys())]

    def table(self, case: str) -> str:
        """Return the table of a case, and a line for each reason and each process left over."""
        rows = [_row(name, runs) for name, runs in self._of[case].items()]
        runs = [run for each in self._of[case].values() for run in each]
        reasons = {f"- {run.contender}: {run.reason}": None for run in runs if run.reason}
        left = {
            f"- {run.contender}: processes killed: {run.left}": None for run in runs if run.left
        }
        notes = [*reasons, *left]
        return "\n".join([*markdown(HEADINGS, rows), *(["", *notes] if notes else [])])

    def claims(self) -> str:
        """Return the table of what is claimed, with the ratios of all rounds."""
        rows = []
        for claim in CLAIMS:
            ratios = self.ratios(claim)
            if ratios:
                figures = (statistics.median(ratios), min(ratios), max(ratios))
                shown = [f"{figure:.2f}" for figure in figures]
                rows.append([str(claim), *shown, str(len(ratios)), f"≥ {claim.wanted:g}"])
        return "\n".join(markdown(CLAIM_HEADINGS, rows))


def _row(name: str, runs: Sequence[Measurement]) -> list[str]:
    rates = [run.rate for run in runs if run.rate]
    if not rates:
        return [name] + [DASH] * (len(HEADINGS) - 1)
    first = [run.first for run in runs if run.first is not None]
    size = next((run.bytes for run in runs if run.bytes), None)
    return [
        name,
        number(statistics.median(rates)),
        f"{number(min(rates))} to {number(max(rates))}",
        f"{size / 2**20:.1f}" if size else DASH,
        f"{statistics.median(first):.2f}" if first else DASH,
    ]
