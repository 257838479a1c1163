"""``synthdata cache``: what ``build(cache=True)`` has kept, and how to be rid of it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from synthdata.cli.exits import EPILOG, Code, Command, Program, Refused
from synthdata.cli.show import NOTHING, show_json, show_table
from synthdata.cli.target import AsJson

if TYPE_CHECKING:
    from synthdata.storage.cache.folder import Kept

ID_SHOWN: Final = 12
"""Digits of an id that a table has."""

DAY: Final = 86_400

cache = typer.Typer(
    name="cache",
    cls=Program,
    help="List and clear what build(cache=True) has kept.",
    epilog=EPILOG,
    no_args_is_help=True,
)


@cache.command("list", cls=Command, short_help="List the data sets in the cache.")
def list_entries(json: AsJson = False) -> None:
    """List the data sets in the cache, those used last first.

    They lie in the user's cache folder, or in the one that SYNTHDATA_CACHE_DIR names, and take at
    most 20 GiB, or what SYNTHDATA_CACHE_LIMIT says, as 50GB: those used longest ago make room.
    """
    from synthdata.execution.machine import shown
    from synthdata.storage.cache.folder import cache_folder, cache_limit, entries

    found = entries()
    if json:
        return show_json([_as_json(kept) for kept in found])
    headings = ("id", "generator", "seed", "samples", "there", "size", "last used")
    if found:
        show_table(headings, [_row(kept) for kept in found])
    total = shown(sum(kept.size for kept in found))
    typer.echo(f"{_counted(found)}, {total} of {shown(cache_limit())}, in {cache_folder()}")
    return None


@cache.command(cls=Command, short_help="Remove data sets from the cache.")
def clear(
    id: Annotated[
        str | None, typer.Argument(metavar="ID", help="An id from cache list, or its beginning.")
    ] = None,
    older_than: Annotated[
        float | None,
        typer.Option(metavar="DAYS", min=0, help="Only what was not used for so many days."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Remove all, without an ID.")] = False,
) -> None:
    """Remove data sets from the cache; one that a process uses stays, and the exit code is 1."""
    from synthdata.execution.machine import shown
    from synthdata.storage.cache.claim import remove
    from synthdata.storage.cache.folder import entries, sweep

    sweep()
    found = entries() if id is None else [_named(id, entries())]
    if older_than is not None:
        found = [kept for kept in found if kept.used < time.time() - older_than * DAY]
    elif id is None and found and not yes:
        total = shown(sum(kept.size for kept in found))
        raise Refused(f"this removes {_counted(found)}, {total}; say --yes, or name an ID")
    removed = [kept for kept in found if remove(kept.folder)]
    total = shown(sum(kept.size for kept in removed))
    typer.echo(f"removed {_counted(removed)}, {total}")
    for kept in found:
        if kept not in removed:
            typer.echo(f"{kept.id[:ID_SHOWN]} is in use, and stays", err=True)
    if len(removed) < len(found):
        raise typer.Exit(Code.FAILED)


def _counted(found: list[Kept]) -> str:
    return f"{len(found)} data set{'' if len(found) == 1 else 's'}"


def _named(id: str, found: list[Kept]) -> Kept:
    named = [kept for kept in found if id and kept.id.startswith(id)]
    if len(named) == 1:
        return named[0]
    problem = f"{len(named)} data sets have ids that begin so" if named else "there is none"
    raise Refused(f"{id}: {problem}; synthdata cache list shows them")


def _row(kept: Kept) -> tuple[str, ...]:
    from synthdata.execution.machine import shown
    from synthdata.storage.cache.folder import rows

    about, there = kept.about, rows(kept)
    samples = about.get("samples")
    return (
        kept.id[:ID_SHOWN],
        str(about.get("generator", NOTHING)),
        str(about.get("seed", NOTHING)),
        NOTHING if samples is None else f"{samples:,}",
        "all" if there == samples else f"{there:,}",
        shown(kept.size),
        datetime.fromtimestamp(kept.used).astimezone().strftime("%Y-%m-%d %H:%M"),
    )


def _as_json(kept: Kept) -> dict[str, Any]:
    from synthdata.storage.cache.folder import rows

    about, there = kept.about, rows(kept)
    return {
        "id": kept.id,
        "generator": about.get("generator"),
        "seed": about.get("seed"),
        "first": about.get("first"),
        "samples": about.get("samples"),
        "there": there,
        "complete": there == about.get("samples"),
        "bytes": kept.size,
        "last_used": datetime.fromtimestamp(kept.used, UTC).isoformat(timespec="seconds"),
        "path": str(kept.folder),
    }
