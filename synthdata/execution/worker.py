"""The main function of a worker process: requests come in, and a job answers them.

Run as ``python -m synthdata.execution.worker`` by process.py. It imports neither TensorFlow nor
the user's main module.
"""

from __future__ import annotations

import contextlib
import faulthandler
import fcntl
import os
import pickle
import resource
import select
import signal
import socket
import sys
from collections import deque
from pathlib import Path
from typing import Any

from synthdata.execution.messages import CannotStart, Ready, Reply, Request, Setting
from synthdata.execution.slab import Slab
from synthdata.execution.watch import Watch
from synthdata.execution.wire import Wire, frame
from synthdata.execution.work import Hand, Job
from synthdata.tuning import tune_process


def main() -> None:
    """Serve until the other process closes the connection, or is gone."""
    connection, slab, lifeline, crash = map(int, sys.argv[1:])
    die_with(lifeline)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # When memory runs out, the kernel is to take a worker rather than the training.
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")
    faulthandler.enable(crash)
    serve(Wire(socket.socket(fileno=connection)), slab)


def die_with(lifeline: int) -> None:
    """Have the kernel end this process when the other end of a pipe is closed.

    SIGIO ends a process that does not handle it, whatever it is doing. PR_SET_PDEATHSIG would do
    so when the *thread* ends that started the worker.
    """
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)
    poll = select.poll()
    poll.register(lifeline, 0)
    if poll.poll(0):  # it was closed before
        os._exit(0)


def serve(wire: Wire, slab: int) -> None:
    """Read the setting, then make batches until the other end is closed."""
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        _serve(Inbox(wire), wire, slab)


def _serve(inbox: Inbox, wire: Wire, descriptor: int) -> None:
    setting: Setting = inbox.take()
    try:
        settle_in(setting)
        job: Job = pickle.loads(setting.work)  # noqa: S301  # from the process that started us
        stream = job.stream()
        loaded = "tensorflow" in sys.modules
        stream.open()
    except (Exception, SystemExit) as error:  # noqa: BLE001  # goes to whoever started us
        wire.send(frame(CannotStart(f"{type(error).__name__}: {error}")))
        return
    slab = Slab(*setting.slab, descriptor)
    watch = Watch(slab.line(setting.line))
    hand = job.hand(stream, watch, slab)
    tune_process()
    wire.send(frame(Ready(loads_tensorflow=loaded)))
    try:
        watch.idle()
        while inbox.wait(setting.patience):
            watch.busy()
            # A plain tuple pickles three times as fast as one with a name.
            wire.send(frame(tuple(answer(Request(*inbox.take()), hand, watch))))
            watch.idle()
    finally:
        stream.close()


class Inbox:
    """The messages that have come and were not taken.

    Args:
        wire: they come by.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._messages: deque[Any] = deque()
        self._poll = select.poll()
        self._poll.register(wire, select.POLLIN)

    def wait(self, patience: float) -> bool:
        """Wait for a message, so many seconds at the longest; return whether there is one."""
        return bool(self._messages or self._poll.poll(patience * 1000))

    def take(self) -> Any:
        """Wait for a message, and return it.

        Raises:
            EOFError: if the other end is closed.
        """
        while not self._messages:
            self._messages += self._wire.receive()
        return self._messages.popleft()


def settle_in(setting: Setting) -> None:
    """Make imports and the environment what they are in the other process."""
    sys.path[:] = setting.path
    if setting.pythonpath is None:
        os.environ.pop("PYTHONPATH", None)
    else:
        os.environ["PYTHONPATH"] = setting.pythonpath


def answer(request: Request, hand: Hand, watch: Watch) -> Reply:
    """Do what one request says."""
    watch.fatal = request.fatal
    reply = hand(request)
    watch.rest()
    watch.advance(0)  # whoever gets the reply counts its samples
    if reply.error is not None and reply.failures and not hasattr(reply.error, "__notes__"):
        # The exception itself, with its frames, stays in this process.
        reply.error.add_note(f"In worker process {os.getpid()}:\n{reply.failures[-1].traceback}")
    return reply


if __name__ == "__main__":
    main()
