"""The executor without workers: samples are made in the thread that asks for the batch."""

from __future__ import annotations

import time
from collections import deque

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
        self._work = work
        self._stream = stream
        self._spare: deque[_Own] = deque()

    def open(self) -> None:
        """Open the generator."""
        INTERRUPTS.watch()
        self._stream.open()

    def batch(self, number: int) -> Made:
        """Make a batch."""
        # Not by thread: threads of TensorFlow lose what is local to them after each call.
        own = self._spare.pop() if self._spare else _Own(self._work, self._stream)
        own.began = time.monotonic()
        try:
            return own.maker.make(self._work.plan.indices(number))
        finally:
            self._spare.append(own)

    def close(self) -> None:
        """Leave the generator open: samples may be asked for again, and it closes with the last."""

    def telemetry(self) -> Telemetry:
        """Return nothing but zeros: no worker is apart from the consumer."""
        return Telemetry()


class _Own:
    """What belongs to one call at a time.

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
