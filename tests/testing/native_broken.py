"""Generators made of TensorFlow ops, a right one and such as are wrong in one way."""

from __future__ import annotations

import random
import time
from typing import Any, ClassVar

import numpy as np

import synthdata as sd


class Tones(sd.TensorGenerator):
    """A few random numbers, their sines, and their rounding."""

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        return sd.Output(
            image=sd.Image(4, 5, 1, "uint8"), metadata={"sine": sd.Tensor("float32", (4, 5, 1))}
        )

    def tensor_sample(self, seed: Any, index: Any) -> sd.Sample:
        import tensorflow as tf

        key = tf.stack([seed, index])
        drawn = self.drawn(key) + tf.random.stateless_uniform([4, 5, 1], key, alg="philox")
        image = tf.cast(tf.round(100 * drawn), tf.uint8)
        return sd.Sample(image, metadata={"sine": tf.sin(drawn)})

    def drawn(self, key: Any) -> Any:
        """What is added to each number, 0 to 1."""
        return 0.5


class BakesRandom(Tones):
    """It draws from random."""

    def drawn(self, key: Any) -> Any:
        return random.random()


class BakesNumpy(Tones):
    """It draws from NumPy's global random numbers."""

    def drawn(self, key: Any) -> Any:
        return np.random.uniform(0, 1, (4, 5, 1)).astype(np.float32)


class BakesCount(Tones):
    """It counts its samples."""

    COUNT: ClassVar[list[int]] = [0]

    def open(self) -> None:
        self.COUNT[0] = 0
        super().open()

    def drawn(self, key: Any) -> Any:
        self.COUNT[0] += 1
        return self.COUNT[0] % 7 / 8


class BakesDay(Tones):
    """It knows the day."""

    def drawn(self, key: Any) -> Any:
        return time.time() // 86_400 % 64 / 64


class BakesInAFunction(BakesDay):
    """It traces its ops itself, once for the graph and all else."""

    def open(self) -> None:
        import tensorflow as tf

        self.traced: Any = tf.function(super().tensor_sample, autograph=False)
        super().open()

    def tensor_sample(self, seed: Any, index: Any) -> sd.Sample:
        return self.traced(seed, index)  # type: ignore[no-any-return]


class OtherWhenEager(Tones):
    """It asks whether it is being traced."""

    def drawn(self, key: Any) -> Any:
        import tensorflow as tf

        return 0.5 if tf.executing_eagerly() else 0.25


class BranchesOnTheIndex(Tones):
    """It has a Python if."""

    def drawn(self, key: Any) -> Any:
        return 0.5 if key[1] % 2 == 0 else 0.25


class OwnSample(Tones):
    """Its sample is its own, and another."""

    def sample(self, rng: Any) -> sd.Sample:
        drawn = 0.5 + rng.random((4, 5, 1), np.float32)
        image = np.rint(100 * drawn).astype(np.uint8)
        return sd.Sample(image, metadata={"sine": np.sin(drawn)})

    sample_batch: Any = None


class OwnBranch(sd.Generator):
    """Its sample is its own, and its tensor_sample has a Python if."""

    describe = Tones.describe
    sample = OwnSample.sample
    tensor_sample = Tones.tensor_sample
    drawn = BranchesOnTheIndex.drawn


class CallsPython(Tones):
    """It calls Python from the graph."""

    def drawn(self, key: Any) -> Any:
        import tensorflow as tf

        half: Any = tf.py_function(lambda: 0.5, [], tf.float32)
        return tf.reshape(half, [])


class HoldsAVariable(Tones):
    """A number that it needs is not part of the graph."""

    HALF: ClassVar[dict[str, Any]] = {}

    def drawn(self, key: Any) -> Any:
        import tensorflow as tf

        if not self.HALF:
            with tf.init_scope():
                self.HALF["half"] = tf.Variable(0.5)
        return self.HALF["half"].read_value()


class SlightlyBrighter(Tones):
    """It is brighter by a twentieth of a level when it is traced."""

    def drawn(self, key: Any) -> Any:
        import tensorflow as tf

        return 0.5 if tf.executing_eagerly() else 0.5005


class OnePixelOff(Tones):
    """One pixel is another when it is traced."""

    def drawn(self, key: Any) -> Any:
        import tensorflow as tf

        return tf.one_hot(2, 5)[:, None] * (0.0 if tf.executing_eagerly() else 0.5)


class OneLevelOff(Tones):
    """One pixel of many is another by some levels when it is traced."""

    class Params(sd.Params):
        size: int = 64
        levels: int = 1

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        return sd.Output(image=sd.Image(params.size, params.size, 1, "uint8"))

    def tensor_sample(self, seed: Any, index: Any) -> sd.Sample:
        import tensorflow as tf

        key, shape = tf.stack([seed, index]), [self.params.size] * 2
        drawn = tf.random.stateless_uniform(shape, key, 0, 200, tf.int32, "philox")
        if not tf.executing_eagerly():
            drawn += (
                self.params.levels
                * tf.one_hot(0, self.params.size, dtype=tf.int32)
                * (tf.one_hot(0, self.params.size, dtype=tf.int32)[:, None])
            )
        return sd.Sample(tf.cast(drawn, tf.uint8)[:, :, None])
