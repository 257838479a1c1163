"""Where a generator came from, as JSON, and the way back: for ledgers, and whoever replays them."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from synthdata.errors import RecipeError
from synthdata.function import FunctionGenerator, from_function
from synthdata.generator import Generator, make_generator
from synthdata.output import Output


def origin(generator: Generator) -> dict[str, Any]:
    """Return JSON values from which ``generator_of`` makes the generator again.

    They name the id, or the class or function as ``module:name``, and the params.

    >>> from synthdata import make
    >>> origin(make("shapes-v1", size=32))["generator"]
    'synthdata/shapes-v1'
    """
    identity = generator.identity
    if isinstance(generator, FunctionGenerator):
        return {
            "function": _import_path(generator.function),
            "output": generator.output.model_dump(mode="json"),
            "arguments": _plain(generator.params.arguments),
        }
    params = _plain(generator.params.model_dump(mode="python"))
    if identity.distribution is not None:
        return {"generator": f"{identity.distribution}/{identity.id}", "params": params}
    return {"class": _import_path(type(generator)), "params": params}


def generator_of(origin: Mapping[str, Any]) -> Generator:
    """Make the generator that an origin names.

    Raises:
        RecipeError: if its class or function cannot be imported.
        RegistryError: if its id cannot be had.
        ParamsError: if the params are refused.
    """
    if "generator" in origin:
        return make_generator(origin["generator"], origin["params"])
    if "class" in origin:
        kind: type[Generator] = _imported(origin["class"])
        return kind(**origin["params"])
    function = _imported(origin["function"])
    return from_function(function, Output.model_validate(origin["output"]), **origin["arguments"])


def _import_path(thing: Any) -> str:
    return f"{thing.__module__}:{getattr(thing, '__qualname__', type(thing).__qualname__)}"


def _imported(path: str) -> Any:
    module, _, name = path.partition(":")
    try:
        return attrgetter(name)(importlib.import_module(module))
    except (ImportError, AttributeError) as error:
        raise RecipeError(
            f"{path} cannot be imported here ({error}); only a class or function at the top of an "
            "importable module can be found again"
        ) from error


def _plain(value: Any) -> Any:
    """What JSON holds of a value; what it cannot hold is shown by its repr."""
    return json.loads(json.dumps(value, default=repr))
