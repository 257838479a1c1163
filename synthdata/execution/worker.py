"""The main function of a worker process: batch numbers come in, batches go into slots.

Run as ``python -m synthdata.execution.worker`` by processes.py. It imports neither TensorFlow nor
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
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

from synthdata.execution.maker import Maker
from synthdata.execution.messages import CannotStart, Fatal, Ready, Reply, Request, Setting
from synthdata.execution.slab import IDLE, IDLE_SINCE, KEY, NOTHING, ROWS, STARTED, Slab
from synthdata.execution.work import Work
from synthdata.seeding import MAX_INDEX
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
        work: Work = pickle.loads(setting.work)  # noqa: S301  # from the process that started us
        stream = work.stream()
        stream.open()
    except (Exception, SystemExit) as error:  # noqa: BLE001  # goes to whoever started us
        connection.send(CannotStart(f"{type(error).__name__}: {error}"))
        return
    slab = Slab(*setting.slab, descriptor)
    watch = Watch(slab.line(setting.line))
    maker = work.maker(stream, watch.before)
    tune_process()
    connection.send(Ready(loads_tensorflow="tensorflow" in sys.modules))
    try:
        for request in requests(connection, watch, setting.patience):
            connection.send_bytes(pickle.dumps(tuple(answer(request, work, maker, slab, watch))))
    finally:
        stream.close()


def settle_in(setting: Setting) -> None:
    """Make imports and the environment what they are in the other process."""
    sys.path[:] = setting.path
    if setting.pythonpath is None:
        os.environ.pop("PYTHONPATH", None)
    else:
        os.environ["PYTHONPATH"] = setting.pythonpath


class Watch:
    """Leaves word in shared memory of what this worker is doing, for the case that it dies of it.

    Args:
        line: the worker's line in the slab.

    Attributes:
        fatal: samples that are not to be drawn again.
    """

    def __init__(self, line: memoryview) -> None:
        self._line = line
        self.fatal: Fatal = {}
        self.rest()

    def before(self, index: int, attempt: int, count: int) -> None:
        """Note that samples begin, from this one on.

        Raises:
            SampleError: if it is one that workers died of.
        """
        if self.fatal and (error := self.fatal.get((index, attempt))) is not None:
            raise error
        line = self._line
        line[ROWS] = count
        line[STARTED] = time.monotonic_ns()
        line[KEY] = index | attempt << MAX_INDEX.bit_length()

    def rest(self) -> None:
        """Note that no sample is being made."""
        self._line[KEY] = NOTHING

    def idle(self) -> None:
        """Note that there is no work from now on."""
        self._line[IDLE_SINCE] = time.monotonic_ns()

    def busy(self) -> None:
        """Note that there is work again."""
        self._line[IDLE] += time.monotonic_ns() - self._line[IDLE_SINCE]
        self._line[IDLE_SINCE] = 0


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


def answer(request: Request, work: Work, maker: Maker, slab: Slab, watch: Watch) -> Reply:
    """Make one batch in its slot."""
    watch.fatal = request.fatal
    room = slab.room(request.slot)
    indices = work.plan.indices(request.number)
    made = maker.make(indices, room.take, singly=request.singly)
    watch.rest()
    if made.error is not None and made.failures and not hasattr(made.error, "__notes__"):
        # The exception itself, with its frames, stays in this process.
        made.error.add_note(f"In worker process {os.getpid()}:\n{made.failures[-1].traceback}")
    return Reply(request.number, room.pack(made.arrays), made.failures, made.drawn, made.error)


if __name__ == "__main__":
    main()
