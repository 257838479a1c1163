"""TFDS's own writer: the builder that its documentation has one write, over the same samples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

import synthdata as sd


class Shapes(tfds.core.GeneratorBasedBuilder):  # type: ignore[misc]  # ships no types
    """shapes-v1 with its label and all its metadata.

    Args:
        source: the samples.
        shuffled: whether TFDS shuffles them by a hash of their keys, as it does by default.
        data_dir: where the data set becomes ``shapes/1.0.0``.
    """

    VERSION = tfds.core.Version("1.0.0")

    def __init__(self, source: sd.Source, *, shuffled: bool, data_dir: str) -> None:
        self._source = source
        self._shuffled = shuffled
        super().__init__(data_dir=data_dir)

    def _info(self) -> Any:
        return tfds.core.DatasetInfo(
            builder=self,
            features=_features(self._source.output),
            supervised_keys=("image", "label"),
            disable_shuffling=not self._shuffled,
        )

    def _split_generators(self, download: Any) -> dict[str, Any]:
        return {"train": self._generate_examples()}

    def _generate_examples(self) -> Iterator[tuple[int, dict[str, Any]]]:
        for index, sample in enumerate(self._source):
            mask = sample.metadata["mask"]
            metadata = {**sample.metadata, "mask": mask[:, :, None]}
            yield index, {"image": sample.image, "label": sample.label, "metadata": metadata}


def _features(output: Any) -> Any:
    features, numbers = tfds.features, tfds.features.Tensor
    raw = features.Encoding.BYTES
    size, names = output.image.height, output.label.names
    return features.FeaturesDict(
        {
            "image": features.Image(shape=(size, size, 3), encoding_format="png"),
            "label": features.ClassLabel(names=names),
            "metadata": {
                "classes": features.Sequence(features.ClassLabel(names=names)),
                "boxes": numbers(shape=(None, 4), dtype=np.float32),
                "mask": features.Image(shape=(size, size, 1), encoding_format="png"),
                "visibility": numbers(shape=(None,), dtype=np.float32),
                "center": numbers(shape=(None, 2), dtype=np.float32),
                "radius": numbers(shape=(None,), dtype=np.float32),
                "angle": numbers(shape=(None,), dtype=np.float32),
                "color": numbers(shape=(None, 3), dtype=np.uint8, encoding=raw),
                "background": features.ClassLabel(names=output.metadata["background"].names),
                "background_colors": numbers(shape=(2, 3), dtype=np.uint8, encoding=raw),
                "noise": numbers(shape=(), dtype=np.float32),
            },
        }
    )


def write(source: sd.Source, folder: str, *, shuffled: bool) -> None:
    """Write the samples, with nothing fetched and nothing looked up.

    Args:
        source: the samples.
        folder: a new one.
        shuffled: as of Shapes.
    """
    options = tfds.download.DownloadConfig(
        try_download_gcs=False, compute_stats=tfds.download.ComputeStatsMode.SKIP
    )
    Shapes(source, shuffled=shuffled, data_dir=folder).download_and_prepare(
        download_config=options, file_format="tfrecord"
    )
