"""The gradients of a generator beside finite differences of its images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from synthdata.errors import GradientError
from synthdata.gradients import Gradients, Images
from synthdata.testing.check import Failure
from synthdata.testing.differences import Accuracy, Slope, slope
from synthdata.testing.subject import SEED

ELEMENTS: Final = 8
"""Elements of a value that are looked at for each draw, picked at random."""

AGREED: Final = 1e-2
"""Part of the tolerance within which two differences have to agree to be of use."""


class Comparison:
    """The gradients under some params, beside differences.

    Args:
        gradients: of the generator under these params.
        indices: of the samples.
        rng: draws the upstream gradients and picks elements.
    """

    def __init__(
        self, gradients: Gradients, indices: Sequence[int], rng: np.random.Generator
    ) -> None:
        self._gradients = gradients
        self._rng = rng
        self._values = list(gradients.theta.values())
        self._indices = np.array(indices, np.int64)
        self._upstream = upstream_of(gradients, len(indices), rng)
        found = gradients.products(self._values, self._indices, self._upstream)
        self._found = dict(zip(gradients.theta, found, strict=True))
        self._accuracy = max(Accuracy.of(leaf.feature.dtype) for leaf in gradients.leaves)

    def agreeing(self, names: Sequence[str]) -> list[str]:
        """Return those of the names whose differences are of use; they agree with the gradient.

        Raises:
            Failure: if one does not.
        """
        return [name for name in names if self._agrees(name)]

    def _agrees(self, name: str) -> bool:
        value = self._gradients.theta[name]
        count = min(value.size, ELEMENTS)
        picked = np.sort(self._rng.choice(value.size, count, replace=False))
        found = self._found[name].ravel()[picked]
        scale = float(np.abs(value).max()) or 1.0
        for step in self._accuracy.steps:
            try:
                slopes = [self._slope(name, int(at), step * scale) for at in picked]
            except GradientError:  # Params refuse the step
                continue
            if self._decided(name, found, slopes):
                return True
        return False

    def _decided(self, name: str, found: NDArray[Any], slopes: list[Slope]) -> bool:
        """Whether the differences are of use; then the gradient has to agree with them."""
        expected, doubt, rounding = np.array(slopes).T
        tolerance = self._accuracy.tolerance * _norm(expected)
        # What is NaN is not within a bound.
        if not _norm(doubt) <= AGREED * tolerance + _norm(rounding):
            return False
        if not _norm(found - expected) <= tolerance + _norm(rounding):
            raise Failure(
                f"by {name}, vjp returns {_shown(found)}, but finite differences give "
                f"{_shown(expected)}: samples {', '.join(map(str, self._indices))} (seed {SEED}) "
                f"under {self._gradients.generator.params!r}"
            )
        # What a value does not change at all, it has no gradient by; rounding hides nothing there.
        return not expected.any() or _norm(rounding) <= self._accuracy.telling * _norm(expected)

    def _slope(self, name: str, at: int, step: float) -> Slope:
        return slope(lambda h: self._change(name, at, h), step, self._accuracy.precision)

    def _change(self, name: str, at: int, step: float) -> tuple[float, float]:
        below, above = (self._images(name, at, one) for one in (-step, step))
        total = magnitude = 0.0
        for low, high, weight in zip(below, above, self._upstream, strict=True):
            low, high = low.astype(np.float64), high.astype(np.float64)
            total += float(np.sum((high - low) * weight))
            magnitude += float(np.sum((high * weight) ** 2))
        return total, math.sqrt(magnitude)

    def _images(self, name: str, at: int, step: float) -> Images:
        values = {one: np.array(value) for one, value in self._gradients.theta.items()}
        values[name].ravel()[at] += step
        return self._gradients.images(list(values.values()), self._indices)


def upstream_of(gradients: Gradients, rows: int, rng: np.random.Generator) -> Images:
    """Return random gradients by each element of the images of some rows.

    Args:
        gradients: has images of these shapes and dtypes.
        rows: how many.
        rng: draws them, from a standard normal distribution.
    """
    features = [leaf.feature for leaf in gradients.leaves]
    return [rng.standard_normal((rows, *one.bound)).astype(one.dtype) for one in features]


def _norm(vector: NDArray[Any]) -> float:
    return float(np.linalg.norm(vector))


def _shown(vector: NDArray[Any]) -> str:
    return " ".join(f"{number:.9g}" for number in vector)
