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
    rows = ["| phase | shards | seconds | MiB | " + " | ".join(KINDS) + " |"]
    rows += ["|" + "---|" * (4 + len(KINDS))]
    for phase in PHASES:
        ours = [one for one in done if one.phase == phase]
        for one in ours:
            calls = " | ".join(f"{one.calls.get(kind, 0):,}" for kind in KINDS)
            start = f"| {phase} | {one.shards:,} | {one.seconds:,.2f} | {one.peak / 2**20:,.0f}"
            rows.append(f"{start} | {calls} |")
        if len(ours) > 1:
            grown = growth(ours[-2:])
            rows.append(f"| | exponent | {grown:.2f} | | " + " | ".join("" for _ in KINDS) + " |")
    return "\n".join(rows)


def growth(done: Sequence[Figures]) -> float:
    """Return the exponent k of the time as shards**k: 1 is linear, 2 is quadratic."""
    shards, seconds = ([getattr(one, name) for one in done] for name in ("shards", "seconds"))
    return float(np.polyfit(np.log(shards), np.log(seconds), 1)[0])


if __name__ == "__main__":
    main()
