"""What is said of a plugin, by what was listed and seen of it."""

from __future__ import annotations

from typing import Any

import pytest

from synthdata.doctor.diagnosis import SLOW, Evidence
from synthdata.doctor.fresh import Outcome
from synthdata.registry import Listing

LISTING = Listing("grey-v1", "grey-plugin", "2.5", "ok", "", "/site/entry_points.txt")
SEEN = {"id": "grey-v1", "cause": "", "needed": [], "summary": "Grey."}


def outcome(*notes: dict[str, Any], end: str = "", printed: str = "") -> Outcome:
    return Outcome(notes, printed, 1.0, end, False, "")


def weighed(seconds: float, *heavy: str) -> Outcome:
    packages = [{"module": name, "seconds": None, "bytes": None} for name in heavy]
    weight = {"seconds": seconds, "bytes": 0, "heavy": packages}
    return outcome({"step": "the import of grey-v1"}, {"weight": weight}, {"generator": SEEN})


@pytest.mark.parametrize(("seconds", "verdict"), [(SLOW, "slow"), (SLOW / 2, "ok")])
def test_a_plugin_that_takes_long_to_import_is_slow(seconds: float, verdict: str) -> None:
    assert Evidence([LISTING], weighed(seconds)).verdict == verdict


def test_who_is_slow_is_told_of_heavy_packages_or_else_how_to_find_out() -> None:
    [advice] = Evidence([LISTING], weighed(SLOW, "torch")).advice
    assert "torch" in advice
    [advice] = Evidence([LISTING], weighed(SLOW)).advice
    assert "importtime" in advice
    assert Evidence([LISTING], weighed(SLOW / 2)).advice == []


def test_of_heavy_packages_the_advice_names_those_that_took_much() -> None:
    looked = weighed(SLOW, "torch")
    light = {"module": "scipy", "seconds": 0.01, "bytes": 2**20}
    looked.last("weight")["heavy"].append(light)
    evidence = Evidence([LISTING], looked)
    assert [item["module"] for item in evidence.heavy] == ["torch", "scipy"]
    assert "scipy" not in evidence.advice[0]


def test_where_python_itself_does_not_start_nothing_is_known_of_the_plugin() -> None:
    said = "Traceback\nModuleNotFoundError: No module named 'encodings'\n"
    evidence = Evidence([LISTING], outcome(end="ended with exit code 1", printed=said))
    assert evidence.verdict == "unknown"
    [cause] = evidence.causes
    assert cause.endswith(
        "ended with exit code 1: ModuleNotFoundError: No module named 'encodings'"
    )
    assert evidence.remarks == [], "nothing of it was printed by the plugin"


def test_a_broken_listing_is_broken_without_a_look() -> None:
    broken = Listing(None, "grey-plugin", "?", "broken", "line 2 is no pair", "/site/x.txt")
    evidence = Evidence([broken], None)
    assert evidence.verdict == "broken"
    assert evidence.causes == ["line 2 is no pair [/site/x.txt]"]
    assert evidence.generators == []
