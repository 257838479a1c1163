"""The executor with threads, for generators that release the GIL."""

from __future__ import annotations

import queue
import threading
import time
from collections import Counter

from synthdata.execution.executor import Telemetry
from synthdata.execution.gate import EXIT_GATE, InterpreterExit
from synthdata.execution.interrupts import INTERRUPTS, TICK
from synthdata.execution.maker import Made
from synthdata.execution.window import QUEUE, Window
from synthdata.execution.work import Work
from synthdata.stream import Stream


class Threads:
    """Makes batches in threads of this process, some ahead of being asked for.

    The threads are daemons: a sample that hangs does not keep the interpreter from its exit.

    Args:
        work: what the batches are made of.
        stream: draws the samples.
        workers: how many threads.
    """

    name = "threads"

    def __init__(self, work: Work, stream: Stream, workers: int) -> None:
        self.workers = workers
        self._work = work
        self._stream = stream
        self._window = Window(len(work.plan), QUEUE * workers)
        self._queue: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        # A finalizer may run in the middle of a batch, in its thread, and must then not get in.
        self._changed = threading.Condition(threading.Lock())
        self._started = 0
        self._dropped = False
        self._waited: Counter[int] = Counter()
        self._asked: set[int] = set()
        self._made: dict[int, Made | BaseException] = {}

    def open(self) -> None:
        """Open the generator."""
        INTERRUPTS.watch()
        self._stream.open()

    def batch(self, number: int) -> Made:
        """Wait for a batch, and have those that will be asked for next made meanwhile."""
        began = time.monotonic()
        with self._changed:
            self._start()
            self._window.ask(number)
            self._waited[number] += 1
            try:
                made = self._wait(number, began)
            finally:
                self._waited -= Counter([number])
                if self._dropped and not self._waited:
                    self._end()
        if isinstance(made, BaseException):
            raise made
        return made

    def close(self) -> None:
        """Have the threads end after the batch at hand.

        Finalizers call this, in whichever thread, so that it must not wait for the lock. A batch
        that TensorFlow asks for even later, ahead of an iterator that goes too, is made by new
        threads, which end with it.
        """
        self._dropped = True
        if self._changed.acquire(blocking=False):
            try:
                self._end()
            finally:
                self._changed.release()

    def _end(self) -> None:
        for _ in range(self._started):
            self._queue.put(None)
        self._started = 0

    def telemetry(self) -> Telemetry:
        """Return nothing but zeros: no worker is apart from the consumer."""
        return Telemetry()

    def _start(self) -> None:
        while self._started < self.workers:
            name = f"synthdata-{self._started}"
            threading.Thread(target=self._serve, name=name, daemon=True).start()
            self._started += 1

    def _wait(self, number: int, began: float) -> Made | BaseException:
        self._hand_out()
        while number not in self._made:
            EXIT_GATE.refuse_if_closed()
            INTERRUPTS.refuse_if_since(began)
            self._changed.wait(TICK)
            self._hand_out()
        self._asked.discard(number)
        return self._made.pop(number)

    def _hand_out(self) -> None:
        """Ask for the batches that are waited for, and for those ahead; drop what nobody wants."""
        wanted = [*self._waited, *self._window.ahead()]
        for one in self._made.keys() - set(wanted):
            del self._made[one]
            self._asked.discard(one)
        for one in wanted:
            if one not in self._asked:
                self._asked.add(one)
                self._queue.put(one)

    def _serve(self) -> None:
        maker = self._work.maker(self._stream, _unless_exiting)
        while (number := self._queue.get()) is not None:
            made: Made | BaseException
            try:
                with EXIT_GATE:
                    made = maker.make(self._work.plan.indices(number))
            except InterpreterExit:
                return
            except BaseException as error:  # noqa: BLE001  # raised where the batch is asked for
                made = error
            with self._changed:
                self._made[number] = made
                self._changed.notify_all()


def _unless_exiting(index: int, attempt: int, count: int) -> None:
    if EXIT_GATE.closed:
        EXIT_GATE.refuse_if_closed()
