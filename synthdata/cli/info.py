"""``synthdata info``: what a generator makes and takes, or what a distribution provides."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from synthdata.cli.exits import Refused
from synthdata.cli.show import (
    NOTHING,
    plugin_prints_go_to_stderr,
    show_heading,
    show_json,
    show_table,
)
from synthdata.cli.target import AsJson, Pairs, parse_params

if TYPE_CHECKING:
    from synthdata.errors import Identity
    from synthdata.generator import Generator
    from synthdata.registry import Listing

_PARAM_KEYS = ("name", "type", "range", "default", "description")
_OUTPUT_KEYS = ("feature", "kind", "dtype", "shape", "values", "description")


def info(
    id: Annotated[
        str | None,
        typer.Argument(
            metavar="ID", help="An id such as shapes-v1, or a name, for its newest version."
        ),
    ] = None,
    dist: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Show a distribution instead, and what it provides; imports none."
        ),
    ] = None,
    param: Pairs = None,
    json: AsJson = False,
) -> None:
    """Show a generator: where it is from, its params, and what a sample holds under them."""
    if (id is None) == (dist is None):
        raise Refused("info shows one thing: an ID such as shapes-v1, or --dist NAME")
    if id is None:
        if param:
            raise Refused("-p goes with an ID, not with --dist")
        _show_distribution(str(dist), json)
        return
    given = parse_params(param or ())
    with plugin_prints_go_to_stderr():
        about = _about(id, given)
    if json:
        show_json(about)
    else:
        _show(about)


def _about(id: str, given: dict[str, Any]) -> dict[str, Any]:
    from synthdata.cli.wording import output_rows, param_rows, summary_of
    from synthdata.generator import load_class
    from synthdata.registry import default_registry

    id = default_registry().exact(id)
    kind, identity = load_class(id)
    fields = kind.Params.model_fields
    needed = [name for name, field in fields.items() if field.is_required()]
    # With some params given, what is wrong or still missing is an error.
    output = None if needed and not given else _make(id, given).output
    return {
        "id": identity.id,
        "summary": summary_of(kind),
        "distribution": identity.distribution,
        "version": identity.version,
        "where": _where(kind, identity),
        "params": param_rows(kind.Params),
        "needed": needed,
        "output": None if output is None else output_rows(output),
    }


def _make(id: str, given: dict[str, Any]) -> Generator:
    from synthdata.generator import make_generator
    from synthdata.recipe import Recipe

    # Through a recipe, so that what is shown is what a recipe can say.
    recipe = Recipe(generator=id, params=given)
    return make_generator(recipe.generator, recipe.params)


def _where(kind: type[Generator], identity: Identity) -> str | None:
    try:
        return f"{inspect.getsourcefile(kind)}:{inspect.getsourcelines(kind)[1]}"
    except (OSError, TypeError):  # no source, as in a notebook or a compiled module
        return identity.where


def _show(about: dict[str, Any]) -> None:
    show_heading(f"{about['distribution']}/{about['id']}")
    if about["summary"]:
        typer.echo(about["summary"])
    typer.echo(f"{about['distribution']} {about['version']}, {about['where'] or NOTHING}\n")
    show_heading("Params")
    _rows(_PARAM_KEYS, about["params"], "none")
    typer.echo()
    show_heading("Tout, what a sample holds")
    if about["output"] is None:
        example = " ".join(f"-p {name}=…" for name in about["needed"])
        typer.echo(f"depends on params without a default; say {example}")
    else:
        _rows(_OUTPUT_KEYS, about["output"], "nothing")


def _show_distribution(name: str, json: bool) -> None:
    from synthdata.registry import default_registry

    provider = default_registry().about(name)
    if json:
        show_json(asdict(provider))
        return
    show_heading(f"{provider.name} {provider.version}")
    for line in (provider.summary, provider.home, provider.where):
        if line:
            typer.echo(line)
    if provider.blocked:
        typer.echo(f"blocked: {provider.blocked}")
    typer.echo()
    show_heading("Generators")
    _listed("id", [(row.id or NOTHING, row) for row in provider.generators])
    if provider.hooks:
        typer.echo()
        show_heading("Hook modules, which make their generators in a loop")
        _listed("module", list(provider.hooks.items()))


def _listed(heading: str, rows: Sequence[tuple[str, Listing]]) -> None:
    if not rows:
        typer.echo("none")
        return
    lines = []
    for name, row in rows:
        cause = row.cause.removeprefix(f"{name}: ")
        where = f" [{row.file}]" if row.status == "broken" else ""
        lines.append((name, row.status, f"{cause}{where}"))
    show_table((heading, "status", "cause"), lines)


def _rows(keys: tuple[str, ...], rows: list[dict[str, Any]], if_none: str) -> None:
    if rows:
        show_table(keys, [[row[key] or NOTHING for key in keys] for row in rows])
    else:
        typer.echo(if_none)
