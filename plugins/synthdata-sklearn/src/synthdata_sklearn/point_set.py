"""Points with a class each, as scikit-learn makes them; frame.py says where they are drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class PointSet:
    """Points in two or three dimensions.

    Attributes:
        data: (points, dimensions) float32, the second axis upwards.
        classes: (points,) int64, which class or cluster each belongs to, from 0.
        position: (points,) float32, how far along a curve each lies, from 0 to 1; of point sets
            that are a curve.
    """

    data: Floats
    classes: NDArray[np.int64]
    position: Floats | None = None

    @classmethod
    def of(cls, data: ArrayLike, classes: ArrayLike) -> Self:
        """Round scikit-learn's floats to float32 and its classes to int64.

        The last bit of a float64 sine is not the same on every processor; float32 nearly always
        is.
        """
        return cls(np.asarray(data, np.float32), np.asarray(classes, np.int64))

    @classmethod
    def along(cls, data: ArrayLike, position: NDArray[Any]) -> Self:
        """Return the points of a curve, all of one class.

        Args:
            data: (points, dimensions).
            position: how far along the curve each lies; what is beyond 0 or 1 is a rounding error.
        """
        points = cls.of(data, np.zeros(len(position), np.int64))
        return replace(points, position=np.clip(position, 0, 1).astype(np.float32))

    def turned(self, degrees: float) -> Self:
        """Return the points turned clockwise around the origin, in two dimensions."""
        turn = math.radians(degrees)
        matrix = [[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]]
        return replace(self, data=rotated(self.data, np.array(matrix)))

    def reordered(self, order: NDArray[np.intp]) -> Self:
        """Return the same points in another order."""
        position = None if self.position is None else self.position[order]
        return replace(self, data=self.data[order], classes=self.classes[order], position=position)

    def seen_along_width(self) -> Self:
        """Return the points of a sheet in three dimensions as seen along y: x and z are left."""
        return replace(self, data=np.ascontiguousarray(self.data[:, ::2]))


def rotated(data: Floats, matrix: NDArray[np.float64]) -> Floats:
    """Return ``data @ matrix.T`` as float32, with every sum in one and the same order.

    BLAS rounds differently from one processor to the next; + and × of IEEE 754 do not.

    Args:
        data: (points, dimensions).
        matrix: (dimensions, dimensions).
    """
    whole = data.astype(np.float64)
    terms = [whole[:, axis, None] * matrix[:, axis] for axis in range(data.shape[1])]
    total: NDArray[np.float64] = sum(terms[1:], terms[0])
    return total.astype(np.float32)
