"""The options of ``build`` and ``write``, checked one by one before any work is done."""

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

_COUNTS = (
    ("batch_size", 1, MAX_INDEX),
    ("start", 0, MAX_INDEX),
    ("attempts", 1, 1_000),
    ("workers", 0, MAX_INDEX),
    ("slots", 3, MAX_INDEX),
    ("samples_per_shard", 1, MAX_INDEX),
    ("shard_bytes", 1, MAX_INDEX),
)
"""Whole numbers with their least and their most; None is let through where it is the default."""


def check_options(given: Mapping[str, Any]) -> None:
    """Refuse options that cannot be, each by its name.

    Args:
        given: options by name; what is not known here is not looked at.

    Raises:
        BuildError: says which, what was expected, and what came.
    """
    for name, allowed in _CHOICES.items():
        if given.get(name, allowed[0]) not in allowed:
            raise BuildError(f"{name}={given[name]!r}: expected {' or '.join(map(repr, allowed))}")
    for name, least, most in _COUNTS:
        if given.get(name) is not None:
            _whole(name, given[name], least, most)
    for name, check in _CHECKS.items():
        if name in given:
            check(given[name])
    _check_executor(given)
    if given.get("cluster") is not None and given.get("workers") == 0:
        raise BuildError("workers=0 is this process alone, and no cluster; leave one of them out")
    if given.get("as_supervised") and given.get("with_index"):
        raise BuildError("with_index=True has no place in the (image, label) of as_supervised=True")


def _check_executor(given: Mapping[str, Any]) -> None:
    executor = given.get("executor")
    if executor in ("graph", "ray") and given.get("workers") == 0:
        raise BuildError(f"workers=0 is executor='inline', not {executor!r}; leave one of them out")
    cluster = given.get("cluster")
    if executor not in (None, "ray") and cluster is not None:
        raise BuildError(
            f"cluster={cluster!r} is for executor='ray', not {executor!r}; say executor='ray', or "
            "leave cluster= out"
        )


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


def _check_repeat(repeat: Any) -> None:
    if not isinstance(repeat, bool):
        _whole("repeat", repeat, 1)


def _check_cache(cache: Any) -> None:
    if not isinstance(cache, bool):
        raise BuildError(f"cache={cache!r}: expected True or False")


def _check_ledger(ledger: Any) -> None:
    if not isinstance(ledger, str | os.PathLike | None):
        raise BuildError(f"ledger={ledger!r}: expected the path of a file")


def _check_cluster(cluster: Any) -> None:
    if cluster is not None and (not isinstance(cluster, str) or not cluster.strip()):
        raise BuildError(f"cluster={cluster!r}: expected 'auto', 'local' or an address, HOST:PORT")


def _whole(name: str, value: Any, least: int, most: int = MAX_INDEX) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise BuildError(f"{name}={value!r}: expected a whole number")
    if not least <= value <= most:
        raise BuildError(f"{name}={value!r}: expected {least} to {most}")


_CHECKS = {
    "repeat": _check_repeat,
    "shard": _check_shard,
    "timeout": _check_timeout,
    "budget": _check_budget,
    "ledger": _check_ledger,
    "cache": _check_cache,
    "cluster": _check_cluster,
}
