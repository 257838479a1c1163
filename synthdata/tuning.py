"""Settings of a process that make Python beside TensorFlow, and in workers, faster."""

from __future__ import annotations

import ctypes
import gc
from typing import Final

_MALLOPT: Final = {
    -1: 1 << 30,  # M_TRIM_THRESHOLD: give memory back only above 1 GiB
    -2: 64 << 20,  # M_TOP_PAD: grow by 64 MiB at a time
    -3: 32 << 20,  # M_MMAP_THRESHOLD: the largest that glibc takes
}
"""Parameters of mallopt(3), by their numbers in malloc.h."""

_ARENA: Final = 1 << 20
"""Bytes that Python gets from the kernel at a time for objects of up to 512 bytes."""

_ARENAS: Final = 4

_PINS: Final[list[bytes]] = []
"""Objects that keep Python from giving arenas back."""


def tune_process() -> None:
    """Keep garbage collection and the allocator from slowing Python in this process.

    Call it once, after the imports and before training, where samples are made in TensorFlow's own
    process (``inline``, ``threads``). Worker processes do it by themselves.

    It tells the garbage collector to leave alone all objects that exist now (``gc.freeze``): the
    hundred thousands that TensorFlow's import leaves would otherwise be walked again and again
    while a generator makes objects. And it tells glibc's malloc to keep freed memory, so that
    arrays of some 100 kB to 32 MB are not mapped and unmapped by the kernel each time; with
    another C library that part does nothing. Python in turn keeps 4 MiB for small objects, which it
    would otherwise give back and ask for again with each sample that makes many.

    All are settings of the whole process, which a library does not change unasked. The price is
    up to 1 GiB of memory that is kept for the next arrays.
    """
    gc.collect()
    gc.freeze()
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for parameter, value in _MALLOPT.items():
            mallopt(parameter, value)
    if not _PINS:
        _pin_arenas()


def _pin_arenas() -> None:
    """Leave a few objects in each of some arenas, as one that is empty goes back to the kernel."""
    size = 400
    objects = [bytes(size) for _ in range(_ARENAS * _ARENA // size)]
    _PINS.extend(objects[:: _ARENA // size // 4])
