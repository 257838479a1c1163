"""Processes that fill one entry, are killed at any moment, or do it together."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

from synthdata.storage.cache.folder import entries, rows
from synthdata.storage.cache.segment import BOOT, SEAL
from tests.storage.cache.caching import (
    batches,
    calls,
    fill,
    filled_work,
    looks,
    refuse,
    starter,
)

ROOT = Path(__file__).parents[3]


FILLING = """
import os, sys
from tests.storage.cache.caching import fill, filled_work
work = filled_work()
print("ready", flush=True)
for _ in sys.stdin:
    child = os.fork()
    if child == 0:
        fill(work)
        os._exit(0)
    print(child, flush=True)
    print(os.waitpid(child, 0)[1], flush=True)
"""


class Filling:
    """A process that has processes fill the entry of ``filled_work``, one after the other."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", FILLING],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert self._said() == "ready"

    def _said(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()

    def begin(self) -> int:
        """Start one; return its number."""
        assert self._process.stdin
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        return int(self._said())

    def end(self) -> int:
        """Wait for it to end; return how it did."""
        return os.waitstatus_to_exitcode(int(self._said()))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()


def filled() -> int:
    """How many samples are in the cache."""
    return sum(rows(kept) for kept in entries())


def test_a_process_that_is_killed_at_any_moment_leaves_right_samples() -> None:
    chance = random.Random(5)
    work = filled_work()
    plain = looks(batches(work, starter(work), caching=False))
    found = [0]
    with Filling() as filling:
        for number in range(10):
            child = filling.begin()
            until = time.monotonic() + 20
            while number % 2 and filled() == found[-1] and time.monotonic() < until:
                pass
            time.sleep(chance.uniform(0, 0.04))
            os.kill(child, signal.SIGKILL)
            assert filling.end() == -signal.SIGKILL
            found.append(filled())
    assert found == sorted(found)
    assert 0 < found[-1] < 240
    before = calls()
    assert looks(fill(work)) == plain
    assert calls() - before < 240 - found[-1] + 5  # of a batch, part may be there
    assert looks(batches(work, refuse)) == plain


def test_processes_that_fill_an_entry_at_once_and_this_one_get_the_same() -> None:
    work = filled_work()
    plain = looks(batches(work, starter(work), caching=False))
    with Filling() as one, Filling() as two:
        one.begin()
        two.begin()
        assert looks(fill(work)) == plain
        assert (one.end(), two.end()) == (0, 0)
    assert looks(batches(work, refuse)) == plain
    assert len(entries()) == 1


EXITING = """
from synthdata.execution import EXIT_GATE
from tests.storage.cache.caching import *
work = work_of(Fixed())
executor = cached(work, starter(work)).executor
executor.batch(0)
EXIT_GATE.close()
"""


def test_a_process_that_exits_brings_what_it_kept_to_the_disk() -> None:
    subprocess.run([sys.executable, "-W", "error", "-c", EXITING], check=True, cwd=ROOT)
    [kept] = entries()
    assert rows(kept) == 6
    [seal] = kept.folder.glob(f"*/{SEAL}")
    (seal.parent / BOOT).write_text("another")
    assert rows(kept) == 6
