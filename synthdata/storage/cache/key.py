"""What the samples of a data set are a function of, as one key: what else changes is another."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from synthdata.errors import BuildError, SynthDataError
from synthdata.execution import Work
from synthdata.function import FunctionGenerator
from synthdata.generator import Generator
from synthdata.origin import generator_of, origin

LAYOUT: Final = 1
"""Of the files; another number is another key."""

MOST_FILES: Final = 1_000_000
"""That a folder in the params may have, each of which is looked at when a data set is built."""

_INSTALLED: Final = ("site-packages", "dist-packages")
_BASES: Final = ("abc", "builtins")


@dataclass(frozen=True, slots=True)
class Key:
    """The key of a data set, and what is shown of it.

    Attributes:
        digest: sha256, in hexadecimal digits.
        generator: qualified id, or the import path of a class or function.
        seed: of the samples.
        first: index of the first.
        samples: how many.
    """

    digest: str
    generator: str
    seed: int
    first: int
    samples: int


def key_of(work: Work) -> Key:
    """Return the key of a data set.

    It covers the generator's origin and version, the declared Output, seed, indices, policy and
    options; synthdata, NumPy and Pillow by their versions; files and folders that params name, by
    names, sizes and times; and the source of the generator's module and of all modules that it
    uses and that are not installed, since their code may change without a version.

    Raises:
        BuildError: if the samples depend on what cannot be seen, as those of a closure do.
    """
    generator = work.generator
    source = origin(generator)
    _check_whole(generator, source)
    identity = generator.identity
    parts = {
        "layout": [LAYOUT, sys.byteorder],
        "versions": {name: metadata.version(name) for name in ("synthdata", "numpy", "pillow")},
        "generator": [identity.distribution, identity.version, identity.id],
        "origin": source,
        "code": _code(generator),
        "files": list(_files(source.get("params", source.get("arguments")))),
        "output": generator.output.model_dump(mode="json"),
        "seed": work.seed,
        "indices": [work.indices.start, work.indices.stop],
        "policy": asdict(work.policy),
        "variable": work.variable,
        "validate": work.validate,
    }
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    name = source.get("generator") or source.get("class") or source["function"]
    digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
    return Key(digest, name, work.seed, work.indices.start, len(work.indices))


def _check_whole(generator: Generator, source: dict[str, Any]) -> None:
    """Refuse a generator that its origin does not tell of in full."""
    advice = (
        "cache=True needs a generator whose samples follow from its name and params; "
        "without it, the data set can be built"
    )
    try:
        again = generator_of(json.loads(json.dumps(source)))
    except (SynthDataError, TypeError, ValueError) as error:
        raise BuildError(f"{generator.identity.id} cannot be cached: {error}; {advice}") from error
    if again.params != generator.params:
        raise BuildError(
            f"{generator.identity.id} cannot be cached: its params are others once they have been "
            f"written as JSON and read again, {again.params!r}; {advice}"
        )


def _code(generator: Generator) -> dict[str, str]:
    """Return the digests of the modules that the samples come from, by name."""
    if isinstance(generator, FunctionGenerator):
        names = [generator.function.__module__]
    else:
        names = [kind.__module__ for kind in type(generator).__mro__]
        if generator.identity.version is not None:
            # The version tells of what is installed.
            names = [name for name in names if not _is_installed(sys.modules[name])]
    found: dict[str, str] = {}
    remaining = [name for name in names if not _is_ours(name) and name not in _BASES]
    required = set(remaining)
    while remaining:
        name = remaining.pop()
        module = sys.modules.get(name)
        file = getattr(module, "__file__", None)
        if module is None or name in found:
            continue
        if file is None or not Path(file).is_file():
            if name in required:
                raise BuildError(
                    f"{generator.identity.id} cannot be cached: the module {name} has no file that "
                    "tells whether its code has changed; put the generator into a file"
                )
            continue
        found[name] = hashlib.sha256(Path(file).read_bytes()).hexdigest()
        remaining += [used for used in _used(module) if not _is_installed(sys.modules[used])]
    return found


def _used(module: ModuleType) -> Iterator[str]:
    """The modules that the names in a module are, or come from."""
    for value in list(vars(module).values()):
        name = value.__name__ if isinstance(value, ModuleType) else _module_of(value)
        if name in sys.modules and not _is_ours(name):
            yield name


def _module_of(value: Any) -> str:
    name = getattr(value, "__module__", None)
    return name if isinstance(name, str) else ""


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] == "synthdata"


def _is_installed(module: ModuleType) -> bool:
    file = getattr(module, "__file__", None)
    if file is None:
        return True
    paths = sysconfig.get_paths()
    return any(part in _INSTALLED for part in Path(file).parts) or any(
        file.startswith(paths[name] + os.sep) for name in ("stdlib", "platstdlib")
    )


def _files(value: Any) -> Iterator[list[Any]]:
    """Name, size and time of each file that a text names, and of all in a folder it names."""
    if isinstance(value, dict):
        for key in sorted(value):
            yield from _files(value[key])
    elif isinstance(value, list):
        for item in value:
            yield from _files(item)
    elif isinstance(value, str) and value and "\0" not in value:
        yield from _looks(value)


def _looks(name: str) -> Iterator[list[Any]]:
    try:
        if Path(name).is_file():
            yield _look(name)
    except OSError:  # too long for a name
        return
    count = 0
    for folder, folders, files in os.walk(name):
        folders.sort()
        for file in sorted(files):
            yield _look(os.path.join(folder, file))  # noqa: PTH118  # a million Paths take seconds
            count += 1
            if count > MOST_FILES:
                raise BuildError(
                    f"{name} cannot be looked at for cache=True: it has more than {MOST_FILES:,} "
                    "files"
                )


def _look(file: str) -> list[Any]:
    try:
        found = os.stat(file)  # noqa: PTH116
    except OSError:  # a link to nowhere
        return [file]
    return [file, found.st_size, found.st_mtime_ns]
