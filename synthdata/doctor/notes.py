"""What a process that may die at any moment writes down about its work, for whoever started it.

Each note is a line of JSON, and the file is open only while one is written: whatever a plugin does
with its own output, or with descriptors that it did not open, no note is lost or made up.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import resource
import signal
import sys
import traceback
from pathlib import Path
from typing import Any, Final, NoReturn

NOTES: Final = "notes"
TRACE: Final = "trace"
"""Files in the folder that both processes know: the notes, and where Python was when it died."""

WIDTH: Final = 400
"""Longest cause that is passed on, in characters."""

_DIE_WITH_PARENT: Final = 1
"""PR_SET_PDEATHSIG of ``prctl``; the thread that starts the process lives as long as it does."""


class Notes:
    """The notes of this process, and the marks in its output.

    Args:
        folder: where the file is.
        mark: what tells the output of a plugin from that before and after.
    """

    def __init__(self, folder: str, mark: str) -> None:
        self._path = str(Path(folder) / NOTES)
        self._mark = mark.encode()
        self._owner = os.getpid()

    def add(self, **note: Any) -> None:
        """Write a note."""
        if os.getpid() != self._owner:
            os._exit(0)  # a copy that a plugin has forked goes no further
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, (json.dumps(note) + "\n").encode())
        finally:
            os.close(file)

    def finish(self) -> NoReturn:
        """Note that all is done, and end the process, whatever threads a plugin has left in it."""
        self.add(done=True)
        os._exit(0)

    def mark(self) -> None:
        """Put the mark into the output of this process, if a plugin has left it open."""
        with contextlib.suppress(OSError):
            os.write(1, self._mark)


def settle_in() -> tuple[Notes, Any]:
    """Return the notes of this process, which dies with its parent, and what it was asked."""
    folder, mark, request = sys.argv[1:]
    sys.argv[:] = ["synthdata", "doctor"]  # a plugin that reads them finds what a user would type
    _die_with_parent()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    trace = os.open(str(Path(folder) / TRACE), os.O_WRONLY | os.O_CREAT, 0o600)
    faulthandler.enable(trace, all_threads=False)
    return Notes(folder, mark), json.loads(request)


def _die_with_parent() -> None:
    import ctypes  # some Pythons lack it; the parent, which imports this module too, needs none

    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)


def one_line(text: str) -> str:
    r"""Return a text that is fit for a table: one line, not endless, nothing that moves a cursor.

    >>> one_line("no\n  such \x1b[2J file")
    'no such �[2J file'
    """
    line = "".join(char if char.isprintable() else "�" for char in " ".join(text.split()))
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"


def cause_of(error: BaseException) -> str:
    """Return what an error says; an error of ours says everything, of others also the place.

    >>> cause_of(KeyError("size"))
    "KeyError: 'size'"
    """
    from synthdata.errors import SynthDataError

    try:
        message = str(error)
    except Exception:  # noqa: BLE001  # a plugin's exception may fail at that too
        message = "its message cannot be had"
    if isinstance(error, SynthDataError):
        return one_line(message)
    frames = traceback.extract_tb(error.__traceback__)
    files = [frame for frame in frames if not frame.filename.startswith(("<", _HERE))]
    where = f" [{files[-1].filename}:{files[-1].lineno}]" if files else ""
    return one_line(f"{type(error).__name__}: {message}") + where


_HERE: Final = str(Path(__file__).parent)
