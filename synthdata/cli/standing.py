"""What stands of a data set after a command that ended early, and how to go on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import typer

from synthdata.cli.exits import Code, tell
from synthdata.cli.progress import Bar


@contextlib.contextmanager
def what_stands_is_told(target: str, bar: Bar) -> Iterator[None]:
    """Say on stderr what stands in a target, where Ctrl-C or an error ends the context.

    Args:
        target: that is written within the context.
        bar: that shows how far it is; before it was shown anything, the target was not touched.
    """
    from synthdata.errors import SynthDataError

    try:
        yield
    except KeyboardInterrupt:
        typer.echo(f"interrupted; {_what_stands(target)}, and the same command goes on", err=True)
        raise typer.Exit(Code.INTERRUPTED) from None
    except SynthDataError as error:
        if bar.last is None:
            raise
        code = tell(error)
        if (after := _after(error)) is not None:
            typer.echo(f"{_what_stands(target)}; {after}", err=True)
        raise typer.Exit(code) from None


def _what_stands(target: str) -> str:
    from synthdata.errors import SynthDataError
    from synthdata.storage.manifest import RECORDS
    from synthdata.storage.state import State
    from synthdata.storage.targets.target import target_of

    try:
        place = target_of(target)
        state = State.read(place)
        if state.manifest is not None:
            return f"{target} is a whole data set, of which bad shards are made again one by one"
        if state.plan is None:
            return f"nothing stands in {target} yet"
        standing, total = len(place.paths(RECORDS)), state.plan.shard_count
    except SynthDataError as error:
        return f"what stands in {target} cannot be told ({error})"
    return f"{standing:,} of {total:,} shards stand in {target}"


def _after(error: Exception) -> str | None:
    """Return what to do after an error, where it does not say so itself."""
    from synthdata.errors import FailureBudgetError, SampleError, TargetError

    if isinstance(error, TargetError):
        return None
    if isinstance(error, FailureBudgetError):
        return "with a larger --budget, the same command goes on"
    mended = "once the cause is mended, the same command goes on"
    if isinstance(error, SampleError):
        return f"{mended}, and with --on-error skip it goes on without such samples"
    return mended
