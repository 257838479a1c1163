"""The generator of matrices that are a checkerboard, with rows and columns out of order."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import Field

import synthdata as sd
from synthdata_sklearn.matrix import (
    MatrixParams,
    cluster_count,
    cluster_features,
    draw_cluster_count,
    grey_levels,
    matrix_image,
    none_empty,
)
from synthdata_sklearn.randomness import single
from synthdata_sklearn.sklearn_generator import SklearnGenerator


class Checkerboard(SklearnGenerator):
    """A checkerboard of random grey levels; the label is how many clusters of rows and columns.

    Rows of one cluster are the same but for noise, and so are columns of one cluster.
    """

    class Params(MatrixParams):
        """Size, number of clusters, and noise."""

        max_row_clusters: int = Field(
            5, ge=2, le=8, description="most clusters of rows; each number from 2 is as likely"
        )
        max_column_clusters: int = Field(
            5, ge=2, le=8, description="most clusters of columns; each number from 2 is as likely"
        )

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        """Declare the image, the numbers of clusters, and which row and column lies in which."""
        tall, wide = params.max_row_clusters, params.max_column_clusters
        return sd.Output(
            image=matrix_image(params),
            label={
                "rows": cluster_count(tall, "clusters of rows"),
                "columns": cluster_count(wide, "clusters of columns"),
            },
            metadata=cluster_features(params, tall, wide),
        )

    def sample(self, rng: np.random.Generator) -> sd.Sample:
        """Make the matrix and round it."""
        from sklearn.datasets import make_checkerboard

        params = self.params
        tall = draw_cluster_count(rng, params.max_row_clusters)
        wide = draw_cluster_count(rng, params.max_column_clusters)
        noise = single(params.noise.sample(rng))
        matrix, rows, columns = none_empty(rng, params, make_checkerboard, (tall, wide), noise)
        # A bicluster is a pair of clusters, all columns of the first cluster of rows first.
        metadata = {
            "row_clusters": rows[::wide].argmax(axis=0),
            "column_clusters": columns[:wide].argmax(axis=0),
            "noise": noise,
        }
        return sd.Sample(grey_levels(matrix), {"rows": str(tall), "columns": str(wide)}, metadata)
