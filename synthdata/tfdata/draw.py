"""Numbers of a distribution in TensorFlow ops; elementary.py draws them in NumPy."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from synthdata.elementary import Choice, Constant, Normal, Uniform
from synthdata.errors import DeclarationError
from synthdata.schedule import Schedule


def draw(distribution: Any, uniform: tf.Tensor) -> tf.Tensor:
    """Return the numbers of a distribution that belong to uniform random numbers.

    See ``synthdata.tensor_draw``.
    """
    if isinstance(distribution, Schedule):
        raise DeclarationError(
            "a schedule goes by the sample's index, which is not known where tensors are drawn; "
            "a generator of TensorFlow ops takes a distribution that does not move"
        )
    dtype = uniform.dtype
    if isinstance(distribution, Constant):
        return tf.zeros_like(uniform) + _number(distribution.value, dtype)
    if isinstance(distribution, Choice):
        return _chosen(distribution, uniform)
    if isinstance(distribution, Normal):
        return _normal(distribution, uniform)
    low, high = _number(distribution.low, dtype), _number(distribution.high, dtype)
    if isinstance(distribution, Uniform):
        return low + (high - low) * uniform
    start, end = tf.math.log(low), tf.math.log(high)
    return tf.clip_by_value(tf.exp(start + (end - start) * uniform), low, high)


def _normal(distribution: Any, uniform: tf.Tensor) -> tf.Tensor:
    dtype = uniform.dtype
    # Of 0 the quantile is infinite; half the smallest step of a uniform number takes its place.
    least = {tf.float32: 2.0**-24, tf.float64: 2.0**-53}[dtype]
    deviate = tf.math.ndtri(tf.maximum(uniform, tf.constant(least, dtype)))
    drawn = _number(distribution.mean, dtype) + _number(distribution.std, dtype) * deviate
    if distribution.low is not None:
        drawn = tf.maximum(drawn, _number(distribution.low, dtype))
    if distribution.high is not None:
        drawn = tf.minimum(drawn, _number(distribution.high, dtype))
    return drawn


def _chosen(distribution: Any, uniform: tf.Tensor) -> tf.Tensor:
    dtype = uniform.dtype
    values = tf.stack([_number(value, dtype) for value in distribution.values])
    weights = distribution.weights or (1.0,) * len(distribution.values)
    total = sum(weights)
    edges, below = [], 0.0
    for weight in weights[:-1]:
        below += weight
        edges.append(below / total)
    place = tf.zeros_like(uniform, tf.int32)
    for edge in edges:
        place += tf.cast(uniform >= tf.constant(edge, dtype), tf.int32)
    return tf.gather(values, place)


def _number(value: Any, dtype: tf.DType) -> tf.Tensor:
    if isinstance(value, str):
        raise DeclarationError(f"{value!r} is a word, but a tensor is drawn of numbers")
    # tf.cast would make a float32 of Python's float first.
    return tf.cast(value, dtype) if tf.is_tensor(value) else tf.constant(value, dtype)
