"""Where points lie in an image: the view that just holds all of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from synthdata_sklearn.point_set import Floats


def fitted(data: Floats, size: int, margin: float, *, square: bool = True) -> Floats:
    """Scale and shift points so that they just fit into a square image, centred.

    Args:
        data: (points, 2), the second axis upwards.
        size: side of the image in pixels.
        margin: least distance from the border in pixels.
        square: True scales both axes alike; False lets each fill the image.

    Returns:
        (points, 2) float32: x, y in pixels from the upper left corner, y downwards.
    """
    whole = data.astype(np.float64) * (1, -1)
    low, high = whole.min(axis=0), whole.max(axis=0)
    span = np.full(2, (high - low).max()) if square else high - low
    span[span == 0] = 1  # points that all lie in one place lie in the middle
    scale = (size - 2 * margin) / span
    placed = (whole - (low + high) / 2) * scale + size / 2
    # A rounding error must not carry a point beyond the margin.
    inside: NDArray[np.float64] = np.clip(placed, margin, size - margin)
    return inside.astype(np.float32)
