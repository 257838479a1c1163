"""What generators of matrices have in common: params, and clusters of rows and columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

import synthdata as sd
from synthdata_sklearn.randomness import random_state

LEAST: Final = 2
"""Clusters; one alone is a grey area."""


class MatrixParams(sd.Params):
    """Size, noise, and the order of rows and columns."""

    rows: int = Field(64, ge=32, le=1024, description="height of the image in pixels")
    columns: int = Field(64, ge=32, le=1024, description="width of the image in pixels")
    noise: Annotated[sd.Distribution, sd.within(0, 64)] = Field(
        sd.Uniform(0, 20), description="standard deviation of the pixels, in grey levels"
    )
    shuffle: bool = Field(
        True,
        description="whether rows and columns are in random order, so that there is something to "
        "find; otherwise those of a cluster lie side by side",
    )


def matrix_image(params: MatrixParams) -> sd.Image:
    """Declare the image: the matrix in grey levels."""
    return sd.Image(params.rows, params.columns, 1)


def cluster_count(most: int, description: str) -> sd.ClassLabel:
    """Declare how many clusters there are, as a class: "2", "3" and so on up to ``most``."""
    return sd.ClassLabel([str(n) for n in range(LEAST, most + 1)], description=description)


def draw_cluster_count(rng: np.random.Generator, most: int) -> int:
    """Draw how many clusters there are, each number as likely."""
    return int(rng.integers(LEAST, most, endpoint=True))


def cluster_features(params: MatrixParams, rows: int, columns: int) -> dict[str, Any]:
    """Declare which cluster each row and each column belongs to, for the metadata.

    Args:
        params: of the generator.
        rows: most clusters of rows.
        columns: most clusters of columns.
    """
    return {
        "row_clusters": sd.Tensor(
            "int64", (params.rows,), ge=0, le=rows - 1, description="cluster of each row"
        ),
        "column_clusters": sd.Tensor(
            "int64", (params.columns,), ge=0, le=columns - 1, description="cluster of each column"
        ),
        "noise": sd.Scalar("float32", ge=0, le=64, description="grey levels"),
    }


def grey_levels(matrix: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Round a matrix to grey levels from 0 to 255, as (rows, columns, 1)."""
    return np.clip(np.rint(matrix), 0, 255).astype(np.uint8)[:, :, None]


def none_empty(
    rng: np.random.Generator,
    params: MatrixParams,
    make: Callable[..., tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]],
    clusters: int | tuple[int, int],
    noise: float,
    darkest: int = 0,
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Call a function of scikit-learn until each cluster has a row and a column.

    It shares rows and columns out at random. With 8 clusters and 32 of each, 4 of 5 calls leave no
    cluster empty; with fewer clusters, or more rows and columns, nearly all do.

    Args:
        rng: of the sample.
        params: of the generator.
        make: ``make_biclusters`` or ``make_checkerboard``.
        clusters: how many, as ``make`` takes it.
        noise: standard deviation in grey levels.
        darkest: grey level of the darkest cluster.

    Returns:
        What it returns: matrix, rows of each bicluster, columns of each bicluster.
    """
    state = random_state(rng)
    while True:
        matrix, rows, columns = make(
            shape=(params.rows, params.columns),
            n_clusters=clusters,
            noise=noise,
            minval=darkest,
            maxval=255,
            shuffle=params.shuffle,
            random_state=state,
        )
        if rows.any(axis=1).all() and columns.any(axis=1).all():
            return matrix, rows, columns
