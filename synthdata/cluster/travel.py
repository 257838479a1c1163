"""What goes from the process that asks to the nodes of a cluster, and what comes back."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from synthdata.cluster.versions import Needs
from synthdata.errors import SynthDataError
from synthdata.execution.messages import Reply
from synthdata.execution.work import Job

Outcome: TypeAlias = Reply | SynthDataError
"""A reply, or why there is none; Ray would wrap an exception in one of its own."""


class Sent(Protocol):
    """A job as it travels: its plugin's params as JSON, never an instance of a plugin's class."""

    def job(self) -> Job:
        """Make the job again.

        Raises:
            SynthDataError: if what it needs is not here.
        """
        ...


class SentThere(Sent, Protocol):
    """A job with a target, as it travels."""

    def sees(self, mark: str) -> bool:
        """Tell whether this machine sees a mark at the job's target, and can write beside it.

        Raises:
            SynthDataError: if the target cannot be read or written here.
        """
        ...


@runtime_checkable
class Travels(Protocol):
    """A job with a target that can be sent to other machines.

    Attributes:
        where: its target, for messages.
    """

    @property
    def where(self) -> str:
        """Its target, for messages."""
        ...

    def sent(self) -> SentThere:
        """Return it as it travels.

        Raises:
            SynthDataError: if it cannot be made again from JSON.
        """
        ...

    def needs(self) -> Needs:
        """Return what decides its bytes."""
        ...

    def marked(self) -> AbstractContextManager[str]:
        """Leave a mark at the target while the context lasts, by which other machines know it.

        Raises:
            SynthDataError: if the target is of this process alone.
        """
        ...


@dataclass(frozen=True, slots=True)
class Order:
    """What a node needs to do any request of a job.

    Attributes:
        sent: a Sent, pickled.
        timeout: seconds that a sample may take; None is no limit.
        needs: what decides its bytes.
        versions: of that, which the node must have.
    """

    sent: bytes
    timeout: float | None
    needs: Needs
    versions: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Parcel:
    """A batch on its way to the process that asked for it.

    Attributes:
        memory: vector of the bytes that the arrays lie in; of no size where there is an error.
        reply: a Reply as a plain tuple; its arrays are packed as in a slot.
        restarts: how many processes died in making batches, at the same actor so far.
        idle: seconds that the actor's process had nothing to do so far.
    """

    memory: NDArray[np.uint8]
    reply: tuple[Any, ...]
    restarts: int
    idle: float
