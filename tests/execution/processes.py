"""What tests of processes have in common: scripts, pids that are gone, and states to wait for."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).parents[2]


def until(condition: Callable[[], bool], limit: float, what: str) -> float:
    """Wait for a state; return the seconds it took, or fail after the limit."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < limit, f"not within {limit} s: {what}"
        time.sleep(0.005)
    return time.monotonic() - began


def gone(pid: int) -> bool:
    """Tell whether a process has ended; one that nobody has waited for yet has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def all_gone(pids: Iterable[int]) -> bool:
    return all(map(gone, pids))


def holders_of_slabs() -> set[int]:
    """Return the processes that have a slab mapped."""
    found = set()
    for maps in Path("/proc").glob("[0-9]*/maps"):
        try:
            if "memfd:synthdata" in maps.read_text():
                found.add(int(maps.parent.name))
        except (OSError, ValueError):
            continue
    return found


def children() -> set[int]:
    """Return the processes that this one has started and that have not ended."""
    listed = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    pids = {int(pid) for one in listed for pid in one.read_text().split()}
    return {pid for pid in pids if not gone(pid)}


def slabs_here() -> int:
    """Return how many slabs this process has mapped."""
    gc.collect()
    return Path("/proc/self/maps").read_text().count("memfd:synthdata ")


def start(script: str, *arguments: str) -> subprocess.Popen[str]:
    """Start a script that can import the tests' generators, in a session of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )
