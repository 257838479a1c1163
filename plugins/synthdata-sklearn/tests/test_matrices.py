from collections.abc import Callable

import numpy as np
import pytest

import synthdata as sd

Draw = Callable[..., list[sd.Sample]]


def patterns(matrix: np.ndarray) -> int:
    """How many rows are different."""
    return len(np.unique(matrix, axis=0))


def test_without_noise_there_are_as_many_different_rows_as_biclusters(draw: Draw) -> None:
    for sample in draw("biclusters-v1", 100, noise=0, max_clusters=8, rows=32, columns=32):
        matrix = sample.image[:, :, 0]
        assert patterns(matrix) == patterns(matrix.T) == sample.label + 2


def test_the_mask_is_where_a_matrix_without_noise_is_not_black(draw: Draw) -> None:
    for sample in draw("biclusters-v1", 30, noise=0, darkest=1):
        matrix, mask = sample.image[:, :, 0], sample.metadata["mask"]
        assert ((matrix > 0) == (mask > 0)).all()
        for number in range(1, sample.label + 3):
            assert len(np.unique(matrix[mask == number])) == 1


def test_without_noise_there_are_as_many_different_rows_and_columns_as_a_checkerboard_has_clusters(
    draw: Draw,
) -> None:
    counts = set()
    for sample in draw("checkerboard-v1", 60, noise=0, rows=32, columns=80, max_row_clusters=8):
        matrix = sample.image[:, :, 0]
        found = (patterns(matrix), patterns(matrix.T))
        assert found == (sample.label["rows"] + 2, sample.label["columns"] + 2)
        counts.add(found)
    assert len(counts) > 10


@pytest.mark.parametrize("id", ["biclusters-v1", "checkerboard-v1"])
def test_rows_and_columns_are_alike_where_they_are_of_one_cluster(id: str, draw: Draw) -> None:
    for sample in draw(id, 20, noise=0):
        matrix = sample.image[:, :, 0]
        for lines, name in ((matrix, "row_clusters"), (matrix.T, "column_clusters")):
            clusters = sample.metadata[name]
            alike = (lines[:, None] == lines).all(axis=2)
            assert (alike == (clusters[:, None] == clusters)).all()


@pytest.mark.parametrize("id", ["biclusters-v1", "checkerboard-v1"])
def test_clusters_lie_side_by_side_unless_they_are_shuffled(id: str, draw: Draw) -> None:
    for name in ("row_clusters", "column_clusters"):
        for sample in draw(id, 10, shuffle=False):
            assert (np.diff(sample.metadata[name]) >= 0).all()
        assert any((np.diff(sample.metadata[name]) < 0).any() for sample in draw(id, 10))


@pytest.mark.parametrize("id", ["biclusters-v1", "checkerboard-v1"])
def test_noise_has_the_deviation_that_the_metadata_say(id: str, draw: Draw) -> None:
    for sample in draw(id, 10, noise={"uniform": [5, 15]}):
        matrix = sample.image[:, :, 0].astype(float)
        rows, columns = sample.metadata["row_clusters"], sample.metadata["column_clusters"]
        block = matrix[rows == rows[0]][:, columns == columns[0]]
        if 60 < block.mean() < 195 and block.size > 100:  # away from black and white
            assert block.std() == pytest.approx(float(sample.metadata["noise"]), rel=0.25)
