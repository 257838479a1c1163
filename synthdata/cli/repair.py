"""``synthdata repair``: the bad shards of a data set made again, and nothing else."""

from __future__ import annotations

from typing import Annotated

import typer

from synthdata.cli.files import (
    BreakLock,
    Cluster,
    DataSet,
    LevelOption,
    Quiet,
    Workers,
    check_output,
)
from synthdata.cli.prints import workers_print_to_stderr
from synthdata.cli.progress import Bar
from synthdata.cli.show import show_json
from synthdata.cli.standing import what_stands_is_told
from synthdata.cli.target import AsJson
from synthdata.cli.verify import show_verification, verification_json


def repair(
    target: DataSet,
    level: LevelOption = "full",
    workers: Workers = None,
    cluster: Cluster = None,
    timeout: Annotated[
        float | None,
        typer.Option(help="Seconds that a sample may take; then its worker is killed."),
    ] = None,
    break_lock: BreakLock = False,
    quiet: Quiet = False,
    json: AsJson = False,
) -> None:
    """Verify a data set in files, and make what is bad of it again from its recipe.

    Exit code 0: all is well now. A shard that was made again is compared with what was written.
    """
    check_output(quiet, json)

    from synthdata.storage.repairing import repair as repair_files

    bar = Bar("repairing", quiet=quiet)
    with workers_print_to_stderr(), what_stands_is_told(target, bar), bar:
        done = repair_files(
            target,
            level=level,  # type: ignore[arg-type]  # it checks
            workers=workers,
            cluster=cluster,
            timeout=timeout,
            break_lock=break_lock,
            progress=bar.samples,
        )
    if json:
        mended = {"shards": list(done.shards), "files": list(done.files)}
        show_json({"was": verification_json(done.found), "made_again": mended})
    elif not quiet:
        show_verification(done.found)
        if not done.found:
            typer.echo(
                f"\nmade again: {_counted(len(done.shards), 'shard')}, "
                f"{_counted(len(done.files), 'other file')}; {target} is whole"
            )


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"
