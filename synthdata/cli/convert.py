"""``synthdata convert``: a data set in files to files of another format."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from synthdata.cli.files import (
    BreakLock,
    DataSet,
    Drop,
    EncodingOption,
    Quality,
    Quiet,
    SamplesPerShard,
    ShardSize,
    Workers,
    check_output,
    file_options,
    show_report,
    with_options_named,
)
from synthdata.cli.prints import workers_print_to_stderr
from synthdata.cli.progress import Bar
from synthdata.cli.standing import what_stands_is_told
from synthdata.cli.target import AsJson


def convert(
    target: DataSet,
    new: Annotated[
        str, typer.Argument(metavar="NEW", help="The folder or URL of the new data set.")
    ],
    to: Annotated[
        str,
        typer.Option("--to", "-t", metavar="FORMAT", help="The new format; see synthdata formats."),
    ],
    encoding: EncodingOption = "png",
    quality: Quality = None,
    drop: Drop = None,
    samples_per_shard: SamplesPerShard = None,
    shard_size: ShardSize = "128MiB",
    workers: Workers = None,
    break_lock: BreakLock = False,
    quiet: Quiet = False,
    json: AsJson = False,
) -> None:
    """Write a data set that stands in files to files of another format.

    The samples are read and not made again: the generator need not be installed. An interrupted
    command is gone on with by the same command.
    """
    check_output(quiet, json)
    options = file_options(
        encoding=encoding,
        quality=quality,
        drop=drop,
        samples_per_shard=samples_per_shard,
        shard_size=shard_size,
        workers=workers,
        break_lock=break_lock,
    )

    from synthdata.errors import FormatError
    from synthdata.storage.converting import convert as convert_files

    began = time.monotonic()
    bar = Bar("converting", quiet=quiet)
    with workers_print_to_stderr(), what_stands_is_told(new, bar), bar:
        try:
            report = convert_files(target, new, format=to, progress=bar.samples, **options)
        except FormatError as error:
            raise with_options_named(error) from error
    show_report(report, to, time.monotonic() - began, quiet=quiet, json=json)
