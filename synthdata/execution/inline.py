"""The executor without workers: samples are made in the thread that asks for the batch."""

from __future__ import annotations

import threading
import time

from synthdata.execution.executor import Telemetry
from synthdata.execution.gate import EXIT_GATE
from synthdata.execution.interrupts import INTERRUPTS
from synthdata.execution.maker import Made
from synthdata.execution.work import Work
from synthdata.stream import Stream


class Inline:
    """Makes each batch at once, where it is asked for; several threads may ask.

    Args:
        work: what the batches are made of.
        stream: draws the samples.
    """

    name = "inline"
    workers = 0

    def __init__(self, work: Work, stream: Stream) -> None:
        self._plan = work.plan
        self._stream = stream
        self._own = _Own(work, stream)

    def open(self) -> None:
        """Open the generator."""
        INTERRUPTS.watch()
        self._stream.open()

    def batch(self, number: int) -> Made:
        """Make a batch."""
        own = self._own
        own.began = time.monotonic()
        return own.maker.make(self._plan.indices(number))

    def close(self) -> None:
        """Leave the generator open: samples may be asked for again, and it closes with the last."""

    def telemetry(self) -> Telemetry:
        """Return nothing but zeros: no worker is apart from the consumer."""
        return Telemetry()


class _Own(threading.local):
    """What belongs to each thread that asks for batches.

    Attributes:
        maker: makes them.
        began: when the batch at hand was asked for.
    """

    def __init__(self, work: Work, stream: Stream) -> None:
        self.maker = work.maker(stream, self._unless_ended)
        self.began = 0.0

    def _unless_ended(self, index: int, attempt: int, count: int) -> None:
        if EXIT_GATE.closed:
            EXIT_GATE.refuse_if_closed()
        INTERRUPTS.refuse_if_since(self.began)
