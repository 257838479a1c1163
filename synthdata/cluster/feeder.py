"""The actor that makes batches on a node of a cluster. It does not import Ray."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import numpy as np

from synthdata.cluster.node import checked
from synthdata.cluster.travel import Order, Parcel
from synthdata.errors import SynthDataError
from synthdata.execution.processes import Processes
from synthdata.execution.slab import extent
from synthdata.execution.window import QUEUE, Told
from synthdata.execution.work import Work

TOGETHER: Final = 4
"""Batches that are asked for, and come back, together at the most: Ray takes 4 ms of CPU for each
answer, however small."""

TOGETHER_BYTES: Final = 8 * 2**20
"""Of batches that come back together, at the most; larger ones come one by one."""


def together(room: int) -> int:
    """Return how many batches may come back together.

    Args:
        room: bytes of a batch.
    """
    return max(min(TOGETHER, TOGETHER_BYTES // room), 1)


class Feeder:
    """Makes batches of the data sets of one process, each by a process of its own.

    So a sample that kills its process, or hangs, is found and named as on a single machine, and
    the actor lives on. What is made lies in shared memory, from where Ray copies it to its object
    store, as it would copy what the actor made itself. Several threads call, so that there is
    always something to be made next.
    """

    def __init__(self) -> None:
        self._benches: dict[str, Bench] = {}

    def start(self, name: str, order: Order) -> SynthDataError | None:
        """Be ready to make batches of a data set; return why that cannot be.

        Args:
            name: by which it is called from then on.
            order: says how.
        """
        try:
            self._benches[name] = Bench(order)
        except SynthDataError as error:
            return _located(error)
        return None

    def make(self, name: str, numbers: list[int]) -> list[Parcel | SynthDataError]:
        """Make batches, one after the other.

        Args:
            name: of the data set.
            numbers: of the batches.

        Returns:
            The batches in this order; the last is why there are no more of them, if so it is.
        """
        made: list[Parcel | SynthDataError] = []
        bench = self._benches[name]
        try:
            with bench.turn(numbers):
                for number in numbers:
                    made.append(bench.make(number))
        except SynthDataError as error:
            made.append(_located(error))
        return made

    def forget(self, name: str) -> None:
        """Make no more batches of a data set."""
        if bench := self._benches.pop(name, None):
            bench.close()


class Bench:
    """Makes the batches of one data set.

    Args:
        order: says how.

    Raises:
        SynthDataError: if this node is not as the machine that asks, or cannot make them.
    """

    def __init__(self, order: Order) -> None:
        work = checked(order).job()
        assert isinstance(work, Work)
        self._told = Told()
        self._turn = threading.Lock()
        # Ray copies those that were made together out of their slots while the next are made.
        slots = 2 * together(work.batch_room()) + QUEUE
        self._executor = Processes(work, 1, slots, order.timeout, self._told)
        self._executor.open()

    @contextmanager
    def turn(self, numbers: list[int]) -> Iterator[None]:
        """Have batches made ahead, and keep others from being made between them."""
        for number in numbers:
            self._told.tell(number)
        with self._turn:
            yield

    def make(self, number: int) -> Parcel:
        """Make a batch; its memory is used again once nobody has the parcel."""
        owner, reply = self._executor.packed(number)
        counted = self._executor.telemetry()
        room: Any = owner  # NumPy's types do not know that ctypes arrays are buffers
        none = np.empty(0, np.uint8)
        memory = none if room is None else np.frombuffer(room, np.uint8, extent(reply.made))
        return Parcel(memory, tuple(reply), counted.restarts, counted.idle)

    def close(self) -> None:
        """End the process, after the batch at hand."""
        self._executor.close()


def _located(error: SynthDataError) -> SynthDataError:
    error.add_note(f"On node {socket.gethostname()}")
    return error
