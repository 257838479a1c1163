"""What many shards cost is a few listings and a request or two each, and no step is quadratic."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
FEW, MANY = 40, 120
SAMPLES = 20  # of the first shard, more than a contact sheet has


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module


def figures(module: Callable[[str], Any], folder: Path, shards: int) -> dict[str, Any]:
    """Take all steps in this process; return the figures by phase."""
    url = f"counted://{folder}/{shards}/set"
    done = [one for step in module("scaled").STEPS.values() for one in step(url, shards, SAMPLES)]
    return {one.phase: one for one in done}


def test_listings_do_not_grow_with_the_shards_and_other_requests_do_by_one_or_two_each(
    module: Callable[[str], Any], tmp_path: Path
) -> None:
    few, many = (figures(module, tmp_path, shards) for shards in (FEW, MANY))
    assert list(few) == list(many) == list(module("scaled").PHASES)
    grown = {
        phase: {
            kind: (many[phase].calls[kind] - count) / (MANY - FEW)
            for kind, count in few[phase].calls.items()
            if many[phase].calls[kind] != count
        }
        for phase in few
    }
    assert grown == {
        "plan": {},
        "make": {"put": 2},  # files and record
        "resume": {"get": 1, "listed objects": 3},  # records, and files beside records
        "merge": {"get": 1, "delete": 1, "listed objects": 1},
        "verify": {"listed objects": 1},
        "again": {"listed objects": 1},
    }


def test_a_listing_is_as_many_requests_as_it_has_pages(
    module: Callable[[str], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module("counted"), "PAGE", 10)
    verified = figures(module, tmp_path, FEW)["verify"].calls
    assert verified["list"] == -(-verified["listed objects"] // 10) > 2


def test_the_growth_of_a_time_is_its_exponent(module: Callable[[str], Any]) -> None:
    scale, scaled = module("scale"), module("scaled")
    done = [scaled.Figures(n, "plan", 9, n**2 / 100, n << 20, {"list": 5}) for n in (10, 100)]
    assert scale.growth(done, "cpu") == pytest.approx(2)
    rows = scale.table(done).splitlines()
    assert rows[2:4] == [
        "| plan | 10 | 9.0 | 1.0 | 10 | 5 | 0 | 0 | 0 | 0 |",
        "| plan | 100 | 9.0 | 100.0 | 100 | 5 | 0 | 0 | 0 | 0 |",
    ]
    assert rows[4].startswith("| | growth | | 2.00 | 1.00 |")
