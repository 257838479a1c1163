"""The workers of one executor: started, given work, watched, and replaced when they die."""

from __future__ import annotations

import logging
import os
import select
import sys
import time
from collections import Counter
from typing import Final

from synthdata.errors import (
    Identity,
    SampleError,
    SampleTimeoutError,
    WorkerDiedError,
    WorkerError,
)
from synthdata.execution.messages import Fatal, Ready, Reply, Request, Setting
from synthdata.execution.process import WorkerProcess
from synthdata.execution.slab import (
    DONE,
    ENDING,
    IDLE,
    IDLE_SINCE,
    KEY,
    NOTHING,
    ROWS,
    STARTED,
    Slab,
)
from synthdata.seeding import MAX_INDEX

logger = logging.getLogger("synthdata")

TRIES: Final = 3
"""Workers that may die of one sample, or before their first; then it is an error."""

START_PATIENCE: Final = 300.0
"""Seconds that the first worker has to start, in which it loads the generator's assets."""

IDLE_PATIENCE: Final = 300.0
"""Seconds without a request after which a worker ends; it is started again when it is needed."""

END_PATIENCE: Final = 0.2
"""Seconds that workers have to finish a sample and close their generator."""


class Crew:
    """Worker processes over one slab. It owns them from ``start`` to ``end``.

    Args:
        work: the Job, pickled.
        identity: of its generator, for messages.
        seed: of its samples, for messages.
        slab: where they leave batches; it has a line for each.
        timeout: seconds that a sample may take; None is no limit.
        queue: requests that a worker has to do at most.

    Attributes:
        restarts: how many workers died and were replaced.
    """

    def __init__(
        self,
        work: bytes,
        identity: Identity,
        seed: int,
        slab: Slab,
        timeout: float | None,
        queue: int,
    ) -> None:
        self.restarts = 0
        self._work = work
        self._identity, self._seed = identity, seed
        self._slab = slab
        self._lines = [slab.line(number) for number in range(slab.lines)]
        self._timeout = timeout
        self._queue = queue
        self._workers: dict[int, WorkerProcess] = {}  # by the descriptor of the wire
        self._poll = select.poll()
        self._died_of: Counter[tuple[int, int]] = Counter()
        self._fatal: Fatal = {}
        self._singly: set[int] = set()
        self._lost: Counter[int] = Counter()
        self._stillborn = 0

    @property
    def pids(self) -> tuple[int, ...]:
        """The numbers of the processes."""
        return tuple(worker.pid for worker in list(self._workers.values()))

    @property
    def idle(self) -> float:
        """Seconds that workers had nothing to do, all together."""
        now, total = time.monotonic_ns(), 0
        for line in self._lines:
            since = line[IDLE_SINCE]
            total += line[IDLE] + (now - since if since else 0)
        return total / 1e9

    @property
    def done(self) -> int:
        """Samples that are done of the shards at hand."""
        return sum(line[DONE] for line in self._lines)

    def start(self) -> None:
        """Start all workers, and wait for the first of them.

        Raises:
            WorkerError: if they cannot start.
        """
        for line in range(self._slab.lines):
            self._hire(line)
        end = time.monotonic() + START_PATIENCE
        while not any(worker.ready for worker in self._workers.values()):
            self.news(1.0)
            if time.monotonic() > end:
                raise WorkerError(
                    f"{self._identity.id}: no worker process has started within "
                    f"{START_PATIENCE:.0f} s; does the generator's open hang?"
                )

    def give(self, number: int, slot: int) -> bool:
        """Ask the worker with the least to do for a batch, at ``send`` at the latest.

        Returns:
            False if all have enough to do.
        """
        worker = min(self._workers.values(), key=lambda worker: len(worker.outstanding))
        if len(worker.outstanding) >= self._queue:
            return False
        worker.ask(Request(number, slot, self._fatal, number in self._singly))
        return True

    def send(self) -> None:
        """Let workers begin with what was given to them."""
        for worker in self._workers.values():
            worker.send()

    def news(self, patience: float) -> tuple[list[Reply], list[int]]:
        """Read what the workers say.

        Args:
            patience: seconds to wait for the first word.

        Returns:
            Replies, and the numbers of batches that were lost with their worker.

        Raises:
            WorkerError: if a worker cannot start.
        """
        replies: list[Reply] = []
        lost: list[int] = []
        for descriptor, _ in self._poll.poll(patience * 1000):
            worker = self._workers[descriptor]
            try:
                replies += self._replies(worker)
            except EOFError:
                lost += self._bury(worker)
        if self._timeout is not None:
            lost += self._stop_hung(self._timeout)
        return replies, lost

    def _replies(self, worker: WorkerProcess) -> list[Reply]:
        """Read what has come from a worker.

        Raises:
            EOFError: if it is gone.
            WorkerError: if it cannot start.
        """
        replies: list[Reply] = []
        for message in worker.messages():
            if isinstance(message, Reply):
                replies.append(message)
            elif isinstance(message, Ready):
                self._welcome(worker, message)
            else:
                raise WorkerError(
                    f"{self._identity.id}: a worker process cannot start: {message.problem}"
                )
        return replies

    def end(self) -> None:
        """Have all workers end: after the sample at hand, or by force after a moment."""
        for worker in self._workers.values():
            self._lines[worker.line][ENDING] = True
            worker.wire.close()
        end = time.monotonic() + END_PATIENCE
        for worker in self._workers.values():
            worker.end(max(end - time.monotonic(), 0.0))
            worker.release()
        self._workers.clear()
        self._lines.clear()  # which the slab's memory would stay for

    def _hire(self, line: int) -> None:
        setting = Setting(
            path=list(sys.path),
            pythonpath=os.environ.get("PYTHONPATH"),
            line=line,
            slab=(self._slab.lines, self._slab.slots, self._slab.slot_size),
            patience=IDLE_PATIENCE,
            work=self._work,
        )
        words = self._lines[line]
        words[KEY] = NOTHING
        words[IDLE_SINCE] = words[DONE] = words[ENDING] = 0
        worker = WorkerProcess(setting, self._slab.descriptor)
        self._workers[worker.wire.fileno()] = worker
        self._poll.register(worker.wire, select.POLLIN)

    def _welcome(self, worker: WorkerProcess, message: Ready) -> None:
        worker.ready, self._stillborn = True, 0
        if message.loads_tensorflow and worker.line == 0:
            logger.warning(
                "%s: its module imports TensorFlow, which costs each worker two seconds and half a "
                "gigabyte; define the generator in a module that does not",
                self._identity.id,
            )

    def _bury(self, worker: WorkerProcess, *, hung: tuple[int, int] | None = None) -> list[int]:
        """Replace a dead worker, and return the numbers of the batches that it had to make."""
        self._poll.unregister(worker.wire)
        del self._workers[worker.wire.fileno()]
        worker.end(END_PATIENCE)
        how, trace = worker.obituary()
        worker.release()
        line = self._lines[worker.line]
        if line[ROWS] > 1 and line[KEY] != NOTHING:
            # One of those that sample_batch was making; singly, it will show.
            self._singly.add(worker.outstanding[0])
        elif line[KEY] != NOTHING:
            self._blame(line[KEY], how, trace, is_hung=hung == (line[KEY], line[STARTED]))
        elif not worker.ready:
            self._stillborn += 1
            how += " before its first sample (importing the generator, or its open, ends it)"
            self._give_up(self._stillborn, how, trace)
        elif worker.outstanding:
            number = worker.outstanding[0]
            self._lost[number] += 1
            self._give_up(self._lost[number], f"{how} between two samples", trace)
        if not worker.ended_well or line[KEY] != NOTHING:
            self.restarts += 1
        self._hire(worker.line)
        return list(worker.outstanding)

    def _blame(self, key: int, how: str, trace: str, *, is_hung: bool) -> None:
        """Count the sample that a worker died of; too often, and nobody draws it again."""
        attempt, index = divmod(key, MAX_INDEX + 1)
        self._died_of[index, attempt] += 1
        died = self._died_of[index, attempt]
        if not is_hung and died < TRIES:
            return
        kind: type[SampleError] = SampleTimeoutError if is_hung else WorkerDiedError
        problem = (
            f"took longer than timeout={self._timeout} s, and its worker was killed; raise "
            "timeout=, or leave such samples out with on_error='skip'"
            if is_hung
            else f"the worker process {how}, {died} times of {died}; leave such samples out with "
            "on_error='skip', or draw this one under a debugger"
        )
        error = kind(
            problem, identity=self._identity, seed=self._seed, index=index, attempt=attempt
        )
        if trace:
            error.add_note(trace)
        self._fatal[index, attempt] = error

    def _give_up(self, died: int, how: str, trace: str) -> None:
        """Raise if too many workers died for a reason that is no sample's fault."""
        if died < TRIES:
            return
        error = WorkerError(
            f"{self._identity.id}: the worker process {how}, {died} times of {died}"
        )
        if trace:
            error.add_note(trace)
        raise error

    def _stop_hung(self, timeout: float) -> list[int]:
        lost: list[int] = []
        for worker in list(self._workers.values()):
            line = self._lines[worker.line]
            key, started = line[KEY], line[STARTED]
            seconds = (time.monotonic_ns() - started) / 1e9
            if key != NOTHING and seconds > timeout * line[ROWS]:
                worker.stop()
                # It may have gone on to another sample, and died of none.
                lost += self._bury(worker, hung=(key, started))
        return lost
