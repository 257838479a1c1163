"""The generator of matrices with hidden blocks."""

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


class Biclusters(SklearnGenerator):
    """A matrix in which some rows share bright columns; the label is how many such blocks it has.

    Each row and each column belongs to one block; where both belong to the same, the pixel has the
    grey level of the block, and is black elsewhere. The mask says which block a pixel lies in.
    """

    class Params(MatrixParams):
        """Size, number of blocks, their grey levels, and noise."""

        max_clusters: int = Field(
            5, ge=2, le=8, description="most blocks; each number from 2 is as likely"
        )
        darkest: int = Field(
            100, ge=1, le=255, description="grey level of the darkest block, the brightest is 255"
        )

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        """Declare the image, the number of blocks, and where they are."""
        most = params.max_clusters
        mask = sd.Mask(params.rows, params.columns, le=most, description="0, or k in block k")
        return sd.Output(
            image=matrix_image(params),
            label=cluster_count(most, "blocks"),
            metadata={"mask": mask, **cluster_features(params, most, most)},
        )

    def sample(self, rng: np.random.Generator) -> sd.Sample:
        """Make the matrix and round it."""
        from sklearn.datasets import make_biclusters

        params = self.params
        count = draw_cluster_count(rng, params.max_clusters)
        noise = single(params.noise.sample(rng))
        matrix, rows, columns = none_empty(
            rng, params, make_biclusters, count, noise, params.darkest
        )
        row_clusters, column_clusters = rows.argmax(axis=0), columns.argmax(axis=0)
        same = row_clusters[:, None] == column_clusters
        metadata = {
            "mask": np.where(same, row_clusters[:, None] + 1, 0).astype(np.uint8),
            "row_clusters": row_clusters,
            "column_clusters": column_clusters,
            "noise": noise,
        }
        return sd.Sample(grey_levels(matrix), str(count), metadata)
