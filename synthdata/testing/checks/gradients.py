"""Checks of the gradient of a generator that is Differentiable."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any, Final

import numpy as np
from pydantic import ValidationError

from synthdata.errors import GradientError
from synthdata.generator import Generator
from synthdata.gradients import Gradients, differentiable_values, image_leaves
from synthdata.powers import Differentiable
from synthdata.seeding import Rng
from synthdata.testing import disturbance
from synthdata.testing.check import Check, Failure, Inapplicable, check
from synthdata.testing.checks.contract import RULES
from synthdata.testing.comparison import Comparison, upstream_of
from synthdata.testing.snapshot import snapshot
from synthdata.testing.subject import SEED, Subject
from synthdata.theta import changed, continuous

DRAWS: Final = 3
"""Random params under which the gradient by each value is held against differences."""

TRIES: Final = 12
"""Random params that are drawn for it at most, where differences disagree or Params refuse."""

SPREAD: Final = 0.1
"""Part of a value by which random params are off those given; of 0 so much itself."""

REDRAWN: Final = 20
"""Draws of one value that Params may refuse; then it stays as it is given."""

SETTINGS: Final = (1, 2)
"""Of the clock and the global random numbers; vjp is called once under each."""

SHARES: Final = 6
"""Parts of the indices; each draw takes one, and the gradient of its samples together."""


@check(
    "name params in differentiable_params, and return from vjp a float, or an array of the "
    "value's shape, for each of their values; names of a distribution's come from pathwise",
    "defaults",
    *RULES,
)
def gradient_names(subject: Subject) -> None:
    """Its vjp returns a finite gradient by each continuous value of the differentiable params."""
    gradients = _gradients(subject)
    values = list(gradients.theta.values())
    rng = np.random.default_rng(SEED)
    for index in subject.indices:
        upstream = upstream_of(gradients, 1, rng)
        found = gradients.products(values, np.array([index], np.int64), upstream)
        for name, product in zip(gradients.theta, found, strict=True):
            if not np.isfinite(product).all():
                raise Failure(f"vjp returned {product} by {name} for sample {index} (seed {SEED})")


@check(
    "draw in vjp what sample draws, in the same order, by the same code where that can be; keep "
    "nothing, and leave the clock and the global random numbers alone",
    "gradient-names",
    "repeatable",
)
def gradient_sample(subject: Subject) -> None:
    """Its vjp draws as many numbers as sample, from rng alone; self and upstream stay as they are.

    It is called twice for each sample, under other global random numbers and another time, and
    has to return the same bytes.
    """
    gradients = _gradients(subject)
    generator: Any = gradients.generator
    generator.open()
    try:
        before = {name: snapshot(value) for name, value in vars(generator).items()}
        for index in subject.indices:
            _same_draws(gradients, generator, index)
        after = {name: snapshot(value) for name, value in vars(generator).items()}
    finally:
        generator.close()
    for name, state in after.items():
        if before.get(name) != state:
            raise Failure(f"self.{name} is changed by vjp")


def _same_draws(gradients: Gradients, generator: Any, index: int) -> None:
    ahead = Rng(SEED, index)
    generator.sample(ahead)
    [upstream] = gradients.trees(upstream_of(gradients, 1, np.random.default_rng(index)))
    given, made = snapshot(upstream), set()
    for setting in SETTINGS:
        back = Rng(SEED, index)
        made.add(_disturbed(generator, back, upstream, setting))
        if snapshot(ahead.bit_generator.state) != snapshot(back.bit_generator.state):
            raise Failure(f"{_named(index)}: rng is elsewhere after vjp than after sample")
        if snapshot(upstream) != given:
            raise Failure(f"{_named(index)}: upstream is changed by vjp")
    if None in made:
        raise Failure(f"{_named(index)}: vjp uses or seeds the global random numbers")
    if len(made) > 1:
        raise Failure(f"{_named(index)}: vjp returns another gradient a second time")


def _disturbed(generator: Any, rng: Rng, upstream: Any, setting: int) -> str | None:
    """A snapshot of what vjp returns, or None if the global random numbers are others after it."""
    with disturbance.global_random(setting), disturbance.clock(setting * 1_000_000_000):
        before = snapshot((random.getstate(), np.random.get_state()))
        made = snapshot(generator.vjp(rng, generator.params, upstream))
        return made if snapshot((random.getstate(), np.random.get_state())) == before else None


def _named(index: int) -> str:
    return f"sample {index} (seed {SEED})"


@check(
    "go over its derivative by the value named: signs, factors, the chain rule; where an image is "
    "clipped or rounded the gradient is 0, so a float image is best neither",
    "gradient-sample",
)
def gradient_vjp(subject: Subject) -> None:
    """Its vjp agrees with finite differences, for random params and upstream gradients.

    Each continuous value is up to 10 % off the given one. The image is float64 where a param
    ``dtype`` takes that; ``Accuracy.of`` says how exact the gradient has to be. Its error is that
    of all elements of a value together, relative to their norm, above what rounding explains.
    Where two differences disagree in all steps, as about a clip, or rounding hides the change,
    other params are drawn; values for which that goes on fail, and are never left out.
    """
    generator = _differentiable(subject)
    agreed: Counter[str] = Counter()
    names = differentiable_values(generator)
    for draw in range(TRIES):
        rng = np.random.default_rng([SEED, draw])
        gradients = Gradients(_varied(generator, rng), SEED, None, "vjp")
        comparison = Comparison(gradients, subject.indices[draw % SHARES :: SHARES], rng)
        agreed.update(comparison.agreeing([name for name in names if agreed[name] < DRAWS]))
    for name in names:
        if agreed[name] < DRAWS:
            raise Failure(
                f"{name}: in {TRIES - agreed[name]} of {TRIES} draws of random params, Params "
                "refuse a step, two finite differences disagree, as where an image is clipped or "
                "rounded, or the image is too coarse to show the change, for which a param dtype "
                "that takes float64 helps"
            )


def _gradients(subject: Subject) -> Gradients:
    return Gradients(_differentiable(subject), SEED, None, "vjp")


def _differentiable(subject: Subject) -> Generator:
    """The generator, not open, with an image as exact as it can make it."""
    has = [hasattr(subject.kind, name) for name in ("vjp", "differentiable_params")]
    if not any(has):
        raise Inapplicable("it has no vjp")
    generator = subject.make()
    if not isinstance(generator, Differentiable):
        raise Failure("it has one of vjp and differentiable_params, and not the other")
    try:
        generator = _exact(subject)
        image_leaves(generator)
        names = differentiable_values(generator)
    except GradientError as error:
        raise Failure(str(error)) from None
    if not names:
        raise Inapplicable("under these params, none of differentiable_params is a number")
    return generator


def _exact(subject: Subject) -> Generator:
    """The generator with a param ``dtype`` that makes all images float64, or else float32."""
    made = [subject.make()]
    for dtype in ("float64", "float32"):
        try:
            params = subject.kind.Params.model_validate({**subject.given, "dtype": dtype})
        except ValidationError:
            continue
        made.append(subject.make(params))
    for dtype in ("float64", "float32"):
        for generator in made:
            if set(_dtypes(generator)) == {dtype}:
                return generator
    return made[0]


def _dtypes(generator: Generator) -> list[str]:
    leaves = generator.output.leaves
    return [leaf.feature.dtype for leaf in leaves if leaf.path[0] == "image"]


def _varied(generator: Generator, rng: np.random.Generator) -> Generator:
    """The generator with each continuous value drawn anew near its own, one after the other."""
    for name in continuous(generator.params):
        for _ in range(REDRAWN):
            value = continuous(generator.params)[name]
            off = rng.uniform(-SPREAD, SPREAD, value.shape)
            theta = {name: np.where(value == 0, off, value * (1 + off))}
            try:
                varied = generator.with_params(changed(generator.params, theta))
            except GradientError:
                continue
            if _shapes(varied) == _shapes(generator):
                generator = varied
                break
    return generator


def _shapes(generator: Generator) -> list[Any]:
    return [(leaf.path, leaf.feature.shape) for leaf in generator.output.leaves]


CHECKS: Final[tuple[Check, ...]] = (gradient_names, gradient_sample, gradient_vjp)
