"""Makes the samples of a batch in one thread: draws, asks the policy, lays them into arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from numpy.typing import NDArray

from synthdata.errors import DisagreementError, SampleError
from synthdata.execution.failures import Failure, Policy
from synthdata.layout import Column, Stacked, Take, aligned
from synthdata.sample import Sample
from synthdata.seeding import Rng
from synthdata.stream import Stream

Before: TypeAlias = Callable[[int, int, int], None]
"""Called before samples are drawn with index, attempt and how many; it may raise."""


@dataclass(frozen=True, slots=True)
class Made:
    """A batch, or why there is none.

    Attributes:
        arrays: the int64 indices of the rows, then the arrays of all columns in the order of
            ``output.leaves``; empty if there is an error.
        failures: each attempt that failed, in the order of the indices.
        drawn: how many samples the batch was to have.
        error: why there is no batch.
    """

    arrays: list[NDArray[Any]]
    failures: tuple[Failure, ...]
    drawn: int
    error: Exception | None = None

    @property
    def kept(self) -> int:
        """How many samples the batch has."""
        return len(self.arrays[0]) if self.arrays else 0


@dataclass(frozen=True, slots=True)
class Drawn:
    """Samples one by one, or why there are none.

    Attributes:
        indices: of the samples that could be made.
        rows: their values, in the order of ``output.leaves``.
        failures: each attempt that failed, in the order of the indices.
        error: why there are no samples.
    """

    indices: list[int]
    rows: list[list[Any]]
    failures: tuple[Failure, ...]
    error: Exception | None = None


class Maker:
    """Makes batches, one after the other. It belongs to one thread.

    Args:
        stream: draws the samples.
        columns: how they lie in a batch.
        policy: what is done about those that cannot be made.
        indices: of an epoch, from which a substitute is taken.
        before: called before each sample.
    """

    def __init__(
        self,
        stream: Stream,
        columns: tuple[Column, ...],
        policy: Policy,
        indices: range,
        before: Before,
    ) -> None:
        self._stream = stream
        self._columns = columns
        self._policy = policy
        self._indices = indices
        self._before = before
        self._rng = Rng()
        self._rngs: list[Rng] = []
        self._assemble = stream.generator.output.assembler(whole=True)
        self._failures: list[Failure] = []

    def make(self, indices: NDArray[Any], take: Take = aligned, *, singly: bool = False) -> Made:
        """Make the samples of some indices.

        Args:
            indices: int64 vector, in the order of the batch's rows.
            take: gives the arrays that the batch is made of.
            singly: never by ``sample_batch``.

        Returns:
            The batch. Under the policy ``skip`` it has a row for each sample that could be made.
        """
        self._failures = []
        stores = [column.store(len(indices), take) for column in self._columns]
        try:
            kept = self._fill(indices.tolist(), stores, singly)
        except SampleError as error:
            return Made([], tuple(self._failures), len(indices), error)
        arrays = [take((len(kept),), indices.dtype)]
        arrays[0][:] = kept
        for column, store in zip(self._columns, stores, strict=True):
            rows = store if len(kept) == len(indices) else store[: len(kept)]
            arrays += column.arrays(rows, take)
        return Made(arrays, tuple(self._failures), len(indices))

    def draw(self, indices: list[int], *, singly: bool = False) -> Drawn:
        """Make the samples of some indices, and lay them into no arrays.

        Args:
            indices: of the samples.
            singly: never by ``sample_batch``.
        """
        self._failures = []
        stores: list[list[Any]] = [[None] * len(indices) for _ in self._columns]
        try:
            kept = self._fill(indices, stores, singly, in_place=False)
        except SampleError as error:
            return Drawn([], [], tuple(self._failures), error)
        rows = [[store[row] for store in stores] for row in range(len(kept))]
        return Drawn(kept, rows, tuple(self._failures))

    def _fill(
        self, indices: list[int], stores: list[Any], singly: bool, *, in_place: bool = True
    ) -> list[int]:
        """Put samples into the stores; return the indices of the rows."""
        if self._stream.draws_batches and not singly and indices:
            return self._fill_at_once(indices, stores, in_place)
        before, draw, rng = self._before, self._stream.draw, self._rng
        in_place = in_place and self._stream.draws_into
        # By number: zip(strict=True) costs a twentieth of all that is done for a small sample.
        numbered = list(enumerate(stores))
        views: list[Any] = [None] * len(stores)
        out = None
        kept: list[int] = []
        for index in indices:
            row = len(kept)
            if in_place:
                views = self._views(stores, row)
                out = Sample(**self._assemble(views))
            try:
                before(index, 0, 1)
                values = draw(index, rng, 0, out)
            except SampleError as error:
                mended = self._mend(error)
                if mended is None:
                    continue
                values = mended
            kept.append(index)
            for place, store in numbered:
                value = values[place]
                if value is not views[place]:
                    store[row] = value
        return kept

    def _views(self, stores: list[Any], row: int) -> list[Any]:
        """The rows that ``sample_into`` may draw into: those of arrays of fixed size."""
        return [
            store[row] if isinstance(column, Stacked) and store.ndim > 1 else None
            for column, store in zip(self._columns, stores, strict=True)
        ]

    def _fill_at_once(self, indices: list[int], stores: list[Any], in_place: bool) -> list[int]:
        self._rngs += [Rng() for _ in range(len(indices) - len(self._rngs))]
        try:
            self._before(indices[0], 0, len(indices))
            batch = self._stream.draw_batch(indices, self._rngs[: len(indices)])
        except DisagreementError as error:
            self._failures.append(Failure.of(error))
            raise
        except SampleError as error:
            # One of them fails; which one shows when each is drawn by itself.
            kept = self._fill(indices, stores, singly=True, in_place=in_place)
            if not self._failures:
                self._failures.append(Failure.of(error))
                raise
            return kept
        for row, values in enumerate(batch):
            for store, value in zip(stores, values, strict=True):
                store[row] = value
        return indices

    def _mend(self, error: SampleError) -> list[Any] | None:
        """Do what the policy says: return the values of another attempt, None to skip, or raise."""
        self._failures.append(Failure.of(error))
        policy, index = self._policy, error.index
        if policy.on_error == "raise" or isinstance(error, DisagreementError):
            raise error
        if policy.on_error == "skip":
            return None
        for attempt in range(1, policy.attempts):
            try:
                self._before(index, attempt, 1)
                return self._stream.draw(index, self._rng, attempt)
            except SampleError as again:
                self._failures.append(Failure.of(again))
                error = again
        if policy.on_error == "retry":
            raise error
        return self._substitute(error, index)

    def _substitute(self, error: SampleError, index: int) -> list[Any]:
        chooser = Rng(self._stream.seed, index, self._policy.attempts)
        for place in chooser.integers(len(self._indices), size=self._policy.attempts).tolist():
            other = self._indices[place]
            try:
                self._before(other, 0, 1)
                return self._stream.draw(other, self._rng)
            except SampleError as again:
                self._failures.append(Failure.of(again))
                error = again
        raise error
