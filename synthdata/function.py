"""A generator from a plain function, the short way for notebooks."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from synthdata.errors import DeclarationError, Identity
from synthdata.generator import Generator, Params, source_line
from synthdata.models import suggest
from synthdata.output import Output
from synthdata.sample import Sample


class FunctionParams(Params):
    """What a FunctionGenerator is made of, beside the function.

    Attributes:
        output: the declaration.
        arguments: the function's fixed arguments.
    """

    output: Output
    arguments: dict[str, Any]


class FunctionGenerator(Generator):
    """A generator whose ``sample`` is a function; ``from_function`` makes it."""

    Params = FunctionParams

    def __init__(self, function: Callable[..., Any], output: Output, /, **arguments: Any) -> None:
        self.function = function
        name = getattr(function, "__qualname__", type(function).__name__)
        identity = Identity(name.rpartition("<locals>.")[2], where=source_line(function))
        self._set_up(FunctionParams(output=output, arguments=arguments), identity)

    @classmethod
    def describe(cls, params: Any) -> Output:
        """Return the declaration that was given with the function."""
        output: Output = params.output
        return output

    def sample(self, rng: np.random.Generator) -> Sample:
        """Call the function and take what it returns for a Sample."""
        made = self.function(rng, **self.params.arguments)
        if type(made) is tuple and 1 <= len(made) <= len(Sample._fields):
            return Sample(*made)
        if isinstance(made, np.ndarray):
            return Sample(made)
        # What it may be otherwise is for the check to refuse, with the sample's index.
        return made  # type: ignore[no-any-return]

    def with_params(self, params: Any) -> FunctionGenerator:
        """Return the generator of the same function with other arguments."""
        return _remake(self.function, params.output, params.arguments)

    def __reduce__(self) -> tuple[Any, ...]:
        return _remake, (self.function, self.output, self.params.arguments)


def _remake(
    function: Callable[..., Any], output: Output, arguments: Mapping[str, Any]
) -> FunctionGenerator:
    return FunctionGenerator(function, output, **arguments)


def from_function(
    function: Callable[..., Any], output: Output, /, **arguments: Any
) -> FunctionGenerator:
    """Make a generator from a function.

    Args:
        function: called as ``function(rng, **arguments)`` for each sample; it returns a Sample, a
            tuple (image, label, metadata) that may end early, or an array, which is the image.
        output: what it returns, declared.
        **arguments: fixed arguments.

    Returns:
        The generator; ``sd.build`` takes it in the place of an id.

    Raises:
        DeclarationError: if the function cannot be called so, or ``output`` is no Output.

    >>> import synthdata as sd
    >>> def noise(rng, size):
    ...     return rng.random((size, size, 1), dtype="float32")
    >>> gen = from_function(noise, sd.Output(image=sd.Image(8, 8, 1, "float32")), size=8)
    >>> sd.Source.of(gen, seed=7, samples=10)[3].image.shape
    (8, 8, 1)
    """
    if not isinstance(output, Output):
        raise DeclarationError(
            f"from_function expects an sd.Output after the function, not {type(output).__name__}"
        )
    if not callable(function):
        raise DeclarationError(f"from_function expects a function, not {type(function).__name__}")
    name = getattr(function, "__name__", type(function).__name__)
    try:
        signature = inspect.signature(function)
    except ValueError:  # a C function without one; the first sample shows whether it fits
        return FunctionGenerator(function, output, **arguments)
    try:
        signature.bind(None, **arguments)
    except TypeError as error:
        unknown = [key for key in arguments if key not in signature.parameters]
        hint = suggest(unknown[0], signature.parameters) if unknown else ""
        raise DeclarationError(
            f"{name}{signature} cannot be called as {name}(rng"
            f"{''.join(f', {key}=…' for key in arguments)}): {error}{hint}"
        ) from None
    return FunctionGenerator(function, output, **arguments)
