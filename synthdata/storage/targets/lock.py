"""One writer at a time: a lock of the kernel on a folder, claims in an object store."""

from __future__ import annotations

import fcntl
import json
import os
import random
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from synthdata.errors import TargetError
from synthdata.storage.targets.target import HIDDEN, Target
from synthdata.storage.targets.trouble import explained

CLAIMS: Final = f"{HIDDEN}/lock/"
"""Where the claims of an object store lie, one object a writer."""

TRIES: Final = 3
"""Of claiming: two that claim at the same moment both give way, and try again a little later."""

PAUSE: Final = 0.5
"""Seconds between them, in the mean."""


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that writes a target.

    Attributes:
        pid: its number.
        host: name of its machine.
        since: when it took the lock, in words.
        machine: that boot of the kernel and namespace of process numbers; "" if unknown.
        started: when the process did, in ticks since the boot, as ``/proc/PID/stat`` has it.
    """

    pid: int
    host: str
    since: str
    machine: str
    started: str

    @classmethod
    def ours(cls) -> Holder:
        """Return this process."""
        pid = os.getpid()
        since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        return cls(pid, socket.gethostname(), since, machine(), started(pid))

    @classmethod
    def read(cls, data: bytes) -> Holder | None:
        """Return who wrote a lock, or None if that cannot be read."""
        try:
            return cls(**json.loads(data))
        except (ValueError, TypeError):
            return None

    def written(self) -> bytes:
        """Return the bytes for ``read``."""
        return json.dumps(asdict(self)).encode()

    @property
    def dead(self) -> bool:
        """Whether it is known that the process has ended; never of one on another machine."""
        here = machine()
        return bool(here) and self.machine == here and started(self.pid) != self.started

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host} since {self.since}"


@contextmanager
def folder_lock(target: Target, path: Path) -> Iterator[None]:
    """Hold the lock of a local folder.

    Args:
        target: for messages.
        path: the file that is locked; it stays.

    Raises:
        TargetError: at once, if another has it.
    """
    with explained(str(target), "locking"):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        with explained(str(target), "locking"):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise _held(target, Holder.read(os.pread(descriptor, 4096, 0))) from None
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, Holder.ours().written(), 0)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def claimed_lock(target: Target, break_lock: bool) -> Iterator[None]:
    """Hold the lock of an object store, which needs to have no conditional writes.

    Each writer puts an object of its own beside those of others, and only then looks for others:
    as a listing shows every object that was put before it, of two writers at least one sees the
    other, and gives way. The claim of a process of this machine that has ended is removed.

    Args:
        target: where.
        break_lock: remove the claims of others first.

    Raises:
        TargetError: if another has it.
    """
    mine = f"{CLAIMS}{secrets.token_hex(16)}"
    if break_lock:
        target.remove(target.paths(CLAIMS))
    try:
        _claim(target, mine)
        yield
    except BaseException as error:
        try:
            target.remove([mine])
        except TargetError as left:
            error.add_note(str(left))
        raise
    target.remove([mine])


def _claim(target: Target, mine: str) -> None:
    for attempt in range(TRIES):
        other = _another(target, mine)
        if other is not None:
            break
        target.write(mine, Holder.ours().written())
        other = _another(target, mine)
        if other is None:
            return
        target.remove([mine])
        time.sleep(PAUSE * (attempt + random.random()))  # noqa: S311 - no sample depends on it
    assert other is not None
    path, holder = other
    raise _held(target, holder, path)


def _another(target: Target, mine: str) -> tuple[str, Holder | None] | None:
    """Return a claim of another that may live, after having removed those of the dead."""
    for path in target.paths(CLAIMS):
        if path == mine:
            continue
        try:
            holder = Holder.read(target.read(path))
        except FileNotFoundError:
            continue
        if holder is None or not holder.dead:
            return path, holder
        target.remove([path])
    return None


def _held(target: Target, holder: Holder | None, path: str | None = None) -> TargetError:
    who = holder or "another process"
    after = "wait for its end, or end it"
    if path is not None:
        after += (
            f"; if it has ended without removing {target}/{path}, take the lock with "
            "break_lock=True (--break-lock)"
        )
    return TargetError(f"{target} is being written by {who}; {after}", target=str(target))


def machine() -> str:
    """Return this boot of the kernel and namespace of process numbers; "" if unknown."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"  # noqa: PTH115 - it names no path
    except OSError:
        return ""


def started(pid: int) -> str:
    """Return when a process started, or "" if it has ended."""
    try:
        # The name, in brackets, may have blanks and brackets itself.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (OSError, UnicodeDecodeError):
        return ""
    return "" if fields[0] in "ZX" else fields[19]
