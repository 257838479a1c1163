"""What commands for data sets in files take, and what they print of one that was written."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from synthdata.cli.exits import Refused
from synthdata.cli.show import show_json
from synthdata.cli.sizes import parse_size, shown_size

if TYPE_CHECKING:
    from synthdata.storage.progress import Report

DataSet: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="TARGET", help="The folder of a data set, or a URL such as s3://bucket/folder."
    ),
]
NewDataSet: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="TARGET",
        help="The folder to write, or a URL such as s3://bucket/folder. TFDS finds one that ends "
        "in a version, as data/shapes/1.0.0.",
    ),
]
EncodingOption: TypeAlias = Annotated[
    str,
    typer.Option(
        "--encoding",
        metavar="NAME",
        help="Of images: png, jpeg, webp or raw. Without loss, but for jpeg and for webp with "
        "--quality; masks are without loss always.",
    ),
]
Quality: TypeAlias = Annotated[
    int | None, typer.Option(help="1 to 100, of jpeg (95 if left out) and webp.")
]
Drop: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--drop",
        metavar="FEATURE",
        help="A feature that is left out, as metadata.caption. May be repeated.",
    ),
]
SamplesPerShard: TypeAlias = Annotated[
    int | None,
    typer.Option(help="Samples of a shard at the most; if left out, it goes by --shard-size."),
]
ShardSize: TypeAlias = Annotated[
    str, typer.Option(metavar="SIZE", help="Bytes of a shard, about, as 500MB or 1GiB.")
]
Workers: TypeAlias = Annotated[
    int | None,
    typer.Option(help="Processes that make shards; one for each core if left out, 0 for none."),
]
Cluster: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Have shards made by the Ray cluster at HOST:PORT, by the one of this machine (auto), "
        "or by a Ray of this command's own (local).",
    ),
]
BreakLock: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--break-lock",
        help="Take the lock from a writer of a URL that has ended without letting go of it.",
    ),
]
Quiet: TypeAlias = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print nothing but errors, and show no bar.")
]
LevelOption: TypeAlias = Annotated[
    str,
    typer.Option(
        "--level",
        metavar="NAME",
        help="How closely is looked: fast (sizes of files), full (their checksums), or deep (some "
        "samples are made again and compared, too).",
    ),
]


def file_options(
    *,
    encoding: str,
    quality: int | None,
    drop: list[str] | None,
    samples_per_shard: int | None,
    shard_size: str,
    workers: int | None,
    break_lock: bool,
) -> dict[str, Any]:
    """Return the options that ``write`` and ``convert`` share, as they take them.

    Raises:
        Refused: if the size of shards is no size.
    """
    return {
        "encoding": encoding,
        "quality": quality,
        "drop": drop or (),
        "samples_per_shard": samples_per_shard,
        "shard_bytes": parse_size("--shard-size", shard_size),
        "workers": workers,
        "break_lock": break_lock,
    }


def check_output(quiet: bool, json: bool) -> None:
    """Refuse to print nothing and JSON at once."""
    if quiet and json:
        raise Refused("--quiet prints nothing and --json an object; give one of them")


def with_options_named(error: Exception) -> Exception:
    """Return the error of a format that cannot hold features, with the options that drop them."""
    from synthdata.errors import FormatError

    if not (isinstance(error, FormatError) and error.features):
        return error
    options = " ".join(f"--drop {name}" for name in error.features)
    message = str(error).replace(f"drop={list(error.features)}", options)
    return FormatError(message, features=error.features)


def show_report(report: Report, format: str, seconds: float, *, quiet: bool, json: bool) -> None:
    """Print what was written, and how to read it.

    Args:
        report: what it is.
        format: name of the format.
        seconds: that it took.
        quiet: print nothing.
        json: print it as JSON.
    """
    if json:
        show_json({"format": format, **asdict(report), "seconds": round(seconds, 3)})
    elif not quiet:
        typer.echo(_in_words(report, format, seconds))
        split = ""
        if len(report.samples) > 1:
            split = f", split={next(iter(report.samples))!r}"
        typer.echo(
            f"read it by sd.read({report.target!r}{split}), or as its README.md says; "
            f"`synthdata describe {report.target}` shows it"
        )


def _in_words(report: Report, format: str, seconds: float) -> str:
    total = sum(report.samples.values())
    each = ", ".join(f"{name} {count:,}" for name, count in report.samples.items())
    left_out = f", {report.left_out:,} left out" if report.left_out else ""
    stood = report.shards - report.made
    shards = f"{report.shards:,} shard{'s' * (report.shards != 1)}"
    if stood:
        shards += f" ({stood:,} of them stood there)"
    return (
        f"{report.target}: {total:,} sample{'s' * (total != 1)} ({each}){left_out}, {shards} of "
        f"{format}, {shown_size(report.bytes)}, {seconds:.1f} s"
    )
