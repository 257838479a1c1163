"""What is known of each installed plugin, after a look at it in a process of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from synthdata.doctor.diagnosis import Evidence, Verdict
from synthdata.doctor.fresh import Outcome, run

if TYPE_CHECKING:
    from synthdata.registry import Listing

LOOK: Final = "synthdata.doctor.look"


@dataclass(frozen=True, slots=True)
class Plugin:
    """One distribution that provides generators.

    Attributes:
        distribution: its normalised name.
        version: its version, or ``?``.
        verdict: ``ok``, ``slow`` (to import), ``broken``, ``hangs``, ``blocked`` (and so never
            imported), or ``unknown`` where synthdata itself cannot be imported.
        causes: what is broken.
        remarks: what is not as it should be, and harms nothing.
        advice: what to do next.
        seconds: that its import took, without that of synthdata; None if it was not done.
        bytes: of memory that its import took.
        heavy: packages that it loads; of each ``module``, ``seconds`` and ``bytes``.
        generators: of each ``id``, ``status``, ``cause``, ``summary`` (of its docstring) and
            ``needed`` (params without a default).
        hooks: its hook modules; of each ``module``, ``implements`` and ``cause``.
    """

    distribution: str
    version: str
    verdict: Verdict
    causes: list[str]
    remarks: list[str]
    advice: list[str]
    seconds: float | None
    bytes: int | None
    heavy: list[dict[str, Any]]
    generators: list[dict[str, Any]]
    hooks: list[dict[str, Any]]

    @property
    def is_sound(self) -> bool:
        """Whether nothing of it is broken."""
        return self.verdict in ("ok", "slow", "blocked")


def installed(listings: list[Listing]) -> dict[str, list[Listing]]:
    """Return the listings of each distribution, by its name."""
    names = sorted({item.distribution for item in listings})
    return {name: [item for item in listings if item.distribution == name] for name in names}


def examine_plugin(listings: list[Listing], timeout: float) -> Plugin:
    """Look at one distribution.

    Args:
        listings: all of it; what is blocked of it is not imported.
        timeout: seconds that it has.
    """
    evidence = Evidence(listings, _look(listings, timeout))
    weight = evidence.weight
    return Plugin(
        distribution=evidence.distribution,
        version=listings[0].version,
        verdict=evidence.verdict,
        causes=evidence.causes,
        remarks=evidence.remarks,
        advice=evidence.advice,
        seconds=weight.get("seconds"),
        bytes=weight.get("bytes"),
        heavy=evidence.heavy,
        generators=evidence.generators,
        hooks=evidence.hooks,
    )


def _look(listings: list[Listing], timeout: float) -> Outcome | None:
    if not any(item.status == "ok" for item in listings):
        return None
    hooks = not any(item.id is None and item.status == "blocked" for item in listings)
    request = {"distribution": listings[0].distribution, "hooks": hooks}
    return run(LOOK, request, timeout)
