"""Pydantic as synthdata uses it: frozen declarations with one-line errors; it knows no feature."""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, dataclass_transform

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.dataclasses import dataclass as pydantic_dataclass

from synthdata.errors import DeclarationError, SynthDataError

T = TypeVar("T")

LEAF_TAG, BRANCH_TAG = "<feature>", "<dict>"
"""Tags of a union of a feature and a dict of features; no key of such a dict looks like them."""

_INPUT_WIDTH = 60
"""Longest piece of a refused input that a message repeats, in characters."""


def _load_pydantic_plugins() -> None:
    """Let Pydantic look for its own plugins once, and survive what it meets.

    Pydantic scans all entry points when the first model is made. One installed distribution with
    a malformed ``entry_points.txt`` makes that scan raise, for everybody; Pydantic's next model
    then works, without plugins. The registry names the distribution.
    """
    try:
        type("Probe", (BaseModel,), {})
    except Exception as error:  # noqa: BLE001  # any distribution's fault, of any kind
        import logging

        logging.getLogger(__name__).warning(
            "Pydantic could not look for its plugins, an installed distribution is broken "
            "(`synthdata list` names it): %r",
            error,
        )


_load_pydantic_plugins()


def shortened(text: str, width: int) -> str:
    """Return the text, or its beginning and an ellipsis in that many characters.

    >>> shortened("synthetic", 6)
    'synth…'
    """
    return text if len(text) <= width else text[: width - 1] + "…"


def one_named(
    value: Any, kinds: Mapping[str, type[T]], *, noun: str, form: str
) -> tuple[type[T], Any]:
    """Look up a kind that a recipe names, as in ``{uniform: [4, 20]}``.

    Args:
        value: a mapping of one name to its arguments.
        kinds: the kinds by name.
        noun: what they are called in messages.
        form: says what is expected, where the value is something else.

    Returns:
        The kind, and the arguments as they are.

    Raises:
        DeclarationError: if the value is no such mapping, or the name is unknown.
    """
    if not isinstance(value, Mapping) or len(value) != 1:
        raise DeclarationError(f"{form}; not {value!r}")
    [(name, arguments)] = value.items()
    if name not in kinds:
        raise DeclarationError(
            f"{noun} {name!r} is unknown{suggest(str(name), kinds)}; known are {', '.join(kinds)}"
        )
    return kinds[name], arguments


def suggest(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for the nearest known word, or nothing.

    >>> suggest("sise", ["size", "radius"])
    "; did you mean 'size'?"
    """
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _fields(location: tuple[int | str, ...]) -> list[int | str]:
    """The fields that lead to an error, without the tags of the unions between them."""
    steps = iter(location)
    fields: list[int | str] = []
    for step in steps:
        if step == LEAF_TAG:
            next(steps, None)  # the kind of the feature
        elif step != BRANCH_TAG:
            fields.append(step)
    return fields


def explain(error: ValidationError, *, known: Iterable[str] = (), positional: bool = False) -> str:
    """Say in one line what a validation error says: field, complaint and the input refused.

    Args:
        error: the error, of any model.
        known: names of the fields, to suggest one for an unknown field.
        positional: whether the fields could be given by position, in the order of ``known``.

    Returns:
        One line such as ``size: Input should be greater than or equal to 8, got 4``.
    """
    known = list(known)
    parts = []
    for item in error.errors(include_url=False):
        steps = _fields(item["loc"])
        if positional and steps and isinstance(steps[0], int) and steps[0] < len(known):
            steps[0] = known[steps[0]]
        where = ".".join(str(step) for step in steps)
        if item["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
            name = str(item["loc"][-1])
            hint = suggest(name, known) or (f"; known are {', '.join(known)}" if known else "")
            parts.append(f"{where} is unknown{hint}")
        elif item["type"] in ("missing", "missing_argument"):
            parts.append(f"{where} is missing")
        else:
            message = re.sub(r"^(Value|Assertion) error, ", "", item["msg"])
            came = shortened(repr(item["input"]), _INPUT_WIDTH)
            got = "" if item["type"] == "value_error" else f", got {came}"
            parts.append(f"{where}: {message}{got}" if where else f"{message}{got}")
    return "; ".join(parts)


class Model(BaseModel):
    """A frozen model without unknown fields, whose mistakes are one line of our own error tree."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    if not TYPE_CHECKING:  # type checkers see Pydantic's own signature

        def __init__(self, **data: Any) -> None:
            try:
                super().__init__(**data)
            except ValidationError as error:
                raise self._refuse(error) from None

    @classmethod
    def _refuse(cls, error: ValidationError) -> Exception:
        return DeclarationError(f"{cls.__name__}: {explain(error, known=cls.model_fields)}")

    @classmethod
    def parse(cls: type[T], data: Mapping[str, Any] | str | bytes) -> T:
        """Make the model from a mapping or from JSON text.

        Raises:
            SynthDataError: of the kind that making the model by hand raises.
        """
        model: Any = cls
        try:
            if isinstance(data, str | bytes):
                return model.model_validate_json(data)  # type: ignore[no-any-return]
            return model.model_validate(data)  # type: ignore[no-any-return]
        except ValidationError as error:
            # Pydantic calls __init__, and wraps the error of ours that it raised.
            for item in error.errors(include_url=False):
                cause = item.get("ctx", {}).get("error")
                if isinstance(cause, SynthDataError) and not item["loc"]:
                    raise cause from None
            raise model._refuse(error) from None


@dataclass_transform(frozen_default=True, field_specifiers=(Field,))
def declaration(cls: type[T]) -> type[T]:
    """Make the class a frozen Pydantic dataclass that raises DeclarationError.

    Positional arguments work, values hash and compare, JSON round-trips through a TypeAdapter.
    """
    made: Any = pydantic_dataclass(frozen=True, config=ConfigDict(extra="forbid"))(cls)
    validate = made.__init__

    def __init__(self: Any, *args: Any, **fields: Any) -> None:  # noqa: N807  # it becomes one
        try:
            validate(self, *args, **fields)
        except ValidationError as error:
            known = [field.name for field in dataclasses.fields(made) if field.name != "kind"]
            message = explain(error, known=known, positional=True)
            raise DeclarationError(f"{cls.__name__}: {message}") from None

    __init__.__wrapped__ = validate  # type: ignore[attr-defined]  # inspect.signature shows the fields
    made.__init__ = __init__
    return made  # type: ignore[no-any-return]
