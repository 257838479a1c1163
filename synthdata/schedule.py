"""A distribution that moves with the index of the sample, for curricula."""

from __future__ import annotations

import bisect
import itertools
import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeAlias

import numpy as np
from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, model_validator

from synthdata.elementary import AnyElementary, arguments, parse_elementary
from synthdata.models import declaration
from synthdata.seeding import MAX_INDEX


def _listed(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [tuple(point) if isinstance(point, list) else point for point in value]
    return value


def _increasing(points: tuple[tuple[int, Any], ...]) -> tuple[tuple[int, Any], ...]:
    indices = [index for index, _ in points]
    if any(one >= after for one, after in itertools.pairwise(indices)):
        raise ValueError(f"the indices of the points must increase, but they are {indices}")
    return points


Elementary: TypeAlias = Annotated[
    AnyElementary,
    Discriminator(lambda value: value.kind),
    BeforeValidator(parse_elementary),
]
"""Any distribution that does not move."""

if TYPE_CHECKING:
    # Lists are as good: validation makes tuples and distributions of them.
    _Points: TypeAlias = Sequence[tuple[int, Any]]
else:
    _Points = Annotated[
        tuple[tuple[Annotated[int, Field(strict=True, ge=0, le=MAX_INDEX)], Elementary], ...],
        Field(min_length=1),
        BeforeValidator(_listed),
        AfterValidator(_increasing),
    ]


@declaration
class Schedule:
    """A distribution for each index: those of the points, and what lies between them.

    Before the first point it is that of the first, after the last that of the last. It goes by the
    index of the sample, not by the number of batches that a training has seen: in a data set that
    is read in order they go together; under ``shuffle`` they do not.

    Attributes:
        points: pairs of an index and a distribution, or a value; indices increase.
        how: "linear" has the arguments go in straight lines from point to point, for which all
            must be numbers, or distributions of one kind. "step" keeps each until the next.

    >>> from synthdata.seeding import Rng
    >>> radius = Schedule([(0, 4), (1000, 20)])
    >>> radius.sample(Rng(index=0)), radius.sample(Rng(index=500)), radius.sample(Rng(index=9999))
    (4.0, 12.0, 20.0)
    """

    points: _Points
    how: Literal["linear", "step"] = "linear"
    kind: Literal["schedule"] = Field(default="schedule", kw_only=True, repr=False)

    def at(self, index: int) -> Any:
        """Return the distribution of an index.

        >>> from synthdata.elementary import Uniform
        >>> Schedule([(0, Uniform(0, 1)), (10, Uniform(0, 5))]).at(5)
        Uniform(low=0.0, high=3.0)
        """
        after = bisect.bisect_right(self.points, index, key=operator.itemgetter(0))
        before = max(after - 1, 0)
        start, own = self.points[before]
        if self.how == "step":
            return own
        if after in (0, len(self.points)):
            return _between(own, own, 0)
        end, following = self.points[after]
        return _between(own, following, (index - start) / (end - start))

    def sample(self, rng: np.random.Generator, size: int | tuple[int, ...] | None = None) -> Any:
        """Draw from the distribution of the sample's index.

        Args:
            rng: an ``sd.Rng``, which knows the index.
            size: None draws a number, otherwise an array of it is drawn.

        Raises:
            TypeError: if it is another ``np.random.Generator``.
        """
        return self.at(_index(rng)).sample(rng, size)

    def pathwise(
        self, rng: np.random.Generator, size: int | tuple[int, ...] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Draw what ``sample`` draws; none of its arguments is continuous."""
        return self.sample(rng, size), {}

    @property
    def support(self) -> tuple[float, float] | None:
        """The smallest and the largest number at any index, or None where a value is a word."""
        found = [one.support for _, one in self.points]
        if any(one is None for one in found):
            return None
        return min(low for low, _ in found), max(high for _, high in found)

    @model_validator(mode="after")
    def _movable(self) -> Self:
        if self.how == "linear":
            forms = {_form(one) for _, one in self.points}
            if None in forms or len(forms) > 1:
                raise ValueError(
                    "through these points there is no straight line: all must be numbers, or "
                    "distributions of one kind with the same arguments; how='step' takes any"
                )
        return self


def _form(distribution: Any) -> tuple[str, ...] | None:
    """The kind of a distribution and its arguments, or None where they are no numbers."""
    numbers = _numbers(distribution)
    return None if numbers is None else (distribution.kind, *numbers)


def _numbers(distribution: Any) -> dict[str, float] | None:
    given = arguments(distribution)
    fields = {name: value for name, value in given.items() if value is not None}
    numeric = all(isinstance(value, int | float) for value in fields.values())
    words = any(isinstance(value, bool) for value in fields.values())
    return fields if numeric and not words else None


def _between(one: Any, other: Any, part: float) -> Any:
    ends = _numbers(other) or {}
    moved = {
        name: float((1 - part) * value + part * ends[name])
        for name, value in (_numbers(one) or {}).items()
    }
    # A frozen dataclass that validates is slow to make; what lies between valid ones is valid.
    made = object.__new__(type(one))
    made.__dict__.update(one.__dict__, **moved)
    return made


def _index(rng: Any) -> int:
    try:
        return int(rng.index)
    except AttributeError:
        raise TypeError(
            f"a schedule goes by the sample's index, which {type(rng).__name__} does not know; "
            "draw with the sd.Rng that sample is given"
        ) from None
