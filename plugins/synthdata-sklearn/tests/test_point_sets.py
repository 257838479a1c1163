from collections.abc import Callable

import numpy as np
import pytest

import synthdata as sd
from synthdata_sklearn.point_sets import FAMILIES

Draw = Callable[..., list[sd.Sample]]


def near(distances: np.ndarray, radius: float | np.ndarray = 1.0) -> np.ndarray:
    return np.asarray(abs(distances - radius) < 1e-4)


def family_of(data: np.ndarray) -> str:
    """What points without noise are, by the equations of circles and spirals."""
    x, y = data.T.astype(float)
    distance = np.hypot(x, y)
    if (near(distance) | near(distance, distance.min())).all():
        return "circles"
    if (near(distance) | near(np.hypot(x - 1, y - 0.5))).all():
        return "moons"
    if (near(np.hypot(x, y - 1)) | near(np.hypot(x, y + 1))).all():
        return "s_curve"
    # A roll: the distance from the centre is the angle.
    turns = (np.arctan2(y, x) - distance) / (2 * np.pi)
    if (abs(turns - np.rint(turns)) < 1e-4).all():
        return "swiss_roll"
    return "blobs"


def test_the_label_is_the_family_that_the_geometry_of_the_points_says(draw: Draw) -> None:
    found = [
        (FAMILIES[sample.label], family_of(sample.metadata["data"]))
        for sample in draw("point-sets-v1", 100, noise=0)
    ]
    assert {told for told, _ in found} == set(FAMILIES)
    assert [told for told, _ in found] == [shown for _, shown in found]


def test_labels_count_among_the_families_that_were_asked_for(draw: Draw) -> None:
    samples = draw("point-sets-v1", 30, families=["swiss_roll", "moons"], noise=0)
    names = [("swiss_roll", "moons")[sample.label] for sample in samples]
    assert set(names) == {"swiss_roll", "moons"}
    assert names == [family_of(sample.metadata["data"]) for sample in samples]


def test_classes_are_the_two_circles_the_two_moons_or_the_blobs(draw: Draw) -> None:
    for sample in draw("point-sets-v1", 60, noise=0):
        name, classes = FAMILIES[sample.label], sample.metadata["classes"]
        parts = len(np.unique(classes))
        assert parts in {"blobs": (2, 3, 4, 5), "circles": (2,), "moons": (2,)}.get(name, (1,))


def test_a_doubled_family_is_refused_by_its_name() -> None:
    with pytest.raises(sd.ParamsError, match="doubled is 'moons'"):
        sd.make("point-sets-v1", families=["moons", "blobs", "moons"])
