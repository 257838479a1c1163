"""What is installed on a machine, as far as it decides the bytes of samples."""

from __future__ import annotations

import hashlib
import importlib.util
import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

ALWAYS: Final = ("synthdata", "numpy", "pillow")
"""Distributions that decide bytes of any generator."""

MISSING: Final = "not installed"

PINS: Final = "digests.toml"
"""The digests that a generator's author has pinned."""

_SHOWN: Final = 12
"""Hexadecimal digits of a digest, in messages."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What decides the bytes of a job's samples.

    Attributes:
        distributions: names of those that provide its generators and its format.
        modules: import paths of those that hold its generators.
    """

    distributions: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()


def versions(needs: Needs) -> dict[str, str]:
    """Return what this machine has: versions of distributions, digests of modules and their pins.

    >>> versions(Needs())["Python"] == platform.python_version()
    True
    """
    found = {"Python": platform.python_version()}
    for name in sorted({*ALWAYS, *needs.distributions}):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = MISSING
    for name in needs.modules:
        found.update(_digests(name))
    return found


def _digests(module: str) -> Iterator[tuple[str, str]]:
    """Yield digests of a module's source, and of the pins beside it, importing what is above it."""
    try:
        spec = importlib.util.find_spec(module)
    except (Exception, SystemExit):  # noqa: BLE001  # importing a package runs it
        spec = None
    if spec is None or spec.origin is None:
        yield module, MISSING
        return
    source = Path(spec.origin)
    yield module, f"of digest {_digest(source)}"
    pins = _pins(source.parent)
    yield f"{PINS} of {module}", f"of digest {_digest(pins)}" if pins.is_file() else "absent"


def _pins(folder: Path) -> Path:
    """Return the nearest pins, looked for as by the conformance kit."""
    while not (folder / PINS).is_file() and (folder / "__init__.py").is_file():
        folder = folder.parent
    return folder / PINS


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:_SHOWN]


def version_differences(here: Mapping[str, str], there: Mapping[str, str]) -> list[str]:
    """Return in what another machine differs.

    >>> version_differences({"Python": "3.11.2"}, {"Python": "3.12.1"})
    ['Python 3.12.1, not 3.11.2']
    """
    return [
        f"{name} {there.get(name, MISSING)}, not {ours}"
        for name, ours in here.items()
        if there.get(name, MISSING) != ours
    ]
