"""What changes the samples of any generator, and how an id becomes such a class."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np

from synthdata.errors import (
    AmbiguousIdError,
    BlockedError,
    BrokenPluginError,
    GeneratorNotFoundError,
)
from synthdata.generator import BaseParams
from synthdata.ids import GeneratorId
from synthdata.models import suggest
from synthdata.output import Output
from synthdata.registry.extension import Extension, extensions
from synthdata.registry.scan import TRANSFORM_GROUP
from synthdata.sample import Sample


class Transform(ABC):
    """A class that makes other samples of a generator's samples, as a function of random numbers.

    A subclass declares its params in a nested class ``Params``, says in ``describe`` what a sample
    holds then, and makes one in ``apply``. An entry point of the group ``synthdata.transforms``
    names it by ``name-vN``, and ``transformed-v1`` applies it.

    Args:
        params: an instance of ``Params``.
        input: what a sample holds that is transformed.

    Attributes:
        params: as given.
        input: as given.
        output: what a sample holds afterwards.

    Raises:
        DeclarationError: if such samples cannot be transformed.

    >>> class Inverted(Transform):
    ...     def apply(self, sample, rng):
    ...         return sample._replace(image=255 - sample.image)
    >>> from synthdata import Image
    >>> inverted = Inverted(Inverted.Params(), Output(image=Image(1, 1, 1)))
    >>> inverted.apply(Sample(np.full((1, 1, 1), 5, "uint8")), np.random.default_rng(0)).image
    array([[[250]]], dtype=uint8)
    """

    Params: ClassVar[type[BaseParams]] = BaseParams

    def __init__(self, params: Any, input: Output) -> None:
        self.params = params
        self.input = input
        self.output = self.describe(params, input)

    @classmethod
    def describe(cls, params: Any, input: Output) -> Output:
        """Declare what a sample holds afterwards: the same, where a class does not say otherwise.

        Args:
            params: an instance of ``cls.Params``.
            input: what a sample holds that is transformed.

        Raises:
            DeclarationError: if such samples cannot be transformed; it says what is expected.
        """
        return input

    @abstractmethod
    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Transform one sample, as a function of it, ``self.params`` and ``rng`` only.

        Args:
            sample: one that conforms to ``self.input``; its arrays are this sample's own.
            rng: the ``sd.Rng`` of the sample, which its generator has drawn from.

        Returns:
            A Sample that conforms to ``self.output``.
        """


class FoundTransform(Extension):
    """A transform that an entry point names; its name is an id, ``name-vN``."""

    __slots__ = ()

    @property
    def qualified(self) -> str:
        """The id with its distribution."""
        return f"{self.distribution}/{self.name}"

    def load(self) -> type[Transform]:
        """Import the class.

        Raises:
            BrokenPluginError: if it cannot be imported, or is no Transform.
        """
        try:
            kind = self.entry_point.load()
        # A plugin may call sys.exit() on import; that must not end the user's program.
        except (Exception, SystemExit) as error:
            problem = f"cannot be imported: {type(error).__name__}: {error}"
            raise self._broken(problem) from error
        if not (isinstance(kind, type) and issubclass(kind, Transform)) or inspect.isabstract(kind):
            raise self._broken("is broken: it is no subclass of sd.Transform that has apply")
        return kind

    def _broken(self, problem: str) -> BrokenPluginError:
        return BrokenPluginError(
            f"the transform {self.qualified} {problem} [{self.entry_point.value}]",
            id=self.name,
            distribution=self.distribution,
        )


def transforms() -> list[FoundTransform]:
    """Return the transforms that are installed, by id, then distribution; none is imported."""
    return extensions(FoundTransform, TRANSFORM_GROUP)


def load_transform(id: str) -> tuple[type[Transform], str]:
    """Import the transform that an id names.

    Args:
        id: ``name-vN``, or ``distribution/name-vN`` where several distributions provide it.

    Returns:
        The class, and its qualified id.

    Raises:
        IdError: if the text is no id.
        GeneratorNotFoundError: if nobody provides it; the message suggests near ones.
        AmbiguousIdError: if several distributions do.
        BlockedError: if its distribution may not be used.
        BrokenPluginError: if it cannot be imported, or is no Transform.
    """
    wanted = GeneratorId.parse(id)
    known = transforms()
    found = [
        one
        for one in known
        if one.name == wanted.short and wanted.distribution in (None, one.distribution)
    ]
    if not found:
        names = sorted({one.name for one in known})
        hint = suggest(wanted.short, names) or f"; there are {', '.join(names)}"
        raise GeneratorNotFoundError(
            f"no installed distribution provides the transform {wanted}{hint}", id=id
        )
    if len(found) > 1:
        owners = " or ".join(one.qualified for one in found)
        raise AmbiguousIdError(
            f"{wanted} is a transform of several distributions; say which: {owners}", id=id
        )
    [one] = found
    if one.objection:
        raise BlockedError(
            f"the transform {one.qualified} is blocked: {one.objection}",
            id=id,
            distribution=one.distribution,
        )
    return one.load(), one.qualified
