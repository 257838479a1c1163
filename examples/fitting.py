"""Fits of a generator's continuous params by Adam; how far images are apart is distances.py's."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

import keras
import numpy as np
import tensorflow as tf
from distances import Statistics, statistics

Loss: TypeAlias = Callable[[Statistics, Statistics], Any]
"""From the statistics of two sets to a float32 scalar, as ``Distance`` and ``Whitened`` are."""

Bounds: TypeAlias = Mapping[str, tuple[float, float]]


class Fit(NamedTuple):
    """What a fit has found.

    Attributes:
        theta: values by name, as ``sd.differentiable`` names them.
        losses: the loss before each step.
    """

    theta: dict[str, float]
    losses: list[float]


def fit(
    f: Any,
    target: Statistics,
    loss: Loss,
    bounds: Bounds,
    *,
    steps: int,
    batch: int,
    rate: float,
    memory: float,
) -> Fit:
    """Let Adam bring the statistics of a generator's images to those of a target.

    Each step makes a batch that no step has made before. In which direction its statistics should
    go is said by those of the batches before it: their average, which forgets one batch in
    ``1 / (1 - memory)`` steps. A batch that judged itself would be blamed for its own chance, and
    the fit would end at params whose images vary too little.

    Args:
        f: what ``sd.differentiable`` returns; the fit begins at ``f.theta``.
        target: what the statistics should be.
        loss: what is made small.
        bounds: of each value, see ``Positive``.
        steps: how many, 1 or more.
        batch: images a step; step t makes those of the indices from ``t * batch`` on.
        rate: the longest relative step, as 0.05; it falls to 0 by a cosine.
        memory: what is kept of the average in each step, from 0 to below 1.

    Raises:
        ValueError: if a value begins outside its bounds, or has none.
    """
    values = Positive(f.theta, bounds)
    # With the usual 0.9, momentum and memory together swing about the aim.
    optimizer = keras.optimizers.Adam(
        keras.optimizers.schedules.CosineDecay(rate, steps), beta_1=0.5, beta_2=0.99
    )
    optimizer.build([values.logs])

    @tf.function  # type: ignore[untyped-decorator]  # TensorFlow ships no types
    def step(indices: Any, past: Statistics, kept: Any) -> Any:
        with tf.GradientTape() as tape:
            fresh = statistics(f(values.theta(), indices)["image"])
        now, uphill = _slope(loss, past, target)
        optimizer.apply(tape.gradient(fresh, [values.logs], output_gradients=uphill), [values.logs])
        values.clip()
        return now, _mixed(past, fresh, kept)

    past, losses = statistics(f(f.theta, np.arange(batch))["image"]), []
    for place in range(1, steps + 1):
        indices = tf.range(place * batch, (place + 1) * batch, dtype=tf.int64)
        kept = tf.constant(min(memory, place / (place + 1)), tf.float32)
        now, past = step(indices, past, kept)
        losses.append(float(now))
    return Fit({name: float(value) for name, value in values.theta().items()}, losses)


def _slope(loss: Loss, past: Statistics, target: Statistics) -> tuple[Any, Statistics]:
    """The loss of the past, and its gradient by what it is of."""
    with tf.GradientTape() as tape:
        tape.watch(past)
        now = loss(past, target)
    return now, tape.gradient(now, past)


def _mixed(past: Statistics, fresh: Statistics, kept: Any) -> Statistics:
    pairs = zip(past, fresh, strict=True)
    return Statistics(*(kept * old + (1 - kept) * new for old, new in pairs))


class Positive:
    """Positive values within bounds, as the logarithms that Adam steps: 0.01 more is 1 % more.

    The upper end of a distribution, ``x.high``, is stepped as what it is above ``x.low``, so that
    no step brings them out of order; its bounds are those of this difference.

    Args:
        theta: where the values begin, floats by name.
        bounds: the least and the most of each, above 0.

    Attributes:
        logs: a float64 variable (values,).

    Raises:
        ValueError: if a value begins outside its bounds, or has none.
    """

    def __init__(self, theta: Mapping[str, Any], bounds: Bounds) -> None:
        self._names = list(theta)
        own = {
            name: float(theta[name]) - float(theta.get(_lower(name), 0.0)) for name in self._names
        }
        for name, value in own.items():
            _check(name, value, bounds)
        self._bounds = np.log([bounds[name] for name in self._names]).T
        self.logs = tf.Variable([math.log(value) for value in own.values()], dtype=tf.float64)

    def theta(self) -> dict[str, Any]:
        """Return the values by name, float64 tensors."""
        own = dict(zip(self._names, tf.unstack(tf.exp(self.logs)), strict=True))
        return {name: value + own.get(_lower(name), 0.0) for name, value in own.items()}

    def clip(self) -> None:
        """Bring back what a step took out of its bounds."""
        self.logs.assign(tf.clip_by_value(self.logs, *self._bounds))


def _check(name: str, value: float, bounds: Bounds) -> None:
    if name not in bounds:
        raise ValueError(f"bounds are given of {', '.join(bounds)}, but {name} is to be fitted too")
    least, most = bounds[name]
    if not least <= value <= most:
        what = f"{name} above {_lower(name)}" if _lower(name) else name
        raise ValueError(f"{what} begins at {value:.4g}, but its bounds are {least} and {most}")


def _lower(name: str) -> str:
    """The name of a distribution's lower end, given that of its upper one; else nothing."""
    return f"{name.removesuffix('.high')}.low" if name.endswith(".high") else ""
