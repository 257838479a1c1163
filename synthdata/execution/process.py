"""One worker process, as the process that started it sees it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections import deque
from typing import Any, Final

from synthdata.ending import ending
from synthdata.errors import WorkerError
from synthdata.execution.messages import CannotStart, Ready, Reply, Request, Setting
from synthdata.execution.wire import Wire, frame

MODULE: Final = "synthdata.execution.worker"

LAST_WORDS: Final = 0.5
"""Seconds that a worker has to write down where it hangs, before it is killed."""

_ONE_THREAD: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Workers fill the cores by their number; libraries with threads of their own would fight."""


class WorkerProcess:
    """A process that makes batches; whoever made this object ends it by ``end``.

    Args:
        setting: what the worker is told first.
        slab: descriptor of the shared memory.

    Attributes:
        wire: carries Requests there and Replies back.
        outstanding: numbers of the batches that it is to make, oldest first.
        ready: whether it said that it has started.
        line: of the worker in the slab.

    Raises:
        WorkerError: if no process can be started.
    """

    def __init__(self, setting: Setting, slab: int) -> None:
        self.line = setting.line
        self.outstanding: deque[int] = deque()
        self.ready = False
        self._unsent: list[bytes] = []
        ours, theirs = socket.socketpair()
        ends, self._lifeline = os.pipe()
        self._crash = os.memfd_create("synthdata-crash", os.MFD_CLOEXEC)
        given = (theirs.fileno(), slab, ends, self._crash)
        try:
            self._process = subprocess.Popen(  # noqa: S603  # our own module
                [sys.executable, "-P", "-m", MODULE, *map(str, given)],
                pass_fds=given,
                stdin=subprocess.DEVNULL,
                env=_environment(),
                process_group=0,  # Ctrl-C in a terminal is for the process that asks
            )
        except OSError as error:
            ours.close()
            os.close(self._lifeline)
            os.close(self._crash)
            raise WorkerError(f"no worker process can be started: {error.strerror}") from error
        finally:
            theirs.close()
            os.close(ends)
        self.wire = Wire(ours)
        self._unsent.append(frame(setting))
        self.send()

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def ask(self, request: Request) -> None:
        """Ask for a batch, at ``send`` at the latest."""
        self.outstanding.append(request.number)
        # A plain tuple pickles three times as fast as one with a name.
        self._unsent.append(frame(tuple(request)))

    def send(self) -> None:
        """Send what it was asked for."""
        if self._unsent:
            with contextlib.suppress(OSError):  # it died; reading shows that
                self.wire.send(b"".join(self._unsent))
            self._unsent.clear()

    def messages(self) -> list[Ready | CannotStart | Reply]:
        """Wait for messages, and return them: Ready or CannotStart, then Replies.

        Raises:
            EOFError: if it is gone.
        """
        received = self.wire.receive()
        return [self._reply(message) if type(message) is tuple else message for message in received]

    def _reply(self, message: tuple[Any, ...]) -> Reply:
        reply = Reply(*message)
        self.outstanding.remove(reply.number)
        return reply

    def stop(self) -> None:
        """Kill it, after it had a moment to write down where it is."""
        self._process.send_signal(signal.SIGABRT)
        try:
            self._process.wait(LAST_WORDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Kill it, and wait until it is gone."""
        self._process.kill()
        self._process.wait()

    @property
    def ended_well(self) -> bool:
        """Whether a process that has ended said that all was well."""
        return self._process.returncode == 0

    def obituary(self) -> tuple[str, str]:
        """Return how a dead process ended, and where Python was, if that is known."""
        code = self._process.wait()
        trace = os.pread(self._crash, os.fstat(self._crash).st_size, 0).decode(errors="replace")
        return ending(code), trace

    def end(self, patience: float) -> None:
        """Wait for its end, or else kill it.

        Args:
            patience: seconds.
        """
        self.wire.close()
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self.kill()

    def release(self) -> None:
        """Close what belongs to it, after its end."""
        os.close(self._lifeline)
        os.close(self._crash)


def _environment() -> dict[str, str]:
    path = os.pathsep.join(entry for entry in sys.path if entry)
    limits = {name: "1" for name in _ONE_THREAD if name not in os.environ}
    return {**os.environ, **limits, "PYTHONPATH": path}
