"""Everything that decides the batches of a data set, in a form that can be sent to a worker."""

from __future__ import annotations

import pickle
from dataclasses import dataclass

import numpy as np

from synthdata.errors import WorkerError
from synthdata.execution.failures import Policy
from synthdata.execution.maker import Before, Maker
from synthdata.generator import Generator
from synthdata.layout import Variable, aligned_size, columns
from synthdata.plan import Plan
from synthdata.stream import Stream, Validate


@dataclass(frozen=True)
class Work:
    """What the batches of a data set are made of.

    Attributes:
        generator: makes the samples; it pickles by its class and params, without its assets.
        seed: 0 to 2**64 - 1.
        indices: of the samples of an epoch.
        validate: which samples have each element looked at.
        variable: what becomes of dimensions that vary.
        policy: what is done about samples that cannot be made.
        plan: which samples each batch holds.
    """

    generator: Generator
    seed: int
    indices: range
    validate: Validate
    variable: Variable
    policy: Policy
    plan: Plan

    def stream(self) -> Stream:
        """Return a stream of the samples; it owns the generator."""
        return Stream(self.generator, self.seed, self.validate)

    def maker(self, stream: Stream, before: Before) -> Maker:
        """Return a Maker for one thread.

        Args:
            stream: draws the samples.
            before: called before each sample.
        """
        parts = columns(self.generator.output, self.variable)
        return Maker(stream, parts, self.policy, self.indices, before)

    def batch_room(self) -> int:
        """Return the bytes that the arrays of a batch take; see ``Column.room``."""
        rows = self.plan.batch_size
        parts = columns(self.generator.output, self.variable)
        return aligned_size((rows,), np.dtype(np.int64)) + sum(part.room(rows) for part in parts)

    def packed(self) -> bytes:
        """Return the work as bytes for a worker process.

        Raises:
            WorkerError: if a worker could not make the generator from them.
        """
        name = self.generator.identity.id
        try:
            data = pickle.dumps(self)
        except Exception as error:
            raise WorkerError(
                f"{name} cannot be sent to worker processes: {error}; put it at the top of a "
                "module that can be imported, or use executor='threads' or 'inline'"
            ) from error
        # Workers do not run the user's main module again.
        if b"__main__" in data:
            raise WorkerError(
                f"{name} is defined in the main module, which worker processes do not import; put "
                "it into a module of its own, or use executor='threads' or 'inline'"
            )
        return data
