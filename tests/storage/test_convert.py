"""Converting: the files that write would make of the recipe, without making a sample again."""

from __future__ import annotations

from pathlib import Path

import pytest

import synthdata as sd
from tests.execution.generators import Failing
from tests.storage.trees import FORMATS, HELD, recipe, tree


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "yolo"])
def test_a_converted_data_set_is_the_one_that_write_makes(name: str, tmp_path: Path) -> None:
    drop = HELD.get(name, {}).get("drop", [])
    sd.write(recipe(), tmp_path / "from/a", format="npz", workers=0)
    options = {"format": name, "drop": drop, "samples_per_shard": 6}
    sd.convert(tmp_path / "from/a", tmp_path / "one/a", workers=2, **options)
    sd.write(recipe(), tmp_path / "two/a", workers=0, **options)
    assert tree(tmp_path / "one/a") == tree(tmp_path / "two/a")
    assert sd.verify(tmp_path / "one/a", "deep")


def test_what_was_left_out_stays_left_out(tmp_path: Path) -> None:
    sd.write(Failing(every=5), tmp_path / "a", samples=20, on_error="skip", workers=0)
    report = sd.convert(tmp_path / "a", tmp_path / "b", format="npz", workers=0)
    assert (report.samples, report.left_out) == ({"train": 16}, 4)
    labels = [sample.label for sample in sd.stored(tmp_path / "b")]
    assert labels == [index for index in range(20) if index % 5 != 3]


def test_no_sample_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sd.write(Failing(every=50), tmp_path / "a", samples=3, workers=0)
    monkeypatch.setattr(Failing, "sample", lambda *_: pytest.fail("the generator was called"))
    sd.convert(tmp_path / "a", tmp_path / "b", format="npz", workers=0)
    assert len(sd.stored(tmp_path / "b")) == 3


def test_that_something_was_lost_before_is_remembered(tmp_path: Path) -> None:
    sd.write(recipe(), tmp_path / "a", encoding="jpeg", quality=50, workers=0)
    sd.convert(tmp_path / "a", tmp_path / "b", format="npz", workers=0)
    sd.convert(tmp_path / "b", tmp_path / "c", format="tfrecord", workers=0)
    lossy, last = sd.stored(tmp_path / "a", "test"), sd.stored(tmp_path / "c", "test")
    assert (lossy[1].image == last[1].image).all()
    assert sd.verify(tmp_path / "c")
    with pytest.raises(sd.TargetError, match="converted from tfrecord with jpeg of quality 50"):
        sd.verify(tmp_path / "c", "deep")
    (tmp_path / "c/test-00000-of-00001.tfrecord").unlink()
    with pytest.raises(sd.TargetError, match=r"cannot be made again .*; convert it again"):
        sd.repair(tmp_path / "c")


def test_a_conversion_goes_on_and_another_is_refused(tmp_path: Path) -> None:
    sd.write(recipe(), tmp_path / "a", workers=0)
    sd.convert(tmp_path / "a", tmp_path / "b", format="npz", samples_per_shard=5, workers=0)
    (tmp_path / "b/train-00002-of-00004.npz").unlink()
    again = sd.convert(tmp_path / "a", tmp_path / "b", format="npz", samples_per_shard=5, workers=0)
    assert (again.made, again.shards) == (1, 5)
    with pytest.raises(sd.TargetError, match='format is "npz" there, and "parquet"'):
        sd.convert(tmp_path / "a", tmp_path / "b", format="parquet", samples_per_shard=5)
    with pytest.raises(sd.TargetError, match="is what is to be converted"):
        sd.convert(tmp_path / "a", tmp_path / "a", format="npz")
