"""Derivatives by finite differences, and how far they can be trusted; it knows no generator."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

import numpy as np

Change: TypeAlias = Callable[[float], tuple[float, float]]
"""From a step h to ``f(x + h) - f(x - h)``, and the norm of what ``f(x + h)`` is the sum of.

Where terms have random signs, rounding errors add up as their norm does.
"""

ROUNDING: Final = 16
"""Precisions by which a number may be off that is computed in a few dozen operations."""

TOLERANCES: Final = {"float64": 1e-5, "float32": 1e-2, "float16": 1e-1}
"""Relative errors above which a derivative of an image is wrong, by its dtype."""

TELLING: Final = 0.25
"""Part of a derivative that rounding may be; then a wrong sign, a missing term and a factor of 2
still show, which are off by half of it at least."""


class Accuracy(NamedTuple):
    """How exactly differences can be had of numbers of some precision.

    Attributes:
        precision: of the numbers, as ``np.finfo`` has it.
        tolerance: relative error above which a derivative is wrong.
        telling: part of a derivative that rounding may be, for a difference to be of use.
        steps: relative to the value, from the first that is tried to the last.
    """

    precision: float
    tolerance: float
    telling: float
    steps: tuple[float, ...]

    @classmethod
    def of(cls, dtype: str) -> Accuracy:
        """Return the accuracy of differences of an image.

        Rounding makes an error of precision / step in a difference, and curvature one of step⁴ in
        one of the fourth order. Their sum is least where step is the fifth root of the precision:
        7e-4 of float64, where both are about 3e-13, and 0.04 of float32, where they are 3e-6. A
        function that varies faster than its value by the step, or has a kink within it, needs a
        smaller one, at the cost of more rounding: 1e-3 of the best step leaves a rounding error
        of 3e-10 of float64, and 1e-1 of it one of 3e-5 of float32, each of the size of the image.
        A gradient is often 100 times less than the image divided by the value. Hence a tolerance
        of 1e-5 of float64, and 1e-2 of float32; float16 shows little but signs and factors.

        Of a coarse image rounding may be more than all that a faint value changes, and then any
        derivative would agree. In float64 that is so only of values that change the image by less
        than 5e-9 of itself, which is as good as not at all: there, ``telling`` has no bound.

        >>> Accuracy.of("float64").tolerance, Accuracy.of("float32").tolerance
        (1e-05, 0.01)
        """
        precision = float(np.finfo(dtype).eps)
        fine, best = dtype == "float64", precision**0.2
        steps = tuple(best / part for part in ((1, 10, 100, 1000) if fine else (1, 3, 10)))
        return cls(precision, TOLERANCES[dtype], math.inf if fine else TELLING, steps)


class Slope(NamedTuple):
    """A derivative by differences.

    Attributes:
        value: the derivative.
        doubt: by how much it differs from the one of twice the step.
        rounding: the error that rounding may have made in both.
    """

    value: float
    doubt: float
    rounding: float


def slope(change: Change, step: float, precision: float) -> Slope:
    """Return a derivative by central differences of three steps, each half the one before.

    Two of them make one of the fourth order, by Richardson's extrapolation (Press et al.,
    "Numerical recipes", section 5.7). There are two such; where they disagree, the function has a
    kink within the step, or bends too fast for it.

    Args:
        change: of the function.
        step: the largest.
        precision: relative, of the numbers that the function is the sum of.

    >>> found = slope(lambda h: ((2 + h) ** 3 - (2 - h) ** 3, 16.0), 1e-3, 2e-16)
    >>> abs(found.value - 12) < found.rounding, found.doubt < found.rounding
    (True, True)
    """
    steps = [step, step / 2, step / 4]
    changes = [change(one) for one in steps]
    wide, middle, narrow = (
        difference / (2 * one) for (difference, _), one in zip(changes, steps, strict=True)
    )
    coarse, fine = (4 * middle - wide) / 3, (4 * narrow - middle) / 3
    size = max(magnitude for _, magnitude in changes)
    return Slope(fine, abs(fine - coarse), ROUNDING * precision * size / step)
