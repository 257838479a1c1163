"""Take batches of a cluster until somebody ends this: CLUSTER, and "exit" to end after one."""

from __future__ import annotations

import sys

from tests.cluster.feeding import build
from tests.execution.generators import Slow

if __name__ == "__main__":
    dataset = build(Slow(seconds=0.05), sys.argv[1], samples=None, workers=1)
    iterator = iter(dataset)
    next(iterator)
    print("fed", flush=True)
    while sys.argv[2:] != ["exit"]:
        next(iterator)
