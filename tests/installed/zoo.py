"""Broken distributions, as pip would leave them in a folder of ``sys.path``."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from tests.registry.distributions import install

ABSTRACT = """\
import synthdata as sd


class Thing(sd.Generator):
    \"\"\"It has no sample.\"\"\"

    @classmethod
    def describe(cls, params):
        return sd.Output(image=sd.Image(4, 4))
"""

MISSPELLED = """\
import synthdata as sd


@sd.hookimpl
def synthdata_generatorz():
    return {}
"""

RAISING = """\
import synthdata as sd


@sd.hookimpl
def synthdata_generators():
    raise RuntimeError("the hook is out of order")
"""


class Animal(NamedTuple):
    """One broken distribution.

    Attributes:
        name: of the distribution; its generator is ``name-v1``, its module ``name``.
        entry_points: the file; ``{name}`` is the name.
        source: of its module; None writes none.
        known: part of the cause, where it can be known without importing; or None.
        loaded: part of the cause that loading finds; or None if nothing is wrong then.
    """

    name: str
    entry_points: str
    source: str | None
    known: str | None
    loaded: str | None


def _generator(name: str, source: str | None, loaded: str | None) -> Animal:
    return Animal(name, "[synthdata.generators]\n{name}-v1 = {name}:Thing\n", source, None, loaded)


ZOO: tuple[Animal, ...] = (
    Animal("malformed", "[synthdata.generators]\nno pair\n", None, "line 2", "line 2"),
    Animal(
        "misnamed",
        "[synthdata.generators]\nMisnamed = misnamed:Thing\n",
        None,
        "is not a generator id",
        "is not a generator id",
    ),
    Animal(
        "valueless",
        "[synthdata.generators]\nvalueless-v1 = valueless\n",
        None,
        "the value is not module:Class",
        "the value is not module:Class",
    ),
    Animal(
        "future",
        "[synthdata.generators.v2]\nfuture-v1 = future:Thing\n",
        None,
        "made for a newer synthdata",
        "made for a newer synthdata",
    ),
    _generator("unimportable", "import a_module_that_nobody_has\n", "a_module_that_nobody_has"),
    _generator("syntax", "def broken(:\n", "SyntaxError"),
    _generator("number", "Thing = 3\n", "not a subclass of sd.Generator"),
    _generator("attribute", "x = 1\n", "no attribute 'Thing'"),
    _generator("abstract", ABSTRACT, "abstract: sample is missing"),
    _generator("modules", None, "No module named 'modules'"),
    _generator("exiting", "import sys\n\nsys.exit('goodbye')\n", "SystemExit: goodbye"),
    _generator(
        "printing", "print('hello from an import')\nraise ValueError('no more')\n", "no more"
    ),
    _generator("sleeping", "import time\n\ntime.sleep(2)\nThing = 3\n", "not a subclass"),
    Animal("misspelled", "[synthdata]\nplugin = misspelled\n", MISSPELLED, None, "generatorz"),
    Animal("raising", "[synthdata]\nplugin = raising\n", RAISING, None, "the hook is out of order"),
)


def keep(folder: Path) -> None:
    """Install them all, and two that provide the same id."""
    for animal in ZOO:
        modules = {} if animal.source is None else {animal.name: animal.source}
        text = animal.entry_points.format(name=animal.name)
        install(folder, animal.name, text, modules=modules)
    for name in ("twin-one", "twin-two"):
        install(folder, name, {"twin-v1": "twin:Thing"})
