"""The samples of a check as one batch, made as every executor makes it."""

from __future__ import annotations

from typing import Any

from synthdata.execution import Policy, Work
from synthdata.execution.maker import Made
from synthdata.layout import aligned
from synthdata.order import Order
from synthdata.plan import Plan
from synthdata.stream import Stream
from synthdata.testing.subject import SEED, Subject


def work_of(subject: Subject) -> Work:
    """Return the work of which batch 0 is all samples that a check draws."""
    count = len(subject.indices)
    plan = Plan(
        Order(count, SEED, shuffle=False),
        stop=count,
        start=0,
        shard=(0, 1),
        batch_size=count,
        drop_remainder=False,
    )
    return Work(subject.make(), SEED, range(count), "all", "pad", Policy("raise"), plan)


def made_here(work: Work, stream: Stream, *, singly: bool = False) -> Made:
    """Make batch 0 in this thread, and close the stream.

    Args:
        work: says which samples.
        stream: draws them.
        singly: never by ``sample_batch``.
    """
    maker = work.maker(stream, lambda index, attempt, count: None)
    try:
        return maker.make(work.plan.indices(0), aligned, singly=singly)
    finally:
        stream.close()


def contents(made: Made) -> list[Any]:
    """Return the bytes of each array, to be compared; of texts each one's."""
    return [array.tolist() if array.dtype == object else array.tobytes() for array in made.arrays]
