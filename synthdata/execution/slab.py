"""One piece of shared memory, in which worker processes leave whole batches."""

from __future__ import annotations

import contextlib
import ctypes
import math
import mmap
import os
import weakref
from collections import deque
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from synthdata.errors import WorkerError
from synthdata.execution.machine import available_memory, shown
from synthdata.layout import aligned, aligned_size

LINE: Final = 64
"""Bytes of a worker's line: a cache line, so that workers do not wait for each other's writes."""

KEY, STARTED, ROWS, IDLE, IDLE_SINCE, DONE, ENDING = range(7)
"""Places in a worker's line: what it draws (``NOTHING``, or the index and above 48 bits the
attempt), since when in ns of the monotonic clock, how many samples; how long it was idle in ns,
and since when it is idle now, or 0; how many samples of a shard are done; and whether the worker
is to end, which the other process writes."""

NOTHING: Final = -1


class Slab:
    """Lines of control, one a worker, and slots of equal size.

    The memory has no name, so that nothing is left of it when the last process that has it is
    gone, and needs no /dev/shm, which containers keep small. The process that makes the slab
    allocates it at once: fresh shared memory is ten to twenty times slower than used.

    Args:
        lines: number of workers.
        slots: number of slots.
        slot_size: bytes of a slot.
        descriptor: of an existing slab; None makes a new one.

    Attributes:
        descriptor: the file descriptor, for worker processes.
        size: bytes.

    Raises:
        WorkerError: if there is not enough memory.
    """

    def __init__(
        self, lines: int, slots: int, slot_size: int, descriptor: int | None = None
    ) -> None:
        self.lines, self.slots = lines, slots
        self.slot_size = -(-slot_size // mmap.PAGESIZE) * mmap.PAGESIZE
        self._head = -(-lines * LINE // mmap.PAGESIZE) * mmap.PAGESIZE
        self.size = self._head + slots * self.slot_size
        self.descriptor = self._new() if descriptor is None else descriptor
        self._map = mmap.mmap(self.descriptor, self.size)
        self._address = _address(np.frombuffer(self._map, np.uint8))
        self._owner_type = ctypes.c_char * self.slot_size
        self._lent: dict[int, weakref.ref[Any]] = {}
        self._returned: deque[int] = deque()

    def _new(self) -> int:
        free = available_memory()
        if self.size > free:
            raise WorkerError(
                f"{self.slots} batches of {shown(self.slot_size)} need {shown(self.size)} of "
                f"shared memory, but {shown(free)} are available; lower slots=, batch_size= or "
                "workers=, or use executor='threads'"
            )
        descriptor = os.memfd_create("synthdata", os.MFD_CLOEXEC)
        try:
            os.posix_fallocate(descriptor, 0, self.size)
        except OSError as error:
            os.close(descriptor)
            raise WorkerError(
                f"{shown(self.size)} of shared memory cannot be had: {error.strerror}"
            ) from error
        return descriptor

    def close(self) -> None:
        """Let go of the memory; it lives as long as workers, or arrays that were lent."""
        os.close(self.descriptor)
        with contextlib.suppress(BufferError):  # arrays in it are alive
            self._map.close()

    def line(self, number: int) -> memoryview:
        """Return a worker's line, as int64 values."""
        return memoryview(self._map)[number * LINE : (number + 1) * LINE].cast("q")

    def room(self, slot: int) -> Room:
        """Return a slot as a place to take arrays from."""
        start = self._head + slot * self.slot_size
        return Room(self._map, self._address, start, self.slot_size)

    def lend(self, slot: int) -> ctypes.Array[Any]:
        """Return a slot's memory; when nothing refers to it any more, the slot comes back.

        Only an object that arrays name as their base will do. NumPy keeps a ctypes array; of a
        memoryview or a subclass of ndarray it keeps what is behind it.
        """
        owner = self._owner_type.from_buffer(self._map, self._head + slot * self.slot_size)
        # Called by whichever thread drops the last array, at any time: it must not take a lock.
        self._lent[slot] = weakref.ref(owner, lambda _: self._returned.append(slot))
        return owner

    @property
    def lent(self) -> int:
        """How many slots are out."""
        return len(self._lent)

    def returned(self) -> list[int]:
        """Return the slots that came back since the last call."""
        back = []
        while self._returned:
            slot = self._returned.popleft()
            del self._lent[slot]
            back.append(slot)
        return back


class Room:
    """A slot, as a place that arrays are taken from, one after the other.

    Args:
        memory: all of the slab.
        address: of the memory.
        start: of the slot in it, a multiple of 64.
        size: of the slot in bytes.
    """

    def __init__(self, memory: mmap.mmap, address: int, start: int, size: int) -> None:
        self._memory = memory
        self._start, self._next, self._end = start, start, start + size
        self._address = address + start
        self._size = size
        self._taken: dict[int, tuple[NDArray[Any], int]] = {}

    def take(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
        """Return an uninitialised array: here, or elsewhere where there is no room left."""
        place = self._next
        end = place + aligned_size(shape, dtype)
        if end > self._end:
            return aligned(shape, dtype)
        array: NDArray[Any] = np.ndarray(shape, dtype, self._memory, place)
        self._taken[id(array)] = array, place - self._start
        self._next = end
        return array

    def pack(self, arrays: list[NDArray[Any]]) -> list[Packed]:
        """Return what ``unpack`` makes the arrays of: where they lie, or else their bytes."""
        return [
            self._texts(array) if array.dtype == object else self._one(array) for array in arrays
        ]

    def _one(self, array: NDArray[Any]) -> Packed:
        # Asking an array for its address costs as much as drawing a cheap sample.
        if (taken := self._taken.get(id(array))) is not None:
            place = taken[1]
        else:
            place = _address(array) - self._address
        here = 0 <= place < self._size
        return place if here else array.tobytes(), array.shape, array.dtype.str

    def _texts(self, texts: NDArray[Any]) -> Packed:
        lengths = self.take(texts.shape, np.dtype(np.int64))
        lengths[:] = [len(text) for text in texts]
        joined = b"".join(texts)
        room = self.take((len(joined),), np.dtype(np.uint8))
        room[:] = np.frombuffer(joined, np.uint8)
        return self._one(lengths), self._one(room), TEXTS


TEXTS: Final = "texts"

Packed: TypeAlias = tuple[Any, Any, str]
"""Place in the slot or bytes, shape and dtype; or of texts their lengths and what they say."""


def overflowed(packed: list[Packed]) -> bool:
    """Tell whether an array found no room in its slot."""
    return any(
        isinstance(place, bytes)
        for one in packed
        for place, *_ in ((one[0], one[1]) if one[2] == TEXTS else (one,))
    )


def extent(packed: list[Packed]) -> int:
    """Return how many bytes of its slot a batch takes."""
    ends = [0]
    for place, shape, name in packed:
        if name == TEXTS:
            ends.append(extent([place, shape]))
        elif not isinstance(place, bytes):
            ends.append(place + math.prod(shape) * np.dtype(name).itemsize)
    return max(ends)


def unpack(owner: ctypes.Array[Any], packed: list[Packed]) -> list[NDArray[Any]]:
    """Return the arrays that lie in a slot that was lent, each of which keeps it."""
    return [
        _texts(owner, one[0], one[1]) if one[2] == TEXTS else _array(owner, one) for one in packed
    ]


def _array(owner: ctypes.Array[Any], packed: Packed) -> NDArray[Any]:
    place, shape, name = packed
    dtype: np.dtype[Any] = np.dtype(name)
    if isinstance(place, bytes):
        array = aligned(shape, dtype)
        array[...] = np.frombuffer(place, dtype).reshape(shape)
        return array
    memory: Any = owner  # NumPy's types do not know that ctypes arrays are buffers
    return np.ndarray(shape, dtype, memory, place)


def _texts(owner: ctypes.Array[Any], lengths: Packed, joined: Packed) -> NDArray[Any]:
    data = _array(owner, joined).tobytes()
    ends = np.cumsum(_array(owner, lengths)).tolist()
    texts = np.empty(len(ends), object)
    texts[:] = [data[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    return texts


def _address(array: NDArray[Any]) -> int:
    address: int = array.__array_interface__["data"][0]
    return address
