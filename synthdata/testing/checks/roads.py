"""Checks of the faster roads beside ``sample``: ``sample_into`` and ``sample_batch``."""

from __future__ import annotations

from typing import Any, Final

from synthdata.errors import DisagreementError
from synthdata.execution import Work
from synthdata.stream import Stream
from synthdata.testing.batch import contents, made_here, work_of
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
    work = work_of(subject)
    fast = _contents(work, work.stream(), singly=singly)
    slow = _contents(work, _OnlySample(work.generator, SEED), singly=True)
    if fast != slow:
        raise Failure(f"a later sample differs between {road} and sample")


class _OnlySample(Stream):
    """A stream that draws by ``sample`` alone."""

    draws_into = False
    draws_batches = False


def _contents(work: Work, stream: Stream, *, singly: bool) -> list[Any]:
    made = made_here(work, stream, singly=singly)
    if isinstance(made.error, DisagreementError):
        raise Failure(str(made.error))
    if made.error is not None:
        raise made.error
    return contents(made)


CHECKS: Final[tuple[Check, ...]] = (sample_into, sample_batch)
