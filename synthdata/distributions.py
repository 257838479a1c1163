"""Distributions of a param, as values that travel in recipes; seeding.py makes the numbers.

In a recipe file a distribution is its name over its arguments, and a plain value is a Constant::

    radius: {uniform: [4, 20]}
    radius: {normal: {mean: 10, std: 2, low: 1}}
    colour: {choice: [red, green]}
    colour: {choice: {values: [red, green], weights: [3, 1]}}
    radius: 8
    radius: {schedule: [[0, {uniform: [4, 6]}], [10000, {uniform: [4, 20]}]]}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeAlias

from pydantic import (
    BeforeValidator,
    Discriminator,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    Tag,
    WithJsonSchema,
)
from pydantic_core import core_schema

from synthdata.elementary import (
    ELEMENTARY,
    AnyElementary,
    Choice,
    Constant,
    Normal,
    parse_among,
)
from synthdata.schedule import Schedule

_KINDS: Final[Mapping[str, Any]] = {**ELEMENTARY, "schedule": Schedule}


def is_distribution(value: object) -> bool:
    """Whether a value is one of the distributions, rather than what a recipe says of one."""
    return isinstance(value, tuple(_KINDS.values()))


def parse_distribution(value: Any) -> Any:
    """Make a distribution from what a recipe file says; a distribution is returned as it is.

    Args:
        value: a number or word, or a mapping of one name to its arguments, in a list or by name.

    Raises:
        DeclarationError: if it is none of these, or the arguments are wrong.

    >>> parse_distribution({"uniform": [4, 20]})
    Uniform(low=4.0, high=20.0)
    """
    return parse_among(_KINDS, value)


def _short_form(value: Any) -> Any:
    if isinstance(value, Constant):
        return value.value
    if isinstance(value, Choice):
        if value.weights is None:
            return {"choice": list(value.values)}
        return {"choice": {"values": list(value.values), "weights": list(value.weights)}}
    if isinstance(value, Normal):
        arguments = {"mean": value.mean, "std": value.std, "low": value.low, "high": value.high}
        return {"normal": {key: item for key, item in arguments.items() if item is not None}}
    if isinstance(value, Schedule):
        points = [[index, _short_form(one)] for index, one in value.points]
        return {"schedule": points if value.how == "linear" else {"points": points, "how": "step"}}
    return {value.kind: [value.low, value.high]}


def _form(name: str, arguments: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: {"anyOf": arguments}},
        "required": [name],
        "additionalProperties": False,
    }


def _named(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {**required, **optional},
        "required": list(required),
        "additionalProperties": False,
    }


_NUMBER = {"type": "number"}
_POSITIVE = {"type": "number", "exclusiveMinimum": 0}
_SPREAD = {"type": "number", "minimum": 0}
_PLAIN = {"type": ["number", "string", "boolean"]}
_VALUES = {"type": "array", "items": _PLAIN, "minItems": 1}


def _pair(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item, "minItems": 2, "maxItems": 2}


_FORMS = [
    _PLAIN,
    _form("constant", [_PLAIN, _named({"value": _PLAIN})]),
    _form("uniform", [_pair(_NUMBER), _named({"low": _NUMBER, "high": _NUMBER})]),
    _form("log_uniform", [_pair(_POSITIVE), _named({"low": _POSITIVE, "high": _POSITIVE})]),
    _form(
        "normal",
        [
            {"type": "array", "items": _NUMBER, "minItems": 2, "maxItems": 4},
            _named({"mean": _NUMBER, "std": _SPREAD}, low=_NUMBER, high=_NUMBER),
        ],
    ),
    _form(
        "choice",
        [
            _VALUES,
            _named({"values": _VALUES}, weights={"type": "array", "items": _SPREAD}),
        ],
    ),
]

_POINTS = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "array",
        "prefixItems": [{"type": "integer", "minimum": 0}, {"anyOf": _FORMS}],
        "minItems": 2,
        "maxItems": 2,
    },
}

_SCHEMA = {
    "title": "Distribution",
    "description": "A value, or the name of a distribution over its arguments.",
    "anyOf": [
        *_FORMS,
        _form("schedule", [_POINTS, _named({"points": _POINTS}, how={"enum": ["linear", "step"]})]),
    ],
}

Distribution: TypeAlias = Annotated[
    AnyElementary | Annotated[Schedule, Tag("schedule")],
    Discriminator(lambda value: value.kind),
    BeforeValidator(parse_distribution),
    PlainSerializer(_short_form),
    WithJsonSchema(_SCHEMA),
]
"""Type of a param that is drawn for each sample; ``sample(rng)`` draws it."""


@dataclass(frozen=True, slots=True)
class Within:
    """A validator that refuses a distribution which could draw outside low and high.

    The JSON Schema of the param says so as ``x-within``.
    """

    low: float
    high: float

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "x-within": [self.low, self.high]}

    def _check(self, distribution: Any) -> Any:
        support = distribution.support
        if support is None or not self.low <= support[0] <= support[1] <= self.high:
            found = "words" if support is None else f"from {support[0]} to {support[1]}"
            raise ValueError(
                f"numbers from {self.low} to {self.high} are expected, but it draws {found}"
            )
        return distribution


def within(low: float, high: float) -> Within:
    """Return a validator that refuses a distribution which could draw outside low and high.

    >>> from typing import Annotated
    >>> Radius = Annotated[Distribution, within(1, 100)]
    """
    return Within(low, high)
