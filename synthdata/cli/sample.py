"""``synthdata sample``: one sample as files, to look at or to compare."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from synthdata.cli.exits import Refused
from synthdata.cli.show import plugin_prints_go_to_stderr
from synthdata.cli.target import Pairs, Seed, Target, check_writable_folder, recipe_of

if TYPE_CHECKING:
    from synthdata.source import Source


def sample(
    target: Target,
    index: Annotated[int, typer.Option("--index", "-i", help="The sample's index, from 0.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FOLDER",
            help="Where to write; made if it is missing. If left out, <id>-<index> is made here.",
        ),
    ] = None,
    seed: Seed = None,
    param: Pairs = None,
) -> None:
    """Write one sample: images and masks as PNG or .npy files, the other values in sample.json."""
    from synthdata.source import Source

    recipe = recipe_of(target, param, seed)
    with plugin_prints_go_to_stderr():
        source = Source(recipe)
    _check_index(source, index)
    folder = output or Path(f"{source.generator.identity.id}-{index}")
    check_writable_folder(folder if folder.exists() else folder.parent)

    from synthdata.cli.sample_files import write_sample

    with plugin_prints_go_to_stderr():
        made = source[index]
        source.close()
    folder.mkdir(exist_ok=True)
    for path in write_sample(folder, made, source, index):
        typer.echo(path)


def _check_index(source: Source, index: int) -> None:
    last = source.indices[-1]
    if not 0 <= index <= last:
        raise Refused(f"-i {index}: an index from 0 to {last} is expected")
