"""synthdata against the usual ways to feed Python samples to a model, and against the ideal.

Each measurement has a fresh process. The contenders of a case (generator, batch, consumption) take
turns, several rounds of them, and the ratios are those of the medians: machines are noisy, ratios
of one run are less so. "Loops at once" is the ideal: as many plain loops as there are cores, each
in a process, measured together. Peers that are no ``tf.data.Dataset`` are consumed by a Python
``for`` only; inside a ``tf.function`` the others are compared with that figure of theirs.

    python benchmarks/peers.py [--quick] [--generators tiny shapes] [--json FILE] [--plot FILE]
"""

from __future__ import annotations

import argparse
import itertools
import json
import platform
import signal
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, get_args

from contenders import CONTENDERS, CORES, WORKERS, Unavailable
from fresh import answer
from measure import How, measure
from plot import plot
from report import Case, Measurement, Report
from rich.console import Console
from rich.progress import Progress
from workloads import WORKLOADS

PACKAGES = (
    "synthdata",
    "tensorflow-cpu",
    "tensorflow",
    "keras",
    "numpy",
    "pillow",
    "torch",
    "grain",
)


def options() -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--generators", nargs="+", choices=WORKLOADS, default=list(WORKLOADS))
    parser.add_argument("--batches", nargs="+", type=int, default=[32, 256])
    parser.add_argument(
        "--contenders",
        nargs="+",
        choices=CONTENDERS,
        default=list(CONTENDERS),
        metavar="NAME",
        help=f"of {', '.join(map(repr, CONTENDERS))}",
    )
    parser.add_argument("--how", nargs="+", choices=get_args(How), default=list(get_args(How)))
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each contender")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    parser.add_argument("--quick", action="store_true", help="one round of one second")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the ratios there")
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.quick:
        given.rounds, given.seconds = 1, 1.0
    return given


def one(name: str, generator: str, batch: str, how: How, seconds: float) -> dict[str, Any]:
    """Measure in this process; return the figures, or the reason why there are none."""
    try:
        return asdict(measure(name, generator, int(batch), how, seconds))
    except Unavailable as error:
        return {"reason": f"skipped: {error}"}
    except Exception as error:  # noqa: BLE001  # whatever a contender raises, the others go on
        return {"reason": f"failed: {type(error).__name__}: {' '.join(str(error).split())[:300]}"}


def plan(given: argparse.Namespace) -> Iterator[Measurement]:
    """Yield what is to be measured, in order: the contenders of a case take turns."""
    for generator, batch in itertools.product(given.generators, given.batches):
        for how, turn in itertools.product(given.how, range(given.rounds)):
            for name in given.contenders:
                contender = CONTENDERS[name]
                fits = not contender.into or WORKLOADS[generator].into is not None
                # The loops are the ideal of either consumption, so they run with the first.
                first = how == given.how[0] if contender.kind == "loop" else how == "for"
                if fits and (contender.is_dataset or first):
                    way: How = how if contender.is_dataset else "for"
                    yield Measurement(generator, batch, way, name, turn)


def measured(planned: list[Measurement], seconds: float) -> list[Measurement]:
    """Measure all that is planned; after Ctrl-C, return what there is until then."""
    done: list[Measurement] = []
    failed: set[tuple[Case, str]] = set()
    try:
        with Progress(*Progress.get_default_columns(), console=Console(stderr=True)) as progress:
            bar = progress.add_task("", total=len(planned))
            for empty in planned:
                key = (empty.case, empty.contender)
                progress.update(bar, description=f"{empty.case}: {empty.contender}")
                if key not in failed:
                    done.append(in_fresh_process(empty, seconds))
                if done[-1].rate is None:
                    failed.add(key)
                progress.advance(bar)
    except KeyboardInterrupt:
        print("interrupted; what follows is what was measured until then", file=sys.stderr)
    return done


def in_fresh_process(empty: Measurement, seconds: float) -> Measurement:
    """Return the measurement with its figures, or with the reason why there are none."""
    which = [empty.contender, empty.generator, str(empty.batch), empty.how]
    command = [sys.executable, __file__, "--seconds", str(seconds), "--one", *which]
    return Measurement(**{**asdict(empty), **answer(command)})


def machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    cpu = Path("/proc/cpuinfo").read_text()
    models = [line.partition(":")[2].strip() for line in cpu.splitlines() if "model name" in line]
    installed = {
        dist.name.lower().replace("_", "-"): dist.version for dist in metadata.distributions()
    }
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": CORES,
        "workers": WORKERS,
        "cpu": models[0] if models else platform.processor(),
        "python": platform.python_version(),
        **{name: installed[name] for name in PACKAGES if name in installed},
    }


def write(file: Path, about: dict[str, Any], done: list[Measurement]) -> None:
    """Write every figure of every round."""
    figures = [asdict(measurement) for measurement in done]
    file.write_text(json.dumps({"machine": about, "measurements": figures}, indent=1) + "\n")


def main() -> None:
    """Measure, and print the tables."""
    given = options()
    if given.one:
        name, generator, batch, how = given.one
        print(json.dumps(one(name, generator, batch, how, given.seconds)), flush=True)
        return
    # So that the process under way is ended here too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    about = machine()
    done = measured(list(plan(given)), given.seconds)
    cases = itertools.starmap(Case, itertools.product(given.generators, given.batches, given.how))
    report = Report(done, cases)
    print(", ".join(f"{name} {value}" for name, value in about.items()), end="\n\n")
    for case in report.cases:
        print(report.table(case), end="\n\n")
    print(f"## Summary\n\n{report.summary()}")
    if given.json:
        write(given.json, about, done)
    if given.plot:
        print(f"\n{plot(report, given.plot)}")


if __name__ == "__main__":
    main()
