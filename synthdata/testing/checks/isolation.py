"""Checks that a sample touches nothing, and depends on nothing, but params and rng."""

from __future__ import annotations

import gc
import itertools
import os
import random
import tracemalloc
import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np

from synthdata.generator import Generator
from synthdata.seeding import Rng
from synthdata.testing import disturbance
from synthdata.testing.audit import audited
from synthdata.testing.check import Check, Failure, check
from synthdata.testing.snapshot import arrays_in, snapshot
from synthdata.testing.subject import SEED, Subject, draw, snapshots

Disturbance: TypeAlias = Callable[[int], AbstractContextManager[None]]

WARM: Final = 16
"""Samples after which a generator has imported and cached what it will."""

LEAK: Final = 512
"""Bytes a sample above which memory counts as growing; tracing itself takes some."""


@check("draw all random numbers from rng", "structure", "graph-eager")
def global_random_numbers(subject: Subject) -> None:
    """The global random numbers, of random and of numpy.random, are neither used nor seeded."""
    before = snapshot((random.getstate(), np.random.get_state()))
    with subject.opened() as generator:
        snapshots(generator, subject.indices)
    if snapshot((random.getstate(), np.random.get_state())) != before:
        raise Failure("their state is another after sample")
    if _follow(subject, disturbance.global_random, (1, 2)):
        raise Failure("samples change with their seed")


@check(
    "leave the time out of samples; where one is wanted, draw it from rng",
    "structure",
    "graph-eager",
)
def clock(subject: Subject) -> None:
    """Samples do not depend on the time."""
    if _follow(subject, disturbance.clock, (1_000_000_000, 1_040_000_000)):
        raise Failure("samples change with the time")


def _follow(subject: Subject, disturb: Disturbance, settings: tuple[int, int]) -> bool:
    """Whether samples are the same under one setting of the world, and others under another."""
    made = []
    for setting in (settings[0], settings[0], settings[1]):
        with subject.opened() as generator, disturb(setting):
            made.append(snapshots(generator, subject.indices))
    return made[0] == made[1] != made[2]


@check("leave os.environ and the working directory alone", "structure")
def environment(subject: Subject) -> None:
    """The environment and the working directory are left as they are."""
    variables, folder = dict(os.environ), Path.cwd()
    try:
        with subject.opened() as generator, audited() as events:
            snapshots(generator, subject.indices)
    finally:
        os.environ.clear()
        os.environ.update(variables)
        os.chdir(folder)
    for event in events:
        if event.name == "os.chdir":
            raise Failure(f"sample changes the working directory to {event.subject}")
        if event.name != "open":
            raise Failure(f"sample sets the environment variable {event.subject}")


@check("make what samples share in open, and nothing in sample", "structure")
def self_unchanged(subject: Subject) -> None:
    """Sample leaves self as it is; threads share it."""
    with subject.opened() as generator:
        before = {name: snapshot(value) for name, value in vars(generator).items()}
        snapshots(generator, subject.indices)
        for name, value in vars(generator).items():
            if name not in before:
                raise Failure(f"self.{name} is set by sample")
            if snapshot(value) != before[name]:
                raise Failure(f"self.{name} is changed by sample")


@check("return new arrays, or copies (array.copy())", "structure")
def no_sharing(subject: Subject) -> None:
    """The arrays of a sample share no memory with those of another, or with the generator."""
    with subject.opened() as generator:
        samples = [list(arrays_in(draw(generator, index))) for index in subject.indices]
        held = list(arrays_in(list(vars(generator).values())))
    for one, two in itertools.combinations(samples, 2):
        if _share(one, two):
            raise Failure("two samples share memory")
    if any(_share(held, sample) for sample in samples):
        raise Failure("a sample shares memory with an attribute of the generator")


def _share(one: list[np.ndarray], two: list[np.ndarray]) -> bool:
    return any(np.may_share_memory(a, b) for a in one for b in two)


@check("do not keep rng: the next sample re-keys it", "structure")
def rng_kept(subject: Subject) -> None:
    """Nothing keeps the rng after sample has returned."""
    with subject.opened() as generator:
        kept = _rng_after(generator)
        gc.collect()
        if kept() is not None:
            raise Failure("something still refers to the rng")


def _rng_after(generator: Generator) -> weakref.ref[Rng]:
    rng = Rng(SEED, 0)
    generator.sample(rng)
    return weakref.ref(rng)


@check("draw something from rng; where samples are not random, declare the failure", "structure")
def seeds_differ(subject: Subject) -> None:
    """Another seed gives other samples."""
    with subject.opened() as generator:
        if snapshots(generator, subject.indices, SEED + 1) == subject.reference:
            raise Failure(f"the first {len(subject.indices)} samples are the same for two seeds")


@check("keep nothing of a sample; bound caches, and fill them in open", "structure")
def memory_flat(subject: Subject) -> None:
    """Memory does not grow with the number of samples."""
    count = len(subject.indices)
    with subject.opened() as generator:
        snapshots(generator, range(WARM))
        tracemalloc.start()
        try:
            # A cache that fills once shows in the first of them only.
            growths = [
                _growth(generator, range(WARM + part, WARM + part + count)) for part in (0, count)
            ]
        finally:
            tracemalloc.stop()
    if min(growths) > LEAK * count:
        raise Failure(f"{min(growths) // count:,} bytes of each sample stay in memory")


def _growth(generator: Generator, indices: range) -> int:
    gc.collect()
    before, _ = tracemalloc.get_traced_memory()
    for index in indices:
        draw(generator, index)
    gc.collect()
    return tracemalloc.get_traced_memory()[0] - before


CHECKS: Final[tuple[Check, ...]] = (
    global_random_numbers,
    clock,
    environment,
    self_unchanged,
    no_sharing,
    rng_kept,
    seeds_differ,
    memory_flat,
)
