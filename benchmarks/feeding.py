"""Samples a second of ``executor="ray"`` against ``executor="processes"``, on this machine alone.

Both have as many workers as there are cores. Ray's own processes and the consumer share these
cores with them, as they would not on a cluster. The two take turns, several rounds of them in one
run, and a ratio is that of one round: machines are noisy, neighbours in time are less so.

    python benchmarks/feeding.py [--generators shapes-v1 tiny …] [--batch 32] [--rounds 5]
"""

from __future__ import annotations

import argparse
import os
import statistics
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from generators import GENERATORS
from measure import by_for, run, warm_up
from peers import machine

import synthdata as sd
from synthdata.execution import ExecutorName

EXECUTORS: dict[ExecutorName, dict[str, Any]] = {
    "processes": {},
    "ray": {"cluster": "local"},
}


def options() -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    names = ["shapes-v1", *GENERATORS]
    parser.add_argument("--generators", nargs="+", choices=names, default=names, metavar="NAME")
    parser.add_argument("--batch", type=int, default=32, help="samples a batch")
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each executor")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    return parser.parse_args()


def rates(name: str, given: argparse.Namespace) -> dict[ExecutorName, list[float]]:
    """Return the samples a second of each round, by executor."""
    generator = GENERATORS[name]() if name in GENERATORS else name
    datasets = {
        executor: sd.build(generator, batch_size=given.batch, executor=executor, **more)
        for executor, more in EXECUTORS.items()
    }
    found: dict[ExecutorName, list[float]] = {executor: [] for executor in datasets}
    for _ in range(given.rounds):
        for executor, dataset in datasets.items():
            advance = by_for(iter(dataset))
            done, elapsed = run(advance, warm_up(advance), given.seconds)
            found[executor].append(done * given.batch / elapsed)
    return found


def main() -> None:
    """Print the median of each executor and the ratios of the rounds, a line for each generator."""
    given = options()
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    print(f"load average {os.getloadavg()[0]:.1f}, batches of {given.batch}", end="\n\n")
    # Ray stays from the first to the last.
    keep = sd.build("shapes-v1", executor="ray", cluster="local", samples=given.batch)
    for name in given.generators:
        found = rates(name, given)
        ratios = [ray / local for local, ray in zip(*found.values(), strict=True)]
        medians = [f"{executor} {statistics.median(each):,.0f}" for executor, each in found.items()]
        spread = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        print(f"{name:10} {', '.join(medians)} samples/s; ratio {spread}", flush=True)
    del keep


if __name__ == "__main__":
    main()
