"""What a generator may be able to do beside ``sample``, each power a Protocol of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np


@runtime_checkable
class Differentiable(Protocol):
    """A generator that knows how its image depends on its continuous params.

    Attributes:
        differentiable_params: names of the params, each a float, a (nested) tuple of floats, or a
            distribution of them; or dotted names of parts of them, as ``radius.low``.
    """

    @property
    def differentiable_params(self) -> Sequence[str]:
        """Names of the continuous params."""
        ...

    def vjp(
        self, rng: np.random.Generator, params: Any, upstream: Any
    ) -> Mapping[str, float | np.ndarray]:
        """Return the product of an upstream gradient with the Jacobian of a sample's image.

        Args:
            rng: at the start of the sample's stream, as ``sample`` gets it. What is drawn from it
                must be what ``sample`` draws.
            params: those under which the sample was made; they are ``self.params``.
            upstream: the gradient of some number with respect to each element of the image: an
                array of its shape and dtype, or a dict of them where the image is a dict.

        Returns:
            The gradient of that number with respect to each continuous value of the params: a
            float, or an array of the value's shape. Values have the names that
            ``synthdata.theta.continuous`` gives them: ``background`` of a float or tuple,
            ``radius.low`` and ``radius.high`` of a distribution.
        """
        ...


@runtime_checkable
class Native(Protocol):
    """A generator whose samples are made of TensorFlow ops, without Python."""

    def tensor_sample(self, seed: Any, index: Any) -> Any:
        """Make one sample of tensors, as a function of ``self.params``, seed and index only.

        It runs once, to be traced; the graph then makes whole batches. Random numbers come from
        stateless ops (``tf.random.stateless_…``, with ``alg="philox"``) keyed by both arguments.

        Args:
            seed: int64 scalar tensor, the bits of the unsigned seed.
            index: int64 scalar tensor, the sample's index.

        Returns:
            A Sample of tensors of the declared dtypes and shapes.
        """
        ...
