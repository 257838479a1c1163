"""Generators made of TensorFlow ops, in a module that worker processes can import."""

from __future__ import annotations

from typing import Any, Literal

import synthdata as sd


class Waves(sd.TensorGenerator):
    """A wave of random direction and noise, by ops that have vector instructions."""

    class Params(sd.Params):
        height: int = 9
        width: int = 7
        dtype: Literal["uint8", "float32", "float64"] = "float32"
        contrast: float = 0.5
        wrong: int = -1

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        most = 255 if params.dtype == "uint8" else 1
        image = sd.Image(params.height, params.width, 1, params.dtype, 0, most)
        return sd.Output(
            image=image,
            label=sd.ClassLabel(["flat", "steep"]),
            metadata={
                "angle": sd.Scalar("float32", ge=0, le=7),
                "mask": sd.Mask(params.height, params.width, le=1),
                "pair": {"ends": sd.Tensor("float64", (2,)), "dark": sd.Scalar("bool")},
            },
        )

    def tensor_sample(self, seed: Any, index: Any) -> sd.Sample:
        import tensorflow as tf

        params = self.params
        keys = tf.random.split(tf.stack([seed, index]), 2, alg="philox")
        draws = tf.random.stateless_uniform([3], keys[0], alg="philox")
        angle = 2 * 3.1415926 * draws[0]
        y = tf.range(params.height, dtype=tf.float32)[:, None]
        x = tf.range(params.width, dtype=tf.float32)[None, :]
        phase = tf.cos(angle) * x + tf.sin(angle) * y + tf.exp(draws[1])
        noise = tf.random.stateless_normal(
            [params.height, params.width], keys[1], alg="philox", stddev=0.1
        )
        image = tf.sigmoid(params.contrast * tf.tanh(tf.sin(phase) + noise))
        image += tf.cast(index == params.wrong, tf.float32)
        mask = tf.cast(image > 0.5, tf.uint8)
        if params.dtype == "uint8":
            image = tf.round(255 * image)
        image = tf.cast(image, params.dtype)[:, :, None]
        ends = tf.cast(tf.stack([tf.math.log(draws[2] + 1), angle]), tf.float64)
        pair = {"ends": ends, "dark": draws[2] < 0.5}
        label = tf.cast(angle > 3, tf.int32)
        return sd.Sample(image, label, {"angle": angle, "mask": mask, "pair": pair})
