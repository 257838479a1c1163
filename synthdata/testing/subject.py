"""The generator that is checked: made, opened and drawn from as often as checks need it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from synthdata.errors import Identity
from synthdata.generator import Generator, Params, load_class, remake, source_line
from synthdata.registry import Registry
from synthdata.seeding import Rng
from synthdata.source import Source
from synthdata.testing.digests import stream_digest
from synthdata.testing.snapshot import snapshot

SEED: Final = 7
"""Of the samples that checks draw."""

SAMPLES: Final = 12
FULL: Final = 100
"""Samples that a check draws, and those that it draws where time does not matter."""


class Subject:
    """A generator class under one set of params.

    Args:
        what: an id, or the class.
        params: fields of its Params; the others have their defaults.
        id: of a class, where it is to be known by one.
        full: True draws more samples.
        registry: where the id is looked up; None is the default registry.

    Attributes:
        kind: the class.
        identity: id, distribution, version and source line.
        given: the params as they were given.
        indices: of the samples that checks draw.
        full: as given.

    Raises:
        RegistryError: if the id cannot be had.
        TypeError: if ``what`` is neither an id nor a Generator class.
    """

    def __init__(
        self,
        what: str | type[Generator],
        *,
        params: Mapping[str, Any] | None = None,
        id: str | None = None,
        full: bool = False,
        registry: Registry | None = None,
    ) -> None:
        self.kind, self.identity = _class_and_identity(what, id, registry)
        self.given = dict(params or {})
        self.full = full
        self.indices: Sequence[int] = range(FULL if full else SAMPLES)

    @property
    def has_id(self) -> bool:
        """Whether it is known by an id, rather than by the name of its class."""
        return self.identity.id != self.kind.__qualname__

    @cached_property
    def params(self) -> Params:
        """The params.

        Raises:
            ValidationError: if Params refuses those that were given, or its own defaults.
        """
        return self.kind.Params.model_validate(self.given)

    def make(self, params: Params | None = None) -> Generator:
        """Make a generator that is not open, as from an id.

        Args:
            params: None is those of the subject.
        """
        return remake(self.kind, self.params if params is None else params, self.identity)

    @contextlib.contextmanager
    def opened(self, params: Params | None = None) -> Iterator[Generator]:
        """Give a generator that is open, and close it after."""
        generator = self.make(params)
        generator.open()
        try:
            yield generator
        finally:
            generator.close()

    @cached_property
    def reference(self) -> list[str]:
        """A snapshot of each sample, in the order of ``indices``, from a generator of its own."""
        with self.opened() as generator:
            return snapshots(generator, self.indices)

    @cached_property
    def stream_digest(self) -> str:
        """The digest of the first samples under seed 0, as ``digests.toml`` pins it."""
        source = Source.of(self.make(), seed=0, samples=SAMPLES)
        try:
            return stream_digest(source)
        finally:
            source.close()


def draw(generator: Generator, index: int, seed: int = SEED) -> Any:
    """Return what ``sample`` returns, unchecked, for an Rng of its own."""
    return generator.sample(Rng(seed, index))


def snapshots(generator: Generator, indices: Sequence[int], seed: int = SEED) -> list[str]:
    """Return a snapshot of each sample, in the order of the indices."""
    return [snapshot(draw(generator, index, seed)) for index in indices]


def _class_and_identity(
    what: str | type[Generator], id: str | None, registry: Registry | None
) -> tuple[type[Generator], Identity]:
    if isinstance(what, str):
        return load_class(what, registry)
    if not (isinstance(what, type) and issubclass(what, Generator)):
        raise TypeError(f"an id or a subclass of sd.Generator is expected, not {what!r}")
    return what, Identity(id or what.__qualname__, where=source_line(what.sample))
