"""``synthdata replay``: a sample that failed made again, where one can look on."""

from __future__ import annotations

import contextlib
import faulthandler
import json
import signal
import sys
import traceback
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

import typer

from synthdata.cli.exits import Refused
from synthdata.cli.show import plugin_prints_go_to_stderr

if TYPE_CHECKING:
    from synthdata.execution.failures import Failure
    from synthdata.stream import Stream

Recorded: TypeAlias = "tuple[Failure, dict[str, Any]]"
"""A line of a ledger: what failed, and the origin of its generator."""

_WARNINGS: Final = {
    "WorkerDiedError": "killed its worker process, and may end this one too",
    "SampleTimeoutError": "took longer than its timeout, and may take as long again",
}

_NEAR: Final = 5
"""How many recorded indices a message names."""


def replay(
    ledger: Annotated[
        Path, typer.Argument(metavar="LEDGER", help="The file of failures that sd.build wrote.")
    ],
    index: Annotated[
        int | None,
        typer.Option("--index", "-i", help="Which recorded sample. If left out, the last one."),
    ] = None,
    attempt: Annotated[
        int | None,
        typer.Option(help="Which recorded attempt at it. If left out, the last one."),
    ] = None,
    debug: Annotated[
        bool, typer.Option("--debug", help="Open the debugger pdb at the line that raised.")
    ] = False,
) -> None:
    """Make a sample again that failed, and show the whole traceback.

    It is made from the same generator, params, seed, index and attempt as in the run that
    sd.build(..., ledger=LEDGER) recorded. Exit code 0 says that it does not fail any more.
    """
    failure, origin = _chosen(ledger, index, attempt)
    # Python itself imports from the current folder, a script such as `synthdata` from its own.
    if not sys.flags.safe_path:
        sys.path.insert(0, "")

    from synthdata.origin import generator_of
    from synthdata.stream import Stream

    with plugin_prints_go_to_stderr():
        stream = Stream(generator_of(origin), failure.seed)
    if failure.error in _WARNINGS:
        warning = f"warning: {_name(failure)} {_WARNINGS[failure.error]}; Ctrl-C ends it"
        typer.echo(warning, err=True)
    _draw(stream, failure, debug)
    then = " ".join(f"{failure.error}: {failure.message}".split("\n"))
    typer.echo(f"{_name(failure)} is made without an error now; at {failure.time} it was {then}")
    if debug:
        typer.echo("nothing was raised, so there is nothing to debug")


def _name(failure: Failure) -> str:
    retry = f", attempt {failure.attempt}" if failure.attempt else ""
    return f"sample {failure.index} (seed {failure.seed}{retry})"


def _chosen(ledger: Path, index: int | None, attempt: int | None) -> Recorded:
    """Find the last line that is about the sample and attempt in question."""
    recorded = _read(ledger)
    if not recorded:
        raise Refused(f"{ledger}: no failure is recorded in it")
    last, _ = list(recorded)[-1]
    wanted = last if index is None else index
    attempts = [number for place, number in recorded if place == wanted]
    if not attempts:
        known = sorted({place for place, _ in recorded}, key=lambda place: abs(place - wanted))
        near = ", ".join(map(str, sorted(known[:_NEAR])))
        raise Refused(f"-i {wanted}: not in {ledger}, which nearest to it has {near}")
    if attempt is not None and attempt not in attempts:
        known = sorted(attempts)
        raise Refused(
            f"--attempt {attempt}: not in {ledger}, which of sample {wanted} has "
            f"{', '.join(map(str, known))}"
        )
    return recorded[wanted, attempts[-1] if attempt is None else attempt]


def _read(ledger: Path) -> dict[tuple[int, int], Recorded]:
    """Read the last record of each index and attempt, in the order in which they are recorded."""
    recorded: dict[tuple[int, int], Recorded] = {}
    with ledger.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.isspace():
                continue
            try:
                failure, origin = _parsed(line)
            except (ValueError, TypeError, KeyError, RecursionError) as error:
                raise Refused(
                    f"{ledger}, line {number}: {_complaint(error)}; a ledger that "
                    "sd.build(..., ledger=...) wrote is expected"
                ) from error
            key = (failure.index, failure.attempt)
            recorded.pop(key, None)
            recorded[key] = failure, origin
    return recorded


def _parsed(line: bytes) -> Recorded:
    from synthdata.execution.failures import Failure
    from synthdata.seeding import Rng

    record = json.loads(line)
    if not isinstance(record, dict):
        raise TypeError(f"{type(record).__name__} in place of an object")
    failure = Failure(**{field.name: record[field.name] for field in fields(Failure)})
    Rng().rekey(failure.seed, failure.index, failure.attempt)  # refuses what cannot be
    if not (isinstance(record["origin"], dict) and isinstance(failure.error, str)):
        raise TypeError("its origin is no object, or its error no text")
    return failure, record["origin"]


def _complaint(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON ({error.msg} in column {error.colno})"
    return f"the key {error} is missing" if isinstance(error, KeyError) else str(error)


def _draw(stream: Stream, failure: Failure, debug: bool) -> None:
    """Make the sample; if that fails, show why."""
    from synthdata.errors import SynthDataError

    # A crash in C code then shows which line of Python it was.
    if not faulthandler.is_enabled():
        faulthandler.enable(sys.__stderr__ or 2)
    may_hang = failure.error in _WARNINGS and not debug
    try:
        with plugin_prints_go_to_stderr(), _ctrl_c_ends_c_code_too(may_hang):
            _draw_each_way(stream, failure)
    except (SynthDataError, KeyboardInterrupt) as error:
        # What a check found wrong has no frame of the generator left.
        raised = error.__cause__ or error
        if error.__cause__ is not None:
            traceback.print_exception(raised)
        if debug:
            import pdb

            pdb.post_mortem(raised.__traceback__)
        raise
    finally:
        stream.close()


def _draw_each_way(stream: Stream, failure: Failure) -> None:
    from synthdata.seeding import Rng

    stream.draw(failure.index, Rng(), failure.attempt)
    if failure.attempt or not (stream.draws_into or stream.draws_batches):
        return
    # The data set drew it by sample_into or sample_batch, which may be what failed.
    import numpy as np

    from synthdata.execution.failures import Policy
    from synthdata.execution.maker import Maker
    from synthdata.layout import columns

    parts = columns(stream.generator.output, "pad")
    maker = Maker(stream, parts, Policy("raise"), range(1), lambda index, attempt, count: None)
    for singly in (False, True):
        made = maker.make(np.array([failure.index]), singly=singly)
        if made.error is not None:
            raise made.error


@contextlib.contextmanager
def _ctrl_c_ends_c_code_too(wanted: bool) -> Iterator[None]:
    """Let Ctrl-C show where Python is, and end the process without waiting for Python to act."""
    if not wanted:
        yield
        return
    previous = signal.signal(signal.SIGINT, signal.SIG_DFL)
    faulthandler.register(signal.SIGINT, sys.__stderr__ or 2, chain=True)
    try:
        yield
    finally:
        faulthandler.unregister(signal.SIGINT)
        signal.signal(signal.SIGINT, previous)
