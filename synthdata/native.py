"""The base of generators made of TensorFlow ops; it imports TensorFlow when samples are made."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthdata.errors import DeclarationError
from synthdata.generator import Generator
from synthdata.sample import Sample


class TensorGenerator(Generator):
    """A Generator whose samples are made of TensorFlow ops, without Python.

    ``build`` makes it part of the graph. A subclass declares ``Params`` and ``describe`` as any,
    and says in ``tensor_sample`` how a sample is made. ``sample`` is the same ops, so that a
    Source, files and the other executors have the same bytes as the graph; a sample alone costs
    sixteen, since the graph never makes fewer.

    An Output has features of fixed shapes and numbers only: Tensor, Scalar, Image, Mask and
    ClassLabel without ``max``. A subclass that has an ``open`` of its own calls ``super().open()``.
    """

    @abstractmethod
    def tensor_sample(self, seed: Any, index: Any) -> Sample:
        """Make one sample of tensors; see ``Native.tensor_sample``."""

    _rows: Any = None
    _batch: Any = None

    def open(self) -> None:
        """Trace the ops."""
        from synthdata.tfdata.graph import batch_function, rows_of

        self._rows = rows_of(self)
        self._batch = batch_function(self._rows)

    def close(self) -> None:
        """Let the graph go."""
        self._rows = self._batch = None

    def sample(self, rng: np.random.Generator) -> Sample:
        """Make one sample of NumPy arrays."""
        made = self.sample_batch([rng])
        return Sample(*(_row(tree) for tree in made))

    def sample_batch(self, rngs: Sequence[Any]) -> Sample:
        """Make a sample for each ``Rng``, stacked into NumPy arrays.

        Raises:
            DeclarationError: if it is not open.
        """
        if self._batch is None:
            raise DeclarationError(
                f"{self.identity.id} is not open: call open() before samples are drawn, and in an "
                "open of its own super().open()"
            )
        made = self._batch(*keys(rngs))
        tree = self.output.assembler(whole=True)([tensor.numpy() for tensor in made])
        return Sample(**tree)


def tensor_draw(distribution: Any, uniform: Any) -> Any:
    """Return the numbers of a distribution that belong to uniform ones, in TensorFlow ops.

    They are its quantiles. What ``Distribution.sample`` draws in NumPy are other numbers of the
    same distribution.

    Args:
        distribution: of numbers, as a param is; its arguments may be tensors.
        uniform: float32 or float64 tensor of numbers from 0 to below 1.

    Returns:
        A tensor of the dtype and shape of ``uniform``, differentiable by the arguments.

    Raises:
        DeclarationError: if it draws words.

    >>> import tensorflow as tf
    >>> from synthdata import Uniform
    >>> tensor_draw(Uniform(4, 20), tf.constant([0.0, 0.25])).numpy().tolist()
    [4.0, 8.0]
    """
    from synthdata.tfdata.draw import draw

    return draw(distribution, uniform)


def keys(rngs: Sequence[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return seeds and indices of streams as int64, the attempts in the upper bits of the latter.

    Args:
        rngs: each an ``Rng``.
    """
    seeds, indices = np.array([rng.key for rng in rngs], np.uint64).view(np.int64).T
    return seeds, indices


def _row(tree: Any) -> Any:
    if isinstance(tree, Mapping):
        return {key: _row(branch) for key, branch in tree.items()}
    return None if tree is None else tree[0]
