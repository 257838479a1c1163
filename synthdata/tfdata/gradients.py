"""A generator's images as a differentiable function of its params, for ``tf.GradientTape``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from typing import Any, TypeAlias

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from synthdata.errors import GradientError
from synthdata.generator import Generator
from synthdata.gradients import Gradient, Gradients, image_leaves, image_tree, named
from synthdata.models import suggest
from synthdata.powers import Native
from synthdata.recipe import Recipe
from synthdata.tfdata.asked import source_of
from synthdata.tfdata.graph import open_rows
from synthdata.theta import changed, continuous, holding

Images: TypeAlias = Callable[[list[tf.Tensor], tf.Tensor], list[tf.Tensor]]
"""From values in the order of theta, and indices, to the images."""

_SECOND = (
    "second derivatives of a generator's images cannot be had: its vjp is Python, of which "
    "TensorFlow knows no gradient; take the first derivative under one tape alone"
)


class DifferentiableImages:
    """A function from continuous params and indices to images, with gradients by the params.

    ``differentiable`` makes it.

    Attributes:
        theta: the generator's own values by name, each a float64 NumPy array.
    """

    def __init__(
        self, generator: Generator, theta: Mapping[str, NDArray[Any]], images: Images
    ) -> None:
        self.theta = {name: value.copy() for name, value in theta.items()}
        self._own = generator.params
        self._tree = image_tree(generator.output)
        self._shapes = [leaf.feature.bound for leaf in image_leaves(generator)]
        self._images = images

    def __call__(self, theta: Mapping[str, Any], indices: Any) -> dict[str, Any]:
        """Return the images of some samples under some values of the params.

        Args:
            theta: tensors, variables, arrays or numbers of float32 or float64 by the names that
                ``self.theta`` has, and of their shapes.
            indices: of the samples, an int64 vector.

        Returns:
            ``{"image": …}``, a tensor (rows, height, width, channels) of the declared dtype, or a
            dict of them where the Output has several. Gradients have the dtype of their value.

        Raises:
            GradientError: if names, dtypes or shapes differ; or, outside of a ``tf.function``, if
                the params refuse the values.
            tf.errors.InvalidArgumentError: in a ``tf.function``, if the params refuse the values or
                a sample cannot be made; the message says which.
        """
        images = self._images(self._values(theta), _vector(indices))
        for image, shape in zip(images, self._shapes, strict=True):
            image.set_shape([None, *shape])
        return {"image": self._tree(images)}

    def params(self, theta: Mapping[str, Any]) -> Any:
        """Return the generator's params with the values of theta, validated.

        ``params(theta).model_dump(mode="json")`` is what a Recipe takes.

        Args:
            theta: numbers, arrays, eager tensors or variables; names that are left out keep the
                generator's own value.

        Raises:
            GradientError: if a name is unknown, a shape is another, or the params refuse a value.
        """
        return changed(self._own, {name: np.asarray(value) for name, value in theta.items()})

    def _values(self, theta: Mapping[str, Any]) -> list[tf.Tensor]:
        if not isinstance(theta, Mapping) or set(theta) != set(self.theta):
            raise GradientError(self._wrong_names(theta))
        values = []
        for name, own in self.theta.items():
            value = theta[name]
            if not tf.is_tensor(value) and not isinstance(value, tf.Variable):
                value = np.asarray(value, None if isinstance(value, np.ndarray) else np.float64)
            value = tf.convert_to_tensor(value)
            if value.dtype not in (tf.float32, tf.float64):
                raise GradientError(
                    f"theta[{name!r}] is {value.dtype.name}, but float32 or float64 is expected"
                )
            if not value.shape.is_compatible_with(own.shape):
                raise GradientError(
                    f"theta[{name!r}] has shape {value.shape}, but {own.shape} is expected"
                )
            values.append(value)
        return values

    def _wrong_names(self, theta: Any) -> str:
        expected = f"a dict with {', '.join(self.theta)} is expected, such as f.theta"
        if not isinstance(theta, Mapping):
            return f"theta is {type(theta).__name__}, but {expected}"
        unknown = sorted(set(theta) - set(self.theta))
        if unknown:
            return f"theta has {unknown[0]}{suggest(unknown[0], self.theta)}; {expected}"
        return f"theta lacks {min(set(self.theta) - set(theta))}; {expected}"


def differentiable(
    what: str | Recipe | Generator,
    wrt: Sequence[str] | None = None,
    *,
    params: Mapping[str, Any] | None = None,
    seed: int | None = None,
    gradient: Gradient = "vjp",
) -> DifferentiableImages:
    """Return a generator's images as a function of its continuous params, with gradients.

    Sample i has the same random numbers under all values, those of its stream (seed, i), so that
    the gradient is of what was drawn ("pathwise"). It works under ``tf.GradientTape``, in a
    ``tf.function`` and in a Keras model. Each call makes the batch in Python, in the thread that
    asks, once forward and once for the gradient. A generator of TensorFlow ops is a graph instead,
    which TensorFlow differentiates as often as one likes, and whose params are not validated.

    Args:
        what: an id, or a name for its newest version, a Recipe, or a Generator.
        wrt: names of continuous params, or of parts of them: ``background`` of a float or tuple of
            floats, ``radius.low`` of a distribution, ``radius`` for all of its arguments. None is
            all whose gradient can be had.
        params: fields of the generator's Params; only with an id.
        seed: 0 to 2**64 - 1; None is 0. Not with a Recipe, which says it.
        gradient: "vjp" is the generator's own, see ``Differentiable``. "central" takes central
            differences of any generator with images of floats, at the cost of two samples for each
            value and sample; near a bound of the params there is no room for them.

    Returns:
        ``f(theta, indices) -> {"image": …}``; ``f.theta`` holds the generator's own values.

    Raises:
        GradientError: if the gradient cannot be had: of something discrete, of an integer image,
            of one whose size varies, or of a generator without ``vjp``.
        RegistryError, ParamsError: if the generator cannot be had.

    >>> f = differentiable("spots-v1", ["background"], params={"size": 16, "dtype": "float32"})
    >>> background = {name: tf.Variable(value) for name, value in f.theta.items()}
    >>> with tf.GradientTape() as tape:
    ...     light = tf.reduce_mean(f(background, [0, 1])["image"])
    >>> sorted(tape.gradient(light, background)) == sorted(f.theta)
    True
    """
    source = source_of(what, params, seed)
    generator = source.generator
    if gradient == "vjp" and isinstance(generator, Native):
        return by_graph(generator, source.seed, wrt)
    return by_python(generator, source.seed, wrt, gradient)


def by_graph(generator: Any, seed: int, wrt: Sequence[str] | None) -> DifferentiableImages:
    """Return the function of a generator of TensorFlow ops, which TensorFlow differentiates."""
    theta = named(generator, wrt, list(continuous(generator.params)))
    leaves = image_leaves(generator)
    bits = np.uint64(seed).view(np.int64)

    def images(values: list[tf.Tensor], indices: tf.Tensor) -> list[tf.Tensor]:
        # What the ops have Python's floats for is of the image's dtype then.
        cast = [tf.cast(value, leaves[0].feature.dtype) for value in values]
        under = copy(generator)
        under.params = holding(generator.params, dict(zip(theta, cast, strict=True)))
        seeds = tf.fill(tf.shape(indices), tf.constant(bits))
        under.open()
        made = open_rows(under)(seeds, indices)[: len(leaves)]
        under.close()
        return made

    return DifferentiableImages(generator, theta, tf.function(images, autograph=False))


def by_python(
    generator: Generator, seed: int, wrt: Sequence[str] | None, gradient: Gradient
) -> DifferentiableImages:
    """Return the function of a generator of NumPy, by its ``vjp`` or by central differences."""
    python = Gradients(generator, seed, wrt, gradient)
    dtypes = [tf.as_dtype(leaf.feature.dtype) for leaf in python.leaves]

    def make(*arrays: Any) -> Any:
        return python.images(arrays[:-1], arrays[-1])

    def images(values: list[tf.Tensor], indices: tf.Tensor) -> list[tf.Tensor]:
        def forward(*arguments: tf.Tensor) -> Any:
            def backward(*upstream: tf.Tensor) -> Any:
                return *_products(python, arguments, upstream), None

            return _call(make, arguments, dtypes), backward

        return tf.nest.flatten(tf.custom_gradient(forward)(*values, indices))  # type: ignore[no-any-return]

    return DifferentiableImages(generator, python.theta, images)


def _products(
    python: Gradients, arguments: Sequence[tf.Tensor], upstream: Sequence[tf.Tensor]
) -> list[tf.Tensor]:
    """The gradients by the values, whose own gradient is an error."""
    values, split = arguments[:-1], len(arguments)

    def make(*arrays: Any) -> Any:
        found = python.products(arrays[: split - 1], arrays[split - 1], list(arrays[split:]))
        return [
            product.astype(value.dtype.as_numpy_dtype)
            for product, value in zip(found, values, strict=True)
        ]

    def first(*tensors: tf.Tensor) -> Any:
        products = _call(make, tensors, [value.dtype for value in values])
        for product, own in zip(products, python.theta.values(), strict=True):
            product.set_shape(own.shape)
        return products, _refuse

    return tf.nest.flatten(tf.custom_gradient(first)(*arguments, *upstream))  # type: ignore[no-any-return]


def _vector(indices: Any) -> tf.Tensor:
    vector = tf.convert_to_tensor(indices)
    if not vector.dtype.is_integer or vector.shape.rank not in (None, 1):
        raise GradientError(
            f"indices are {vector.dtype.name} of shape {vector.shape}, but a vector of int64 is "
            "expected"
        )
    return tf.cast(vector, tf.int64)


def _refuse(*_: Any) -> Any:
    raise GradientError(_SECOND)


def _call(make: Any, arguments: Sequence[tf.Tensor], dtypes: list[tf.DType]) -> list[tf.Tensor]:
    if tf.executing_eagerly():
        # As numpy_function does then, in a third of its time; errors come as they are.
        made = make(*(argument.numpy() for argument in arguments))
        return [tf.convert_to_tensor(array) for array in made]
    return list(tf.numpy_function(make, list(arguments), dtypes, stateful=False))
