"""Runs one command in a fresh session of processes, and leaves none of them behind."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

LIMIT = 180.0
"""Seconds that one measurement may take, imports, warm-up and exit included.

The slowest that was seen, ``from_generator`` over the heavy generator at batch 256, takes 13 s a
batch, and five of them.
"""

EXIT = 20.0
"""Seconds for the exit after the answer: TensorFlow's can hang where an iterator is alive."""

GLANCE = 0.2
GRACE = 5.0
"""Seconds in which what is left of a session may end by itself."""


def answer(command: list[str], limit: float = LIMIT) -> dict[str, Any]:
    """Run a command whose last line on stdout is a JSON object.

    Args:
        command: the program and its arguments.
        limit: seconds until it is ended.

    Returns:
        The object; or ``{"reason": …}`` if there is none. ``left`` is added where processes
        did not end by themselves; it says how many.
    """
    with tempfile.TemporaryDirectory(prefix="synthdata-bench-") as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        with out.open("w") as stdout, err.open("w") as stderr:
            # Files, not pipes: a worker that stays would keep a pipe open.
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                env={**os.environ, "TMPDIR": folder, "TF_CPP_MIN_LOG_LEVEL": "3"},
                start_new_session=True,
            )
            ending, left = _wait(process, out, limit)
        found = _last_object(out.read_text())
        if found is None:
            late = f"took more than {limit:.0f} s"
            found = {"reason": _why(ending, err.read_text()) if ending else late}
        return {**found, "left": left} if left else found


def _wait(process: subprocess.Popen[bytes], out: Path, limit: float) -> tuple[str | None, int]:
    """Return how the process ended, None at a limit, and how many had to be ended."""
    end, answered = time.monotonic() + limit, False
    try:
        while process.poll() is None and time.monotonic() < end:
            if not answered and _last_object(out.read_text()):
                answered, end = True, time.monotonic() + EXIT
            time.sleep(GLANCE)
        if process.returncode is None:
            return None, len(_session(process.pid))
        _gone(process.pid, GRACE)
        return f"exit code {process.returncode}", len(_session(process.pid))
    finally:
        _end(process.pid)
        process.wait()


def _end(session: int) -> None:
    """Kill what is left of a session, resource trackers last: they remove shared memory."""
    pids = _session(session)
    _kill(pid for pid in pids if not _is_tracker(pid))
    if pids:
        _gone(session, GRACE)
        _kill(_session(session))
    # Torch's is removed by who receives it, and has no tracker.
    for file in itertools.chain.from_iterable(
        Path("/dev/shm").glob(f"torch_{pid}_*") for pid in pids
    ):
        file.unlink(missing_ok=True)


def _kill(pids: Iterable[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _gone(session: int, seconds: float) -> None:
    end = time.monotonic() + seconds
    while _session(session) and time.monotonic() < end:
        time.sleep(0.02)


def _session(session: int) -> list[int]:
    """Return the living processes of a session."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            # pid (name) state parent group session …; the name may hold anything.
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(folder.name))
    return found


def _is_tracker(pid: int) -> bool:
    try:
        return b"resource_tracker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _last_object(text: str) -> dict[str, Any] | None:
    """Return the last line that is a JSON object; libraries may have printed around it."""
    for line in reversed(text.splitlines()):
        if line.startswith("{"):
            with contextlib.suppress(json.JSONDecodeError):
                found: dict[str, Any] = json.loads(line)
                return found
    return None


def _why(ending: str, stderr: str) -> str:
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    return f"{ending}: {lines[-1][:200]}" if lines else ending
