"""Checks that a sample is the same bytes in other processes, and the same as it was last year."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, Final

from synthdata.errors import RecipeError, RegistryError
from synthdata.execution.processes import Processes
from synthdata.origin import generator_of, origin
from synthdata.source import Source
from synthdata.testing.batch import contents, made_here, work_of
from synthdata.testing.check import Check, Failure, Inapplicable, check
from synthdata.testing.checks.contract import RULES
from synthdata.testing.digests import stream_digest
from synthdata.testing.elsewhere import PATIENCE, answer
from synthdata.testing.pins import Pins
from synthdata.testing.subject import SEED, Subject


@check("let nothing depend on hash(), the order of a set, or the process", "any-order", *RULES)
def fresh_process(subject: Subject) -> None:
    """A new Python makes the same samples."""
    source = Source.of(subject.make(), seed=SEED, samples=len(subject.indices))
    try:
        asked = {"origin": _importable(subject), "seed": SEED, "samples": len(source)}
        found = _ask(asked)
        if found != stream_digest(source):
            raise Failure("samples are other bytes in a new process")
    finally:
        source.close()


def _importable(subject: Subject) -> dict[str, Any]:
    try:
        found = origin(subject.make())
        generator_of(found)
    except (RecipeError, RegistryError) as error:
        raise Inapplicable(f"another process cannot make it: {error}") from None
    return found


def _ask(asked: dict[str, Any]) -> str:
    # Strings have other hashes there, by this seed or the other.
    other = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    path = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
    return answer(["-m", "synthdata.testing.fresh"], asked, PYTHONPATH=path, PYTHONHASHSEED=other)


@check(
    "import all that samples need in the module, and load assets in open",
    "fresh-process",
    "sample-into",
    "sample-batch",
)
def worker_process(subject: Subject) -> None:
    """A worker process of sd.build makes the same samples."""
    work = work_of(subject)
    processes = Processes(work, workers=1, slots=3, timeout=PATIENCE)
    try:
        processes.open()
        there = processes.batch(0)
        if there.error is not None:
            raise Failure(str(there.error))
        if contents(there) != contents(made_here(work, work.stream())):
            raise Failure("samples are other bytes in a worker process")
    finally:
        processes.close()


@check(
    "give changed samples a new id, -vN+1, and keep the old; `synthdata check ID --update` "
    "pins the first digest, or corrects it",
    "repeatable",
    *RULES,
)
def pinned_digest(subject: Subject) -> None:
    """The samples are those that digests.toml pins under this id."""
    if not subject.has_id:
        raise Inapplicable("a class is checked that has no id")
    if subject.given:
        raise Inapplicable("params are given, and those without any are pinned")
    pins = Pins.beside(subject.kind)
    pinned = pins.digest(subject.identity.id)
    if pinned is None:
        raise Inapplicable(
            f"none is pinned in {pins.file}; `synthdata check {subject.identity.id} --update` does"
        )
    if pinned != subject.stream_digest:
        raise Failure(
            f"{subject.identity.id} is pinned as {pinned[:12]}… in {pins.file}, "
            f"and is {subject.stream_digest[:12]}… now"
        )


CHECKS: Final[tuple[Check, ...]] = (fresh_process, worker_process, pinned_digest)
