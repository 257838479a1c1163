"""The executor behind ``build(cache=True)``: batches from the cache, and from another into it."""

from __future__ import annotations

import contextlib
import logging
import math
import threading
from collections.abc import Callable
from dataclasses import asdict
from typing import Final

from synthdata.errors import BuildError
from synthdata.execution import EXIT_GATE, Choice, Executor, Telemetry, Work
from synthdata.execution.interrupts import INTERRUPTS
from synthdata.execution.machine import available_memory, shown
from synthdata.execution.maker import Made
from synthdata.layout import columns
from synthdata.seeding import MAX_INDEX
from synthdata.storage.cache.claim import Claim, remove
from synthdata.storage.cache.entry import Entry
from synthdata.storage.cache.folder import (
    LIMIT_VARIABLE,
    cache_folder,
    cache_limit,
    describe,
    free_disk,
    make_room,
)
from synthdata.storage.cache.key import key_of
from synthdata.storage.cache.track import tracks

logger = logging.getLogger("synthdata")

MEMORY_SHARE: Final = 4
"""What is known of each sample takes at most this part (1/4) of the memory available."""


def cached(work: Work, start: Callable[[], Choice]) -> Choice:
    """Return an executor that reads what the cache has, and keeps there what another makes.

    The other one is started at once where the cache has nothing, and else when a batch is asked
    for that is not all there: with a whole entry, never.

    Args:
        work: what the batches are made of.
        start: starts the executor that makes them.

    Raises:
        BuildError: if the data set is endless, or its samples do not follow from what can be seen
            of its generator; or the environment has no size for a limit.
        SynthDataError: what ``start`` raises.
    """
    if work.indices.stop > MAX_INDEX:
        raise BuildError("cache=True needs samples=: an endless data set fills any disk")
    entry = _entry(work)
    if entry is None:
        return start()
    executor = Cached(work, entry, start)
    try:
        why = executor.begin()
    except BaseException:
        entry.close()
        raise
    return Choice(executor, why)


class Cached:
    """Reads the batches that are in the cache; has another executor make the rest, and keeps them.

    It owns the entry and the other executor, from ``open`` to ``close``.

    Args:
        work: what the batches are made of.
        entry: of the cache.
        start: starts the other executor.

    Attributes:
        name: "cache" while no other executor is needed, and then the name of that one.
        workers: of the other executor.
    """

    def __init__(self, work: Work, entry: Entry, start: Callable[[], Choice]) -> None:
        self.name = "cache"
        self.workers = 0
        self._plan = work.plan
        self._id = work.generator.identity.id
        self._entry: Entry | None = entry
        self._start = start
        self._other: Executor | None = None
        self._starting = threading.Lock()
        self._closed = False

    def begin(self) -> str:
        """Start what is needed; return in words where samples come from.

        Raises:
            SynthDataError: if the other executor cannot start.
        """
        assert self._entry is not None
        entry, place = self._entry, f"the cache at {self._entry.folder}"
        INTERRUPTS.watch()
        if not entry.filled:
            choice = self._begin_other()
            why = f"{choice.why}; samples are kept in {place}"
        elif entry.whole:
            why = f"read from {place}"
        else:
            why = f"{entry.filled:,} of {entry.samples:,} samples are read from {place}"
        EXIT_GATE.at_close(entry.close)
        logger.info("%s: executor=%r: %s", self._id, self.name, why)
        return why

    def open(self) -> None:
        """Do nothing: what is needed was started."""

    def _begin_other(self) -> Choice:
        choice = self._start()
        self._other = choice.executor
        self.name, self.workers = self._other.name, self._other.workers
        return choice

    def batch(self, number: int) -> Made:
        """Return a batch, from the cache or of the other executor."""
        entry = self._entry
        if entry is None:
            return self._running().batch(number)
        indices = self._plan.indices(number)
        if entry.has(indices):
            return entry.read(indices)
        made = self._running().batch(number)
        entry.add(indices, made)
        if entry.whole:
            self._end_other()
        return made

    def _running(self) -> Executor:
        with self._starting:
            if self._other is None:
                self._begin_other()
            assert self._other is not None
            if self._closed:
                # Whoever closes comes only once, and has been here.
                self._other.close()
            return self._other

    def _end_other(self) -> None:
        if self._other is not None:
            self._other.close()
        self.name, self.workers = "cache", 0

    def close(self) -> None:
        """Let go of the entry and of the other executor, which makes what is asked for later."""
        self._closed = True
        entry, self._entry = self._entry, None
        if entry is not None:
            EXIT_GATE.forget(entry.close)
            entry.close()
        if self._other is not None:
            self._other.close()

    def telemetry(self) -> Telemetry:
        """Return what the other executor has counted."""
        return Telemetry() if self._other is None else self._other.telemetry()


def _entry(work: Work) -> Entry | None:
    """Return the entry of a data set, or None where it cannot be had; that is logged."""
    key, id = key_of(work), work.generator.identity.id
    parts = columns(work.generator.output, work.variable)
    own_tracks = tracks(parts)
    width = 2 + 2 * sum(track.varies for track in own_tracks)
    fixed = sum(track.width for track in own_tracks if not track.varies)
    size = key.samples * (fixed + 8 * width)
    memory = key.samples * (4 + 8 * (width - 1))
    if memory > available_memory() // MEMORY_SHARE:
        logger.warning("%s is not cached: what is where would take %s of memory", id, shown(memory))
        return None
    try:
        claim = Claim(cache_folder() / key.digest)
    except OSError as error:
        logger.warning("%s is not cached: %s: %s", id, error.filename, error.strerror)
        return None
    entry = Entry(claim, parts, work.indices)
    if entry.whole:
        return entry
    missing = math.ceil(size * (1 - entry.filled / key.samples))
    try:
        problem = _begin_adding(entry, missing)
        if problem is None:
            describe(entry.folder, {**asdict(key), "width": width})
    except OSError as error:
        problem = f"{error.filename}: {error.strerror}"
    if problem is None:
        return entry
    entry.adding = False
    logger.warning("%s is not cached: %s", id, problem)
    if entry.filled:
        return entry
    entry.close()
    with contextlib.suppress(OSError):
        remove(entry.folder)
    return None


def _begin_adding(entry: Entry, missing: int) -> str | None:
    """Switch adding on if there is room; return what is wrong otherwise."""
    entry.room = make_room(missing)
    if entry.room < missing:
        return (
            f"it needs {shown(missing)} or more, and {LIMIT_VARIABLE} allows "
            f"{shown(cache_limit())} in all; say more, or run synthdata cache clear"
        )
    free = free_disk(entry.folder)
    if free < missing:
        return f"it needs {shown(missing)} or more, and {entry.folder} has {shown(free)} free"
    entry.adding = True
    return None
