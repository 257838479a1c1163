"""``synthdata preview``: a contact sheet of the first samples."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from synthdata.cli.exits import Refused
from synthdata.cli.show import plugin_prints_go_to_stderr
from synthdata.cli.target import Pairs, Seed, Target, check_writable_file, recipe_of

_FORMATS: Final = (".png", ".jpg", ".jpeg", ".webp")
_MOST: Final = 1000
"""Samples of a sheet; more would not be looked at, and a sheet is held in memory."""


def preview(
    target: Target,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The picture to write: .png, .jpg or .webp.")
    ],
    count: Annotated[int, typer.Option("--count", "-n", help="How many samples, 1 to 1000.")] = 16,
    seed: Seed = None,
    param: Pairs = None,
) -> None:
    """Draw the first samples, with their annotations, on one contact sheet."""
    if not 1 <= count <= _MOST:
        raise Refused(f"-n {count}: a number from 1 to {_MOST} is expected")
    if output.suffix.lower() not in _FORMATS:
        raise Refused(f"{output}: the name must end in one of {', '.join(_FORMATS)}")
    check_writable_file(output)
    recipe = recipe_of(target, param, seed)

    from synthdata.preview import contact_sheet
    from synthdata.source import Source

    with plugin_prints_go_to_stderr():
        source = Source(recipe)
        sheet = contact_sheet(source, count)
        source.close()
    sheet.save(output)
    shown = len(source.indices[:count])
    typer.echo(f"{output}: {shown} {'sample' if shown == 1 else 'samples'} of {recipe.generator}")
