"""The program ``synthdata``: its commands, and what holds for all of them."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from synthdata import __version__
from synthdata.cli.bench import bench
from synthdata.cli.cache import cache
from synthdata.cli.check import check
from synthdata.cli.convert import convert
from synthdata.cli.describe import describe
from synthdata.cli.doctor import Doctor, doctor
from synthdata.cli.exits import EPILOG, Command, Program
from synthdata.cli.formats import formats
from synthdata.cli.info import info
from synthdata.cli.listing import list_generators
from synthdata.cli.new import new
from synthdata.cli.preview import preview
from synthdata.cli.repair import repair
from synthdata.cli.replay import replay
from synthdata.cli.sample import sample
from synthdata.cli.schema import schema
from synthdata.cli.transforms import transforms
from synthdata.cli.verify import verify
from synthdata.cli.write import write

app = typer.Typer(
    name="synthdata",
    cls=Program,
    help="Synthetic data sets for vision models, made by generator plugins.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("list", cls=Command, short_help="List the generators.")(list_generators)
app.command(cls=Command, short_help="Show a generator's params and Tout, or a distribution.")(info)
app.command(cls=Command, short_help="Draw samples on a contact sheet.")(preview)
app.command(cls=Command, short_help="Write one sample to files.")(sample)
app.command(cls=Command, short_help="Make a sample again that failed.")(replay)
app.command(cls=Command, short_help="Write a data set to files.")(write)
app.command(cls=Command, short_help="Show what a data set in files is.")(describe)
app.command(cls=Command, short_help="Look whether files are what was written.")(verify)
app.command(cls=Command, short_help="Make the bad shards of a data set again.")(repair)
app.command(cls=Command, short_help="Write a data set to files of another format.")(convert)
app.command(cls=Command, short_help="List the formats of files.")(formats)
app.command(cls=Command, short_help="List the transforms of samples.")(transforms)
app.command(cls=Command, short_help="Hold a generator to the contract.")(check)
app.command(cls=Command, short_help="Time a data set, and say what limits it.")(bench)
app.command(cls=Command, short_help="Print JSON Schemas.")(schema)
app.add_typer(cache, short_help="List and clear what build(cache=True) has kept.")
app.command(cls=Doctor, short_help="Look at each plugin and at the environment.")(doctor)
app.command(cls=Command, short_help="Make a package with a generator of your own.")(new)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"synthdata {__version__}")
        raise typer.Exit


@app.callback()
def program(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Synthetic data sets for vision models, made by generator plugins."""
    # TensorFlow reads it when it is imported; its errors come as exceptions too.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
