"""What the listings of a plugin, and a look at it, say about it: a verdict, causes, and advice."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from synthdata.doctor.notes import one_line
from synthdata.doctor.weighing import is_weighty

if TYPE_CHECKING:
    from synthdata.doctor.fresh import Outcome
    from synthdata.registry import Listing

SLOW: Final = 1.0
"""Seconds of import from which a plugin is slow. A worker process starts in a third of a second,
and each of them imports the plugin again."""

QUOTED: Final = 100
"""Longest piece of what a plugin prints that is repeated, in characters."""

Verdict: TypeAlias = Literal["ok", "slow", "broken", "hangs", "blocked", "unknown"]


@dataclass(frozen=True)
class Evidence:
    """What is known of one distribution.

    Args:
        listings: all that the registry lists of it, one at the least.
        outcome: of the look; None if there was nothing to look at.
    """

    listings: list[Listing]
    outcome: Outcome | None

    @property
    def distribution(self) -> str:
        """Its normalised name."""
        return self.listings[0].distribution

    def _noted(self, key: str) -> list[Any]:
        notes = self.outcome.notes if self.outcome is not None else ()
        return [note[key] for note in notes if key in note]

    def _last(self, key: str) -> Any:
        return (self._noted(key) or [None])[-1]

    @property
    def weight(self) -> dict[str, Any]:
        """What its import took: ``seconds``, ``bytes``, ``heavy``; empty if it was not done."""
        return self._last("weight") or {}

    @property
    def heavy(self) -> list[dict[str, Any]]:
        """The heavy packages that it loads."""
        return list(self.weight.get("heavy", ()))

    @property
    def hooks(self) -> list[dict[str, Any]]:
        """Its hook modules."""
        return self._noted("hook")

    @cached_property
    def generators(self) -> list[dict[str, Any]]:
        """Its generators, by id: those that were seen, and those that are only listed."""
        seen = {item["id"]: item for item in self._noted("generator")}
        rows = [
            {
                "id": item.id,
                "status": "unknown" if item.status == "ok" else item.status,
                "cause": _placed(item) if item.status == "broken" else item.cause,
            }
            for item in self.listings
            if item.id is not None and not (item.status == "ok" and item.id in seen)
        ]
        rows += [{"status": "broken" if item["cause"] else "ok", **item} for item in seen.values()]
        empty = {"id": "", "status": "", "cause": "", "summary": "", "needed": []}
        return sorted((empty | row for row in rows), key=lambda row: str(row["id"]))

    @property
    def _is_unknown(self) -> bool:
        """Whether the process came to nothing before it came to the plugin."""
        if self.outcome is None:
            return False
        return bool(self._noted("unable") or (self.outcome.end and not self._noted("step")))

    @property
    def verdict(self) -> Verdict:
        """All of it in a word."""
        if self._is_unknown:
            return "unknown"
        if self.outcome is not None and self.outcome.hung:
            return "hangs"
        if self.causes:
            return "broken"
        if self.outcome is None:
            return "blocked"
        return "slow" if self.weight.get("seconds", 0) >= SLOW else "ok"

    @cached_property
    def causes(self) -> list[str]:
        """What is broken, each with its place."""
        if self._is_unknown:
            return [f"synthdata cannot be imported to look at it: {self._before()}"]
        causes = [
            _placed(item) for item in self.listings if item.id is None and item.status == "broken"
        ]
        causes += self._faults
        causes += [
            row["cause"] if row["cause"].startswith(row["id"]) else f"{row['id']}: {row['cause']}"
            for row in self.generators
            if row["status"] == "broken"
        ]
        return list(dict.fromkeys([*causes, *self._death()]))

    @property
    def _faults(self) -> list[str]:
        """What is wrong with hook modules; where the registry knows it too, in its words."""
        faults = self._noted("fault")
        return faults + [
            f"{hook['module']}: {hook['cause']}"
            for hook in self.hooks
            if hook["cause"] and not any(item.startswith(f"{hook['module']}:") for item in faults)
        ]

    def _before(self) -> str:
        assert self.outcome is not None
        if unable := self._last("unable"):
            return str(unable)
        said = self.outcome.printed.strip().splitlines()
        return f"its process {self.outcome.end}" + (f": {one_line(said[-1])}" if said else "")

    def _death(self) -> list[str]:
        if self.outcome is None or not self.outcome.end:
            return []
        at = f", at {self.outcome.place}" if self.outcome.place else ""
        process = "" if self.outcome.hung else "the process "
        link = " " if self.outcome.hung else ": "
        return [f"{self._last('step')}{link}{process}{self.outcome.end}{at}"]

    @property
    def _printed(self) -> str:
        return "" if self.outcome is None or self._is_unknown else self.outcome.printed

    @property
    def remarks(self) -> list[str]:
        """What is not as it should be, and harms nothing."""
        remarks = [f"prints on import: {one_line(self._printed)[:QUOTED]!r}"] * bool(self._printed)
        remarks += dict.fromkeys(item.cause for item in self.listings if item.status == "blocked")
        return remarks + [
            f"{row['id']} has no docstring"
            for row in self.generators
            if row["status"] == "ok" and not row["summary"]
        ]

    @property
    def advice(self) -> list[str]:
        """What to do next, for who has it installed, and then for its author."""
        advice = [text.format(self.distribution) for about, text in _NEXT if about == self.verdict]
        if self.heavy:
            weighty = [item for item in self.heavy if is_weighty(item)] or self.heavy
            names = ", ".join(item["module"] for item in weighty)
            advice.append(
                f"its author can import {names} where it is used, in open() or sample(): as it is, "
                "every process that imports the plugin pays for it"
            )
        if self.verdict == "slow" and not self.heavy:
            advice.append("`python -X importtime` shows its author what takes the time")
        if self._printed:
            advice.append("its author can use logging instead of printing on import")
        return advice


def _placed(item: Listing) -> str:
    return f"{item.cause} [{item.file}]"


_NEXT: Final = (
    ("broken", "upgrade or uninstall {0}, or block it: SYNTHDATA_BLOCK={0}"),
    ("hangs", "give it more time, with --timeout, or block it: SYNTHDATA_BLOCK={0}"),
    ("hangs", "its author can move what waits into open()"),
    ("unknown", "mend what the environment lacks first"),
)
"""What to do next, by verdict."""
