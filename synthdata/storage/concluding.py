"""Write what stands once in a data set, after its shards; the manifest is the last of it."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from synthdata.storage.describing.card import CARD, card
from synthdata.storage.describing.croissant import CROISSANT, croissant
from synthdata.storage.describing.sheet import MOST, SHEET, sheet_png
from synthdata.storage.describing.statistics import merged
from synthdata.storage.format import About, Written
from synthdata.storage.manifest import (
    MANIFEST,
    PLAN,
    RECORDS,
    FileEntry,
    Manifest,
    ShardPlan,
    ShardRecord,
    dumped,
)
from synthdata.storage.shard_job import ShardJob
from synthdata.storage.state import read_records
from synthdata.storage.stored import SplitReader
from synthdata.storage.targets.target import Target, info_of, staged_files

RECIPE: Final = "recipe.yaml"

_VERSION: Final = re.compile(r"\d+\.\d+\.\d+")


def conclude(
    job: ShardJob, records: Sequence[ShardRecord], summary: Mapping[str, Any] | None
) -> Manifest:
    """Write the files that stand once, and then the manifest.

    Args:
        job: that wrote the shards.
        records: of all shards, in the order of the plan.
        summary: statistics over all samples; None merges those that stand beside the records.

    Raises:
        TargetError: if they cannot be written.
    """
    target, plan = job.target, job.plan
    found = dict(summary) if summary is not None else _merged(target, plan)
    about = about_of(target, plan, records)
    whole = Manifest(plan=plan, shards=tuple(records), files=(), summary=found)
    with target.staging() as folder:
        job.kind(plan.output, plan.image_encoding()).conclude(about, folder)
        _describe(folder, about, whole, target)
        files = tuple(
            FileEntry(path=file.path, bytes=file.size, sha256=file.sha256)
            for file in target.publish(folder)
        )
    manifest = whole.model_copy(update={"files": files})
    target.write(MANIFEST, dumped(manifest))
    target.remove([*target.paths(RECORDS), PLAN])
    return manifest


def about_of(target: Target, plan: ShardPlan, records: Sequence[ShardRecord]) -> About:
    """Return the data set as its files know it."""
    is_version = bool(_VERSION.fullmatch(target.name)) and bool(target.parent_name)
    written: dict[str, list[Written]] = {name: [] for name in plan.splits}
    for shard, record in zip(plan.shards(), records, strict=True):
        written[shard.split].append(Written(shard, record.samples, record.bytes))
    return About(
        name=target.parent_name if is_version else target.name,
        version=target.name if is_version else "1.0.0",
        description=plan.description,
        generator=plan.generator,
        plugin=str(plan.plugin) if plan.plugin else None,
        recipe=plan.recipe,
        seed=plan.seed,
        splits={name: tuple(shards) for name, shards in written.items()},
        open=target.open,
    )


def _merged(target: Target, plan: ShardPlan) -> dict[str, Any]:
    # Read as they are merged: all of them together may be larger than memory.
    found = (statistics for _, statistics in read_records(target, plan.shards()))
    splits = plan.splits.items()
    return merged({n: itertools.islice(found, split.shards) for n, split in splits}, plan.output)


def _describe(folder: Path, about: About, whole: Manifest, target: Target) -> None:
    """Write recipe, contact sheet, data card and Croissant description."""
    plan = whole.plan
    if plan.recipe is not None:
        text = yaml.safe_dump(plan.recipe, sort_keys=False, allow_unicode=True)
        (folder / RECIPE).write_text(text, encoding="utf-8")
    picture = _sheet(target, whole)
    if picture is not None:
        (folder / SHEET).write_bytes(picture)
    encoding = plan.image_encoding()
    others = [info_of(name, path) for name, path in staged_files(folder)]
    described = croissant(
        about,
        plan.output,
        [(file.path, file.bytes, file.sha256) for file in whole.all_files()],
        plan.format,
        encoding=encoding,
        others=[(file.path, file.size, file.sha256) for file in others],
    )
    text = json.dumps(described, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    (folder / CROISSANT).write_text(text, encoding="utf-8")
    sheet = None if picture is None else SHEET
    text = card(about, plan.output, whole.summary, plan.format, encoding=encoding, sheet=sheet)
    (folder / CARD).write_text(text, encoding="utf-8")


def _sheet(target: Target, whole: Manifest) -> bytes | None:
    """Draw the first samples of the first split, as they were written."""
    split = next(iter(whole.plan.splits))
    reader = SplitReader(target, whole, split)
    try:
        places = range(min(MOST, len(reader)))
        return sheet_png(whole.plan.output, places, [reader[place] for place in places])
    finally:
        reader.close()
