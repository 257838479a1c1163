"""How samples lie in a batch: alignment, padding and raggedness without TensorFlow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import synthdata as sd
from synthdata.features import AnyFeature
from synthdata.layout import ALIGNMENT, aligned, columns


def arrays(feature: AnyFeature, values: list[Any], variable: Any) -> list[Any]:
    output = sd.Output(image=sd.Image(8, 8), metadata={"x": feature})
    column = columns(output, variable)[1]
    store = column.store(len(values), aligned)
    for row, value in enumerate(values):
        store[row] = value
    made = column.arrays(store, aligned)
    assert len(made) == len(column.parts)
    for array, part in zip(made, column.parts, strict=True):
        assert array.ndim == len(part.shape)
        assert part.dtype in ("string", array.dtype.name)
        for size, declared in zip(array.shape, part.shape, strict=True):
            assert declared in (None, size)
    return made


@pytest.mark.parametrize("rows", [1, 3, 17])
@pytest.mark.parametrize("variable", ["pad", "ragged"])
def test_arrays_for_tensorflow_start_at_aligned_addresses(rows: int, variable: str) -> None:
    for feature, value in (
        (sd.Tensor("uint8", (5, 3)), np.ones((5, 3), np.uint8)),
        (sd.Boxes(3), np.array([[0, 0, 1, 1]], np.float32)),
    ):
        made = arrays(feature, [value] * rows, variable)
        assert made[0].ctypes.data % ALIGNMENT == 0


def test_padding_is_minus_one_for_boxes_and_zero_for_tensors() -> None:
    boxes = np.array([[0, 1, 2, 3]], np.float32)
    [padded] = arrays(sd.Boxes(2), [boxes, boxes[:0]], "pad")
    assert padded.tolist() == [[[0, 1, 2, 3], [-1] * 4], [[-1] * 4] * 2]
    [padded] = arrays(sd.Tensor("uint8", (sd.UpTo(2),)), [np.array([7], np.uint8)], "pad")
    assert padded.tolist() == [[7, 0]]


def test_polygons_of_different_lengths_are_padded_in_both_dimensions() -> None:
    triangle = np.array([[0, 0], [1, 0], [0, 1]], np.float32)
    [padded] = arrays(sd.Polygons(2, 4), [[triangle]], "pad")
    assert padded[0, 0].tolist() == [*triangle.tolist(), [-1, -1]]
    assert (padded[0, 1] == -1).all()


def test_ragged_lengths_describe_each_level_that_varies() -> None:
    triangle, square = np.zeros((3, 2), np.float32), np.ones((4, 2), np.float32)
    rows, polygons, corners = arrays(
        sd.Polygons(3, 4), [[triangle, square], [], [square]], "ragged"
    )
    assert rows.shape == (11, 2)
    assert polygons.tolist() == [2, 0, 1]
    assert corners.tolist() == [3, 4, 4]


def test_a_fixed_dimension_between_two_that_vary_has_no_lengths() -> None:
    feature = sd.Tensor("int16", (sd.UpTo(3), 2, sd.UpTo(5)))
    values = [np.zeros((1, 2, 5), np.int16), np.ones((3, 2, 0), np.int16)]
    rows, outer, inner = arrays(feature, values, "ragged")
    assert rows.shape == (10,)
    assert outer.tolist() == [1, 3]
    assert inner.tolist() == [5, 5, 0, 0, 0, 0, 0, 0]


def test_text_is_utf8_and_keeps_nul_bytes_at_its_end() -> None:
    [made] = arrays(sd.Text(), ["größe\0", ""], "pad")
    assert made.tolist() == ["größe\0".encode(), b""]
