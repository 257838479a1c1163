"""Images of a batch under any continuous values of the params, and gradients by these values.

It knows no TensorFlow; ``tfdata/gradients.py`` puts it behind ``tf.custom_gradient``.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from synthdata.errors import GeneratorFailedError, GradientError, SampleError
from synthdata.features import Feature
from synthdata.generator import Generator
from synthdata.layout import aligned
from synthdata.output import Output
from synthdata.powers import Differentiable
from synthdata.seeding import Rng
from synthdata.stream import Stream, raised
from synthdata.theta import changed, continuous, meant, selected

Gradient: TypeAlias = Literal["vjp", "central"]
"""How a gradient is had: by the generator's own ``vjp``, or by central differences."""

Images: TypeAlias = list[NDArray[Any]]
"""One array (rows, height, width, channels) for each image of the Output."""

REMEMBERED: Final = 2
"""Sets of values whose generators stay open: forward and backward ask for the same ones in turn."""


class Gradients:
    """The images of a generator's samples as a function of continuous values of its params.

    Sample i has the same random numbers whatever the values are, and in both directions: those of
    its stream (seed, i).

    Args:
        generator: makes the samples.
        seed: 0 to 2**64 - 1.
        wrt: names of params or of their values, as ``theta.selected`` takes them; None is all
            whose gradient can be had.
        gradient: "vjp" is the generator's own, "central" finite differences.

    Attributes:
        theta: the generator's own values by name, float64.
        leaves: the images of the Output.

    Raises:
        GradientError: if a gradient by one of them, or of these images, cannot be had.
    """

    def __init__(
        self,
        generator: Generator,
        seed: int,
        wrt: Sequence[str] | None,
        gradient: Gradient,
    ) -> None:
        self.generator = generator
        self.seed = seed
        if gradient not in get_args(Gradient):
            raise GradientError(f"gradient={gradient!r}: expected 'vjp' or 'central'")
        self.theta = named(generator, wrt, _known(generator, gradient))
        self.leaves = image_leaves(generator)
        self._tree = image_tree(generator.output)
        self._like = Stream(generator, seed, "sampled")
        self._products = self._vjp if gradient == "vjp" else self._central
        self._remembered = lru_cache(REMEMBERED)(self._opened)

    def images(self, values: Sequence[NDArray[Any]], indices: NDArray[np.int64]) -> Images:
        """Return the images of some samples.

        Args:
            values: in the order of ``theta``.
            indices: int64 vector.

        Raises:
            GradientError: if the params refuse the values.
            SampleError: if a sample cannot be made.
        """
        return self._drawn(self._stream(values), indices)

    def products(
        self, values: Sequence[NDArray[Any]], indices: NDArray[np.int64], upstream: Images
    ) -> list[NDArray[np.float64]]:
        """Return the gradients of a number by each value, given those by each image.

        Args:
            values: in the order of ``theta``.
            indices: int64 vector.
            upstream: the gradients of the number by the images, of their shapes.

        Returns:
            float64 arrays of the shapes of the values, in the order of ``theta``.

        Raises:
            GradientError: if the params refuse the values, or ``vjp`` returns what is none.
            SampleError: if a sample cannot be made, or its ``vjp`` raises.
        """
        return self._products(values, indices, upstream)

    def _vjp(
        self, values: Sequence[NDArray[Any]], indices: NDArray[np.int64], upstream: Images
    ) -> list[NDArray[np.float64]]:
        stream = self._stream(values)
        stream.open()
        generator: Any = stream.generator
        found, rng = [], Rng()
        for tree, index in zip(self.trees(upstream), indices.tolist(), strict=True):
            rng.rekey(self.seed, index)
            try:
                found.append(generator.vjp(rng, generator.params, tree))
            except Exception as error:
                raise self._failed(error, index) from error
        return [self._total(name, found, indices) for name in self.theta]

    def trees(self, upstream: Images) -> Iterator[Any]:
        """Return the rows as ``vjp`` takes them, each an array, or a dict where the image is one.

        Args:
            upstream: the gradients by the images.
        """
        return map(self._tree, zip(*upstream, strict=True))

    def _total(
        self, name: str, found: list[Any], indices: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Add up what ``vjp`` returned by one name for the samples of a batch."""
        try:
            products = np.array([one[name] for one in found])
            if products.dtype.kind == "f" and products.shape[1:] == self.theta[name].shape:
                return np.asarray(products.sum(axis=0, dtype=np.float64))
        except (KeyError, TypeError, ValueError):
            pass  # what is wrong, and of which sample, is looked for below
        for one, index in zip(found, indices.tolist(), strict=True):
            self._check(name, one, index)
        return np.zeros(self.theta[name].shape)  # of no samples

    def _central(
        self, values: Sequence[NDArray[Any]], indices: NDArray[np.int64], upstream: Images
    ) -> list[NDArray[np.float64]]:
        """Central differences, of a step that weighs rounding against curvature.

        The cube root of the dtype's precision is the usual compromise (Press et al., "Numerical
        recipes", section 5.7).
        """
        precision = max(float(np.finfo(image.dtype).eps) for image in upstream)
        totals = [np.zeros(value.shape) for value in self.theta.values()]
        for place, total in enumerate(totals):
            for at in np.ndindex(total.shape):
                own = float(values[place][at])
                step = math.cbrt(precision) * (abs(own) or 1.0)
                ends = [own - step, own + step]
                below, above = (
                    self._drawn(self._stream(_moved(values, place, at, end)), indices)
                    for end in ends
                )
                change = sum(
                    float(np.sum((high.astype(np.float64) - low) * weight))
                    for low, high, weight in zip(below, above, upstream, strict=True)
                )
                total[at] = change / (ends[1] - ends[0])
        return totals

    def _drawn(self, stream: Stream, indices: NDArray[np.int64]) -> Images:
        rows = len(indices)
        made = [
            # TensorFlow takes what is aligned without a copy.
            aligned((rows, *leaf.feature.bound), np.dtype(leaf.feature.dtype))
            for leaf in self.leaves
        ]
        rng = Rng()
        for row, index in enumerate(indices.tolist()):
            # Images come first among the leaves.
            for image, drawn in zip(made, stream.draw(index, rng), strict=False):
                image[row] = drawn
        return made

    def _stream(self, values: Sequence[NDArray[Any]]) -> Stream:
        return self._remembered(tuple(np.asarray(value, np.float64).tobytes() for value in values))

    def _opened(self, values: tuple[bytes, ...]) -> Stream:
        theta = {
            name: np.frombuffer(data, np.float64).reshape(own.shape)
            for (name, own), data in zip(self.theta.items(), values, strict=True)
        }
        generator = self.generator.with_params(changed(self.generator.params, theta))
        # Structure and dtype are checked of every sample, and each element of every sixteenth.
        if generator.output == self.generator.output:
            return Stream(generator, self.seed, "sampled", like=self._like)
        if _shapes(image_leaves(generator)) != _shapes(self.leaves):
            raise GradientError(
                f"{generator.identity.id}: under these values the Output is {generator.output}, "
                f"but {self.generator.output} is the generator's; a gradient keeps the shape"
            )
        return Stream(generator, self.seed, "sampled")

    def _check(self, name: str, found: Any, index: int) -> None:
        id = self.generator.identity.id
        if not isinstance(found, Mapping) or name not in found:
            came = ", ".join(found) if isinstance(found, Mapping) else type(found).__name__
            raise GradientError(
                f"{id}: vjp returned {came or 'nothing'} for sample {index}, but a dict with "
                f"{', '.join(self.theta)} is expected"
            )
        product, shape = np.asarray(found[name]), self.theta[name].shape
        if product.shape != shape or product.dtype.kind != "f":
            raise GradientError(
                f"{id}: vjp returned {product.dtype} of shape {product.shape} by {name} for sample "
                f"{index}, but floats of shape {shape} are expected"
            )

    def _failed(self, error: Exception, index: int) -> SampleError:
        problem = f"vjp {raised(error)}"
        return GeneratorFailedError(
            problem, identity=self.generator.identity, seed=self.seed, index=index
        )


def image_tree(output: Output) -> Callable[[Sequence[Any]], Any]:
    """Return a function from one value for each image to what an Output has in their places.

    Args:
        output: has one image, or a dict of them.
    """
    if isinstance(output.image, Feature):
        return operator.itemgetter(0)
    assemble, count = output.assembler(), len(output.leaves)
    return lambda images: assemble([*images, *[None] * (count - len(images))])["image"]


def image_leaves(generator: Generator) -> list[Any]:
    """Return the images of a generator's Output, each a Leaf.

    Raises:
        GradientError: if one is not of floats, or its size varies.
    """
    id = generator.identity.id
    found = [leaf for leaf in generator.output.leaves if leaf.path[0] == "image"]
    for leaf in found:
        if not leaf.feature.dtype.startswith("float"):
            known = type(generator.params).model_fields
            hint = "; params={'dtype': 'float32'} may ask for one" if "dtype" in known else ""
            raise GradientError(
                f"{id}: {leaf.name} is {leaf.feature}, and what is rounded has no gradient; an "
                f"image of float32 or float64 is expected{hint}"
            )
        if leaf.feature.varying:
            raise GradientError(f"{id}: {leaf.name} is {leaf.feature}, but a fixed size is needed")
    return found


def _shapes(leaves: list[Any]) -> list[Any]:
    return [(leaf.path, leaf.feature.shape, leaf.feature.dtype) for leaf in leaves]


def differentiable_values(generator: Any) -> list[str]:
    """Return the names of the continuous values that ``differentiable_params`` stand for.

    A param that is None, or discrete under the generator's params, stands for none.

    Args:
        generator: a Generator that is Differentiable.

    Raises:
        GradientError: if a name is of no param.
    """
    params = generator.params
    for name in generator.differentiable_params:
        if name.split(".")[0] not in type(params).model_fields:
            selected(params, [name])
    return meant(params, generator.differentiable_params)


def named(
    generator: Generator, wrt: Sequence[str] | None, known: Sequence[str]
) -> dict[str, NDArray[np.float64]]:
    """Return the generator's own values of what gradients are asked for by.

    Args:
        generator: whose params they are of.
        wrt: names of params or of their values; None is all that are known.
        known: names of the values that there are gradients by.

    Raises:
        GradientError: if one is not known, or there is none.
    """
    id, params = generator.identity.id, generator.params
    if isinstance(wrt, str):
        raise GradientError(f"wrt={wrt!r}: a list of names is expected, as [{wrt!r}]")
    names = known if wrt is None else selected(params, wrt)
    for name in names:
        if name not in known:
            raise GradientError(
                f"{id}: {name} is not among its differentiable_params, which are "
                f"{', '.join(known)}; gradient='central' takes it"
            )
    if not names:
        raise GradientError(f"{id}: no value of its params to take a gradient by")
    own = continuous(params)
    return {name: own[name] for name in names}


def _known(generator: Generator, gradient: Gradient) -> list[str]:
    if gradient == "central":
        return list(continuous(generator.params))
    if not isinstance(generator, Differentiable):
        raise GradientError(
            f"{generator.identity.id} has no vjp; gradient='central' takes finite differences in "
            "its place, for which it makes each sample twice for each value"
        )
    return differentiable_values(generator)


def _moved(
    values: Sequence[NDArray[Any]], place: int, at: tuple[int, ...], value: float
) -> list[NDArray[np.float64]]:
    moved = [np.array(one, np.float64) for one in values]
    moved[place][at] = value
    return moved
