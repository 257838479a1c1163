"""The indices of a batch in TensorFlow ops: what plan.py and order.py say, in a graph."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from synthdata.order import GOLDEN, MIXERS, ROUNDS, Order
from synthdata.plan import Plan


def batch_indices(plan: Plan, number: tf.Tensor) -> tf.Tensor:
    """Return what ``plan.indices`` returns.

    Args:
        plan: which samples each batch holds.
        number: of the batch, int64 scalar.

    Returns:
        int64 vector; of ``plan.batch_size`` elements but for a last batch that is not full.
    """
    first = number * plan.batch_size
    rows: int | tf.Tensor = plan.batch_size
    if not plan.full:
        rows = tf.minimum(tf.cast(rows, tf.int64), len(plan.positions) - first)
    places = first + tf.range(rows, dtype=tf.int64)
    return _ordered(plan.order, plan.positions.start + places * plan.positions.step)


def _ordered(order: Order, positions: tf.Tensor) -> tf.Tensor:
    places = positions % order.samples
    if not order.shuffle:
        return places + order.first
    epochs = tf.cast(positions // order.samples, tf.uint64)
    keys = _mixed(_word(order.key) + epochs * _word(GOLDEN))
    end = _word(np.uint64(order.samples))

    def outside(found: tf.Tensor) -> tf.Tensor:
        return tf.reduce_any(found >= end)

    def again(found: tf.Tensor) -> tuple[tf.Tensor]:
        return (tf.where(found >= end, _permuted(order, found, keys), found),)

    start = _permuted(order, tf.cast(places, tf.uint64), keys)
    (found,) = tf.while_loop(outside, again, (start,))
    return tf.cast(found, tf.int64) + order.first


def _permuted(order: Order, places: tf.Tensor, keys: tf.Tensor) -> tf.Tensor:
    half, mask = order.half, (np.uint64(1) << order.half) - np.uint64(1)
    left, right = _right(places, half), tf.bitwise.bitwise_and(places, _word(mask))
    for _ in range(ROUNDS):
        keys += _word(GOLDEN)
        turned = tf.bitwise.bitwise_and(_mixed(tf.bitwise.bitwise_xor(right, keys)), _word(mask))
        left, right = right, tf.bitwise.bitwise_xor(left, turned)
    return tf.bitwise.bitwise_or(tf.bitwise.left_shift(left, _word(half)), right)


def _mixed(words: tf.Tensor) -> tf.Tensor:
    words = tf.bitwise.bitwise_xor(words, _right(words, np.uint64(30))) * _word(MIXERS[0])
    words = tf.bitwise.bitwise_xor(words, _right(words, np.uint64(27))) * _word(MIXERS[1])
    return tf.bitwise.bitwise_xor(words, _right(words, np.uint64(31)))


def _right(words: tf.Tensor, bits: np.uint64) -> tf.Tensor:
    return tf.bitwise.right_shift(words, _word(bits))


def _word(value: np.uint64) -> tf.Tensor:
    return tf.constant(value, tf.uint64)
