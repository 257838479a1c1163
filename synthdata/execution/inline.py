"""The executor without workers: samples are made in the thread that asks for the batch."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from synthdata.execution.gate import EXIT_GATE
from synthdata.layout import Column
from synthdata.seeding import ThreadRngs
from synthdata.stream import Stream


class Inline:
    """Makes each batch at once, where it is asked for; several threads may ask.

    Args:
        stream: draws the samples.
        columns: how they lie in a batch.
    """

    def __init__(self, stream: Stream, columns: tuple[Column, ...]) -> None:
        self._stream = stream
        self._columns = columns
        self._rngs = ThreadRngs()

    def batch(self, indices: NDArray[Any]) -> list[NDArray[Any]]:
        """Make the samples of some indices, one after the other."""
        rng = self._rngs.rng
        draw = self._stream.draw
        stores = [column.store(len(indices)) for column in self._columns]
        for row, index in enumerate(indices.tolist()):
            if EXIT_GATE.closed:
                EXIT_GATE.refuse_if_closed()
            for store, value in zip(stores, draw(index, rng), strict=True):
                store[row] = value
        arrays: list[NDArray[Any]] = []
        for column, store in zip(self._columns, stores, strict=True):
            arrays += column.arrays(store)
        return arrays
