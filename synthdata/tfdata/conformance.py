"""What the conformance kit asks TensorFlow about a generator that is Native; judging is its own."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from synthdata.tfdata.graph import batch_function, open_rows

Arrays: TypeAlias = list[NDArray[Any]]
"""An array of rows for each leaf of the Output."""


def by_graph(generator: Any, seeds: NDArray[np.int64], indices: NDArray[np.int64]) -> Arrays:
    """Return the samples of some keys, made by the graph in one batch.

    Args:
        generator: a Generator that is Native, and open.
        seeds: the bits of the unsigned seeds.
        indices: of the same length.

    Raises:
        DeclarationError: as ``rows_of`` does.
    """
    return [tensor.numpy() for tensor in batch_function(open_rows(generator))(seeds, indices)]


def op_by_op(generator: Any, seeds: NDArray[np.int64], indices: NDArray[np.int64]) -> Arrays:
    """Return the same samples, each made by ``tensor_sample`` as Python runs it, without a graph.

    Functions that it has traced itself are run as Python too.

    Args:
        generator: a Generator that is Native, and open.
        seeds: the bits of the unsigned seeds.
        indices: of the same length.
    """
    leaves = generator.output.leaves
    with _functions_eager():
        samples = [
            generator.tensor_sample(tf.constant(seed), tf.constant(index))
            for seed, index in zip(seeds, indices, strict=True)
        ]
    return [np.stack([np.asarray(_at(sample, leaf.path)) for sample in samples]) for leaf in leaves]


def saved(
    generator: Any, folder: str | os.PathLike[str]
) -> Callable[[NDArray[np.int64], NDArray[np.int64]], Arrays]:
    """Save a Native generator's function from seeds and indices to samples as a SavedModel.

    Args:
        generator: a Generator that is Native, and open.
        folder: where to; the function is named ``batch`` there.

    Returns:
        The function that was saved.
    """
    module: Any = tf.Module()
    module.batch = batch_function(open_rows(generator))
    tf.saved_model.save(module, os.fspath(folder))
    return lambda seeds, indices: [tensor.numpy() for tensor in module.batch(seeds, indices)]


@contextlib.contextmanager
def _functions_eager() -> Iterator[None]:
    before = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(True)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(before)


def _at(sample: Any, path: Sequence[str]) -> Any:
    value = getattr(sample, path[0])
    for key in path[1:]:
        value = value[key]
    return value
