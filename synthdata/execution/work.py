"""What a worker is told to do, in a form that can be sent to it: the batches of a data set."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from synthdata.bundles import Bundles
from synthdata.errors import WorkerError
from synthdata.execution.failures import Policy
from synthdata.execution.maker import Before, Maker
from synthdata.execution.messages import Reply, Request
from synthdata.execution.slab import Slab
from synthdata.execution.watch import Watch
from synthdata.generator import Generator
from synthdata.layout import Variable, batch_room, columns
from synthdata.plan import Plan
from synthdata.stream import Stream, Validate

Hand: TypeAlias = Callable[[Request], Reply]
"""Does what a request says, in one thread."""


class Job(Protocol):
    """What worker processes can be told to do, request by request.

    Attributes:
        generator: makes the samples; it pickles by its class and params, without its assets.
        seed: 0 to 2**64 - 1.
    """

    @property
    def generator(self) -> Generator:
        """Makes the samples."""
        ...

    @property
    def seed(self) -> int:
        """Of the samples."""
        ...

    def stream(self) -> Stream:
        """Return a stream of the samples; it owns the generator."""
        ...

    def hand(self, stream: Stream, watch: Watch, slab: Slab | None) -> Hand:
        """Return what does the job in one thread.

        Args:
            stream: draws the samples.
            watch: is told of each sample before it begins.
            slab: shared memory, where workers do it.
        """
        ...


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
        plan: which samples each batch holds; bundles are batches here, and in all executors.
    """

    generator: Generator
    seed: int
    indices: range
    validate: Validate
    variable: Variable
    policy: Policy
    plan: Plan | Bundles

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
        return batch_room(columns(self.generator.output, self.variable), self.plan.batch_size)

    def hand(self, stream: Stream, watch: Watch, slab: Slab | None) -> Hand:
        """Return what makes batches in the slots of a slab."""
        assert slab is not None
        maker = self.maker(stream, watch.before)

        def make(request: Request) -> Reply:
            room = slab.room(request.slot)
            indices = self.plan.indices(request.number)
            made = maker.make(indices, room.take, singly=request.singly)
            arrays = room.pack(made.arrays)
            return Reply(request.number, arrays, made.failures, made.drawn, made.error)

        return make


def packed(job: Job) -> bytes:
    """Return a job as bytes for a worker process.

    Raises:
        WorkerError: if a worker could not make the generator from them.
    """
    name = job.generator.identity.id
    try:
        data = pickle.dumps(job)
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
