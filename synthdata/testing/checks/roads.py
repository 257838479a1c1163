"""Checks of the faster roads beside ``sample``: ``sample_into`` and ``sample_batch``."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from synthdata.errors import DisagreementError
from synthdata.execution import Policy
from synthdata.execution.maker import Maker
from synthdata.layout import aligned, columns
from synthdata.stream import Stream
from synthdata.testing.check import Check, Failure, Inapplicable, check
from synthdata.testing.checks.contract import RULES
from synthdata.testing.subject import SEED, Subject


@check("draw the same random numbers in the same order as sample", "repeatable", *RULES)
def sample_into(subject: Subject) -> None:
    """What sample_into draws into a buffer is the bytes that sample returns."""
    _same_batches(subject, "sample_into", singly=True)


@check("draw the same random numbers in the same order as sample", "repeatable", *RULES)
def sample_batch(subject: Subject) -> None:
    """What sample_batch returns for several samples is the bytes that sample returns."""
    _same_batches(subject, "sample_batch", singly=False)


def _same_batches(subject: Subject, road: str, *, singly: bool) -> None:
    if not hasattr(subject.kind, road):
        raise Inapplicable(f"it has no {road}")
    fast = _batch(Stream(subject.make(), SEED), subject, singly=singly)
    slow = _batch(_OnlySample(subject.make(), SEED), subject, singly=True)
    if [array.tobytes() for array in fast] != [array.tobytes() for array in slow]:
        raise Failure(f"a later sample differs between {road} and sample")


class _OnlySample(Stream):
    """A stream that draws by ``sample`` alone."""

    draws_into = False
    draws_batches = False


def _batch(stream: Stream, subject: Subject, *, singly: bool) -> list[Any]:
    maker = Maker(
        stream,
        columns(stream.generator.output, "pad"),
        Policy("raise"),
        None,
        lambda index, attempt, count: None,
    )
    try:
        made = maker.make(np.array(subject.indices, np.int64), aligned, singly=singly)
    finally:
        stream.close()
    if made.error is not None:
        raise _failure(made.error)
    return [_plain(array) for array in made.arrays]


def _failure(error: Exception) -> Exception:
    return Failure(str(error)) if isinstance(error, DisagreementError) else error


def _plain(array: Any) -> Any:
    return np.array([bytes(text) for text in array]) if array.dtype == object else array


CHECKS: Final[tuple[Check, ...]] = (sample_into, sample_batch)
