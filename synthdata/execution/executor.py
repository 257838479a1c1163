"""What every executor does: indices in, the arrays of a batch out."""

from __future__ import annotations

from typing import Any, Protocol

from numpy.typing import NDArray


class Executor(Protocol):
    """Makes batches, on whichever threads, processes or machines."""

    def batch(self, indices: NDArray[Any]) -> list[NDArray[Any]]:
        """Make the samples of some indices.

        Args:
            indices: int64 vector, in the order of the batch's rows.

        Returns:
            The arrays of all columns, one after the other, in the order of ``output.leaves``.

        Raises:
            SampleError: if a sample cannot be made.
        """
        ...
