"""Shared memory: room for arrays, slots that are lent and come back, errors before allocation."""

from __future__ import annotations

import gc
import os
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import synthdata as sd
from synthdata.execution.slab import Slab, overflowed, unpack
from synthdata.layout import ALIGNMENT

DTYPES = ["bool", "uint8", "int64", "float16", "float64"]


@given(st.lists(st.tuples(st.sampled_from(DTYPES), st.lists(st.integers(0, 9), max_size=3))))
def test_arrays_come_out_as_they_went_in_whether_there_was_room_or_not(
    kinds: list[tuple[str, list[int]]],
) -> None:
    slab = Slab(1, 2, 4096)
    room = slab.room(1)
    arrays = []
    for number, (dtype, shape) in enumerate(kinds):
        array = room.take(tuple(shape), np.dtype(dtype))
        assert array.ctypes.data % ALIGNMENT == 0
        array[...] = np.arange(number, number + array.size).reshape(shape).astype(dtype)
        arrays.append(array)
    expected = [array.copy() for array in arrays]
    found = unpack(slab.lend(1), room.pack(arrays))
    slab.close()
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == other.dtype
        assert one.shape == other.shape
        assert one.tobytes() == other.tobytes()


@given(st.lists(st.text(max_size=300)))
def test_texts_come_out_as_they_went_in(texts: list[str]) -> None:
    encoded = np.empty(len(texts), object)
    encoded[:] = [text.encode() for text in texts]
    slab = Slab(1, 1, 1024)
    [found] = unpack(slab.lend(0), slab.room(0).pack([encoded]))
    slab.close()
    assert [text.decode() for text in found] == texts


def test_what_finds_no_room_is_counted_and_leaves_its_neighbours_alone() -> None:
    slab = Slab(1, 3, 4096)
    before, after = slab.room(0).take((4096,), np.dtype("uint8")), slab.room(2)
    before[:] = 7
    behind = after.take((4096,), np.dtype("uint8"))
    behind[:] = 9
    room = slab.room(1)
    arrays = [room.take((size,), np.dtype("uint8")) for size in (4000, 4000, 64)]
    for array in arrays:
        array[:] = 1
    packed = room.pack(arrays)
    assert overflowed(packed)
    assert not overflowed(packed[:1])
    assert (before == 7).all()
    assert (behind == 9).all()
    slab.close()


def test_a_slot_comes_back_when_the_last_array_in_it_is_gone() -> None:
    slab = Slab(1, 2, 4096)
    room = slab.room(0)
    packed = room.pack([room.take((8,), np.dtype("uint8")), room.take((8,), np.dtype("int64"))])
    one, other = unpack(slab.lend(0), packed)
    part = other.reshape(2, 4)[1]
    del other
    gc.collect()
    assert slab.returned() == []
    del one
    assert slab.returned() == []
    assert slab.lent == 1
    del part
    assert slab.returned() == [0]
    assert slab.lent == 0
    slab.close()


def test_arrays_outlive_the_slab() -> None:
    slab = Slab(1, 1, 4096)
    room = slab.room(0)
    array = room.take((100,), np.dtype("int64"))
    array[:] = np.arange(100)
    [found] = unpack(slab.lend(0), room.pack([array]))
    slab.close()
    del slab, room, array
    gc.collect()
    assert found.tolist() == list(range(100))


def test_too_large_a_slab_is_an_error_before_it_is_allocated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def allocates(*arguments: Any) -> int:
        raise AssertionError("it was allocated")

    monkeypatch.setattr(os, "memfd_create", allocates)
    with pytest.raises(sd.WorkerError, match=r"9 batches of 1024.0 GiB need 9216.0 GiB .* lower"):
        Slab(2, 9, 2**40)
