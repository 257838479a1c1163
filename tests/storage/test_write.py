"""Writing: what ends up in the files, and what is refused, before anything is lost."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import synthdata as sd
from synthdata.storage.planning import shard_count
from synthdata.storage.progress import Progress
from synthdata.testing.digests import stream_digest
from tests.execution.generators import Counter, Failing
from tests.execution.policy_generators import FOREVER, Patchy
from tests.storage.trees import leftovers, recipe, tree


def manifest(folder: Path) -> Any:
    return json.loads((folder / "manifest.json").read_text())


def test_a_data_set_holds_the_samples_of_its_recipe_and_says_so(tmp_path: Path) -> None:
    report = sd.write(recipe(), tmp_path / "a", samples_per_shard=6, workers=0)
    assert report.samples == {"train": 16, "test": 4}
    assert (report.shards, report.made, report.left_out) == (4, 4, 0)
    for split in ("train", "test"):
        found = stream_digest(sd.stored(tmp_path / "a", split))
        assert found == stream_digest(sd.Source(recipe(), split=split))
    assert sd.verify(tmp_path / "a", "deep")
    assert leftovers(tmp_path / "a") == []


def test_any_number_of_workers_writes_the_same_bytes(tmp_path: Path) -> None:
    for workers in (0, 1, 3):
        sd.write(recipe(), tmp_path / f"{workers}/a", samples_per_shard=3, workers=workers)
    one, two, three = (tree(tmp_path / f"{workers}/a") for workers in (0, 1, 3))
    assert one == two == three


def test_the_recipe_in_the_target_makes_the_same_data_set(tmp_path: Path) -> None:
    sd.write("shapes", tmp_path / "1/a", params={"size": 16}, seed=7, samples=5, workers=0)
    again = sd.Recipe.from_file(tmp_path / "1/a/recipe.yaml")
    assert again.params["size"] == 16
    assert len(again.params) > 5  # resolved: a default that changes changes nothing
    sd.write(again, tmp_path / "2/a", workers=0)
    assert tree(tmp_path / "1/a") == tree(tmp_path / "2/a")


def test_the_manifest_says_what_made_the_files_and_with_what(tmp_path: Path) -> None:
    sd.write(recipe(), tmp_path / "a", workers=0, encoding="webp", quality=80)
    plan = manifest(tmp_path / "a")["plan"]
    assert plan["generator"] == "synthdata/shapes-v1"
    assert plan["plugin"] == {"distribution": "synthdata", "version": sd.__version__}
    assert (plan["encoding"], plan["quality"], plan["seed"]) == ("webp", 80, 7)
    assert plan["splits"]["test"]["first"] == 2 * 2**36
    assert yaml.safe_load((tmp_path / "a/recipe.yaml").read_text()) == plan["recipe"]


def test_shards_are_about_as_big_as_was_asked_for(tmp_path: Path) -> None:
    source = recipe(params={"size": 64}, splits={"train": 300})
    sd.write(source, tmp_path / "a", shard_bytes=100_000, workers=0)
    sizes = [sum(f["bytes"] for f in one["files"]) for one in manifest(tmp_path / "a")["shards"]]
    assert len(sizes) > 2
    assert all(40_000 < size < 120_000 for size in sizes), sizes
    assert len(sizes) & (len(sizes) - 1) == 0  # a power of two


def test_a_split_that_is_large_enough_has_shards_for_several_workers() -> None:
    most = 128 * 2**20
    megabytes = (1, 7, 8, 31, 32, 100, 1024, 1025)
    counts = [shard_count(10**6, size * 2**20 / 10**6, most) for size in megabytes]
    assert counts == [1, 1, 2, 8, 8, 8, 8, 16]


def test_the_number_of_shards_is_the_least_power_of_two_that_is_enough() -> None:
    assert [shard_count(100, 10.0, size) for size in (10**6, 1000, 999, 400, 300, 250)] == [
        *(1, 1, 2, 4, 4, 4)
    ]
    assert shard_count(3, 10.0, 1) == 3  # a sample is not divided
    assert shard_count(5, 0.0, 1) == 1


def test_no_shard_has_more_samples_than_was_asked_for(tmp_path: Path) -> None:
    sd.write(recipe(), tmp_path / "a", samples_per_shard=7, workers=0)
    counts = [one["samples"] for one in manifest(tmp_path / "a")["shards"]]
    assert counts == [5, 5, 6, 4]


def test_features_can_be_left_out(tmp_path: Path) -> None:
    sd.write(recipe(), tmp_path / "a", drop=["metadata"], workers=0)
    source = sd.stored(tmp_path / "a", "test")
    assert [leaf.name for leaf in source.output.leaves] == ["image", "label"]
    expected = sd.Source(recipe(), split="test")[2]
    assert (source[2].image == expected.image).all()
    assert source[2].metadata == {}
    assert sd.verify(tmp_path / "a", "deep")


@pytest.mark.parametrize(
    ("drop", "words"),
    [
        (["metadata.clas"], "no feature 'metadata.clas'; did you mean 'metadata.classes'"),
        (["image"], "lie in|needs an Image"),
        ("label", r"a list of features is expected, as \['label'\]"),
    ],
)
def test_a_feature_that_cannot_be_left_out_is_named(drop: Any, words: str, tmp_path: Path) -> None:
    with pytest.raises(sd.FormatError, match=words):
        sd.write(recipe(), tmp_path / "a", drop=drop)
    assert not (tmp_path / "a").exists()


def test_a_generator_of_ones_own_is_written_too(tmp_path: Path) -> None:
    sd.write(Counter(), tmp_path / "a", samples=6, seed=3, workers=2, samples_per_shard=3)
    expected = stream_digest(sd.Source.of(Counter(), seed=3, samples=6))
    assert stream_digest(sd.stored(tmp_path / "a")) == expected
    assert not (tmp_path / "a/recipe.yaml").exists()  # it has no id
    assert sd.verify(tmp_path / "a", "deep")


def test_a_lambda_is_written_in_this_process_and_that_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    output = sd.Output(image=sd.Image(2, 2))
    flat = sd.from_function(lambda rng: sd.Sample(np.zeros((2, 2, 3), np.uint8)), output)
    with caplog.at_level(logging.WARNING, "synthdata"):
        sd.write(flat, tmp_path / "a", samples=3)
    assert caplog.text.count("one after the other in this process") == 1
    assert len(sd.stored(tmp_path / "a")) == 3


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"format": "tfrecrd"}, sd.FormatError, "'tfrecrd' is unknown; did you mean 'tfrecord'"),
        ({"encoding": "gif"}, sd.FormatError, "encoding='gif': expected 'png' or"),
        ({"quality": 5}, sd.FormatError, "png has no loss"),
        ({"encoding": "jpeg", "quality": 101}, sd.FormatError, "expected 1 to 100"),
        ({"workers": -1}, sd.BuildError, "workers=-1: expected 0"),
        ({"samples_per_shard": 0}, sd.BuildError, "samples_per_shard=0: expected 1"),
        ({"shard_bytes": 0}, sd.BuildError, "shard_bytes=0: expected 1"),
        ({"on_error": "ignore"}, sd.BuildError, "on_error='ignore': expected 'raise' or"),
        ({"samples": 3}, sd.RecipeError, "the recipe says samples already"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_made(
    options: dict[str, Any], error: type[Exception], words: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=words):
        sd.write(recipe(), tmp_path / "a", **options)
    assert list(tmp_path.iterdir()) == []


def test_an_endless_recipe_is_refused(tmp_path: Path) -> None:
    with pytest.raises(sd.RecipeError, match="has an end; say samples= or splits="):
        sd.write("shapes-v1", tmp_path / "a")
    with pytest.raises(sd.RecipeError, match="an id, a Recipe or a Generator"):
        sd.write(Counter, tmp_path / "a")  # type: ignore[arg-type]


def test_what_is_whole_is_left_as_it_is(tmp_path: Path) -> None:
    sd.write(recipe(), tmp_path / "a", samples_per_shard=6, workers=0)
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "a").iterdir()}
    report = sd.write(recipe(), tmp_path / "a", samples_per_shard=6, workers=0)
    assert (report.made, report.shards) == (0, 4)
    kept = {path: path.stat().st_mtime_ns for path in times if path.name != ".synthdata"}
    assert kept.items() <= times.items()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seed": 8}, "seed is 7 there, and 8 was asked for"),
        ({"params": {"size": 17}}, "recipe.params.size is 16 there, and 17 was asked for"),
        ({"splits": {"train": 17, "test": 4}}, "recipe.splits.train is 16 there, and 17 was"),
    ],
)
def test_another_recipe_in_the_same_target_is_refused_with_the_difference(
    change: dict[str, Any], words: str, tmp_path: Path
) -> None:
    sd.write(recipe(), tmp_path / "a", workers=0)
    before = tree(tmp_path / "a")
    with pytest.raises(sd.TargetError, match=words):
        sd.write(recipe(**change), tmp_path / "a", workers=0)
    with pytest.raises(sd.TargetError, match='format is "tfrecord" there, and "npz" was'):
        sd.write(recipe(), tmp_path / "a", format="npz", workers=0)
    assert tree(tmp_path / "a") == before


def test_a_folder_with_other_files_is_refused_and_untouched(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("ten years of work")
    with pytest.raises(sd.TargetError, match=r"no data set of synthdata, as thesis\.tex"):
        sd.write(recipe(), tmp_path, workers=0)
    assert list(tree(tmp_path)) == ["thesis.tex"]


def test_a_failing_sample_is_named_and_what_was_written_stays(tmp_path: Path) -> None:
    patchy = Patchy(fails={10: FOREVER})
    with pytest.raises(sd.GeneratorFailedError, match="sample 10 "):
        sd.write(patchy, tmp_path / "a", samples=14, samples_per_shard=3, workers=0)
    assert not (tmp_path / "a/manifest.json").exists()
    assert len(list((tmp_path / "a/.synthdata/shards").iterdir())) == 3
    with pytest.raises(sd.TargetError, match="is not finished; run the same write again"):
        sd.stored(tmp_path / "a")


@pytest.mark.parametrize("workers", [0, 2])
def test_skipped_samples_are_left_out_whole_and_counted(workers: int, tmp_path: Path) -> None:
    report = sd.write(
        Failing(every=5),
        tmp_path / "a",
        samples=20,
        samples_per_shard=4,
        on_error="skip",
        workers=workers,
        ledger=tmp_path / "ledger.jsonl",
    )
    assert (report.samples, report.left_out) == ({"train": 16}, 4)
    found = [sample.label for sample in sd.stored(tmp_path / "a")]
    assert found == [index for index in range(20) if index % 5 != 3]
    lines = [json.loads(line) for line in (tmp_path / "ledger.jsonl").read_text().splitlines()]
    assert sorted(line["index"] for line in lines) == [3, 8, 13, 18]
    assert sd.verify(tmp_path / "a", "deep")


def test_substitutes_come_from_the_same_split_and_are_made_again_by_verify(tmp_path: Path) -> None:
    sd.write(
        Failing(every=5),
        tmp_path / "a",
        splits={"train": 10, "test": 10},
        on_error="substitute",
        workers=0,
    )
    first = 2 * 2**36
    assert all(first <= sample.label < first + 10 for sample in sd.stored(tmp_path / "a", "test"))
    assert sd.verify(tmp_path / "a", "deep")


def test_a_budget_counts_failures_of_earlier_runs_too(tmp_path: Path) -> None:
    def run(budget: int) -> None:
        sd.write(
            Failing(every=5),
            tmp_path / "a",
            samples=20,
            samples_per_shard=4,
            on_error="skip",
            budget=budget,
            workers=0,
        )

    for _ in range(3):
        with pytest.raises(sd.FailureBudgetError, match="budget=1 allows 1"):
            run(1)
    run(4)
    assert len(sd.stored(tmp_path / "a")) == 16


def test_a_run_that_raised_goes_on_under_another_policy(tmp_path: Path) -> None:
    given: dict[str, Any] = {"samples": 14, "samples_per_shard": 3, "workers": 0}
    patchy = Patchy(fails={10: FOREVER})
    with pytest.raises(sd.GeneratorFailedError):
        sd.write(patchy, tmp_path / "1/a", **given)
    report = sd.write(patchy, tmp_path / "1/a", on_error="skip", **given)
    assert (report.made, report.left_out) == (2, 1)
    sd.write(patchy, tmp_path / "2/a", on_error="skip", **given)
    assert tree(tmp_path / "1/a") == tree(tmp_path / "2/a")
    with pytest.raises(sd.TargetError, match='on_error is "skip" there, and "retry" was asked'):
        sd.write(patchy, tmp_path / "1/a", on_error="retry", **given)


def test_a_difference_is_told_once(tmp_path: Path) -> None:
    sd.write(recipe(), tmp_path / "a", workers=0)
    with pytest.raises(sd.TargetError) as caught:
        sd.write(recipe(params={"size": 17}), tmp_path / "a", workers=0)
    assert str(caught.value).count(" was asked for") == 1


def test_progress_is_told_of(tmp_path: Path) -> None:
    told: list[Progress] = []
    sd.write(recipe(), tmp_path / "a", samples_per_shard=6, workers=0, progress=told.append)
    assert [one.samples for one in told] == sorted(one.samples for one in told)
    assert told[0] == Progress(0, 20, 0, 4, 0, 0)
    assert told[-1] == Progress(20, 20, 4, 4, 0, 0)


def test_the_last_part_of_a_target_may_be_a_version(tmp_path: Path) -> None:
    sd.write(recipe(), tmp_path / "shapes/2.0.1", workers=0)
    info = json.loads((tmp_path / "shapes/2.0.1/dataset_info.json").read_text())
    assert (info["name"], info["version"]) == ("shapes", "2.0.1")
