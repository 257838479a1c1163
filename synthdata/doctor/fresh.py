"""A module of ours in a fresh process: what it noted, what was printed, and how it ended."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import select
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from synthdata.doctor.notes import NOTES, TRACE, one_line
from synthdata.ending import ending

PATIENCE: Final = 60.0
"""Seconds for Python and synthdata itself to start; the time limit of a plugin begins after."""

LAST_WORDS: Final = 0.5
"""Seconds that a process has to write down where it hangs, before it is killed."""

_KEPT: Final = 2**16
"""Bytes of the output that are kept; the rest is read and dropped."""

_PAUSE: Final = 0.01
"""Seconds between two looks at whether the process has ended."""

_PLACE: Final = re.compile(r'File "(.*)", line (\d+)')


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a process.

    Attributes:
        notes: what it noted, in order.
        printed: what came out between its two marks; after the one, or at all, where it died.
        seconds: from its start to its end.
        end: how it ended, as ``ended with exit code 3``; empty if it ended as it should.
        hung: whether it met the time limit.
        place: ``file:line`` of Python where it hung or crashed, or empty.
    """

    notes: tuple[dict[str, Any], ...]
    printed: str
    seconds: float
    end: str
    hung: bool
    place: str

    def last(self, key: str) -> Any:
        """Return what was last noted under a key, or None."""
        return next((note[key] for note in reversed(self.notes) if key in note), None)


def run(module: str, request: object, timeout: float) -> Outcome:
    """Run ``python -m module`` in a session of its own; nothing of its group outlives this.

    Args:
        module: of ours; its ``main`` begins with ``settle_in`` and ends with the note ``done``.
        request: what it is asked, as JSON.
        timeout: seconds from its first mark on.
    """
    with tempfile.TemporaryDirectory(prefix="synthdata-doctor-") as folder:
        mark = secrets.token_hex(16)
        command = [sys.executable, "-P", "-u", "-m", module, folder, mark, json.dumps(request)]
        began = time.monotonic()
        try:
            process = subprocess.Popen(  # noqa: S603  # our own module
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                start_new_session=True,  # and without a terminal that a plugin could wait for
            )
        except OSError as error:
            return Outcome((), "", 0.0, f"cannot be started: {error.strerror}", False, "")
        watched = _Watched(process, mark.encode(), timeout)
        hung = watched.wait()
        seconds = time.monotonic() - began
        notes = _notes(Path(folder) / NOTES)
        if any("done" in note for note in notes):
            return Outcome(notes, watched.printed, seconds, "", False, "")
        end = f"took longer than {watched.limit:g} s" if hung else ending(process.returncode)
        place = _place(Path(folder) / TRACE)
        return Outcome(notes, watched.printed, seconds, end, hung, place)


class _Watched:
    """A process whose output is read while it is waited for, and that is then killed for good.

    Attributes:
        limit: seconds that it had, or has, for what it is at.
    """

    def __init__(self, process: subprocess.Popen[bytes], mark: bytes, timeout: float) -> None:
        assert process.stdout is not None
        self._process, self._pipe = process, process.stdout
        self._mark, self._timeout = mark, timeout
        self.limit = PATIENCE
        self._began = time.monotonic()
        self._output = bytearray()
        self._open = True

    @property
    def printed(self) -> str:
        """What came out between the marks, or all if it never came to the first."""
        output = bytes(self._output).decode(errors="replace")
        before, mark, after = output.partition(self._mark.decode())
        return after.partition(mark)[0] if mark else before

    def wait(self) -> bool:
        """Wait for the process's end, kill what is left of its group; tell whether it hung."""
        try:
            while not (ended := self._has_ended()) and time.monotonic() < self._began + self.limit:
                self._read(_PAUSE)
            if not ended:
                self._ask_for_last_words()
        finally:
            # The process is not yet waited for, so its number is still that of the group.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._drain()
        self._pipe.close()
        return not ended

    def _ask_for_last_words(self) -> None:
        os.kill(self._process.pid, signal.SIGABRT)
        limit = time.monotonic() + LAST_WORDS
        while not self._has_ended() and time.monotonic() < limit:
            self._read(_PAUSE)

    def _has_ended(self) -> bool:
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self._process.pid, options) is not None

    def _drain(self) -> None:
        while self._open and len(self._output) < _KEPT and self._read(0):
            pass

    def _read(self, patience: float) -> bool:
        if not self._open:
            time.sleep(patience)
            return False
        if not select.select([self._pipe], [], [], patience)[0]:
            return False
        part = os.read(self._pipe.fileno(), _KEPT)
        self._open = part != b""
        unmarked = self._mark not in self._output
        self._output += part[: _KEPT - len(self._output)]
        if unmarked and self._mark in self._output:
            self.limit, self._began = self._timeout, time.monotonic()
        return True


def _notes(file: Path) -> tuple[dict[str, Any], ...]:
    if not file.exists():
        return ()
    found = []
    for line in file.read_bytes().splitlines():
        with contextlib.suppress(ValueError):  # the last, if it died while writing it
            found.append(json.loads(line))
    return tuple(found)


def _place(file: Path) -> str:
    """The innermost line that is not of Python's own library, or else the innermost."""
    text = file.read_text(errors="replace") if file.exists() else ""
    places = _PLACE.findall(text)
    own = (place for place in places if not _is_of_python(place[0]))
    return one_line(":".join(next(own, places[0]))) if places else ""


def _is_of_python(name: str) -> bool:
    library = str(Path(os.__file__).parent)
    return name.startswith("<") or (name.startswith(library) and "-packages" not in name)
