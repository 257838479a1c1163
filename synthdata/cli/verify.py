"""``synthdata verify``: whether a data set in files is what was written."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from synthdata.cli.exits import Code
from synthdata.cli.files import DataSet, LevelOption, Quiet, check_output
from synthdata.cli.prints import workers_print_to_stderr
from synthdata.cli.progress import Bar
from synthdata.cli.show import NOTHING, show_heading, show_json, show_table
from synthdata.cli.target import AsJson

if TYPE_CHECKING:
    from synthdata.storage.verifying import Verification


def verify(
    target: DataSet, level: LevelOption = "full", quiet: Quiet = False, json: AsJson = False
) -> None:
    """Look whether a data set in files is what was written; exit with 1 if it is not."""
    check_output(quiet, json)

    from synthdata.storage.verifying import verify as verify_files

    with workers_print_to_stderr(), Bar("verifying", quiet=quiet) as bar:
        found = verify_files(target, level, progress=bar.files)  # type: ignore[arg-type]  # it checks
    if json:
        show_json(verification_json(found))
    elif not quiet:
        show_verification(found)
        if not found:
            typer.echo(f"\n`synthdata repair {target}` makes what is bad again, and nothing else")
    if not found:
        raise typer.Exit(Code.FAILED)


def verification_json(found: Verification) -> dict[str, Any]:
    """Return what was found, for programs."""
    return {"ok": bool(found), **asdict(found)}


def show_verification(found: Verification) -> None:
    """Print what was found: one line if all is well, or else each problem."""
    if found:
        typer.echo(str(found))
        return
    count = len(found.problems)
    show_heading(f"{found.target}: {count:,} problem{'s' * (count != 1)}")
    rows = [
        (
            problem.path,
            NOTHING if problem.shard is None else str(problem.shard),
            problem.fault,
            problem.message,
        )
        for problem in found.problems
    ]
    show_table(("file", "shard", "fault", "found"), rows)
