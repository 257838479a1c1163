"""``synthdata schema``: JSON Schemas of recipes, Outputs and params."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from synthdata.cli.exits import Refused
from synthdata.cli.show import plugin_prints_go_to_stderr


def schema(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME", help="recipe, output, or the id of a generator, for its params."
        ),
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Write the schemas of the core and of built-in ids.")
    ] = False,
    folder: Annotated[Path, typer.Option(help="Where --write writes.")] = Path("schemas"),
) -> None:
    """Print a JSON Schema, for editors and other programs; without a NAME list the names."""
    if write and name is not None:
        raise Refused("--write writes all schemas; leave the name out")
    if write:
        _write(folder)
    elif name is None:
        _list()
    else:
        from synthdata.schemas import as_text

        typer.echo(as_text(_schema_of(name)), nl=False)


def _write(folder: Path) -> None:
    from synthdata.schemas import write_schemas

    for path in write_schemas(folder):
        typer.echo(path)


def _list() -> None:
    from synthdata.registry import generators

    usable = [item.id for item in generators() if item.id is not None and item.status == "ok"]
    for name in ("output", "recipe", *dict.fromkeys(usable)):
        typer.echo(name)


def _schema_of(name: str) -> dict[str, Any]:
    from synthdata.schemas import model_schema, params_schema

    if name == "output":
        from synthdata.output import Output

        return model_schema(Output, "Output")
    if name == "recipe":
        from synthdata.recipe import Recipe

        return model_schema(Recipe, "Recipe")
    from synthdata.generator import load_class

    with plugin_prints_go_to_stderr():
        kind, identity = load_class(name)
        return params_schema(kind.Params, identity.id)
