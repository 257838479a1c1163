"""The elementary distributions, each a frozen value; how recipes say them is distributions.py's."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self, TypeAlias

import numpy as np
from pydantic import Field, FiniteFloat, Tag, model_validator

from synthdata.models import declaration, one_named

Value: TypeAlias = (
    Annotated[bool, Field(strict=True)]
    | Annotated[int, Field(strict=True)]
    | Annotated[FiniteFloat, Field(strict=True)]
    | str
)

if TYPE_CHECKING:
    # Lists are as good: validation makes tuples of them.
    _Values: TypeAlias = Sequence[Value]
    _Weights: TypeAlias = Sequence[float]
else:
    _Values = Annotated[tuple[Value, ...], Field(min_length=1)]
    _Weights = tuple[Annotated[FiniteFloat, Field(ge=0)], ...]


def _in_order(low: float, high: float) -> None:
    if low > high:
        raise ValueError(f"low={low} is greater than high={high}")


def weighted_place(
    weights: Sequence[float],
    rng: np.random.Generator,
    size: int | tuple[int, ...] | None = None,
) -> Any:
    """Draw places among weights, each as often as its weight is of their sum.

    Args:
        weights: 0 or more each, of a positive sum.
        rng: gives one number for each place.
        size: None draws one, otherwise an array of them is drawn.

    >>> int(weighted_place([0, 2, 0], np.random.default_rng(0)))
    1
    """
    edges = np.cumsum(weights)
    # The last edge is not drawn: random() is below 1, and a weight of 0 has no width.
    return np.searchsorted(edges, rng.random(size) * edges[-1], side="right")


def arguments(distribution: Any) -> dict[str, Any]:
    """Return the arguments of a distribution by name.

    >>> arguments(Uniform(4, 20))
    {'low': 4.0, 'high': 20.0}
    """
    return {
        field.name: getattr(distribution, field.name)
        for field in dataclasses.fields(distribution)
        if field.name != "kind"
    }


def _ones(size: int | tuple[int, ...] | None) -> Any:
    return 1.0 if size is None else np.ones(size)


@declaration
class Constant:
    """Always the same number, truth value or word.

    >>> Constant(8).sample(np.random.default_rng(0))
    8
    """

    value: Value
    kind: Literal["constant"] = Field(default="constant", kw_only=True, repr=False)

    def sample(self, rng: np.random.Generator, size: int | tuple[int, ...] | None = None) -> Any:
        """Return the value; an array filled with it where a size is given."""
        return self.value if size is None else np.full(size, self.value)

    def pathwise(
        self, rng: np.random.Generator, size: int | tuple[int, ...] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Return the value, and 1 as its derivative by ``value``; see ``Uniform.pathwise``."""
        drawn = self.sample(rng, size)
        return drawn, {} if isinstance(self.value, bool | str) else {"value": _ones(size)}

    @property
    def support(self) -> tuple[float, float] | None:
        """The smallest and the largest number, or None of a word."""
        return None if isinstance(self.value, str) else (self.value, self.value)


@declaration
class Uniform:
    """A number from low to high, each as likely.

    >>> 4 <= Uniform(4, 20).sample(np.random.default_rng(0)) < 20
    True
    """

    low: FiniteFloat
    high: FiniteFloat
    kind: Literal["uniform"] = Field(default="uniform", kw_only=True, repr=False)

    def sample(self, rng: np.random.Generator, size: int | tuple[int, ...] | None = None) -> Any:
        """Draw a float, or a float64 array where a size is given."""
        return rng.uniform(self.low, self.high, size)

    def pathwise(
        self, rng: np.random.Generator, size: int | tuple[int, ...] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Draw what ``sample`` draws, with its derivatives by the distribution's arguments.

        They are those of the drawn number as a function of the arguments, the random numbers
        behind it being fixed ("pathwise"; Mohamed et al., "Monte Carlo gradient estimation in
        machine learning", JMLR 2020, section 5).

        Args:
            rng: as for ``sample``.
            size: as for ``sample``.

        Returns:
            What ``sample`` returns, and the derivatives by the argument's name, each of that shape.
        """
        place = rng.random(size)
        return self.low + (self.high - self.low) * place, {"low": 1 - place, "high": place}

    @property
    def support(self) -> tuple[float, float]:
        """The smallest and the largest number."""
        return (self.low, self.high)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        _in_order(self.low, self.high)
        if not math.isfinite(self.high - self.low):
            raise ValueError(f"from {self.low} to {self.high} is more than a float can hold")
        return self


@declaration
class LogUniform:
    """A positive number from low to high whose logarithm is uniform.

    >>> 0.1 <= LogUniform(0.1, 10).sample(np.random.default_rng(0)) <= 10
    True
    """

    low: Annotated[FiniteFloat, Field(gt=0)]
    high: Annotated[FiniteFloat, Field(gt=0)]
    kind: Literal["log_uniform"] = Field(default="log_uniform", kw_only=True, repr=False)

    def sample(self, rng: np.random.Generator, size: int | tuple[int, ...] | None = None) -> Any:
        """Draw a float, or a float64 array where a size is given."""
        drawn = np.exp(rng.uniform(math.log(self.low), math.log(self.high), size))
        # exp(log(low)) may miss low by a rounding error.
        clipped = np.clip(drawn, self.low, self.high)
        return float(clipped) if size is None else clipped

    def pathwise(
        self, rng: np.random.Generator, size: int | tuple[int, ...] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Draw what ``sample`` draws, with its derivatives; see ``Uniform.pathwise``."""
        low, high = math.log(self.low), math.log(self.high)
        place = rng.random(size)
        drawn = np.clip(np.exp(low + (high - low) * place), self.low, self.high)
        partials = {"low": drawn * (1 - place) / self.low, "high": drawn * place / self.high}
        return (float(drawn) if size is None else drawn), partials

    @property
    def support(self) -> tuple[float, float]:
        """The smallest and the largest number."""
        return (self.low, self.high)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        _in_order(self.low, self.high)
        return self


@declaration
class Normal:
    """A normally distributed number; what falls outside low and high is clipped to them.

    >>> Normal(10, 2, low=0).support
    (0.0, inf)
    """

    mean: FiniteFloat
    std: Annotated[FiniteFloat, Field(ge=0)]
    low: FiniteFloat | None = None
    high: FiniteFloat | None = None
    kind: Literal["normal"] = Field(default="normal", kw_only=True, repr=False)

    def sample(self, rng: np.random.Generator, size: int | tuple[int, ...] | None = None) -> Any:
        """Draw a float, or a float64 array where a size is given."""
        clipped = np.clip(rng.normal(self.mean, self.std, size), *self.support)
        return float(clipped) if size is None else clipped

    def pathwise(
        self, rng: np.random.Generator, size: int | tuple[int, ...] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Draw what ``sample`` draws, with its derivatives; see ``Uniform.pathwise``."""
        deviate = rng.standard_normal(size)
        drawn = self.mean + self.std * deviate
        low, high = self.support
        below, above = drawn < low, drawn > high
        free = np.logical_not(below | above)
        partials: dict[str, Any] = {"mean": 1.0 * free, "std": deviate * free}
        if self.low is not None:
            partials["low"] = 1.0 * below
        if self.high is not None:
            partials["high"] = 1.0 * above
        clipped = np.clip(drawn, low, high)
        return (float(clipped) if size is None else clipped), partials

    @property
    def support(self) -> tuple[float, float]:
        """The smallest and the largest number, infinite where none is given."""
        low = -math.inf if self.low is None else self.low
        return (low, math.inf if self.high is None else self.high)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        _in_order(*self.support)
        return self


@declaration
class Choice:
    """One of several numbers or words, each as likely unless weights say otherwise.

    >>> Choice(["red", "green"], weights=[1, 0]).sample(np.random.default_rng(0))
    'red'
    """

    values: _Values
    weights: _Weights | None = None
    kind: Literal["choice"] = Field(default="choice", kw_only=True, repr=False)

    def sample(self, rng: np.random.Generator, size: int | tuple[int, ...] | None = None) -> Any:
        """Draw one of the values as it was given, or an array of them where a size is given."""
        if self.weights is None:
            place = rng.integers(len(self.values), size=size)
        else:
            place = weighted_place(self.weights, rng, size)
        if size is None:
            return self.values[int(place)]
        # Of shape () and values that only Python holds, one of these would come without its array.
        return np.asarray(np.asarray(self.values)[place])

    def pathwise(
        self, rng: np.random.Generator, size: int | tuple[int, ...] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Draw what ``sample`` draws; none of its arguments is continuous."""
        return self.sample(rng, size), {}

    @property
    def support(self) -> tuple[float, float] | None:
        """The smallest and the largest number, or None where a value is a word."""
        numbers = [value for value in self.values if not isinstance(value, str)]
        return (min(numbers), max(numbers)) if len(numbers) == len(self.values) else None

    @model_validator(mode="after")
    def _weighted(self) -> Self:
        if self.weights is None:
            return self
        if len(self.weights) != len(self.values):
            raise ValueError(f"{len(self.weights)} weights for {len(self.values)} values")
        if not 0 < sum(self.weights) < math.inf:
            raise ValueError("the weights must have a positive, finite sum")
        return self


AnyElementary: TypeAlias = (
    Annotated[Constant, Tag("constant")]
    | Annotated[Uniform, Tag("uniform")]
    | Annotated[LogUniform, Tag("log_uniform")]
    | Annotated[Normal, Tag("normal")]
    | Annotated[Choice, Tag("choice")]
)
"""Any of them, by ``kind``."""

ELEMENTARY: Final[Mapping[str, Any]] = {
    "constant": Constant,
    "uniform": Uniform,
    "log_uniform": LogUniform,
    "normal": Normal,
    "choice": Choice,
}
"""The classes by the names that recipes have for them."""


def parse_among(kinds: Mapping[str, Any], value: Any) -> Any:
    """Make a distribution of one of some kinds from what a recipe file says.

    Args:
        kinds: the classes by the names that recipes have for them.
        value: a number or word, a mapping of one name to its arguments, or a distribution.

    Raises:
        DeclarationError: if it is none of these, or the arguments are wrong.
    """
    if isinstance(value, tuple(kinds.values())):
        return value
    if isinstance(value, bool | int | float | str):
        return Constant(value)
    form = (
        f"a distribution is a value, or one of {', '.join(kinds)} over its arguments, "
        "as {uniform: [4, 20]}"
    )
    kind, arguments = one_named(value, kinds, noun="distribution", form=form)
    if isinstance(arguments, Mapping):
        return kind(**arguments)
    # A list is the only argument of a Choice or a Schedule, and all arguments of the others.
    if kind.kind in ("choice", "schedule"):
        return kind(arguments)
    return kind(*arguments) if isinstance(arguments, list | tuple) else kind(arguments)


def parse_elementary(value: Any) -> Any:
    """Make a distribution that is no schedule; see ``parse_among``."""
    return parse_among(ELEMENTARY, value)
