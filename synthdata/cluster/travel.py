"""What goes from the process that asks to the nodes of a cluster, and what comes back."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

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

    def sees(self, mark: str) -> bool:
        """Tell whether this machine sees a mark at the job's target, and can write beside it.

        Raises:
            SynthDataError: if the target cannot be read or written here.
        """
        ...


@runtime_checkable
class Travels(Protocol):
    """A job that can be sent to other machines.

    Attributes:
        where: its target, for messages.
    """

    @property
    def where(self) -> str:
        """Its target, for messages."""
        ...

    def sent(self) -> Sent:
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
