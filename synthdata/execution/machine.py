"""What this process may use of the machine: cores and memory."""

from __future__ import annotations

import os
from pathlib import Path

_CGROUPS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
    ),
)
"""Limit and usage of the container, as versions 2 and 1 of control groups show them."""


def cores() -> int:
    """Return how many cores this process may use: of the machine, or of its container."""
    count = len(os.sched_getaffinity(0))
    quota = Path("/sys/fs/cgroup/cpu.max")
    if quota.is_file() and (limit := quota.read_text().split())[0] != "max":
        count = min(count, max(int(limit[0]) // int(limit[1]), 1))
    return count


def available_memory() -> int:
    """Return the bytes that are available: of the machine, or what a container leaves of them."""
    found = [_machine()]
    for limit, usage in _CGROUPS:
        if Path(limit).is_file() and (most := Path(limit).read_text().strip()) != "max":
            found.append(int(most) - int(Path(usage).read_text()))
    return max(min(found), 0)


def _machine() -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name == "MemAvailable":
            return int(rest.split()[0]) * 1024
    raise RuntimeError("/proc/meminfo has no line MemAvailable")


def shown(size: float) -> str:
    """Return a number of bytes in binary units.

    >>> shown(96 * 2**20)
    '96.0 MiB'
    """
    for unit in ("bytes", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.1f} {unit}" if unit != "bytes" else f"{size:.0f} bytes"
        size /= 1024
    return f"{size:.1f} GiB"
