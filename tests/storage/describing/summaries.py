"""Statistics, and what is made of them, of rows that no format has written."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any

import synthdata as sd
from synthdata.check import compile_check
from synthdata.storage.describing.statistics import Statistics, merged
from synthdata.storage.format import About, Written
from tests.storage.driving import shards_of

Rows = list[list[Any]]


def rows_of(output: sd.Output, *samples: sd.Sample) -> Rows:
    """The values of samples, as a writer is given them."""
    check = compile_check(output)
    return [check(sample) for sample in samples]


def gathered(output: sd.Output, rows: Sequence[list[Any]]) -> Any:
    """What a worker hands over of a shard, through JSON as all that workers hand over."""
    statistics = Statistics(output)
    for row in rows:
        statistics.add(row)
    return json.loads(json.dumps(statistics.to_json(), allow_nan=False))


def summarised(output: sd.Output, **splits: Sequence[Rows]) -> dict[str, Any]:
    """The summary of splits, each given as its shards."""
    shards = {name: [gathered(output, rows) for rows in split] for name, split in splits.items()}
    return merged(shards, output)


def part(summary: dict[str, Any], feature: str, of: str) -> dict[str, Any]:
    """What the summary knows of one thing."""
    [found] = [
        item
        for each in summary["features"]
        if each["name"] == feature
        for item in each["parts"]
        if item["of"] == of
    ]
    return {key: value for key, value in found.items() if key != "of"}


def about(*, name: str = "things", description: str = "Things.", **splits: int) -> About:
    """A data set of splits of so many samples, each in two shards, the second one sample short."""
    first, written = 0, {}
    for split, samples in (splits or {"train": 8}).items():
        ours = shards_of(split, samples, 2, first)
        written[split] = tuple(
            Written(shard, len(shard.indices) - shard.number, 1000) for shard in ours
        )
        first += samples
    return About(
        name=name,
        version="1.0.0",
        description=description,
        generator="synthdata/things-v1",
        plugin="synthdata 0.1.0",
        recipe={"generator": "synthdata/things-v1", "params": {"size": 8}, "seed": 7},
        seed=7,
        splits=written,
        open=lambda path: io.BytesIO(),
    )
