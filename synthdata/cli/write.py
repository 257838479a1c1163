"""``synthdata write``: the samples of a recipe to files that other tools read."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from synthdata.cli.exits import Refused
from synthdata.cli.files import (
    BreakLock,
    Cluster,
    Drop,
    EncodingOption,
    NewDataSet,
    Quality,
    Quiet,
    SamplesPerShard,
    ShardSize,
    Workers,
    check_output,
    file_options,
    show_report,
    with_options_named,
)
from synthdata.cli.prints import workers_print_to_stderr
from synthdata.cli.progress import Bar
from synthdata.cli.standing import what_stands_is_told
from synthdata.cli.target import AsJson, Pairs, Seed, recipe_of

if TYPE_CHECKING:
    from synthdata.recipe import Recipe


def write(
    what: Annotated[
        str,
        typer.Argument(
            metavar="ID|RECIPE",
            help="An id such as shapes-v1, or a recipe file (.yaml, .yml, .json).",
        ),
    ],
    target: NewDataSet,
    format: Annotated[
        str,
        typer.Option(
            "--format",
            "-f",
            metavar="NAME",
            help="tfrecord, arrayrecord, webdataset, parquet, coco, yolo, folder, npz, or that of "
            "a plugin; see synthdata formats.",
        ),
    ] = "tfrecord",
    samples: Annotated[
        int | None,
        typer.Option("--samples", "-n", help="How many, in place of what a recipe says."),
    ] = None,
    split: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=SAMPLES",
            help="A split, as train=8000, in place of what a recipe says. May be repeated.",
        ),
    ] = None,
    seed: Seed = None,
    param: Pairs = None,
    encoding: EncodingOption = "png",
    quality: Quality = None,
    drop: Drop = None,
    samples_per_shard: SamplesPerShard = None,
    shard_size: ShardSize = "128MiB",
    workers: Workers = None,
    cluster: Cluster = None,
    on_error: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="What becomes of samples that cannot be made: raise (it ends), skip (they are "
            "left out), retry (drawn again) or substitute (by another one).",
        ),
    ] = "raise",
    attempts: Annotated[
        int, typer.Option(help="How often retry and substitute draw a sample in all.")
    ] = 3,
    budget: Annotated[
        str | None,
        typer.Option(
            metavar="COUNT|FRACTION",
            help="How many samples may fail, as 10, or which fraction of them, as 0.01.",
        ),
    ] = None,
    ledger: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where failures are kept, for synthdata replay."),
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(help="Seconds that a sample may take; then its worker is killed."),
    ] = None,
    validate: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Which samples have each element looked at: all, sampled or off.",
        ),
    ] = "all",
    break_lock: BreakLock = False,
    quiet: Quiet = False,
    json: AsJson = False,
) -> None:
    """Write a data set to files that other tools open as their own.

    Shards appear whole or not at all. After Ctrl-C, an error or a crash the same command goes on
    where it was, and ends in the same bytes. A target that holds something else is refused.
    """
    check_output(quiet, json)
    options = file_options(
        encoding=encoding,
        quality=quality,
        drop=drop,
        samples_per_shard=samples_per_shard,
        shard_size=shard_size,
        workers=workers,
        break_lock=break_lock,
    )
    options.update(on_error=on_error, attempts=attempts, budget=_budget(budget))
    options.update(ledger=ledger, timeout=timeout, validate=validate, cluster=cluster)
    recipe = _sized(recipe_of(what, param, seed), samples, _splits(split or ()))

    from synthdata.errors import FormatError
    from synthdata.storage.writing import write as write_files

    began = time.monotonic()
    bar = Bar("writing", quiet=quiet)
    with workers_print_to_stderr(), what_stands_is_told(target, bar), bar:
        try:
            report = write_files(recipe, target, format=format, progress=bar.samples, **options)
        except FormatError as error:
            raise with_options_named(error) from error
    show_report(report, format, time.monotonic() - began, quiet=quiet, json=json)


def _splits(pairs: Iterable[str]) -> dict[str, int]:
    splits: dict[str, int] = {}
    for pair in pairs:
        name, _, count = pair.partition("=")
        if not (name and count.isascii() and count.isdecimal()):
            raise Refused(f"--split {pair}: NAME=SAMPLES is expected, as train=8000")
        if name in splits:
            raise Refused(f"--split {pair}: {name} is given twice")
        splits[name] = int(count)
    return splits


def _sized(recipe: Recipe, samples: int | None, splits: dict[str, int]) -> Recipe:
    """Return a recipe with an end."""
    if samples is not None and splits:
        raise Refused("--samples and --split are both given; the splits say how many there are")
    if samples is not None:
        return recipe.replace(samples=samples, splits=None)
    if splits:
        return recipe.replace(samples=None, splits=splits)
    if recipe.samples is None and recipe.splits is None:
        raise Refused(
            f"{recipe.generator}: a data set in files has an end; say --samples N, or "
            "--split NAME=N for each split"
        )
    return recipe


def _budget(text: str | None) -> Any:
    """Return a count as int, and a fraction as float."""
    if text is None:
        return None
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    raise Refused(f"--budget {text}: a count is expected, as 10, or a fraction, as 0.01")
