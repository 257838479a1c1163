"""Where the centres of clusters lie: as far from each other as they have to be, and no order."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

BOX: Final = 10.0
"""Centres lie from -BOX to BOX, as those of ``make_blobs`` do."""

MAX_CLUSTERS: Final = 10

MAX_DISTANCE: Final = 3.2
"""Least distance that may be asked for.

Nine centres then keep a tenth out of 9 π 3.2² = 290 of the 400 square units at most, so that one
of four places is free and the search below ends.
"""


def cluster_centers(rng: np.random.Generator, count: int, distance: float) -> NDArray[np.float64]:
    """Draw centres one by one, each anew until it is far enough from those before.

    Args:
        rng: of the sample.
        count: how many, up to ``MAX_CLUSTERS``.
        distance: least distance of any two, up to ``MAX_DISTANCE``.

    Returns:
        (count, 2) float64, from left to right.
    """
    centers: list[NDArray[np.float64]] = []
    while len(centers) < count:
        place = rng.uniform(-BOX, BOX, 2)
        if all(_squared(place - other) >= distance**2 for other in centers):
            centers.append(place)
    return np.array(sorted(centers, key=tuple))


def _squared(step: NDArray[np.float64]) -> float:
    return float(step[0] * step[0] + step[1] * step[1])
