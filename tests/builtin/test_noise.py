"""noise-v1: what is declared is what is drawn, evenly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import synthdata as sd
from synthdata.dtypes import representable

INTEGERS = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"]
FLOATS = ["float16", "float32", "float64"]


def draw(count: int = 1, **params: Any) -> NDArray[Any]:
    recipe = sd.Recipe(generator="noise-v1", params=params, seed=7, samples=count)
    return np.stack([sample.image for sample in sd.Source(recipe)])


@pytest.mark.parametrize("dtype", ["bool", *INTEGERS, *FLOATS])
@pytest.mark.parametrize("shape", [[], [7], [5, 4], [8, 8, 3], [2, 3, 4, 5]])
def test_the_array_has_the_declared_dtype_and_shape(dtype: str, shape: list[int]) -> None:
    drawn = draw(dtype=dtype, shape=shape)[0]
    assert (drawn.dtype.name, list(drawn.shape)) == (dtype, shape)


@pytest.mark.parametrize("dtype", INTEGERS)
def test_integers_fill_the_range_of_their_dtype(dtype: str) -> None:
    drawn = draw(dtype=dtype, shape=[100_000])[0].astype(np.float64)
    low, high = (float(end) for end in representable(np.dtype(dtype)))
    counts, _ = np.histogram(drawn, 8, (low, high))
    assert abs(counts - 12_500).max() < 600  # five standard deviations and a bit


def test_uint8_draws_both_its_ends() -> None:
    drawn = draw(dtype="uint8", shape=[100_000])[0]
    assert (drawn.min(), drawn.max()) == (0, 255)


@pytest.mark.parametrize("dtype", FLOATS)
def test_floats_are_even_between_0_and_1(dtype: str) -> None:
    drawn = draw(dtype=dtype, shape=[100_000])[0].astype(np.float64)
    counts, _ = np.histogram(drawn, 8, (0, 1))
    assert abs(counts - 12_500).max() < 600


def test_a_normal_is_rounded_and_clipped_to_the_integer() -> None:
    drawn = draw(dtype="uint8", shape=[100_000], values={"normal": [250, 10]})[0]
    # Above 254.5 are 32.6 % of a normal around 250 with a deviation of 10.
    assert abs((drawn == 255).mean() - 0.3264) < 0.01
    assert drawn.dtype == np.uint8


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
def test_a_normal_wider_than_64_bits_stays_within_them(dtype: str) -> None:
    drawn = draw(dtype=dtype, shape=[1000], values={"normal": [0, 1e30]})[0]
    assert (drawn > 2**62).sum() > 400
    assert (drawn < (0 if dtype == "int64" else 1)).sum() > 400


def test_a_choice_draws_its_values_by_their_weights() -> None:
    values = {"choice": {"values": [0, 7], "weights": [1, 3]}}
    drawn = draw(dtype="int16", shape=[40_000], values=values)[0]
    assert set(np.unique(drawn)) == {0, 7}
    assert abs((drawn == 7).mean() - 0.75) < 0.02


def test_the_range_of_the_distribution_is_declared() -> None:
    output = sd.make("noise-v1", dtype="float32", values={"uniform": [-2, 3]}).output
    assert output.image == sd.Image(64, 64, 3, "float32", ge=-2.0, le=3.0)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"dtype": "uint8", "values": 300}, "values draws 300 to 300, but uint8 holds 0 to 255"),
        ({"dtype": "uint8", "values": {"uniform": [-1, 4]}}, "but uint8 holds 0 to 255"),
        ({"values": "red"}, "draws words"),
        ({"dtype": "bool", "values": 2}, "bool is 0 or 1"),
        ({"dtype": "float16", "values": 1e6}, "float16 holds"),
        ({"shape": [0]}, r"shape\.0"),
        ({"dtype": "complex64"}, "dtype"),
    ],
)
def test_a_distribution_that_the_dtype_cannot_hold_is_refused(
    params: dict[str, Any], message: str
) -> None:
    with pytest.raises(sd.ParamsError, match=message):
        sd.make("noise-v1", **params)


def test_samples_differ_by_index_and_seed() -> None:
    first, second = draw(2)
    assert not np.array_equal(first, second)
    other = sd.Source(sd.Recipe(generator="noise-v1", seed=8, samples=1))[0].image
    assert not np.array_equal(first, other)
