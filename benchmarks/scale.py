"""Plan, resume, verify and merge data sets of up to 100,000 shards, of which hardly a byte is made.

    python benchmarks/scale.py                        # 10^7, 10^8 and 10^9 samples
    python benchmarks/scale.py --shards 1000 10000    # a quick look

The target is a folder that counts what an object store would be asked. Memory is the resident
memory of the process, at its peak during a phase. See docs/cluster.md for what came of it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
from scaled import PHASES, STEPS, Figures

KINDS = ("list", "head", "get", "put", "delete")


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--shards", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--samples", type=int, default=10_000, help="of each shard")
    parser.add_argument("--step", choices=STEPS, help="measure one step in this process")
    parser.add_argument("--url", help="of the target of that step")
    given = parser.parse_args()
    if given.step:
        done = STEPS[given.step](given.url, given.shards[0], given.samples)
        print(json.dumps([asdict(figures) for figures in done]))
    else:
        every = [one for shards in given.shards for one in measured(shards, given.samples)]
        print(table(every))


def measured(shards: int, samples: int) -> list[Figures]:
    """Take all steps, each in a fresh process.

    Args:
        shards: how many.
        samples: of each.
    """
    with tempfile.TemporaryDirectory(prefix="synthdata-bench-") as folder:
        done: list[Figures] = []
        for step in STEPS:
            command = [sys.executable, __file__, "--step", step, "--url", f"counted://{folder}/set"]
            command += ["--shards", str(shards), "--samples", str(samples)]
            told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
            done += [Figures(**figures) for figures in json.loads(told)]
            print(f"{shards:,} shards: {step}", file=sys.stderr)
        return done


def table(done: Sequence[Figures]) -> str:
    """Return the figures as a table, and how they grow.

    Args:
        done: of several numbers of shards.
    """
    rows = ["| phase | shards | seconds | of a CPU | MiB | " + " | ".join(KINDS) + " |"]
    rows += ["|" + "---|" * (5 + len(KINDS))]
    for phase in PHASES:
        ours = [one for one in done if one.phase == phase]
        for one in ours:
            calls = " | ".join(f"{one.calls.get(kind, 0):,}" for kind in KINDS)
            time = f"{one.seconds:,.1f} | {one.cpu:,.1f} | {one.peak / 2**20:,.0f}"
            rows.append(f"| {phase} | {one.shards:,} | {time} | {calls} |")
        if len(ours) > 1:
            cpu, memory = (growth(ours[-2:], name) for name in ("cpu", "peak"))
            rows.append(f"| | growth | | {cpu:.2f} | {memory:.2f} |" + " |" * len(KINDS))
    return "\n".join(rows)


def growth(done: Sequence[Figures], name: str) -> float:
    """Return the k of a figure that grows as shards**k: 1 is linear, 2 is quadratic."""
    shards, figures = ([getattr(one, each) for one in done] for each in ("shards", name))
    return float(np.polyfit(np.log(shards), np.log(figures), 1)[0])


if __name__ == "__main__":
    main()
