"""Names of dtypes, the values they hold, and bounds within these."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
from pydantic import BeforeValidator, Field


def _dtype_name(value: Any) -> Any:
    return np.dtype(value).name if isinstance(value, np.dtype | type) else value


DType: TypeAlias = Annotated[
    Literal[
        "bool",
        "uint8",
        "int8",
        "uint16",
        "int16",
        "uint32",
        "int32",
        "uint64",
        "int64",
        "float16",
        "float32",
        "float64",
    ],
    BeforeValidator(_dtype_name),
]
"""Name of a numeric dtype; a NumPy dtype or scalar type is taken for its name."""

IntegerDType: TypeAlias = Annotated[
    Literal["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"],
    BeforeValidator(_dtype_name),
]
"""Name of an integer dtype."""

Bound: TypeAlias = Annotated[int, Field(strict=True)] | Annotated[float, Field(strict=True)]
"""A declared bound, a whole number or a float."""


def representable(dtype: np.dtype[Any]) -> tuple[Any, Any]:
    """Return the smallest and the largest finite value of a dtype, as Python numbers."""
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return int(info.min), int(info.max)
    return float(np.finfo(dtype).min), float(np.finfo(dtype).max)


def bounds(
    dtype: str, ge: float | int | None, le: float | int | None
) -> tuple[float | int, float | int] | None:
    """Return the smallest and the largest value allowed, or None where neither is given.

    Args:
        dtype: name of the dtype.
        ge: the smallest value as declared; None is the end of the dtype.
        le: the largest value as declared; None is the end of the dtype.

    Raises:
        ValueError: if the dtype has no such value, or nothing lies between.
    """
    if ge is None and le is None:
        return None
    kind = np.dtype(dtype)
    if kind.kind == "b":
        raise ValueError("a bool takes no ge or le")
    least, most = representable(kind)
    for name, value in (("ge", ge), ("le", le)):
        if value is None:
            continue
        if not least <= value <= most:  # NaN neither
            raise ValueError(f"{name}={value} is not a value of {dtype}")
        if kind.kind in "iu" and value != int(value):
            raise ValueError(f"{name}={value} is fractional, but {dtype} is declared")
    low, high = least if ge is None else ge, most if le is None else le
    if low > high:
        raise ValueError(f"ge={ge} is greater than le={le}, nothing could conform")
    return (int(low), int(high)) if kind.kind in "iu" else (float(low), float(high))
