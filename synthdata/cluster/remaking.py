"""A generator as it travels: JSON from which any machine makes it again, and what that needs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from synthdata.cluster.versions import Needs
from synthdata.errors import ClusterError, IdError, SynthDataError
from synthdata.function import FunctionGenerator
from synthdata.generator import Generator
from synthdata.ids import GeneratorId
from synthdata.origin import generator_of, origin


def as_json(generator: Generator) -> str:
    """Return JSON from which ``from_json`` makes a generator again.

    Raises:
        ClusterError: if another machine could not, or not with the same params.
    """
    id = generator.identity.id
    if _made_by(generator).__module__ == "__main__":
        raise ClusterError(
            f"{id} is defined in the main module, which nodes of a cluster do not import; put "
            "it into a module of its own, installed on each of them"
        )
    text = json.dumps(origin(generator))
    try:
        again = from_json(text)
    except SynthDataError as error:
        raise ClusterError(f"{id} cannot be sent to a cluster: {error}") from error
    if again.params != generator.params:
        raise ClusterError(
            f"{id} cannot be sent to a cluster: JSON does not hold its params whole; "
            f"{again.params!r} comes out of {generator.params!r}"
        )
    return text


def from_json(text: str) -> Generator:
    """Make a generator again.

    Raises:
        SynthDataError: if it is not here.
    """
    return generator_of(json.loads(text))


def needs_of(generator: Generator, further: Iterable[str] = ()) -> Needs:
    """Return what decides a generator's bytes: its distributions, and those that it names.

    Of modules it is that of the generator alone; others have the version of what they are in.

    Args:
        generator: whose.
        further: distributions.
    """
    named = {*further, *_distributions(origin(generator))}
    return Needs(tuple(sorted(named)), (_made_by(generator).__module__,))


def _made_by(generator: Generator) -> Any:
    return generator.function if isinstance(generator, FunctionGenerator) else type(generator)


def _distributions(value: Any) -> Iterator[str]:
    """Yield the distributions of all qualified ids in JSON values."""
    if isinstance(value, str):
        with suppress(IdError):
            if found := GeneratorId.parse(value).distribution:
                yield found
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _distributions(item)
