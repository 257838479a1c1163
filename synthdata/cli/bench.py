"""``synthdata bench``: how fast a data set is made, and what keeps it from being made faster."""

from __future__ import annotations

import contextlib
import math
import os
import re
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, TextIO, get_args

import typer

from synthdata.cli.exits import Refused
from synthdata.cli.prints import workers_print_to_stderr
from synthdata.cli.show import (
    NOTHING,
    show_heading,
    show_json,
    show_table,
)
from synthdata.cli.target import AsJson, Pairs, Seed, Target, recipe_of
from synthdata.cli.verdict import Figures, Verdict, judge

if TYPE_CHECKING:
    from rich.progress import Progress

    from synthdata.recipe import Recipe
    from synthdata.running import Stats

FEW: Final = 10
"""Batches below which the figures are coarse: workers finish theirs at the same time."""

LOADED: Final = 0.25
"""Load average for each core of the machine, above which others are at work on it."""

PARTS: Final = 20
"""Steps of the progress bar; between two of them, nothing but what is timed runs."""


def bench(
    target: Target,
    executor: Annotated[
        str,
        typer.Option(
            help="Where samples are made: auto, inline, threads, processes, graph or ray."
        ),
    ] = "auto",
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="The Ray cluster of --executor ray: at HOST:PORT, the one of this machine (auto; "
            "also if left out), or a Ray of this command's own (local).",
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            help="Processes, threads or CPUs of a cluster; one for each core or CPU if left out."
        ),
    ] = None,
    batch_size: Annotated[int, typer.Option(help="Samples a batch.")] = 32,
    seconds: Annotated[
        float, typer.Option(help="For how long each of the two loops is timed.")
    ] = 5.0,
    step: Annotated[
        float,
        typer.Option(metavar="MS", help="Milliseconds of a training step, slept after each batch."),
    ] = 0.0,
    seed: Seed = None,
    param: Pairs = None,
    json: AsJson = False,
) -> None:
    """Time the generator alone, then the dataset that sd.build makes of it; say what limits it.

    The generator is drawn from in a plain loop on one core, with the check, before TensorFlow is
    loaded. Then a for loop takes batches of the dataset, which is repeated without an end.
    """
    load = os.getloadavg()[0]
    _check(executor, workers, batch_size, seconds, step)
    recipe = recipe_of(target, param, seed)
    options = {
        "executor": executor,
        "cluster": cluster,
        "workers": workers,
        "batch_size": batch_size,
    }
    _check_together(options)
    with _all_prints_go_to_stderr():
        _need_tensorflow()
        with _progress() as progress:
            alone = _time_alone(recipe, seconds, progress)
            timed = _time_dataset(recipe, options, seconds, step / 1000, progress)
    report = _report(recipe, alone, timed, batch_size, step, load)
    if json:
        show_json(report)
    else:
        _show(report, timed.stats)


def _check(
    executor: str, workers: int | None, batch_size: int, seconds: float, step: float
) -> None:
    from synthdata.execution import ExecutorName

    names = get_args(ExecutorName)
    for option, value, is_right, expected in (
        ("executor", executor, executor in names, f"{', '.join(names[:-1])} or {names[-1]}"),
        ("workers", workers, workers is None or workers >= 0, "0 or more"),
        ("batch-size", batch_size, batch_size >= 1, "1 or more"),
        ("seconds", seconds, 0 < seconds < math.inf, "more than 0"),
        ("step", step, 0 <= step < math.inf, "0 or more milliseconds"),
    ):
        if not is_right:
            raise Refused(f"--{option} {value}: expected {expected}")


def _check_together(options: dict[str, Any]) -> None:
    """Have options that contradict each other refused before anything is timed."""
    from synthdata.options import check_options

    check_options(options)


def _need_tensorflow() -> None:
    """Have the builder say that TensorFlow is missing before anything is timed."""
    from importlib.util import find_spec

    if find_spec("tensorflow") is None:
        import synthdata.tfdata  # noqa: F401


class _Apart:
    """Stdout for the main thread, and stderr for all others."""

    def __init__(self, own: TextIO, others: TextIO) -> None:
        self._own, self._others = own, others

    def __getattr__(self, name: str) -> Any:
        is_own = threading.current_thread() is threading.main_thread()
        return getattr(self._own if is_own else self._others, name)


@contextlib.contextmanager
def _all_prints_go_to_stderr() -> Iterator[None]:
    """Keep what plugins print out of the output, also in workers, and in threads afterwards."""
    sys.stdout = _Apart(sys.stdout, sys.stderr)
    with workers_print_to_stderr():
        yield


def _progress() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        refresh_per_second=4,
        # Not as the console sees it: FORCE_COLOR would put the bar into pipes.
        disable=not sys.stderr.isatty(),
    )


def _time_alone(recipe: Recipe, seconds: float, progress: Progress) -> float:
    """Return the samples a second of a plain loop."""
    from synthdata.seeding import Rng
    from synthdata.source import Source

    source = Source(recipe)
    draw, length, rng = source.stream.draw, len(source.indices), Rng()
    draw(0, rng)  # the first opens the generator and may fill caches
    count, began = 0, time.perf_counter()
    for part in progress.track(range(1, PARTS + 1), description="the generator alone"):
        end = began + seconds * part / PARTS
        while time.perf_counter() < end:
            draw(count % length, rng)
            count += 1
    elapsed = time.perf_counter() - began
    source.close()
    return count / elapsed


@dataclass(frozen=True, slots=True)
class Timed:
    """What was seen of a dataset.

    Attributes:
        batches: that the loop took.
        seconds: that it ran.
        waited: seconds of them in which it waited for a batch.
        idle: seconds of them that a worker had nothing to do, on average.
        executor: of the dataset.
        workers: threads or processes, or batches that a graph makes at a time.
        stats: of the dataset, since it was built; None of a graph.
        explanation: how it makes its samples.
    """

    batches: int
    seconds: float
    waited: float
    idle: float
    executor: str
    workers: int
    stats: Stats | None
    explanation: str


def _time_dataset(
    recipe: Recipe, options: dict[str, Any], seconds: float, step: float, progress: Progress
) -> Timed:
    """Consume the dataset for a while."""
    start = progress.add_task("TensorFlow and the workers start", total=None)
    from synthdata.running import GraphRun, run_of
    from synthdata.tfdata import build

    dataset = build(recipe, repeat=True, **options)
    run = run_of(dataset)
    counted = not isinstance(run, GraphRun)
    batches = iter(dataset)
    try:
        _warm_up(batches, run.workers, seconds)
        progress.remove_task(start)
        before, began = run.stats() if counted else None, time.perf_counter()
        count, slept = 0, 0.0
        for part in progress.track(range(1, PARTS + 1), description="the dataset"):
            end = began + seconds * part / PARTS
            while time.perf_counter() < end:
                next(batches)
                count += 1
                slept += _step(step)
        elapsed = time.perf_counter() - began
    except Exception as error:
        raise _ours(error) from error
    after = run.stats() if counted else None
    idle = after.idle - before.idle if after and before else 0.0
    return Timed(count, elapsed, elapsed - slept, idle, run.name, run.workers, after, run.explain())


def _step(seconds: float) -> float:
    """Train, as it were; return the seconds that it took."""
    if not seconds:
        return 0.0
    began = time.perf_counter()
    time.sleep(seconds)
    return time.perf_counter() - began


def _warm_up(batches: Any, workers: int, seconds: float) -> None:
    """Take what was made ahead, and in small portions at first; or give up."""
    from synthdata.bundles import MOST, SINGLY
    from synthdata.execution.supply import LATE_BUNDLES, on_their_way

    end = time.perf_counter() + seconds
    for _ in range(MOST * (SINGLY // 2 + on_their_way(workers, LATE_BUNDLES))):
        next(batches)
        if time.perf_counter() > end:
            return


def _ours(error: Exception) -> Exception:
    """Return the error of synthdata that TensorFlow shows as text inside one of its own."""
    from synthdata.errors import SynthDataError

    found = re.search(r"(\w+Error): (.+?)(?=\nTraceback|\Z)", str(error), re.DOTALL)
    if found is None or found[1] not in _names(SynthDataError):
        return error
    return SynthDataError(found[2].strip())


def _names(kind: type[Exception]) -> set[str]:
    return {kind.__name__}.union(*map(_names, kind.__subclasses__()))


def _report(
    recipe: Recipe, alone: float, timed: Timed, batch_size: int, step: float, load: float
) -> dict[str, Any]:
    from synthdata.execution.machine import cores

    figures = Figures(
        alone=alone,
        together=timed.batches * batch_size / timed.seconds,
        cores=timed.workers if timed.executor == "ray" else cores(),
        executor=timed.executor,
        workers=timed.workers,
        waited=timed.waited / timed.seconds,
        busy=min(max(1 - timed.idle / timed.seconds, 0.0), 1.0)
        if timed.executor in ("processes", "ray")
        else None,
    )
    verdict = judge(figures)
    return {
        "generator": recipe.generator,
        "explanation": timed.explanation,
        "stats": timed.stats and asdict(timed.stats),
        "batch_size": batch_size,
        "batches": timed.batches,
        "seconds": timed.seconds,
        "step_ms": step,
        **asdict(figures),
        "ideal": figures.ideal,
        "ratio": figures.together / figures.ideal,
        "verdict": verdict.limit,
        "reason": verdict.reason,
        "advice": list(verdict.advice),
        "cautions": _cautions(verdict, timed.batches, step, load),
    }


def _cautions(verdict: Verdict, batches: int, step: float, load: float) -> list[str]:
    cautions = []
    if not step and verdict.limit != "consumer-bound":
        cautions.append("no step was simulated: --step MS shows whether training would wait at all")
    if batches < FEW:
        cautions.append(f"only {batches} batches were timed: more --seconds give better figures")
    if load > LOADED * (os.cpu_count() or 1):
        cautions.append(
            f"the machine was at work before (load average {load:.1f}): figures differ when it is "
            "quiet"
        )
    return cautions


def _show(report: dict[str, Any], stats: Stats | None) -> None:
    typer.echo(f"{report['explanation']}\n")
    show_heading("Samples a second")
    loop = f"{report['batches']} batches of {report['batch_size']}, step {report['step_ms']:g} ms"
    if report["executor"] == "graph":
        one = f"{report['generator']}, each sample asked for by itself, and one of a block"
        rows = [("generator", "alone", one), ("sd.build", "together", loop)]
    else:
        one = f"{report['generator']} in a plain loop on one core, without TensorFlow"
        every = f"{report['cores']} × that, one for each core"
        loop = f"{report['ratio']:.2f} of the ideal; {loop}"
        rows = [
            ("generator", "alone", one),
            ("ideal", "ideal", every),
            ("sd.build", "together", loop),
        ]
    show_table(
        ("what", "rate", "how"), [(what, f"{report[key]:,.1f}", how) for what, key, how in rows]
    )
    if stats is not None:
        typer.echo()
        show_heading("sd.stats, since it was built")
        figures = (line.split(maxsplit=1) for line in str(stats).splitlines())
        show_table(("figure", "value"), [(name, *(value or [NOTHING])) for name, *value in figures])
    typer.echo()
    show_heading(report["verdict"])
    for text in (report["reason"], *report["advice"], *report["cautions"]):
        typer.echo(text if text is report["reason"] else f"- {text}")
