"""What a process and its workers say to each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from synthdata.errors import SampleError
from synthdata.execution.failures import Failure

Fatal: TypeAlias = dict[tuple[int, int], SampleError]
"""By index and attempt: samples that are not to be drawn again, since workers died of them."""


@dataclass(frozen=True)
class Setting:
    """What a worker is told before its first request.

    Attributes:
        path: ``sys.path`` of the process that asks.
        pythonpath: the environment variable, as it was there.
        line: the worker's line in the slab.
        slab: lines, slots, and bytes of a slot.
        patience: seconds without a request after which the worker ends.
        work: the Job, pickled: it needs the path to be unpickled.
    """

    path: list[str]
    pythonpath: str | None
    line: int
    slab: tuple[int, int, int]
    patience: float
    work: bytes


@dataclass(frozen=True)
class Ready:
    """A worker has started.

    Attributes:
        loads_tensorflow: whether the generator's module imported it.
    """

    loads_tensorflow: bool


@dataclass(frozen=True)
class CannotStart:
    """A worker ends before its first request.

    Attributes:
        problem: why.
    """

    problem: str


class Request(NamedTuple):
    """A batch or shard to be made.

    Attributes:
        number: of the batch or shard.
        slot: where to.
        fatal: samples that are not to be drawn again.
        singly: not by ``sample_batch``.
    """

    number: int
    slot: int
    fatal: Fatal
    singly: bool


class Reply(NamedTuple):
    """What was made, or the error of one of its samples.

    Attributes:
        number: of the batch or shard.
        made: the arrays of a batch, packed, or the record of a shard.
        failures: each attempt that failed.
        drawn: how many samples there were to be.
        error: why there is nothing.
    """

    number: int
    made: Any
    failures: tuple[Failure, ...]
    drawn: int
    error: Exception | None
