"""What tests of feeding have in common: data sets over a cluster, and what is left of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

import synthdata as sd
from tests.cluster.nodes import of_nodes, processes_of


def build(generator: Any, cluster: str, **options: Any) -> Any:
    usual: dict[str, Any] = {"samples": 40, "batch_size": 4}
    return sd.build(generator, executor="ray", cluster=cluster, **(usual | options))


def contents(dataset: Any) -> list[list[Any]]:
    """All batches, each as the dtypes, shapes and bytes of what is in it."""
    return [
        [_part(part) for part in tf.nest.flatten(batch, expand_composites=True)]
        for batch in dataset
    ]


def _part(part: Any) -> Any:
    array = part.numpy()
    whole = array.tolist() if array.dtype == np.dtype(object) else array.tobytes()
    return str(array.dtype), array.shape, whole


def feeders(folder: Path) -> list[int]:
    """The pids of the actors that make batches, of the nodes of a cluster."""
    return of_nodes(processes_of(Path("ray::Feeder")), folder)
