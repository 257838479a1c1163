"""The cluster that this process has joined, and the actors there, for all data sets it feeds."""

from __future__ import annotations

import threading
from collections import Counter, deque
from contextlib import ExitStack
from typing import Any, Final, TypeAlias

from synthdata.cluster.feeder import Feeder
from synthdata.cluster.joining import check_joined, joined
from synthdata.errors import ClusterError
from synthdata.execution.window import QUEUE

Handle: TypeAlias = Any
"""Of an actor."""

THREADS: Final = 2 * QUEUE
"""Batches that an actor has at hand at the most, of all data sets together."""


class Site:
    """A cluster that this process is a driver of, and its actors of one CPU each.

    Data sets share the actors, so that one of them, as for validation, does not wait for CPUs that
    another one holds.

    Args:
        address: as for ``joined``.
        workers: CPUs of a Ray of this process's own.

    Attributes:
        ray: the module.
        users: how many have it.
    """

    def __init__(self, address: str, workers: int | None) -> None:
        self.users = 0
        self._address = address
        self._stack = ExitStack()
        self.ray = self._stack.enter_context(joined(address, workers))
        self._actors: dict[int, Handle] = {}
        self._held: Counter[int] = Counter()
        # A finalizer may run in the middle of what it guards, in the same thread.
        self._lock = threading.RLock()

    def check(self, address: str) -> None:
        """Refuse another cluster, or this one where it was left by others.

        Raises:
            ClusterError: if it is so.
        """
        if not self.ray.is_initialized():
            raise ClusterError(
                f"cluster={address!r}: ray.shutdown() was called while data sets are fed by Ray; "
                "let go of them, and build them again"
            )
        if address != self._address:
            check_joined(self.ray, address)

    def hold(self, place: int) -> Handle:
        """Return the actor of a place, which stays there until ``let_go``."""
        with self._lock:
            self._held[place] += 1
            if place not in self._actors:
                self._actors[place] = self._hired()
            return self._actors[place]

    def replace(self, place: int, lost: Handle) -> Handle:
        """Return another actor for a place than one that was lost."""
        with self._lock:
            if self._actors[place] is lost:
                self.ray.kill(lost)  # it may be cut off only
                self._actors[place] = self._hired()
            return self._actors[place]

    def let_go(self, place: int) -> None:
        """End the actor of a place if nobody else holds it: others may want its CPU."""
        with self._lock:
            self._held[place] -= 1
            if not self._held[place] and (actor := self._actors.pop(place, None)):
                self.ray.kill(actor)

    def _hired(self) -> Handle:
        remote = self.ray.remote(num_cpus=1, max_restarts=0, max_concurrency=THREADS)
        return remote(Feeder).remote()

    def end(self) -> None:
        """Leave the cluster; one that was joined by others is left to them."""
        self._stack.close()


class Sites:
    """The site of this process: made for whoever is first to enter, ended when the last leaves."""

    def __init__(self) -> None:
        self._site: Site | None = None
        self._lock = threading.Lock()
        self._leaving: deque[Site] = deque()

    def enter(self, address: str, workers: int | None) -> Site:
        """Return the site, which stays until ``leave``.

        Args:
            address: as for ``joined``.
            workers: CPUs of a Ray of this process's own.

        Raises:
            ClusterError: if there is no such cluster, or another one is joined already.
        """
        try:
            with self._lock:
                self._settle()
                if self._site is None:
                    self._site = Site(address, workers)
                else:
                    self._site.check(address)
                self._site.users += 1
                return self._site
        finally:
            self._settle_if_nobody_else_does()

    def leave(self, site: Site) -> None:
        """Be done with the site.

        Finalizers call this, in whichever thread, so that it must not wait for the lock.
        """
        self._leaving.append(site)
        self._settle_if_nobody_else_does()

    def _settle_if_nobody_else_does(self) -> None:
        while self._leaving and self._lock.acquire(blocking=False):
            try:
                self._settle()
            finally:
                self._lock.release()

    def _settle(self) -> None:
        while self._leaving:
            site = self._leaving.popleft()
            site.users -= 1
            if not site.users:
                self._site = None
                site.end()


SITES: Final = Sites()
"""Of this process."""
