"""Keras's parallel data set; a module of its own, as it subclasses and workers may import it."""

from __future__ import annotations

from typing import Any

import keras
from keras.src.trainers.data_adapters.py_dataset_adapter import PyDatasetAdapter
from workloads import Workload


class Batches(keras.utils.PyDataset):  # type: ignore[misc]  # keras ships no types
    """Whole batches by number, as Keras wants them."""

    num_batches = None  # no end

    def __init__(self, work: Workload, rows: int, workers: int) -> None:
        super().__init__(workers=workers, use_multiprocessing=True, max_queue_size=2 * workers)
        self._work = work
        self._rows = rows

    def __getitem__(self, index: int) -> Any:
        """Stack the batch in a plain loop."""
        return self._work.batch(self._rows)


def batches(work: Workload, rows: int, workers: int) -> Any:
    """Return an iterator over what the workers make.

    The adapter is what ``model.fit`` uses; Keras has no public way to the workers but ``fit``.
    """
    return PyDatasetAdapter(Batches(work, rows, workers), shuffle=False).get_numpy_iterator()
