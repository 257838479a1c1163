"""One module imported in a process of its own, and what such a process may use of the machine.

Run as ``python -m synthdata.doctor.probe`` by fresh.py.
"""

from __future__ import annotations

import importlib
import os
from typing import Final

from synthdata.doctor.notes import cause_of, settle_in

WORKER: Final = "synthdata.execution.worker"
"""The module that worker processes run."""

NAMED_MEMORY: Final = "/dev/shm"  # noqa: S108  # looked at, not written to


def main() -> None:
    """Import the module; if it is the worker's, note cores and memory too."""
    notes, module = settle_in()
    notes.mark()
    try:
        importlib.import_module(module)
        if module == WORKER:
            notes.add(machine=_machine())
    except BaseException as error:  # noqa: BLE001  # whatever a broken package raises
        notes.add(cause=cause_of(error))
    notes.finish()


def _machine() -> dict[str, str]:
    from synthdata.execution.machine import available_memory, cores, shown

    try:
        about = os.statvfs(NAMED_MEMORY)
        free, size = about.f_bavail * about.f_frsize, about.f_blocks * about.f_frsize
        named = f"{shown(free)} free of {shown(size)}"
    except OSError as error:
        named = str(error.strerror)
    return {
        "cores": f"{cores()} usable of {os.cpu_count()}",
        "memory": f"{shown(available_memory())} available",
        NAMED_MEMORY: f"{named}; synthdata does without it",
    }


if __name__ == "__main__":
    main()
