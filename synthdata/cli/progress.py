"""A bar on stderr that shows how far a long command is, where a person waits for it."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from synthdata.storage.progress import Progress

PAUSE: Final = 0.1
"""Seconds between two states of the bar; without workers, word of each sample comes."""


class Bar:
    """A bar that is there while its context lasts, and leaves nothing behind.

    In a pipe it shows nothing, and Rich is not imported.

    Args:
        doing: what it stands for, before it.
        quiet: never show it.

    Attributes:
        last: the last figures of a write, or None before there were any.
    """

    def __init__(self, doing: str, *, quiet: bool = False) -> None:
        self.last: Progress | None = None
        self._doing = doing
        # Not as Rich's console sees it: FORCE_COLOR would put the bar into pipes.
        self._wanted = not quiet and sys.stderr.isatty()
        self._bars: Bars | None = None
        self._task: TaskID | None = None
        self._began = self._shown = 0.0

    def __enter__(self) -> Self:
        if self._wanted:
            self._bars = _bars()
            self._task = self._bars.add_task(self._doing, total=None, figures="")
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bars is not None:
            self._bars.stop()

    def samples(self, progress: Progress) -> None:
        """Show how far the writing of a data set is."""
        now = time.monotonic()
        self._began = self._began or now
        self.last = progress
        figures = figures_of(progress, now - self._began)
        self._show(progress.samples, progress.all_samples, figures)

    def files(self, done: int, total: int) -> None:
        """Show how many files were looked at."""
        self._show(done, total, f"{done:,} of {total:,} files")

    def _show(self, done: int, total: int, figures: str) -> None:
        now = time.monotonic()
        if self._bars is None or self._task is None:
            return
        if now - self._shown < PAUSE and done < total:
            return
        self._shown = now
        self._bars.update(self._task, completed=done, total=total, figures=figures)


def _bars() -> Bars:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bars

    return Bars(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[figures]}", markup=False),
        console=Console(stderr=True),
        transient=True,
        refresh_per_second=4,
    )


def figures_of(progress: Progress, seconds: float) -> str:
    """Return the figures of a write in words.

    Samples that an earlier run had written are done, but no part of the rate.

    Args:
        progress: how far it is.
        seconds: since it began.

    >>> from synthdata.storage.progress import Progress
    >>> figures_of(Progress(600, 1000, 3, 5, failures=2, found=200), 4.0)
    '600 of 1,000 samples, 100/s, 3 of 5 shards, 0:04 left, 2 failures'
    """
    done = min(progress.samples, progress.all_samples)
    rate = (done - progress.found) / seconds if seconds > 0 else 0.0
    parts = [f"{done:,} of {progress.all_samples:,} samples"]
    if rate:
        parts.append(f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.1f}/s")
    parts.append(f"{progress.shards:,} of {progress.all_shards:,} shards")
    if rate:
        parts.append(f"{_clock((progress.all_samples - done) / rate)} left")
    if progress.failures:
        parts.append(f"{progress.failures:,} failure{'s' * (progress.failures != 1)}")
    return ", ".join(parts)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
