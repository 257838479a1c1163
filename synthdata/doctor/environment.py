"""What synthdata finds around it: Python, packages, machine, shared memory, locale, variables."""

from __future__ import annotations

import importlib.metadata
import locale
import mmap
import os
import platform
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from synthdata import __version__
from synthdata.doctor.fresh import PATIENCE, run
from synthdata.doctor.probe import WORKER

if TYPE_CHECKING:
    from synthdata.registry import Listing

PROBE: Final = "synthdata.doctor.probe"

NEEDED: Final = (
    ("numpy", "numpy"),
    ("pillow", "PIL"),
    ("pydantic", "pydantic"),
    ("pluggy", "pluggy"),
    ("pyyaml", "yaml"),
)
"""Distributions that synthdata cannot do without, and the modules they are imported as."""

TENSORFLOW: Final = ("tensorflow", "tensorflow-cpu", "tf-nightly", "tf-nightly-cpu")
"""Distributions that provide TensorFlow, which is not imported here: it takes seconds."""

_TRIED: Final = 2**20
"""Bytes of shared memory that are asked for, to see whether there is any."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact about the environment.

    Attributes:
        name: of what was looked at.
        found: what is there.
        status: ``ok``, ``note`` (nothing is broken by it) or ``broken``.
        advice: what to do next; empty if nothing is to be done.
    """

    name: str
    found: str
    status: Literal["ok", "note", "broken"] = "ok"
    advice: str = ""


def examine_environment(listings: Iterable[Listing] = ()) -> list[Finding]:
    """Look at everything that synthdata needs, and at what often explains what is odd.

    Args:
        listings: of the registry; those of distributions that cannot be read are reported.
    """
    return [
        Finding("synthdata", f"{__version__} in {Path(__file__).parents[1]}"),
        Finding("Python", f"{platform.python_version()} at {sys.executable}"),
        Finding("platform", platform.platform()),
        *(_package(distribution, module) for distribution, module in NEEDED),
        _tensorflow(),
        *_worker(),
        _shared_memory(),
        _encoding(),
        *_variables(),
        *_metadata(listings),
    ]


def _package(distribution: str, module: str) -> Finding:
    version = _version(distribution)
    outcome = run(PROBE, module, PATIENCE)
    cause = outcome.last("cause") or outcome.end
    if not cause:
        return Finding(distribution, version or "there, but its metadata is missing")
    if version is None:
        return Finding(
            distribution, f"not installed: {cause}", "broken", f"pip install {distribution}"
        )
    return Finding(
        distribution,
        f"{version}, cannot be imported: {cause}",
        "broken",
        f"pip install --force-reinstall {distribution}",
    )


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None
    except Exception as error:  # noqa: BLE001  # whatever damaged metadata provokes
        return f"? (its metadata cannot be read: {type(error).__name__})"


def _tensorflow() -> Finding:
    found = [f"{name} {version}" for name in TENSORFLOW if (version := _version(name))]
    if found:
        return Finding("tensorflow", ", ".join(found))
    advice = "pip install 'synthdata[cpu]' for sd.build; all else works without"
    return Finding("tensorflow", "not installed", "note", advice)


def _worker() -> Iterator[Finding]:
    outcome = run(PROBE, WORKER, PATIENCE)
    if cause := outcome.last("cause") or outcome.end:
        advice = "mend what is broken above, or use executor='inline' or 'threads'"
        yield Finding("worker process", f"cannot be started: {cause}", "broken", advice)
        return
    yield Finding("worker process", f"starts in {outcome.seconds:.2f} s")
    for name, found in outcome.last("machine").items():
        yield Finding(name, found)


def _shared_memory() -> Finding:
    try:
        descriptor = os.memfd_create("synthdata-doctor", os.MFD_CLOEXEC)
        try:
            os.posix_fallocate(descriptor, 0, _TRIED)
            mmap.mmap(descriptor, _TRIED).close()
        finally:
            os.close(descriptor)
    except (OSError, AttributeError) as error:
        advice = "worker processes need it (Linux); use executor='inline' or 'threads'"
        return Finding("shared memory", f"memfd does not work: {error}", "broken", advice)
    return Finding("shared memory", "memfd works")


def _encoding() -> Finding:
    text = locale.getpreferredencoding(False)
    found = f"{text}, file names {sys.getfilesystemencoding()}, stdout {sys.stdout.encoding}"
    if text.replace("-", "").lower() == "utf8":
        return Finding("encoding", found)
    advice = "files that plugins read may be taken for something else: LANG=C.UTF-8"
    return Finding("encoding", found, "note", advice)


def _variables() -> Iterator[Finding]:
    for name in sorted(os.environ):
        if name.startswith("SYNTHDATA_"):
            yield Finding(name, repr(os.environ[name]))


def _metadata(listings: Iterable[Listing]) -> Iterator[Finding]:
    unreadable = [item for item in listings if item.id is None and item.version == "?"]
    if not unreadable:
        yield Finding("metadata", "of all installed distributions can be read")
    for item in unreadable:
        advice = f"reinstall or uninstall {item.distribution}; other tools stumble over it too"
        found = f"of {item.distribution}: {item.cause} [{item.file}]"
        yield Finding("metadata", found, "broken", advice)
