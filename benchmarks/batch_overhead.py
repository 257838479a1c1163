"""Samples a second of ``sd.build`` against ``from_generator`` and a plain loop, at batch 256.

The generator is as cheap as one can be (about 3 µs: it draws one random number and returns a
64 × 64 image that was made before), so that what is measured is the way into TensorFlow. The
contenders take turns, several rounds of them in one run, and the ratio is that of the medians:
machines are noisy, ratios of one run are less so.

    python benchmarks/batch_overhead.py [--seconds 2] [--rounds 5]
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf

import synthdata as sd

BATCH = 256
IMAGE = np.random.default_rng(0).integers(256, size=(64, 64, 3), dtype=np.uint8)


class Tiny(sd.Generator):
    """An image made before, and a random class."""

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        """Declare an image and a class."""
        return sd.Output(image=sd.Image(64, 64), label=sd.ClassLabel(["a", "b"]))

    def sample(self, rng: np.random.Generator) -> sd.Sample:
        """Draw the class."""
        return sd.Sample(IMAGE, int(rng.random() < 0.5))


def samples() -> Iterator[tuple[Any, int]]:
    """Yield what Tiny makes, without any check and from one stream of random numbers."""
    rng = np.random.default_rng(0)
    while True:
        yield IMAGE, int(rng.random() < 0.5)


def from_generator() -> tf.data.Dataset:
    """Return the usual data set over a Python generator."""
    signature = (tf.TensorSpec((64, 64, 3), tf.uint8), tf.TensorSpec((), tf.int64))
    dataset = tf.data.Dataset.from_generator(samples, output_signature=signature)
    return dataset.batch(BATCH).prefetch(2)


def plain_loop() -> Iterator[Any]:
    """Yield batches that a plain loop stacks, without TensorFlow, check or random access."""
    source = samples()
    while True:
        images, labels = np.empty((BATCH, 64, 64, 3), np.uint8), np.empty(BATCH, np.int64)
        for row in range(BATCH):
            images[row], labels[row] = next(source)
        yield images, labels


def rate(batches: Iterator[Any], seconds: float) -> float:
    """Return the samples a second that an iterator of batches gives."""
    next(batches)
    count, began = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - began) < seconds:
        next(batches)
        count += BATCH
    return count / elapsed


def main() -> None:
    """Print the median of each contender, and its ratio to from_generator."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=2.0, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each contender")
    arguments = parser.parse_args()
    inline = sd.build(Tiny(), batch_size=BATCH, executor="inline", as_supervised=True)
    usual = from_generator()
    contenders: dict[str, Callable[[], Iterator[Any]]] = {
        "from_generator": lambda: iter(usual),
        "sd.build, inline": lambda: iter(inline),
        "plain loop, no TensorFlow": plain_loop,
    }
    rates: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(arguments.rounds):
        for name, start in contenders.items():
            rates[name].append(rate(start(), arguments.seconds))
    base = statistics.median(rates["from_generator"])
    for name, found in rates.items():
        low, middle, high = min(found), statistics.median(found), max(found)
        print(f"{name:26} {middle:9,.0f}/s ({low:,.0f} to {high:,.0f})   {middle / base:5.1f} ×")


if __name__ == "__main__":
    main()
