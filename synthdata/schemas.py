"""JSON Schemas of recipes, Outputs and params, for editors; generated, committed and diffed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from synthdata.generator import load_class
from synthdata.output import Output
from synthdata.recipe import Recipe
from synthdata.registry import Registry

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
SUFFIX: Final = ".schema.json"

_ATTRIBUTES = re.compile(r"\nAttributes:\n((?:    .*\n?)+)")
_ATTRIBUTE = re.compile(r"^    (\w+(?:, \w+)*): (.*(?:\n {8}.*)*)", re.MULTILINE)


def model_schema(model: type[BaseModel], title: str) -> dict[str, Any]:
    """Return the JSON Schema of what a model accepts.

    Args:
        model: Recipe, Output, or the Params of a generator.
        title: the schema's title.

    >>> model_schema(Recipe, "Recipe")["required"]
    ['generator']
    """
    schema = model.model_json_schema()
    for part in (schema, *schema.get("$defs", {}).values()):
        _describe(part)
        _require_kind(part)
    return {**schema, "$schema": DIALECT, "title": title}


def schemas() -> dict[str, str]:
    """Return the schemas of the core and of the built-in generators.

    Returns:
        The text of each by its path, as ``recipe.schema.json`` or
        ``generators/shapes-v1.schema.json``.

    Raises:
        BrokenPluginError: if a built-in generator cannot be imported.
    """
    made = {
        "output": model_schema(Output, "Output"),
        "recipe": model_schema(Recipe, "Recipe"),
    }
    registry = Registry()
    for listing in registry.listings():
        if listing.distribution == "synthdata" and listing.id is not None:
            kind, _ = load_class(f"synthdata/{listing.id}", registry)
            made[f"generators/{listing.id}"] = params_schema(kind.Params, listing.id)
    return {f"{name}{SUFFIX}": as_text(schema) for name, schema in sorted(made.items())}


def params_schema(params: type[BaseModel], id: str) -> dict[str, Any]:
    """Return the JSON Schema of a generator's params."""
    return model_schema(params, f"Params of {id}")


def as_text(schema: dict[str, Any]) -> str:
    """Return a schema as it is committed."""
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def write_schemas(folder: str | Path) -> list[Path]:
    """Write all schemas.

    Args:
        folder: where; it is made if it is missing.

    Returns:
        The files written.

    Raises:
        OSError: if a file cannot be written.
    """
    made = {Path(folder) / name: text for name, text in schemas().items()}
    for path, text in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(made)


def _describe(part: dict[str, Any]) -> None:
    """Keep the docstring's summary, and move what it says of attributes to the properties."""
    text = part.get("description")
    if text is None:
        return
    part["description"] = _joined(text.split("\n\n")[0])
    section = _ATTRIBUTES.search(text)
    for names, about in _ATTRIBUTE.findall(section.group(1) if section else ""):
        for name in names.split(", "):
            if name in part.get("properties", {}):
                part["properties"][name].setdefault("description", _joined(about))


def _require_kind(part: dict[str, Any]) -> None:
    """Say that features are told apart by ``kind``, which Pydantic lists as having a default."""
    if "const" in part.get("properties", {}).get("kind", {}):
        part["required"] = sorted({*part.get("required", []), "kind"})


def _joined(text: str) -> str:
    return " ".join(text.split())
