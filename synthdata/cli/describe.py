"""``synthdata describe``: what a data set in files is, by its manifest; no sample is read."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import typer

from synthdata.cli.files import DataSet
from synthdata.cli.show import NOTHING, show_heading, show_json, show_table
from synthdata.cli.sizes import shown_size
from synthdata.cli.target import AsJson

if TYPE_CHECKING:
    from synthdata.storage.manifest import ShardPlan, ShardRecord

_FEATURE_KEYS: Final = ("feature", "kind", "dtype", "shape", "values", "description")

_NEAR: Final = 10
"""How many indices of samples that were left out are shown."""


def describe(target: DataSet, json: AsJson = False) -> None:
    """Show what a data set in files is: its origin, splits, features and statistics.

    Neither samples nor the generator are needed for it. Of one that is not finished, it shows how
    much of it stands.
    """
    about = _about(target)
    if json:
        show_json(about)
    else:
        _show(about)


def _about(target: str) -> dict[str, Any]:
    from synthdata.cli.wording import output_rows
    from synthdata.storage.state import State
    from synthdata.storage.targets.target import target_of

    state = State.read(target_of(target))
    plan = state.plan
    if plan is None:
        # It says that there is none.
        plan = State.whole(state.target).plan
    manifest = state.manifest
    records = list(manifest.shards if manifest else state.standing(plan)[0].values())
    left_out = sorted(index for record in records for index in record.left_out)
    errors = Counter(failure.error for record in records for failure in record.failures)
    return {
        "target": str(state.target),
        "whole": manifest is not None,
        "description": plan.description,
        "format": plan.format,
        "format_plugin": str(plan.format_plugin),
        "encoding": plan.encoding,
        "quality": plan.quality,
        "converted": plan.converted,
        "generator": plan.generator,
        "plugin": str(plan.plugin) if plan.plugin else None,
        "seed": plan.seed,
        "recipe": plan.recipe,
        "drop": list(plan.drop),
        "on_error": plan.on_error,
        "splits": _splits(plan, records),
        "files": len(list(manifest.all_files())) if manifest else None,
        "bytes": sum(file.bytes for file in manifest.all_files()) if manifest else None,
        "left_out": left_out,
        "failures": dict(sorted(errors.items())),
        "features": output_rows(plan.output),
        "summary": manifest.summary if manifest else None,
    }


def _splits(plan: ShardPlan, records: list[ShardRecord]) -> list[dict[str, Any]]:
    splits = []
    for name, split in plan.splits.items():
        own = [record for record in records if record.split == name]
        splits.append(
            {
                "split": name,
                "samples": sum(record.samples for record in own),
                "planned": split.samples,
                "shards": len(own),
                "planned_shards": split.shards,
                "bytes": sum(record.bytes for record in own),
            }
        )
    return splits


def _show(about: dict[str, Any]) -> None:
    show_heading(about["target"])
    if about["description"]:
        typer.echo(about["description"])
    show_table(("what", "is"), [(name, text) for name, text in _facts(about) if text])
    typer.echo()
    show_heading("Splits")
    show_table(("split", "samples", "shards", "bytes"), map(_split_row, about["splits"]))
    typer.echo()
    show_heading("Features")
    rows = [[row[key] or NOTHING for key in _FEATURE_KEYS] for row in about["features"]]
    show_table(_FEATURE_KEYS, rows)
    if about["recipe"] is not None:
        typer.echo()
        show_heading("Recipe")
        typer.echo(_yaml(about["recipe"]))
    if about["summary"]:
        from synthdata.storage.describing.summary import summary_lines

        typer.echo()
        show_heading("Statistics")
        for line in summary_lines(about["summary"]):
            typer.echo(line)


def _facts(about: dict[str, Any]) -> list[tuple[str, str]]:
    left_out, failures = about["left_out"], about["failures"]
    shown = ", ".join(map(str, left_out[:_NEAR])) + (", …" if len(left_out) > _NEAR else "")
    counts = ", ".join(f"{count:,} {error}" for error, count in failures.items())
    return [
        ("state", _state(about)),
        ("format", f"{about['format']} ({about['format_plugin']}), images as {_encoding(about)}"),
        ("generator", f"{about['generator']} ({about['plugin'] or 'of no distribution'})"),
        ("seed", str(about["seed"])),
        ("dropped", ", ".join(about["drop"])),
        (
            "converted",
            about["converted"] and f"from {about['converted']}, which had lost something",
        ),
        ("left out", left_out and f"{len(left_out):,} samples that could not be made: {shown}"),
        ("failures", counts and f"{counts}, under on_error={about['on_error']}"),
    ]


def _state(about: dict[str, Any]) -> str:
    if about["whole"]:
        return f"whole: {about['files']:,} files, {shown_size(about['bytes'])}"
    standing = sum(split["shards"] for split in about["splits"])
    planned = sum(split["planned_shards"] for split in about["splits"])
    return (
        f"not finished: {standing:,} of {planned:,} shards stand; the command that wrote them goes "
        "on where it was, if it is not still at work"
    )


def _encoding(about: dict[str, Any]) -> str:
    quality = "without loss" if about["quality"] is None else f"of quality {about['quality']}"
    return f"{about['encoding']} {quality}"


def _split_row(split: dict[str, Any]) -> tuple[str, ...]:
    return (
        split["split"],
        _of(split["samples"], split["planned"]),
        _of(split["shards"], split["planned_shards"]),
        shown_size(split["bytes"]),
    )


def _of(count: int, planned: int) -> str:
    return f"{count:,}" if count == planned else f"{count:,} of {planned:,}"


def _yaml(recipe: dict[str, Any]) -> str:
    import yaml

    return yaml.safe_dump(
        recipe, sort_keys=False, allow_unicode=True, default_flow_style=None
    ).strip()
