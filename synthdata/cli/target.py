"""What most commands take: an id or a recipe file, params, and a file or folder to write to."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from synthdata.cli.exits import Refused
from synthdata.cli.show import plugin_prints_go_to_stderr

if TYPE_CHECKING:
    from synthdata.recipe import Recipe

Target: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="TARGET", help="An id such as shapes-v1, or a recipe file (.yaml, .yml, .json)."
    ),
]
Pairs: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--param",
        "-p",
        metavar="KEY=VALUE",
        help="A param; the value is YAML, as in -p radius='{uniform: [4, 20]}'. May be repeated.",
    ),
]
Seed: TypeAlias = Annotated[
    int | None, typer.Option(help="The seed; 0, or the recipe's, where it is left out.")
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def parse_params(pairs: Iterable[str]) -> dict[str, Any]:
    """Make params of texts ``key=value``.

    Raises:
        Refused: if a text has no ``=``, a key comes twice, or a value is not YAML.

    >>> parse_params(["size=64", "radius={uniform: [4, 20]}"])
    {'size': 64, 'radius': {'uniform': [4, 20]}}
    """
    params: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or not key:
            raise Refused(f"-p {pair}: key=value is expected, as in -p size=64")
        if key in params:
            raise Refused(f"-p {pair}: {key} is given twice")
        params[key] = _parse_value(pair, text)
    return params


def _parse_value(pair: str, text: str) -> Any:
    import yaml

    from synthdata.recipe import load_yaml

    try:
        return load_yaml(text)
    except (yaml.YAMLError, ValueError) as error:
        problem = getattr(error, "problem", None) or str(error)
        raise Refused(f"-p {pair}: the value is not YAML: {problem}") from error


def recipe_of(target: str, pairs: Iterable[str] | None, seed: int | None) -> Recipe:
    """Return the recipe that an id or a file stands for, with params and seed replaced.

    Raises:
        Refused: if the params cannot be parsed.
        RecipeError: if the recipe is not valid.
        RegistryError: if the target is neither an id nor a recipe file, or a name whose newest
            version cannot be had.
    """
    from synthdata.recipe import Recipe
    from synthdata.registry import default_registry

    params = parse_params(pairs or ())
    if Path(target).suffix in (".yaml", ".yml", ".json"):
        recipe = Recipe.from_file(target)
    elif Path(target).is_file():
        raise Refused(f"{target}: a recipe file ends in .yaml, .yml or .json")
    else:
        with plugin_prints_go_to_stderr():
            recipe = Recipe(generator=default_registry().exact(target))
    changes: dict[str, Any] = {"params": {**recipe.params, **params}} if params else {}
    return recipe.replace(**changes, **({} if seed is None else {"seed": seed}))


def check_writable_file(path: Path) -> None:
    """Refuse a file that could not be written, before work is done for it."""
    if path.is_dir():
        raise Refused(f"{path} is a folder; a file is expected")
    check_writable_folder(path.parent)
    if path.exists() and not os.access(path, os.W_OK):
        raise Refused(f"{path} is read-only")


def check_writable_folder(path: Path) -> None:
    """Refuse a folder that is missing, or in which nothing can be written."""
    if not path.exists():
        raise Refused(f"{path}: the folder does not exist; make it first")
    if not path.is_dir():
        raise Refused(f"{path} is not a folder")
    if not os.access(path, os.W_OK | os.X_OK):
        raise Refused(f"{path}: the folder is read-only")
