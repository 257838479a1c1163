"""Samples made of TensorFlow ops, whole batches at once, and the check of them as assertions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

import numpy as np
import tensorflow as tf

from synthdata.check import LeafCheck, structure_check, value_limits
from synthdata.complaints import Violation, described
from synthdata.errors import DeclarationError
from synthdata.features import ClassLabel, Feature, Image, Mask, Scalar, Tensor
from synthdata.generator import Generator
from synthdata.output import Leaf
from synthdata.stream import SAMPLED_EVERY, Validate
from synthdata.tfdata.purity import check_ops, kinds

BLOCK: Final = 16
"""Rows that are made at once, never fewer or more.

TensorFlow computes ``exp``, ``sin`` and the like by vector instructions, 16 floats at a time, and
what remains at the end of an array by others, whose last bits differ. Its optimizer rewrites
some of them, as ``log(1 + x)``, but only where shapes are known. In a function of its own over a
fixed number of rows, a multiple of 16, neither happens in one batch and not in another: a sample's
bytes depend neither on the size of its batch nor on its place there.
"""

KINDS: Final = (Tensor, Scalar, Image, Mask, ClassLabel)

Made: TypeAlias = list[tf.Tensor]
"""One tensor a leaf of the Output, each of rows."""


def rows_of(generator: Any) -> Callable[[Any, Any], Made]:
    """Return the function that makes the samples of some keys, unchecked but for their structure.

    It takes seeds and indices, int64 vectors of the same length; the seeds as the bits of the
    unsigned ones. It returns tensors of the declared dtypes and shapes below the rows, in the order
    of ``generator.output.leaves``.

    Args:
        generator: a Generator that is Native.

    Raises:
        DeclarationError: if its Output has what a graph has no check of, or ``tensor_sample``
            returns what is not declared, or has ops that ``check_ops`` refuses.
    """
    _check_kinds(generator)
    block = _block_function(generator)
    signature = [
        tf.TensorSpec([BLOCK, *leaf.feature.bound], leaf.feature.dtype)
        for leaf in generator.output.leaves
    ]

    def rows(seeds: tf.Tensor, indices: tf.Tensor) -> Made:
        count = tf.size(indices)
        keys = [_blocks(key, count) for key in (seeds, indices)]
        made = tf.map_fn(lambda key: block(*key), keys, fn_output_signature=signature)
        return [
            tf.reshape(tensor, [-1, *leaf.feature.bound])[:count]
            for tensor, leaf in zip(made, generator.output.leaves, strict=True)
        ]

    return rows


def _blocks(key: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
    """A vector as rows of a block, the last of them filled up with its last element."""
    padded = tf.concat([key, tf.repeat(key[-1:], -count % BLOCK, axis=0)], axis=0)
    return tf.reshape(padded, [-1, BLOCK])


def _block_function(generator: Any) -> Callable[[Any, Any], Made]:
    check = structure_check(generator.output, _leaf_check)
    own: set[str] = set()

    def one(key: tuple[tf.Tensor, tf.Tensor]) -> Made:
        # AutoGraph has no part in it: what is traced is what is written.
        sample = tf.autograph.experimental.do_not_convert(generator.tensor_sample)(*key)
        own.update(kinds(tf.compat.v1.get_default_graph()))
        try:
            return check(sample)
        except Violation as violation:
            raise DeclarationError(f"{generator.identity.id}: tensor_sample: {violation}") from None

    def block(seeds: tf.Tensor, indices: tf.Tensor) -> Made:
        return tf.vectorized_map(one, (seeds, indices), warn=False)  # type: ignore[no-any-return]

    traced = tf.function(
        block,
        input_signature=[tf.TensorSpec([BLOCK], tf.int64)] * 2,
        autograph=False,
        experimental_attributes={"_noinline": True},
    )
    # Calls of the function itself are watched for too many tracings, of all generators together.
    concrete = traced.get_concrete_function()
    check_ops(generator.identity.id, own, kinds(concrete.graph))
    return concrete  # type: ignore[no-any-return]


def open_rows(generator: Any) -> Callable[[Any, Any], Made]:
    """Return what ``rows_of`` returns, of a generator that is open and may have traced it there."""
    return getattr(generator, "_rows", None) or rows_of(generator)


def batch_function(rows: Callable[[Any, Any], Made]) -> Callable[[Any, Any], Made]:
    """Return what ``rows_of`` returned as a function of TensorFlow, which can be saved.

    Args:
        rows: from seeds and indices to the tensors of all leaves.
    """
    key = tf.TensorSpec([None], tf.int64)
    traced = tf.function(rows, input_signature=[key, key], autograph=False)
    return traced.get_concrete_function()  # type: ignore[no-any-return]


def _check_kinds(generator: Generator) -> None:
    """Refuse an Output that varies in shape or is not of numbers."""
    for leaf in generator.output.leaves:
        feature = leaf.feature
        if not isinstance(feature, KINDS) or feature.varying:
            raise DeclarationError(
                f"{generator.identity.id}: {leaf.name} is {type(feature).__name__} {feature}, but "
                "a generator of TensorFlow ops declares Tensor, Scalar, Image, Mask and ClassLabel "
                "of fixed shapes"
            )


def asserted(
    generator: Generator, seed: int, indices: tf.Tensor, made: Made, which: Validate
) -> Made:
    """Return the tensors behind assertions that their values are within the declared ranges.

    Args:
        generator: declares them.
        seed: for the message.
        indices: int64 vector, of the rows.
        made: one tensor a leaf.
        which: samples to look at: "all", "sampled" (every 16th by index) or "off".
    """
    if which == "off":
        return made
    held = []
    for leaf, tensor in zip(generator.output.leaves, made, strict=True):
        limits = value_limits(leaf.feature)
        if limits is not None:
            right = _within(tensor, leaf.feature, *limits)
            if which == "sampled":
                right |= indices % SAMPLED_EVERY != 0
            name = (
                f"{generator.identity.id} sample {{}} (seed {seed}): {leaf.name} holds {{}} to {{}}"
            )
            text = f"{name}, but {limits[0]} to {limits[1]} is declared"
            with tf.control_dependencies([_raise_unless(right, indices, tensor, text)]):
                tensor = tf.identity(tensor)
        held.append(tensor)
    return held


def _within(tensor: tf.Tensor, feature: Feature, low: Any, high: Any) -> tf.Tensor:
    """Whether each row lies within the limits; a NaN does not, unless it is allowed."""
    right = (tensor >= low) & (tensor <= high)
    if not feature.finite:
        right |= tf.math.is_nan(tensor)
    return tf.reduce_all(right, axis=list(range(1, tensor.shape.rank)))


def _raise_unless(right: tf.Tensor, indices: tf.Tensor, tensor: tf.Tensor, text: str) -> Any:
    def fail() -> Any:
        row = tf.argmin(tf.cast(right, tf.int32))
        values = tf.reshape(tensor[row], [-1])
        ends = tf.reduce_min(values), tf.reduce_max(values)
        message = tf.strings.format(text, [indices[row], *ends])
        with tf.control_dependencies([tf.debugging.Assert(False, [message])]):
            return tf.constant(False)

    return tf.cond(tf.reduce_all(right), lambda: tf.constant(True), fail)


def _leaf_check(leaf: Leaf) -> LeafCheck:
    feature, name = leaf.feature, leaf.name

    def tensor(value: Any, found: list[Any]) -> Any:
        try:
            value = tf.convert_to_tensor(value)
        except (TypeError, ValueError):
            raise Violation(
                "structure", name, f"is {described(value)}, but a tensor of {feature} is declared"
            ) from None
        if isinstance(feature, ClassLabel) and value.dtype.is_integer:
            value = tf.cast(value, tf.int64)
        if value.dtype.name != np.dtype(feature.dtype).name:
            raise Violation(
                "dtype",
                name,
                f"is a tensor of {value.dtype.name}, but {feature} is declared; tf.cast it",
            )
        if value.shape != feature.shape:
            raise Violation(
                "shape", name, f"is a tensor of shape {value.shape}, but {feature} is declared"
            )
        return value

    return tensor
