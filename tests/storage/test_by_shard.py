"""A data set whose shards other systems make: begun, made in any order and process, concluded."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
import uuid
from pathlib import Path
from typing import Any

import pytest

import synthdata as sd
from synthdata.storage.manifest import PLAN, ShardPlan
from tests.execution.generators import Counter, Failing
from tests.storage.trees import leftovers, recipe, tree

GIVEN: dict[str, Any] = {"samples_per_shard": 3}

MAKE = textwrap.dedent(
    """
    import sys
    import synthdata as sd

    for number in sys.argv[2:]:
        print(sd.write_shard(sys.argv[1], int(number)))
    """
)


@pytest.fixture
def expected(tmp_path: Path) -> dict[str, str]:
    sd.write(recipe(), tmp_path / "whole/a", workers=0, **GIVEN)
    return tree(tmp_path / "whole/a")


def test_shards_that_other_processes_make_end_in_the_same_bytes(
    expected: dict[str, str], tmp_path: Path
) -> None:
    target = str(tmp_path / "a")
    numbers = sd.begin_write(recipe(), target, **GIVEN)
    assert numbers == list(range(8))
    # Each of them twice, by two processes at once that begin at either end.
    makers = [
        subprocess.Popen(
            [sys.executable, "-c", MAKE, target, *map(str, order)], stdout=subprocess.PIPE
        )
        for order in (numbers, numbers[::-1])
    ]
    made = [maker.communicate(timeout=60)[0].split() for maker in makers]
    sizes = [b"2", b"3", b"3", b"2", b"3", b"3", b"2", b"2"]
    assert made == [sizes, sizes[::-1]]
    report = sd.write(recipe(), target, workers=0, **GIVEN)
    assert (report.made, report.shards) == (0, 8)
    assert tree(tmp_path / "a") == expected
    assert leftovers(tmp_path / "a") == []


def test_what_stands_is_not_made_again_and_what_is_missing_is_made_in_the_end(
    expected: dict[str, str], tmp_path: Path
) -> None:
    target = tmp_path / "a"
    sd.begin_write(recipe(), target, **GIVEN)
    for number in (5, 2):
        sd.write_shard(target, number)
    before = {path: path.stat().st_ino for path in target.glob("*.tfrecord")}
    assert len(before) == 2
    assert sd.begin_write(recipe(), target, **GIVEN) == [0, 1, 3, 4, 6, 7]
    sd.write_shard(target, 2)
    assert {path: path.stat().st_ino for path in before} == before
    min(before).write_bytes(b"cut short")
    sd.write_shard(target, 2)
    assert sd.write(recipe(), target, workers=0, **GIVEN).made == 6
    assert tree(target) == expected
    assert sd.begin_write(recipe(), target, **GIVEN) == []
    assert sd.write_shard(target, 7) == 2  # a task that comes late changes nothing
    assert tree(target) == expected
    assert leftovers(target) == []


def test_the_number_of_shards_may_follow_from_the_size_of_samples(tmp_path: Path) -> None:
    given: dict[str, Any] = {"params": {"size": 32}, "samples": 24, "shard_bytes": 10_000}
    numbers = sd.begin_write("shapes-v1", tmp_path / "a", **given)
    assert len(numbers) > 1
    assert sum(sd.write_shard(tmp_path / "a", number) for number in numbers) == 24
    assert sd.write("shapes-v1", tmp_path / "a", workers=0, **given).made == 0


def test_samples_that_fail_are_settled_by_the_policy_of_the_plan(tmp_path: Path) -> None:
    given: dict[str, Any] = {"samples": 20, "samples_per_shard": 10}
    sd.begin_write(Failing(every=7), tmp_path / "a", **given)
    with pytest.raises(sd.GeneratorFailedError, match="bad luck at 3"):
        sd.write_shard(tmp_path / "a", 0)
    numbers = sd.begin_write(Failing(every=7), tmp_path / "b", on_error="skip", **given)
    assert [sd.write_shard(tmp_path / "b", number) for number in numbers] == [9, 8]
    again: dict[str, Any] = {"on_error": "skip", "workers": 0, **given}
    with pytest.raises(sd.FailureBudgetError):
        sd.write(Failing(every=7), tmp_path / "b", budget=2, **again)
    assert sd.write(Failing(every=7), tmp_path / "b", budget=3, **again).left_out == 3


def test_a_shard_of_nothing_or_with_no_such_number_is_refused(tmp_path: Path) -> None:
    with pytest.raises(sd.TargetError, match=r"no data set was begun there; call sd\.begin_write"):
        sd.write_shard(tmp_path / "a", 0)
    sd.begin_write(recipe(), tmp_path / "a", **GIVEN)
    for number in (-1, 8):
        with pytest.raises(sd.TargetError, match=f"no shard {number}: expected 0 to 7"):
            sd.write_shard(tmp_path / "a", number)
    with pytest.raises(sd.TargetError, match=r"another data set: recipe\.seed is 7 there"):
        sd.begin_write(recipe(seed=8), tmp_path / "a", **GIVEN)


def test_a_generator_that_others_could_not_make_is_refused_at_the_beginning(
    tmp_path: Path,
) -> None:
    class Here(Counter):
        """Of a function, where nobody finds it."""

    with pytest.raises(sd.ClusterError, match="has no name by which it could be imported"):
        sd.begin_write(Here(), tmp_path / "a", samples=3)
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("of", ["plugin", "format_plugin"])
def test_a_machine_with_another_version_is_refused(of: str, tmp_path: Path) -> None:
    sd.begin_write(recipe(), tmp_path / "a", **GIVEN)
    plan = tmp_path / "a" / PLAN
    data = json.loads(plan.read_text())
    data[of]["version"] = "9.9.9"
    plan.write_text(json.dumps(data))
    with pytest.raises(sd.ClusterError, match=r"was begun with synthdata 9\.9\.9, and synthdata "):
        sd.write_shard(tmp_path / "a", 0)
    assert list(tmp_path.rglob("*.tfrecord")) == []


def test_an_object_store_is_a_target_too(expected: dict[str, str]) -> None:
    url = f"memory://{uuid.uuid4()}/a"
    for number in sd.begin_write(recipe(), url, **GIVEN):
        sd.write_shard(url, number)
    assert sd.write(recipe(), url, **GIVEN).made == 0
    found = sd.verify(url)
    assert found
    assert found.files == len(expected) - 1  # all but the manifest


def test_one_shard_of_a_plan_is_that_of_all(tmp_path: Path) -> None:
    sd.begin_write(recipe(splits={"a": 7, "b": 1, "c": 11}), tmp_path / "a", **GIVEN)
    plan = ShardPlan.parse((tmp_path / "a" / PLAN).read_bytes())
    every = plan.shards()
    assert [plan.shard(number) for number in range(plan.shard_count)] == every
    for name, split in plan.splits.items():
        ours = [index for shard in every if shard.split == name for index in shard.indices]
        assert ours == list(range(split.first, split.first + split.samples))
    for number in (-1, len(every)):
        with pytest.raises(IndexError, match=f"no number {number}"):
            plan.shard(number)
