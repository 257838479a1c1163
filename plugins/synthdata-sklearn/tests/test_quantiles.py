from collections.abc import Callable

import numpy as np
import pytest

import synthdata as sd

Draw = Callable[..., list[sd.Sample]]


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_rings_are_numbered_from_within_and_have_as_many_points_each(
    classes: int, draw: Draw
) -> None:
    for sample in draw("quantiles-v1", 10, classes=classes, points=205):
        distance, ring = np.hypot(*sample.metadata["data"].T), sample.metadata["classes"]
        counts = np.bincount(ring, minlength=classes)
        assert counts[:-1].tolist() == [205 // classes] * (classes - 1)
        assert (np.diff(ring[np.argsort(distance)]) >= 0).all()
        assert sample.label.max() == classes
