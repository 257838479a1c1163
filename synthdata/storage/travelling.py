"""A shard job as it travels to other machines: its plan as JSON, and the target."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from synthdata.cluster.remaking import as_json, needs_of
from synthdata.cluster.versions import Needs
from synthdata.errors import TargetError
from synthdata.origin import generator_of
from synthdata.storage.finding import find_format
from synthdata.storage.manifest import ShardPlan
from synthdata.storage.shard_job import ShardJob
from synthdata.storage.targets.target import HIDDEN, Target
from synthdata.stream import Validate

_MARK: Final = f"{HIDDEN}/mark-"


@dataclass(frozen=True, slots=True)
class SentShards:
    """A ShardJob as it travels.

    Attributes:
        plan: as JSON; it says how the generator is made, and names the format.
        target: where the data set lies.
        validate: which samples have each element looked at.
    """

    plan: str
    target: Target
    validate: Validate

    def job(self) -> ShardJob:
        """Make the job again.

        Raises:
            SynthDataError: if its generator or format is not here.
        """
        plan = ShardPlan.parse(self.plan)
        kind = find_format(plan.format).load()
        return ShardJob(generator_of(plan.origin), plan, kind, self.target, self.validate)

    def sees(self, mark: str) -> bool:
        """Tell whether this machine sees a mark at the target, and can write beside it.

        Raises:
            TargetError: if the target cannot be read or written here.
        """
        try:
            self.target.read(mark)
        except FileNotFoundError:
            return False
        mine = f"{mark}-{os.getpid()}-{secrets.token_hex(8)}"
        self.target.write(mine, b"")
        self.target.remove([mine])
        return True


@dataclass(frozen=True)
class TravellingJob(ShardJob):
    """A ShardJob that other machines can be asked to do."""

    @property
    def where(self) -> str:
        """The target, for messages."""
        return str(self.target)

    def sent(self) -> SentShards:
        """Return it as it travels.

        Raises:
            ClusterError: if the generator cannot be made again from JSON.
        """
        as_json(self.generator)  # the plan holds the same JSON
        return SentShards(self.plan.model_dump_json(), self.target, self.validate)

    def needs(self) -> Needs:
        """Return what decides the bytes of the generator, and the distribution of the format."""
        return needs_of(self.generator, [self.plan.format_plugin.distribution])

    @contextmanager
    def marked(self) -> Iterator[str]:
        """Leave a mark at the target while the context lasts.

        Raises:
            TargetError: if the target is of this process alone.
        """
        if not self.target.shared:
            raise TargetError(
                f"{self.target}: it is of this process alone, and no node of a cluster sees it; "
                "name a folder that all nodes have mounted, or a URL such as s3://bucket/folder",
                target=str(self.target),
            )
        mark = f"{_MARK}{os.getpid()}-{secrets.token_hex(8)}"
        self.target.write(mark, b"")
        try:
            yield mark
        finally:
            self.target.remove([mark])
