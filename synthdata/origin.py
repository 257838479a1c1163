"""Where a generator came from, as JSON, and the way back: for ledgers, and whoever replays them."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from operator import attrgetter
from pathlib import Path, PurePath
from typing import Any, Final

from pydantic_core import to_jsonable_python

from synthdata.errors import RecipeError
from synthdata.function import FunctionGenerator, from_function
from synthdata.generator import Generator, Params, make_generator
from synthdata.models import shortened
from synthdata.output import Output

_TUPLE, _PATH, _REPR = "__tuple__", "__path__", "__repr__"
"""Keys that say what JSON has no form for; of the last kind only the looks are kept."""

_FORMS: Final = ({"generator", "params"}, {"class", "params"}, {"function", "output", "arguments"})

_SHOWN: Final = 100
"""Characters of a value that JSON cannot hold, for a message."""


def origin(generator: Generator) -> dict[str, Any]:
    """Return JSON values from which ``generator_of`` makes the generator again.

    They name the id, or the class or function as ``module:name``, and the params. Of what JSON
    cannot hold they show what it was, and ``generator_of`` refuses it.

    >>> from synthdata import make
    >>> origin(make("shapes-v1", size=32))["generator"]
    'synthdata/shapes-v1'
    """
    identity = generator.identity
    if isinstance(generator, FunctionGenerator):
        return {
            "function": _import_path(generator.function),
            "output": generator.output.model_dump(mode="json"),
            "arguments": _written(generator.params.arguments),
        }
    params = _written_params(generator.params)
    if identity.distribution is not None:
        return {"generator": f"{identity.distribution}/{identity.id}", "params": params}
    return {"class": _import_path(type(generator)), "params": params}


def generator_of(origin: Mapping[str, Any]) -> Generator:
    """Make the generator that an origin names.

    Raises:
        RecipeError: if it is no origin, its class or function cannot be imported, or a value was
            not kept whole.
        RegistryError: if its id cannot be had.
        ParamsError: if the params are refused.
        DeclarationError: if the function takes other arguments now.
    """
    if set(origin) not in _FORMS:
        expected = " or ".join(", ".join(sorted(form)) for form in _FORMS)
        raise RecipeError(f"the origin has the keys {', '.join(origin)}; expected are {expected}")
    if "function" in origin:
        function = _imported(origin["function"])
        arguments = _read_all(origin["arguments"], origin["function"])
        return from_function(function, Output.parse(origin["output"]), **arguments)
    name = origin.get("generator", origin.get("class"))
    params = _read_all(origin["params"], name)
    if "generator" in origin:
        return make_generator(name, params)
    kind = _imported(name)
    if not (isinstance(kind, type) and issubclass(kind, Generator)):
        raise RecipeError(f"{name} is no subclass of sd.Generator now")
    return kind(**params)


def _import_path(thing: Any) -> str:
    """Return ``module:name``, the name in angle brackets where nothing of that name is the thing.

    So it is with closures and lambdas, bound methods and ``functools.partial``.
    """
    module = getattr(thing, "__module__", None) or type(thing).__module__
    name = getattr(thing, "__qualname__", type(thing).__qualname__)
    try:
        found = attrgetter(name)(importlib.import_module(module))
    except (ImportError, AttributeError):
        found = None
    return f"{module}:{name}" if found is thing else f"{module}:<{name}>"


def _imported(path: str) -> Any:
    module, _, name = path.partition(":")
    if "<" in name:
        raise RecipeError(
            f"{path} has no name by which it could be imported; put the class or function at the "
            "top of a module"
        )
    try:
        return attrgetter(name)(importlib.import_module(module))
    except (Exception, SystemExit) as error:  # importing runs the module
        raise RecipeError(
            f"{path} cannot be imported here ({type(error).__name__}: {error}); it must be at the "
            "top of a module that lies in the current folder, or in one that PYTHONPATH names"
        ) from error


def _written_params(params: Params) -> Any:
    try:
        return to_jsonable_python(params, fallback=lambda value: {_REPR: _look(value)})
    except ValueError:  # bytes that are not UTF-8, say
        return _written(params.model_dump(mode="python"))


def _written(value: Any) -> Any:
    """What an argument is in JSON; validation does not restore its type, as it does of params."""
    if value is None or type(value) in (bool, int, float, str):
        return value
    if type(value) is list:
        return [_written(item) for item in value]
    if type(value) is tuple:
        return {_TUPLE: [_written(item) for item in value]}
    if isinstance(value, Mapping) and all(type(key) is str for key in value):
        return {key: _written(item) for key, item in value.items()}
    if isinstance(value, PurePath):
        return {_PATH: str(value)}
    return {_REPR: _look(value)}


def _look(value: Any) -> str:
    return shortened(f"{type(value).__name__} {value!r}", _SHOWN)


def _read_all(values: Mapping[str, Any], whose: str) -> dict[str, Any]:
    return {name: _read(value, f"{name} of {whose}") for name, value in values.items()}


def _read(value: Any, name: str) -> Any:
    if isinstance(value, list):
        return [_read(item, name) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {_TUPLE}:
        return tuple(_read(item, name) for item in value[_TUPLE])
    if value.keys() == {_PATH}:
        return Path(value[_PATH])
    if value.keys() == {_REPR}:
        raise RecipeError(
            f"{name} was the {value[_REPR]}, which a ledger cannot hold; make the generator by "
            "hand, and draw the sample by sd.Source.of(generator, seed=...)[index]"
        )
    return {key: _read(item, name) for key, item in value.items()}
