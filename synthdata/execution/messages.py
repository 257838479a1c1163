"""What a process and its workers say to each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from synthdata.errors import SampleError
from synthdata.execution.failures import Failure
from synthdata.execution.slab import Packed

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
        work: the Work, pickled: it needs the path to be unpickled.
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
    """A batch to be made.

    Attributes:
        number: of the batch.
        slot: where to.
        fatal: samples that are not to be drawn again.
        singly: not by ``sample_batch``.
    """

    number: int
    slot: int
    fatal: Fatal
    singly: bool


class Reply(NamedTuple):
    """A batch that was made, or the error of one of its samples.

    Attributes:
        number: of the batch.
        packed: the arrays.
        failures: each attempt that failed.
        drawn: how many samples the batch was to have.
        error: why there is no batch.
    """

    number: int
    packed: list[Packed]
    failures: tuple[Failure, ...]
    drawn: int
    error: Exception | None
