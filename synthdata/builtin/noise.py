"""Random arrays of any shape and dtype."""

from __future__ import annotations

from typing import Annotated, Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from synthdata.distributions import Distribution
from synthdata.dtypes import DType, representable
from synthdata.features import Image, Size, Tensor
from synthdata.generator import BaseParams, Generator
from synthdata.output import Output
from synthdata.sample import Sample

_CHANNELS = (1, 3, 4)
"""Sizes of the last of three dimensions that make an array an Image."""


class Noise(Generator):
    """Random arrays of any shape and dtype, each element drawn by itself.

    An array of height × width × 1, 3 or 4 channels is declared as an Image, others as a Tensor.
    """

    class Params(BaseParams):
        """Shape, dtype and distribution."""

        shape: Annotated[tuple[Size, ...], Field(max_length=8)] = Field(
            (64, 64, 3), description="sizes of the array"
        )
        dtype: DType = Field("uint8", description="dtype of the array")
        values: Distribution | None = Field(
            None,
            description="distribution of each element, rounded for integers; without one, all "
            "values of an integer dtype, 0 to 1 of a float, or either truth value",
        )

        @model_validator(mode="after")
        def _representable(self) -> Self:
            _limits(self)
            return self

    @classmethod
    def describe(cls, params: Any) -> Output:
        """Declare one array, with the range that the distribution can draw."""
        low, high = _limits(params)
        shape = params.shape
        if len(shape) == 3 and shape[2] in _CHANNELS and params.dtype != "bool":
            return Output(image=Image(shape[0], shape[1], shape[2], params.dtype, low, high))
        return Output(image=Tensor(params.dtype, shape, ge=low, le=high))

    def sample(self, rng: np.random.Generator) -> Sample:
        """Draw one array."""
        params = self.params
        drawn = _natural(rng, params) if params.values is None else _drawn(rng, params)
        return Sample(drawn)


def _natural(rng: np.random.Generator, params: Any) -> NDArray[Any]:
    dtype = np.dtype(params.dtype)
    if dtype.kind == "b":
        return np.asarray(rng.integers(2, size=params.shape, dtype=np.uint8), bool)
    drawn: NDArray[Any]
    if dtype.kind == "f":
        drawn = np.asarray(rng.random(params.shape, "f8" if dtype.itemsize == 8 else "f4"))
    else:
        least, most = representable(dtype)
        drawn = np.asarray(rng.integers(least, most, params.shape, dtype, endpoint=True))
    return drawn.astype(dtype, copy=False)


def _drawn(rng: np.random.Generator, params: Any) -> NDArray[Any]:
    dtype = np.dtype(params.dtype)
    values: NDArray[Any] = np.asarray(params.values.sample(rng, params.shape))
    if dtype.kind in "iu" and values.dtype.kind == "f":
        least, most = representable(dtype)
        # float(2**63 - 1) is 2**63, which int64 cannot hold: the float below it is the end.
        end = float(most) if float(most) <= most else np.nextafter(float(most), 0.0)
        values = np.clip(np.rint(values), least, end)
    elif dtype.kind == "f":
        # An unbounded normal may draw more than float16 holds.
        values = np.clip(values, *representable(dtype))
    drawn: NDArray[Any] = values.astype(dtype)
    return drawn


def _limits(params: Any) -> tuple[float | int | None, float | int | None]:
    """The range that the distribution draws from, as bounds of the feature."""
    dtype = np.dtype(params.dtype)
    if params.values is None:
        return (0.0, 1.0) if dtype.kind == "f" else (None, None)
    support = params.values.support
    if support is None:
        raise ValueError("values draws words, but numbers are expected")
    if dtype.kind == "b":
        if not set(support) <= {0, 1}:
            raise ValueError(f"values draws {support[0]} to {support[1]}, but bool is 0 or 1")
        return (None, None)
    least, most = representable(dtype)
    # Infinite ends are clipped to those of the dtype: a normal has no others.
    low = least if support[0] == -np.inf else support[0]
    high = most if support[1] == np.inf else support[1]
    if low < least or high > most:
        raise ValueError(
            f"values draws {support[0]} to {support[1]}, but {params.dtype} holds {least} to {most}"
        )
    if dtype.kind in "iu":
        return (round(low), round(high))
    return (float(low), float(high))
