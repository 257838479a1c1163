"""How an id becomes a transform: found through entry points, and what is no use is named."""

from __future__ import annotations

from pathlib import Path

import pytest

import synthdata as sd
from synthdata.builtin.filtered import Filtered
from synthdata.registry import Registry, using
from synthdata.transform import load_transform
from tests.registry.distributions import install

BRIGHTER = """\
import numpy as np
import synthdata as sd


class Brighter(sd.Transform):
    class Params(sd.Params):
        by: sd.Distribution = sd.Constant(1)

    def apply(self, sample, rng):
        return sample._replace(image=sample.image + np.uint8(self.params.by.sample(rng)))
"""


def provide(
    folder: Path, monkeypatch: pytest.MonkeyPatch, value: str, source: str, name: str = "bright"
) -> None:
    entry = f"[synthdata.transforms]\nbrighter-v1 = {value}\n"
    module = value.partition(":")[0]
    install(folder, name, entry, modules={module: source})
    monkeypatch.syspath_prepend(str(folder))


def test_a_transform_of_a_third_party_is_found_by_its_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    provide(tmp_path, monkeypatch, "bright_one:Brighter", BRIGHTER)
    steps = [{"transform": "brighter-v1", "params": {"by": {"schedule": [[0, 0], [10, 100]]}}}]
    generator = sd.make("transformed-v1", source={"generator": "noise-v1"}, transforms=steps)
    made, plain = sd.Source.of(generator), sd.Source.of(sd.make("noise-v1"))
    differences = [set((made[i].image - plain[i].image).ravel().tolist()) for i in (0, 5, 10)]
    assert differences == [{0}, {50}, {100}]
    assert generator.params.transforms[0].transform == "bright/brighter-v1"


def test_a_transform_of_the_framework_is_found_short_and_qualified() -> None:
    assert load_transform("filters-v1") == (Filtered, "synthdata/filters-v1")
    assert load_transform("synthdata/filters-v1") == (Filtered, "synthdata/filters-v1")


def test_an_unknown_transform_is_an_error_that_suggests_one() -> None:
    with pytest.raises(sd.GeneratorNotFoundError, match="did you mean 'filters-v1'"):
        load_transform("filter-v1")
    with pytest.raises(sd.GeneratorNotFoundError, match="there are affine-v1, filters-v1"):
        load_transform("quite-other-v9")


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("import nothing_of_that_name", "cannot be imported: ModuleNotFoundError"),
        ("raise SystemExit('no licence')", "cannot be imported: SystemExit: no licence"),
        ("Brighter = 3", "no subclass of sd.Transform"),
        ("import synthdata as sd\nclass Brighter(sd.Transform): pass", "that has apply"),
    ],
    ids=["import", "exit", "number", "abstract"],
)
def test_a_transform_that_is_no_use_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, complaint: str
) -> None:
    module = f"bright_{abs(hash(complaint))}"
    provide(tmp_path, monkeypatch, f"{module}:Brighter", source)
    with pytest.raises(sd.BrokenPluginError, match=complaint) as caught:
        load_transform("brighter-v1")
    assert caught.value.distribution == "bright"


def test_two_distributions_with_one_transform_must_be_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    provide(tmp_path / "one", monkeypatch, "bright_two:Brighter", BRIGHTER)
    provide(tmp_path / "two", monkeypatch, "bright_three:Brighter", BRIGHTER, name="other")
    with pytest.raises(sd.AmbiguousIdError, match="bright/brighter-v1 or other/brighter-v1"):
        load_transform("brighter-v1")
    assert load_transform("other/brighter-v1")[0].__module__ == "bright_three"


def test_a_transform_of_a_blocked_distribution_is_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    provide(tmp_path, monkeypatch, "bright_four:Brighter", "raise AssertionError('imported')")
    with using(Registry(block=["bright"])), pytest.raises(sd.BlockedError, match="is blocked"):
        load_transform("brighter-v1")
