"""The options of ``build``, checked one by one before any work is done."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, get_args

import numpy as np

from synthdata.errors import BuildError
from synthdata.execution import ExecutorName, OnError
from synthdata.layout import Variable
from synthdata.seeding import MAX_INDEX
from synthdata.stream import Validate

_CHOICES = {
    "executor": get_args(ExecutorName),
    "on_error": get_args(OnError),
    "validate": get_args(Validate),
    "variable": get_args(Variable),
}

_MAX_ATTEMPTS = 1_000


def check_options(given: Mapping[str, Any]) -> None:
    """Refuse options that cannot be, each by its name.

    Args:
        given: the options of ``build`` by name.

    Raises:
        BuildError: says which, what was expected, and what came.
    """
    for name, allowed in _CHOICES.items():
        if given[name] not in allowed:
            raise BuildError(f"{name}={given[name]!r}: expected {' or '.join(map(repr, allowed))}")
    _whole("batch_size", given["batch_size"], 1)
    _whole("start", given["start"], 0)
    _whole("attempts", given["attempts"], 1, _MAX_ATTEMPTS)
    for name, least in (("workers", 0), ("slots", 3)):
        if given[name] is not None:
            _whole(name, given[name], least)
    if not isinstance(given["repeat"], bool):
        _whole("repeat", given["repeat"], 1)
    _check_shard(given["shard"])
    _check_timeout(given["timeout"])
    _check_budget(given["budget"])
    if given["as_supervised"] and given["with_index"]:
        raise BuildError("with_index=True has no place in the (image, label) of as_supervised=True")
    if not isinstance(given["ledger"], str | os.PathLike | None):
        raise BuildError(f"ledger={given['ledger']!r}: expected the path of a file")


def _check_shard(shard: Any) -> None:
    if not isinstance(shard, Sequence) or len(shard) != 2:
        raise BuildError(f"shard={shard!r}: expected (k, n), the k-th of n")
    _whole("shard n", shard[1], 1)
    _whole("shard k", shard[0], 0, shard[1] - 1)


def _check_timeout(timeout: Any) -> None:
    if timeout is None:
        return
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not timeout > 0:
        raise BuildError(f"timeout={timeout!r}: expected seconds, more than 0")


def _check_budget(budget: Any) -> None:
    if isinstance(budget, float):
        if not 0 <= budget <= 1:
            raise BuildError(f"budget={budget!r}: expected a fraction from 0.0 to 1.0, or a count")
    elif budget is not None:
        _whole("budget", budget, 0)


def _whole(name: str, value: Any, least: int, most: int = MAX_INDEX) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise BuildError(f"{name}={value!r}: expected a whole number")
    if not least <= value <= most:
        raise BuildError(f"{name}={value!r}: expected {least} to {most}")
