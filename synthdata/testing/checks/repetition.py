"""Checks that a sample is the same bytes however often, and wherever in a process, it is made."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from synthdata.testing.check import Check, Failure, check
from synthdata.testing.subject import SEED, Subject, snapshots

THREADS: Final = 8

SWITCH: Final = 1e-5
"""Seconds after which Python lets another thread run; short, so that races show."""


@check(
    "make samples a function of params and rng; iterate over lists, not sets",
    "global-random-numbers",
    "clock",
    "environment",
    "self-unchanged",
)
def repeatable(subject: Subject) -> None:
    """The same seed and index give the same bytes, twice."""
    with subject.opened() as generator:
        _compare(subject, snapshots(generator, subject.indices), subject.indices, "a second time")


@check("keep nothing from one sample to the next, also not in the module", "repeatable")
def any_order(subject: Subject) -> None:
    """Samples are the same in whatever order they are made."""
    backwards = list(reversed(subject.indices))
    with subject.opened() as generator:
        _compare(subject, snapshots(generator, backwards), backwards, "in reverse order")
        for index in subject.indices:
            _compare(subject, snapshots(generator, [index] * 2), [index] * 2, "twice in a row")


@check("have open load again what close released", "repeatable")
def reopened(subject: Subject) -> None:
    """It survives close and open."""
    generator = subject.make()
    for _ in range(2):
        generator.open()
        try:
            _compare(subject, snapshots(generator, subject.indices), subject.indices, "reopened")
        finally:
            generator.close()


@check("use local variables in sample: threads share self and the module", "any-order")
def threads(subject: Subject) -> None:
    """Eight threads that share the generator make the same samples as one."""
    orders = [
        [*subject.indices[first:], *subject.indices[:first]]
        for first in range(0, len(subject.indices), max(len(subject.indices) // THREADS, 1))
    ][:THREADS]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH)
    try:
        with subject.opened() as generator, ThreadPoolExecutor(THREADS) as pool:
            found = list(pool.map(lambda order: snapshots(generator, order), orders))
    finally:
        sys.setswitchinterval(interval)
    for order, made in zip(orders, found, strict=True):
        _compare(subject, made, order, "in threads")


def _compare(subject: Subject, made: list[str], order: Sequence[int], when: str) -> None:
    expected = dict(zip(subject.indices, subject.reference, strict=True))
    for index, one in zip(order, made, strict=True):
        if one != expected[index]:
            raise Failure(f"sample {index} (seed {SEED}) is other bytes {when}")


CHECKS: Final[tuple[Check, ...]] = (repeatable, any_order, reopened, threads)
