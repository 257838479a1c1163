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
import sys
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

from synthdata.execution.messages import CannotStart, Ready, Reply, Request, Setting
from synthdata.execution.slab import Slab
from synthdata.execution.watch import Watch
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
    serve(Connection(connection), slab)


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


def serve(connection: Connection, descriptor: int) -> None:
    """Read the setting, then make batches until the other end is closed."""
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        _serve(connection, descriptor)


def _serve(connection: Connection, descriptor: int) -> None:
    setting: Setting = connection.recv()
    try:
        settle_in(setting)
        job: Job = pickle.loads(setting.work)  # noqa: S301  # from the process that started us
        stream = job.stream()
        loaded = "tensorflow" in sys.modules
        stream.open()
    except (Exception, SystemExit) as error:  # noqa: BLE001  # goes to whoever started us
        connection.send(CannotStart(f"{type(error).__name__}: {error}"))
        return
    slab = Slab(*setting.slab, descriptor)
    watch = Watch(slab.line(setting.line))
    hand = job.hand(stream, watch, slab)
    tune_process()
    connection.send(Ready(loads_tensorflow=loaded))
    try:
        for request in requests(connection, watch, setting.patience):
            connection.send_bytes(pickle.dumps(tuple(answer(request, hand, watch))))
    finally:
        stream.close()


def settle_in(setting: Setting) -> None:
    """Make imports and the environment what they are in the other process."""
    sys.path[:] = setting.path
    if setting.pythonpath is None:
        os.environ.pop("PYTHONPATH", None)
    else:
        os.environ["PYTHONPATH"] = setting.pythonpath


def requests(connection: Connection, watch: Watch, patience: float) -> Iterator[Request]:
    """Yield requests until the connection is closed, or none has come for long."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    while True:
        watch.idle()
        if not poll.poll(patience * 1000):
            return
        try:
            request = Request(*pickle.loads(connection.recv_bytes()))  # noqa: S301
        except (EOFError, ConnectionResetError):
            return
        watch.busy()
        yield request


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
