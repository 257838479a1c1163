"""The continuous values of params by name, and params with such values changed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError

from synthdata.distributions import is_distribution
from synthdata.elementary import Choice, arguments
from synthdata.errors import DeclarationError, GradientError
from synthdata.generator import Params
from synthdata.models import explain, suggest

P = TypeVar("P", bound=Params)


def continuous(params: BaseModel) -> dict[str, NDArray[np.float64]]:
    """Return the continuous values of params by their dotted names, in the order of the fields.

    A float is one, and a nested tuple of floats; of a distribution its arguments, as
    ``radius.low``; of a model or dict what it holds. Whole numbers, truth values, words and
    ``Choice`` are discrete.

    Args:
        params: of a generator.

    Returns:
        float64 arrays; of shape () for a float.

    >>> from synthdata.builtin.noise import Noise
    >>> continuous(Noise.Params(values={"uniform": [0, 9]}))
    {'values.low': array(0.), 'values.high': array(9.)}
    """
    return dict(_values("", params))


def selected(params: BaseModel, names: Sequence[str]) -> list[str]:
    """Return the names of continuous values that some names mean.

    Args:
        params: of a generator.
        names: of values, or of params, which mean all of theirs.

    Returns:
        The names of the values, in the order of ``continuous``.

    Raises:
        GradientError: if a name is unknown, or of something discrete.
    """
    for name in names:
        if not meant(params, [name]):
            raise GradientError(_why_not(params, name, list(continuous(params))))
    return meant(params, names)


def meant(params: BaseModel, names: Sequence[str]) -> list[str]:
    """Return the names of the continuous values that some names mean, as few as they are."""
    return [one for one in continuous(params) if any(_lies_in(one, name) for name in names)]


def changed(params: P, theta: Mapping[str, Any]) -> P:
    """Return params with some continuous values changed, validated anew.

    Args:
        params: of a generator.
        theta: numbers or arrays by the names that ``continuous`` gives.

    Raises:
        GradientError: if a name is unknown, a shape is another, or the params refuse a value.

    >>> from synthdata.builtin.noise import Noise
    >>> changed(Noise.Params(values={"uniform": [0, 9]}), {"values.high": 5.0}).values
    Uniform(low=0.0, high=5.0)
    """
    own = continuous(params)
    for name, value in theta.items():
        if name not in own:
            raise GradientError(_why_not(params, name, list(own)))
        if np.shape(value) != own[name].shape:
            raise GradientError(
                f"{name} has shape {np.shape(value)}, but the params have {own[name].shape} there"
            )
    try:
        fields = {
            name: _replaced(name, value, theta)
            for name, value in params
            if any(_lies_in(changing, name) for changing in theta)
        }
        return type(params).model_validate({**dict(params), **fields})
    except ValidationError as error:
        problem = explain(error, known=type(params).model_fields)
    except DeclarationError as error:
        problem = str(error)
    raise GradientError(f"{_shown(theta)} cannot be: {problem}")


def holding(params: P, theta: Mapping[str, Any]) -> P:
    """Return params that hold some values as they are, such as tensors, without any validation.

    Args:
        params: of a generator.
        theta: values by the names that ``continuous`` gives.
    """
    return _held("", params, theta)  # type: ignore[no-any-return]


def _held(name: str, value: Any, theta: Mapping[str, Any]) -> Any:
    if name in theta:
        return theta[name]
    places = {key: f"{name}.{key}" if name else key for key in _parts(value) or ()}
    made = {
        key: _held(place, (_parts(value) or {})[key], theta)
        for key, place in places.items()
        if any(_lies_in(one, place) for one in theta)
    }
    if not made:
        return value
    if isinstance(value, Mapping):
        return {**value, **made}
    if isinstance(value, BaseModel):
        return value.model_copy(update=made)
    # A distribution is a frozen dataclass that validates whatever it is made of.
    copied = object.__new__(type(value))
    copied.__dict__.update(value.__dict__, **made)
    return copied


def _values(name: str, value: Any) -> Iterator[tuple[str, NDArray[np.float64]]]:
    parts = _parts(value)
    if parts is not None:
        for key, part in parts.items():
            yield from _values(f"{name}.{key}" if name else key, part)
    elif _is_float(value):
        yield name, np.asarray(value, np.float64)


def _parts(value: Any) -> Mapping[str, Any] | None:
    """What a value consists of by name, or None of one that is whole."""
    if isinstance(value, BaseModel):
        return dict(value)
    if isinstance(value, Choice):
        return {}
    if is_distribution(value):
        # What a recipe says in whole numbers is a number to a distribution.
        return {
            key: float(item) if type(item) is int else item
            for key, item in arguments(value).items()
        }
    return value if isinstance(value, Mapping) else None


def _is_float(value: Any) -> bool:
    """Whether a value is a float, or a tuple or list of such values of equal shape."""
    if isinstance(value, tuple | list):
        return (
            bool(value) and all(map(_is_float, value)) and len({np.shape(one) for one in value}) < 2
        )
    return isinstance(value, float)


def _replaced(name: str, value: Any, theta: Mapping[str, Any]) -> Any:
    """A value with all of theta that lies in it changed."""
    if name in theta:
        return np.asarray(theta[name], np.float64).tolist()
    parts = _parts(value)
    if parts is None:
        return value
    made = {
        key: _replaced(f"{name}.{key}", part, theta)
        for key, part in parts.items()
        if any(_lies_in(changing, f"{name}.{key}") for changing in theta)
    }
    if isinstance(value, BaseModel):
        return type(value).model_validate({**dict(value), **made})
    if is_distribution(value):
        return dataclasses.replace(value, **made)
    return {**value, **made}


def _lies_in(name: str, other: str) -> bool:
    return name == other or name.startswith(f"{other}.")


def _why_not(params: BaseModel, name: str, known: list[str]) -> str:
    has = f"continuous are {', '.join(known)}" if known else "no value of the params is continuous"
    value: Any = params
    for key in name.split("."):
        parts = _parts(value) or {}
        if key not in parts:
            return f"{name} is no value of the params{suggest(name, known)}; {has}"
        value = parts[key]
    if value is None:
        return f"{name} is None, which has no gradient; {has}"
    return f"{name} is discrete ({value!r}), and has no gradient; {has}"


def _shown(theta: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={np.asarray(value).tolist()!r}" for name, value in theta.items())
