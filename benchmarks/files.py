"""Data sets in files: writing with two workers, against TFDS's writer, and reading by ``sd.read``.

Each measurement has a fresh process. The contenders of a case take turns, several rounds of them,
and a ratio is that of one round: machines are noisy, neighbours in time are less so. Files lie in
the folder of temporary files (TMPDIR). What is read is written once, and in the page cache.

    python benchmarks/files.py [--samples N] [--cases write for function format cluster]
"""

from __future__ import annotations

import argparse
import itertools
import json
import signal
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

from contenders import Unavailable
from fresh import answer
from measure import How
from peers import machine
from ratios import Measurement, Ratios
from rich.console import Console
from rich.progress import Progress
from writing import CLUSTERS, FORMATS, WRITERS, by_synthdata, measure

CASES = {
    "write": list(WRITERS),
    "for": ["sd.read", "by hand"],
    "function": ["sd.read", "by hand"],
    "format": list(FORMATS),
    "cluster": list(CLUSTERS),
}
"""The contenders of each case: writers, readers by a for and in a tf.function, formats."""

TITLES = {
    "write": "Writing {samples:,} images of shapes-v1 as TFRecord, PNG",
    "for": "Reading them in batches of 32, by a Python for",
    "function": "Reading them in batches of 32, in a tf.function",
    "format": "Writing {samples:,} images of shapes-v1 with two workers",
    "cluster": "Writing {samples:,} images of shapes-v1 by a Ray that runs already",
}

LIMIT = 1800.0
"""Seconds that one measurement may take."""


def options() -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--samples", type=int, default=20_000, help="that are written and read")
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each contender")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each reading")
    parser.add_argument(
        "--cases", nargs="+", choices=CASES, default=["write", "for", "function"], metavar="CASE"
    )
    names = dict.fromkeys(itertools.chain.from_iterable(CASES.values()))
    parser.add_argument(
        "--contenders",
        nargs="+",
        choices=names,
        default=list(names),
        metavar="NAME",
        help=f"of {', '.join(map(repr, names))}",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    return parser.parse_args()


def one(case: str, contender: str, folder: str, given: argparse.Namespace) -> dict[str, Any]:
    """Measure in this process; return the figures, or the reason why there are none."""
    try:
        if case in ("for", "function"):
            import reading  # TensorFlow

            return asdict(reading.measure(contender, folder, cast(How, case), given.seconds))
        writers = {"write": WRITERS, "format": FORMATS, "cluster": CLUSTERS}[case]
        return asdict(measure(writers[contender], given.samples))
    except (Unavailable, ImportError) as error:
        return {"reason": f"skipped: {error}"}
    except Exception as error:  # noqa: BLE001  # whatever a contender raises, the others go on
        return {"reason": f"failed: {type(error).__name__}: {' '.join(str(error).split())[:300]}"}


def plan(given: argparse.Namespace) -> Iterator[Measurement]:
    """Yield what is to be measured, in order: the contenders of a case take turns."""
    for case, turn in itertools.product(given.cases, range(given.rounds)):
        for contender in CASES[case]:
            if contender in given.contenders:
                yield Measurement(case, contender, turn)


def measured(given: argparse.Namespace, folder: str) -> list[Measurement]:
    """Measure all that is planned; after Ctrl-C, return what there is until then."""
    done: list[Measurement] = []
    planned = list(plan(given))
    try:
        if {"for", "function"} & set(given.cases):
            by_synthdata(None)(given.samples, folder)
        with Progress(*Progress.get_default_columns(), console=Console(stderr=True)) as progress:
            bar = progress.add_task("", total=len(planned))
            for empty in planned:
                progress.update(bar, description=f"{empty.case}: {empty.contender}")
                done.append(in_fresh_process(empty, folder, given))
                progress.advance(bar)
    except KeyboardInterrupt:
        print("interrupted; what follows is what was measured until then", file=sys.stderr)
    return done


def in_fresh_process(empty: Measurement, folder: str, given: argparse.Namespace) -> Measurement:
    """Return the measurement with its figures, or with the reason why there are none."""
    sizes = ["--samples", str(given.samples), "--seconds", str(given.seconds)]
    command = [sys.executable, __file__, *sizes, "--one", empty.case, empty.contender, folder]
    return Measurement(**{**asdict(empty), **answer(command, LIMIT)})


def main() -> None:
    """Measure, and print the tables."""
    given = options()
    if given.one:
        case, contender, folder = given.one
        print(json.dumps(one(case, contender, folder, given)), flush=True)
        return
    # So that the process under way is ended here too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    about = {**machine(), "samples": given.samples}
    with tempfile.TemporaryDirectory(prefix="synthdata-bench-") as folder:
        done = measured(given, f"{folder}/shapes")
    report = Ratios(done)
    print(", ".join(f"{name} {value}" for name, value in about.items()), end="\n\n")
    for case in report.cases:
        title = TITLES[case].format(samples=given.samples)
        print(f"## {title}\n\n{report.table(case)}", end="\n\n")
    print(f"## Ratios\n\n{report.claims()}")
    if given.json:
        figures = [asdict(measurement) for measurement in done]
        text = json.dumps({"machine": about, "measurements": figures}, indent=1)
        given.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
