"""What becomes of a sample that cannot be made: the policy, and the record of each failure."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, Self, TypeAlias

from synthdata.errors import SampleError

OnError: TypeAlias = Literal["raise", "skip", "retry", "substitute"]
"""What is done about a sample that cannot be made; ``Policy`` says what each does."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What is done about a sample that cannot be made.

    ``raise`` ends the iteration with the error. ``skip`` leaves the sample out: image, label and
    metadata together. ``retry`` draws it again from the streams keyed (seed, index, attempt), with
    attempt 1, 2 and so on, and raises when the last attempt has failed too. ``substitute`` does the
    same, and then puts other samples of the data set in its place, whose indices come from the
    stream of the last attempt, so that an index that always fails is no end.

    All of it depends on seed, index and attempt alone, so that any number of workers makes the
    same data set.

    Attributes:
        on_error: as described.
        attempts: how often a sample is drawn in all, and how many others are tried for it.
    """

    on_error: OnError = "raise"
    attempts: int = 3


@dataclass(frozen=True, slots=True)
class Failure:
    """One attempt at one sample that failed.

    Attributes:
        id: the generator's id.
        seed: the recipe's seed.
        index: the sample's index.
        attempt: 0, or the number of the retry.
        error: name of the error's class.
        message: the error's message.
        traceback: of the error, through the generator's frames.
        time: when it failed, in ISO 8601 and UTC.
    """

    id: str
    seed: int
    index: int
    attempt: int
    error: str
    message: str
    traceback: str
    time: str

    @classmethod
    def of(cls, error: SampleError) -> Self:
        """Record an error."""
        return cls(
            id=error.id,
            seed=error.seed,
            index=error.index,
            attempt=error.attempt,
            error=type(error).__name__,
            message=str(error),
            traceback="".join(traceback.format_exception(error)),
            time=datetime.now(UTC).isoformat(timespec="milliseconds"),
        )
