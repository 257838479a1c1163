"""What makes batches ahead: workers on this machine or others, and where they leave batches."""

from __future__ import annotations

import ctypes
from typing import Any, Protocol

from synthdata.execution.messages import Reply


class Team(Protocol):
    """Workers and the memory that they leave batches in. It owns both until ``end``."""

    @property
    def restarts(self) -> int:
        """How many workers died and were replaced."""
        ...

    @property
    def idle(self) -> float:
        """Seconds that workers had nothing to do, all together."""
        ...

    @property
    def pids(self) -> tuple[int, ...]:
        """Of worker processes of this machine."""
        ...

    @property
    def lent(self) -> int:
        """How many slots are out."""
        ...

    def give(self, number: int, slot: int) -> bool:
        """Ask a worker for a batch, at ``send`` at the latest; False if all have enough to do."""
        ...

    def send(self) -> None:
        """Let workers begin with what was given to them."""
        ...

    def news(self, patience: float) -> tuple[list[Reply], list[int]]:
        """Return replies, and the numbers of batches that were lost with their worker.

        Args:
            patience: seconds to wait for the first word.

        Raises:
            SynthDataError: if there is nobody to make batches.
        """
        ...

    def lend(self, slot: int) -> ctypes.Array[Any]:
        """Return a slot's memory; when nothing refers to it any more, the slot comes back."""
        ...

    def returned(self) -> list[int]:
        """Return the slots that came back since the last call."""
        ...

    def end(self) -> None:
        """End the workers, and let go of the memory."""
        ...
