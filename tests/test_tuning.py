"""The switch for garbage collection and the allocator, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import textwrap

SCRIPT = """
    import gc, resource, sys
    import numpy as np
    import synthdata as sd
    if sys.argv[1] == "tuned":
        sd.tune_process()
    def arrays():
        # More at once than glibc keeps by itself: twice the largest array.
        made = [np.ones(20_000_000, np.uint8) for _ in range(4)]
    def objects():
        made = [bytes(100) for _ in range(20_000)]
    def faults(use):
        for _ in range(3):
            use()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        for _ in range(20):
            use()
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
    print(gc.get_freeze_count(), faults(arrays), faults(objects))
"""


def run(way: str) -> tuple[int, int, int]:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SCRIPT), way],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    frozen, arrays, objects = map(int, done.stdout.split())
    return frozen, arrays, objects


def test_tuning_freezes_what_there_is_and_keeps_freed_memory() -> None:
    frozen, arrays, objects = run("plain")
    assert frozen == 0
    assert arrays > 400
    assert objects > 400
    tuned_frozen, tuned_arrays, tuned_objects = run("tuned")
    assert tuned_frozen > 10_000
    assert tuned_arrays < arrays / 10
    assert tuned_objects < objects / 10
