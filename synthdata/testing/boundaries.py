"""The extreme values of params, as their JSON Schema gives them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import BaseModel

_STEP: Final = 1 / 1024
"""Part of a float's range by which a value keeps off a bound that is not allowed itself."""


def bounds(params: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    """Yield each field's extreme values: its bounds, its choices, both truth values, None.

    Fields that are lists or models are left out.

    Yields:
        The name of the field, and a value.

    >>> from synthdata.builtin.records import Records
    >>> [pair for pair in bounds(Records.Params) if pair[0] == "height"]
    [('height', 16), ('height', 1024)]
    """
    schema = params.model_json_schema()
    for name, field in schema.get("properties", {}).items():
        for value in _values(field, schema.get("$defs", {})):
            yield name, value


def _values(field: Mapping[str, Any], definitions: Mapping[str, Any]) -> Iterator[Any]:
    if "$ref" in field:
        field = definitions[field["$ref"].rpartition("/")[2]]
    if "enum" in field:
        yield from field["enum"]
    elif field.get("type") == "boolean":
        yield from (False, True)
    elif field.get("type") == "null":
        yield None
    elif field.get("type") in ("integer", "number"):
        yield from _ends(field)
    for choice in field.get("anyOf", ()):
        yield from _values(choice, definitions)


def _ends(field: Mapping[str, Any]) -> Iterator[int | float]:
    least, most = field.get("minimum"), field.get("maximum")
    above, below = field.get("exclusiveMinimum"), field.get("exclusiveMaximum")
    lower = least if least is not None else above
    upper = most if most is not None else below
    step: float | None = None
    if field["type"] == "integer":
        step = 1
    elif lower is not None and upper is not None:
        step = (upper - lower) * _STEP
    if least is not None:
        yield least
    elif above is not None and step is not None:
        yield above + step
    if most is not None:
        yield most
    elif below is not None and step is not None:
        yield below - step
