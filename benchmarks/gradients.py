"""Gradients against a plain loop of ``sample`` and ``vjp``, and tensors in a graph against Python.

``sd.differentiable`` makes a batch of ``spots-v1``, and gradients from an upstream gradient that is
given; the loop calls ``sample`` and ``vjp`` for each sample, without TensorFlow, check or batch.
Params change at each step, as they do when they are fitted. ``sd.tune_process()`` was called.

``textures-v1`` is built as a graph, and against it: one ``py_function`` a batch that makes its
samples by ``tensor_sample`` one after another; one that makes them all at once by the function
that the graph uses; and the executor "inline", which is what other generators have.

The contenders take turns, several rounds of them in one run, and a ratio is that of the medians.

    python benchmarks/gradients.py [--seconds 2] [--rounds 5]
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf

import synthdata as sd
from synthdata.theta import changed

BATCH = 32


def spots(dtype: str) -> sd.Generator:
    """Return the generator of which gradients are taken."""
    return sd.make("spots-v1", dtype=dtype)


def thetas(f: Any) -> Iterator[dict[str, Any]]:
    """Yield values that differ a little from step to step."""
    for step in itertools.cycle(range(100)):
        yield {name: value * (1 + 1e-6 * step) for name, value in f.theta.items()}


def by_loop(dtype: str) -> Iterator[Any]:
    """Yield gradients of batches, from a loop over ``sample`` and ``vjp``."""
    generator: Any = spots(dtype)
    rng = sd.Rng()
    upstream = np.ones(generator.output.image.shape, dtype)
    for theta in thetas(sd.differentiable(generator)):
        under = generator.with_params(changed(generator.params, theta))
        for index in range(BATCH):
            rng.rekey(0, index)
            under.sample(rng)
            rng.rekey(0, index)
            found = under.vjp(rng, under.params, upstream)
        yield found


def by_tape(dtype: str) -> Iterator[Any]:
    """Yield gradients of batches, from a tape over ``sd.differentiable``."""
    f, step = _step(dtype)
    for theta in thetas(f):
        yield step({name: tf.constant(value) for name, value in theta.items()})


def by_function(dtype: str) -> Iterator[Any]:
    """Yield the same from a ``tf.function``, as a training loop has it."""
    f, step = _step(dtype)
    traced = tf.function(step)
    for theta in thetas(f):
        yield traced({name: tf.constant(value) for name, value in theta.items()})


def _step(dtype: str) -> tuple[Any, Callable[[Any], Any]]:
    f = sd.differentiable(spots(dtype))
    indices = tf.range(BATCH, dtype=tf.int64)
    upstream = tf.ones(f(f.theta, indices)["image"].shape, dtype)

    def step(tensors: dict[str, Any]) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            images = f(tensors, indices)["image"]
        # As the gradient of a loss it comes after the images: a graph would make both at once, in
        # two threads that take the GIL from each other.
        with tf.control_dependencies([images]):
            after = tf.identity(upstream)
        return images, tape.gradient(images, tensors, output_gradients=after)

    return f, step


def as_graph() -> Iterator[Any]:
    """Yield batches of textures from the graph."""
    return iter(sd.build("textures-v1", batch_size=BATCH))


def inline() -> Iterator[Any]:
    """Yield them from Python, a batch at once."""
    return iter(sd.build("textures-v1", batch_size=BATCH, executor="inline"))


def py_function(make: Callable[[Any], Any]) -> Iterator[Any]:
    """Yield them from one call of Python a batch; it is given the indices."""
    image = sd.make("textures-v1").output.image
    assert isinstance(image, sd.Image)

    def batch(number: Any) -> Any:
        indices = number * BATCH + tf.range(BATCH, dtype=tf.int64)
        made = tf.py_function(make, [indices], [tf.uint8, tf.int64])
        made[0].set_shape([BATCH, *image.shape])
        return made

    numbers = tf.data.Dataset.range(1 << 40)
    return iter(numbers.map(batch, num_parallel_calls=os.cpu_count()).prefetch(2))


def one_by_one() -> Iterator[Any]:
    """Yield them from ``tensor_sample``, called for each sample of the batch."""
    generator: Any = sd.make("textures-v1")

    def make(indices: Any) -> Any:
        made = [generator.tensor_sample(tf.constant(0, tf.int64), index) for index in indices]
        return tf.stack([one.image for one in made]), tf.stack([one.label for one in made])

    return py_function(make)


def at_once() -> Iterator[Any]:
    """Yield them from ``sample_batch``, which makes the batch by the function of the graph."""
    generator: Any = sd.make("textures-v1")
    generator.open()

    def make(indices: Any) -> Any:
        made = generator.sample_batch([sd.Rng(0, index) for index in indices.numpy().tolist()])
        return made.image, made.label

    return py_function(make)


def rate(batches: Iterator[Any], seconds: float) -> float:
    """Return the samples a second that an iterator of batches gives."""
    for _ in range(3):
        next(batches)
    count, began = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - began) < seconds:
        next(batches)
        count += BATCH
    return count / elapsed


def table(
    title: str, contenders: dict[str, Callable[[], Iterator[Any]]], seconds: float, rounds: int
) -> None:
    """Print the median of each contender, and its ratio to the first."""
    rates: dict[str, list[float]] = {name: [] for name in contenders}
    started = {name: start() for name, start in contenders.items()}
    for _ in range(rounds):
        for name, batches in started.items():
            rates[name].append(rate(batches, seconds))
    base = statistics.median(next(iter(rates.values())))
    print(title)
    for name, found in rates.items():
        low, middle, high = min(found), statistics.median(found), max(found)
        print(f"  {name:34} {middle:9,.0f}/s ({low:,.0f} to {high:,.0f})   {middle / base:6.3f} ×")


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=2.0, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each contender")
    arguments = parser.parse_args()
    sd.tune_process()
    for dtype in ("float32", "float64"):
        table(
            f"spots-v1, {dtype}, images and gradients of batches of {BATCH}",
            {
                "plain loop of sample and vjp": partial(by_loop, dtype),
                "sd.differentiable, eager": partial(by_tape, dtype),
                "sd.differentiable, tf.function": partial(by_function, dtype),
            },
            arguments.seconds,
            arguments.rounds,
        )
    table(
        f"textures-v1, batches of {BATCH}",
        {
            "py_function, one by one": one_by_one,
            "py_function, at once": at_once,
            "sd.build, inline": inline,
            "sd.build, graph": as_graph,
        },
        arguments.seconds,
        arguments.rounds,
    )


if __name__ == "__main__":
    main()
