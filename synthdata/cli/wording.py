"""Params and features in the few words that fit a table."""

from __future__ import annotations

import inspect
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from synthdata.distributions import is_distribution
from synthdata.elementary import Choice, Constant, LogUniform, Normal, Uniform
from synthdata.features import Boxes, ClassLabel, Feature, Keypoints, Mask, Polygons, Text
from synthdata.output import Output
from synthdata.schedule import Schedule

_MOST_NAMES = 12
"""Names of classes in one cell."""

_BOUNDS = (
    ("minimum", "≥ {}"),
    ("exclusiveMinimum", "> {}"),
    ("maximum", "≤ {}"),
    ("exclusiveMaximum", "< {}"),
    ("minLength", "length ≥ {}"),
    ("maxLength", "length ≤ {}"),
    ("minItems", "items ≥ {}"),
    ("maxItems", "items ≤ {}"),
    ("pattern", "like {}"),
    ("multipleOf", "a multiple of {}"),
)


def param_rows(params: type[BaseModel]) -> list[dict[str, Any]]:
    """Describe the fields of Params.

    Returns:
        For each the name, type, range, default and description, as text, and whether the param is
        required.
    """
    schema = params.model_json_schema()
    parts = schema.get("$defs", {})
    return [
        {
            "name": name,
            "type": _type(schema["properties"][name], parts),
            "range": _range(schema["properties"][name], parts),
            "default": "required" if field.is_required() else _default(field),
            "required": field.is_required(),
            "description": field.description or "",
        }
        for name, field in params.model_fields.items()
    ]


def output_rows(output: Output) -> list[dict[str, str]]:
    """Describe each feature: its path, kind, dtype, shape, values and description, as text."""
    rows = []
    for leaf in output.leaves:
        shape, _, dtype = str(leaf.feature).rpartition(" ")
        rows.append(
            {
                "feature": leaf.name,
                "kind": leaf.feature.kind,
                "dtype": dtype,
                "shape": shape,
                "values": _values(leaf.feature),
                "description": str(getattr(leaf.feature, "description", "")),
            }
        )
    return rows


def summary_of(kind: type) -> str:
    """Return the first paragraph of a class's docstring, in one line."""
    return (inspect.getdoc(kind) or "").split("\n\n")[0].replace("\n", " ")


def distribution_words(value: Any) -> str:
    """Say what a distribution draws.

    >>> distribution_words(Uniform(4, 20))
    'uniform 4…20'
    """
    if isinstance(value, Constant):
        return str(value.value)
    if isinstance(value, Choice):
        weights = value.weights or ()
        shares = [f" ({weight:g})" for weight in weights] or [""] * len(value.values)
        pairs = zip(value.values, shares, strict=True)
        return f"choice {', '.join(f'{item}{share}' for item, share in pairs)}"
    if isinstance(value, Normal):
        within = "" if value.low is value.high is None else f", {_span(value.low, value.high)}"
        return f"normal {value.mean:g} ± {value.std:g}{within}"
    if isinstance(value, Uniform | LogUniform):
        return f"{value.kind} {_span(value.low, value.high)}"
    if isinstance(value, Schedule):
        points = [f"{index}: {distribution_words(one)}" for index, one in value.points]
        return f"schedule {', '.join(points)}"
    return str(value)


def _span(low: float | None, high: float | None) -> str:
    return f"{'' if low is None else _number(low)}…{'' if high is None else _number(high)}"


def _number(value: float | int) -> str:
    return f"{value:.7g}" if isinstance(value, float) else str(value)


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, BaseModel):
        return value.model_dump_json()
    if isinstance(value, list | tuple):
        return ", ".join(distribution_words(item) for item in value) or "none"
    if value == "":
        return "''"
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    return distribution_words(value) if is_distribution(value) else str(value)


def _resolved(part: dict[str, Any], parts: dict[str, Any]) -> dict[str, Any]:
    name = part.get("$ref", "").rpartition("/")[2]
    return {**parts[name], **part} if name in parts else part


def _type(part: dict[str, Any], parts: dict[str, Any]) -> str:
    part = _resolved(part, parts)
    if _is_distribution(part):
        return "distribution"
    if "enum" in part or "const" in part:
        return " | ".join(str(item) for item in part.get("enum", [part.get("const")]))
    for key in ("anyOf", "oneOf"):
        if key in part:
            return " | ".join(dict.fromkeys(_type(item, parts) for item in part[key]))
    if part.get("type") == "array":
        items = [part["items"]] if "items" in part else part.get("prefixItems", [])
        return f"list of {', '.join(dict.fromkeys(_type(item, parts) for item in items)) or 'any'}"
    return str(part.get("format") or part.get("type") or "any")


def _range(part: dict[str, Any], parts: dict[str, Any]) -> str:
    part = _resolved(part, parts)
    if _is_distribution(part):
        return _span(*part["x-within"]) if "x-within" in part else ""
    words = [text.format(part[key]) for key, text in _BOUNDS if key in part]
    if "minimum" in part and "maximum" in part:
        words = [_span(part["minimum"], part["maximum"]), *words[2:]]
    branches = [*part.get("anyOf", []), *part.get("oneOf", [])]
    words += [_range(item, parts) for item in branches]
    if "items" in part and (each := _range(part["items"], parts)):
        words.append(f"each {each}")
    return ", ".join(dict.fromkeys(word for word in words if word))


def _is_distribution(part: dict[str, Any]) -> bool:
    return any(item.get("required") == ["uniform"] for item in part.get("anyOf", ()))


def _values(feature: Feature) -> str:
    names = getattr(feature, "names", None)
    if isinstance(feature, ClassLabel | Mask) and names:
        more = f", … {len(names)} in all" if len(names) > _MOST_NAMES else ""
        return ", ".join(names[:_MOST_NAMES]) + more
    if isinstance(feature, Text):
        return f"up to {feature.max_bytes} bytes"
    if isinstance(feature, Boxes | Keypoints | Polygons):
        return "inside the image" if feature.image is None else f"inside image.{feature.image}"
    limits = "" if feature.limits is None else _limits(feature)
    return limits if feature.finite else f"{limits} or not finite".strip()


def _limits(feature: Feature) -> str:
    ge, le = getattr(feature, "ge", None), getattr(feature, "le", None)
    if isinstance(feature, Mask):
        ge = 0
    return _span(ge, le)
