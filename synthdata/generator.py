"""What authors subclass, and how an id becomes an instance; drawing samples is stream.py's."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self, TypeAlias, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from synthdata.errors import (
    BrokenPluginError,
    DeclarationError,
    Identity,
    ParamsError,
    SynthDataError,
)
from synthdata.models import explain
from synthdata.output import Output
from synthdata.registry import Registry, default_registry
from synthdata.sample import Sample

G = TypeVar("G", bound="Generator")


class Params(BaseModel):
    """Base of a generator's params: frozen, unknown fields refused, defaults validated."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


BaseParams: TypeAlias = Params
"""The same, for use where a class's own ``Params`` hides the name."""


class Generator(ABC):
    """A class whose samples are a function of its params and of random numbers, and nothing else.

    A subclass declares its params in a nested class ``Params``, says in ``describe`` what a sample
    holds, and makes one in ``sample``. It needs no ``__init__``; fonts, meshes and files are
    opened in ``open``.

    Args:
        **params: fields of ``Params``.

    Attributes:
        params: the validated params.
        output: the declaration of a sample, as ``describe(params)`` returned it.
        identity: id, distribution, version and source line, for messages.

    Raises:
        ParamsError: if ``Params`` refuses a field.

    >>> import synthdata as sd
    >>> class Grey(sd.Generator):
    ...     class Params(sd.Params):
    ...         size: int = 8
    ...     @classmethod
    ...     def describe(cls, params):
    ...         return sd.Output(image=sd.Image(params.size, params.size, 1))
    ...     def sample(self, rng):
    ...         shape = self.output.image.shape
    ...         return sd.Sample(rng.integers(256, size=shape, dtype="uint8"))
    >>> Grey(size=4).output
    Output(image: (4, 4, 1) uint8)
    """

    Params: ClassVar[type[BaseParams]] = BaseParams
    params: Any

    def __init__(self, **params: Any) -> None:
        identity = _identity(type(self))
        self._set_up(_validated(type(self), identity, params), identity)

    def _set_up(self, params: BaseParams, identity: Identity) -> None:
        self.params = params
        self.identity = identity
        self.output = self.describe(params)
        if not isinstance(self.output, Output):
            raise DeclarationError(
                f"{identity.id}: describe returned {type(self.output).__name__}, "
                f"but an sd.Output is expected"
            )

    @classmethod
    @abstractmethod
    def describe(cls, params: Any) -> Output:
        """Declare what a sample holds.

        Args:
            params: an instance of ``cls.Params``.

        Returns:
            The declaration. It depends on nothing but the params; no asset is opened for it.
        """

    @abstractmethod
    def sample(self, rng: np.random.Generator) -> Sample:
        """Make one sample, as a function of ``self.params`` and ``rng`` only.

        Args:
            rng: at the start of this sample's own stream. It is an ``sd.Rng``, so ``rng.index``
                is the sample's index. It must not be kept: the next sample re-keys it.

        Returns:
            A Sample that conforms to ``self.output``, its arrays not shared with other samples.
        """

    def open(self) -> None:
        """Load what samples need, such as fonts or a list of files; called once, before them."""

    def close(self) -> None:
        """Release what ``open`` loaded; called once, after the last sample."""

    def with_params(self, params: Any) -> Self:
        """Return the generator of the same class and identity under other params, not open.

        Args:
            params: an instance of ``Params``.
        """
        return remake(type(self), params, self.identity)

    def __reduce__(self) -> tuple[Any, ...]:
        # Assets opened here stay here: the other process opens its own.
        return remake, (type(self), self.params, self.identity)

    def __repr__(self) -> str:
        """Show the id and the params that differ from their defaults."""
        given = self.params.model_dump(exclude_defaults=True)
        return f"<{self.identity.id} {given}>" if given else f"<{self.identity.id}>"


def remake(kind: type[G], params: BaseParams, identity: Identity) -> G:
    """Make a generator of validated params, as workers and ids do: without its ``__init__``."""
    generator = kind.__new__(kind)
    generator._set_up(params, identity)
    return generator


def _identity(kind: type[Generator]) -> Identity:
    """The identity of a class that was not found by an id."""
    return Identity(kind.__qualname__.rpartition("<locals>.")[2], where=source_line(kind.sample))


def source_line(function: Any) -> str | None:
    """Return ``file.py:line`` of a Python function, or None of anything else."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return f"{Path(code.co_filename).name}:{code.co_firstlineno}" if code else None


def _validated(kind: type[Generator], identity: Identity, params: Mapping[str, Any]) -> Params:
    try:
        return kind.Params.model_validate(dict(params))
    except ValidationError as error:
        message = explain(error, known=kind.Params.model_fields)
        raise ParamsError(f"{identity.id}: {message}", id=identity.id) from None


def load_class(id: str, registry: Registry | None = None) -> tuple[type[Generator], Identity]:
    """Import the generator class that an id names.

    Args:
        id: short or qualified, or a name without a version, for its newest.
        registry: where to look; None is the default registry.

    Returns:
        The class and its identity.

    Raises:
        RegistryError: if there is none, or it cannot be imported, or is no Generator.
    """
    kind, candidate = (registry or default_registry()).load(id)
    assert issubclass(kind, Generator)  # the registry looked
    where = source_line(kind.sample)
    return kind, Identity(candidate.id, candidate.distribution, candidate.version, where)


def make_generator(
    id: str, params: Mapping[str, Any], registry: Registry | None = None
) -> Generator:
    """Make the generator that an id names.

    Args:
        id: short or qualified, or a name without a version, for its newest.
        params: fields of its Params.
        registry: where to look; None is the default registry.

    Raises:
        RegistryError: if the id cannot be had, or its ``describe`` raises.
        ParamsError: if the params are refused.
    """
    kind, identity = load_class(id, registry)
    validated = _validated(kind, identity, params)
    try:
        return remake(kind, validated, identity)
    except SynthDataError:
        raise
    except Exception as error:
        raise BrokenPluginError(
            f"{identity.id}: describe raised {type(error).__name__}: {error} [{identity}]",
            id=identity.id,
            distribution=identity.distribution,
        ) from error


def make(id: str, /, **params: Any) -> Generator:
    """Make the generator that an id names.

    Args:
        id: ``name-vN``, or ``distribution/name-vN`` where several distributions provide it. A
            name without ``-vN`` is its newest version, which is logged.
        **params: fields of its Params.

    Returns:
        The generator.

    Raises:
        RegistryError: if the id cannot be had; the message suggests near ones.
        ParamsError: if the params are refused; the message names the field.

    >>> make("shapes-v1", size=32).params.size
    32
    """
    return make_generator(id, params)
