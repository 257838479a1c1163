"""Train a small Keras model on shapes-v1 and print its accuracy on samples it has never seen."""

from __future__ import annotations

import time
from typing import Any

import keras
import tensorflow as tf

import synthdata as sd

SIZE = 64
TRAINED_ON = 12_000
TESTED_ON = 2_000


def scaled(image: Any, label: Any) -> tuple[Any, Any]:
    """Turn pixels from 0 to 255 into numbers from 0 to 1."""
    return tf.cast(image, tf.float32) / 255, label


def model(classes: int) -> keras.Model:
    """Return a convolutional network of about 100,000 parameters."""
    layers: list[keras.Layer] = [keras.layers.Input((SIZE, SIZE, 3))]
    for filters, size, stride in ((24, 5, 2), (48, 3, 1), (64, 3, 1), (96, 3, 1)):
        layers += [
            keras.layers.Conv2D(filters, size, stride, padding="same", use_bias=False),
            keras.layers.BatchNormalization(),
            keras.layers.ReLU(),
            keras.layers.MaxPooling2D(),
        ]
    layers += [keras.layers.GlobalMaxPooling2D(), keras.layers.Dense(classes)]
    network = keras.Sequential(layers)
    network.compile(
        keras.optimizers.Adam(3e-3),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return network


def main(seed: int = 7) -> float:
    """Train for some epochs, test on another seed, and return the accuracy."""
    keras.utils.set_random_seed(seed)
    params = {"size": SIZE}
    train = sd.build(
        "shapes-v1",
        params=params,
        seed=seed,
        samples=TRAINED_ON,
        batch_size=64,
        shuffle=True,
        as_supervised=True,
    )
    fresh = sd.build(
        "shapes-v1",
        params=params,
        seed=seed + 1,
        samples=TESTED_ON,
        batch_size=100,
        as_supervised=True,
    )
    label = sd.make("shapes-v1", **params).output.label
    assert isinstance(label, sd.ClassLabel)
    network = model(len(label.names))
    began = time.monotonic()
    network.fit(train.map(scaled), epochs=3, verbose=2, shuffle=False)
    _, accuracy = network.evaluate(fresh.map(scaled), verbose=0)
    print(
        f"shapes-v1: {accuracy:.1%} of {TESTED_ON} fresh samples right, "
        f"after {time.monotonic() - began:.0f} s on {network.count_params()} parameters"
    )
    return float(accuracy)


if __name__ == "__main__":
    main()
