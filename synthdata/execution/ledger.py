"""The failures of one data set: written down, counted against the budget, and told of once."""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any, Final, Protocol

from synthdata.errors import FailureBudgetError, LedgerError
from synthdata.execution.failures import Failure

logger = logging.getLogger("synthdata")

MAX_IN_A_ROW: Final = 1_000
"""Samples that may be left out one after the other; more of them would be a loop without an end."""

LEAST_BASE: Final = 1_000
"""Samples that a fraction is taken of at the least, where the data set is endless."""


class Outcome(Protocol):
    """What became of the samples that were asked for together.

    Attributes:
        failures: each attempt that failed.
        drawn: how many samples there were to be.
        kept: how many there are.
        error: why there are none.
    """

    @property
    def failures(self) -> Sequence[Failure]:
        """Each attempt that failed."""
        ...

    @property
    def drawn(self) -> int:
        """How many samples there were to be."""
        ...

    @property
    def kept(self) -> int:
        """How many there are."""
        ...

    @property
    def error(self) -> Exception | None:
        """Why there are none."""
        ...


class Ledger:
    """Settles each batch before it is handed on, in the order of the batches.

    A sample counts against the budget once, however often it is made again: what is counted does
    not depend on how many workers there are.

    Args:
        path: a JSONL file, to which a line is added for each attempt that failed; or None.
        origin: where the generator came from; it is part of each line.
        budget: how many samples may fail, or as a float which fraction of them; None is no limit.
        samples: of an epoch; None is endless.
        failed: indices of samples that failed before; they count against the budget.

    Attributes:
        failures: how many attempts failed so far.

    Raises:
        LedgerError: if the file cannot be written.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None,
        origin: dict[str, Any],
        budget: int | float | None,
        samples: int | None,
        *,
        failed: Iterable[int] = (),
    ) -> None:
        self.failures = 0
        self._path = None if path is None else os.fspath(path)
        self._origin = origin
        self._budget = budget
        self._samples = samples
        self._failed = set(failed)
        self._drawn = 0
        self._left_out = 0
        self._lock = threading.Lock()  # iterators side by side settle in threads of their own
        self._write([])

    def settle(self, made: Outcome) -> None:
        """Record the failures in a batch or shard.

        Raises:
            LedgerError: if they cannot be written down.
            FailureBudgetError: if they are too many.
            SynthDataError: the batch's own error.
        """
        with self._lock:
            self._drawn += made.drawn
            if made.failures:
                self._record(made.failures, made.error)
            if made.error is not None:
                raise made.error
            if made.failures:
                self._check_budget(made.failures)
            if made.kept:
                self._left_out = 0
            else:
                self._left_out += made.drawn
                self._check_end(made.failures)

    def _record(self, failures: Sequence[Failure], error: Exception | None) -> None:
        if not self.failures and error is None:
            where = f"in {self._path}" if self._path else "counted"
            first = failures[0].message
            logger.warning("%s; this failure and further ones are %s", first, where)
        self.failures += len(failures)
        self._write([{**asdict(failure), "origin": self._origin} for failure in failures])

    def _write(self, records: list[dict[str, Any]]) -> None:
        if self._path is None:
            return
        text = "".join(f"{json.dumps(record, ensure_ascii=False)}\n" for record in records)
        try:
            # The escape of a surrogate, as in names of files that are not UTF-8, is JSON's own.
            with open(self._path, "a", encoding="utf-8", errors="backslashreplace") as file:  # noqa: PTH123
                file.write(text)
        except OSError as error:
            lost = f"; not written: {records[0]['message']}" if records else ""
            raise LedgerError(
                f"ledger {self._path}: {error.strerror}; failures must be written down, so free "
                f"the disk or name another file{lost}",
                path=self._path,
            ) from error

    def check_budget(self) -> None:
        """Refuse to go on where more samples failed before than the budget allows.

        Raises:
            FailureBudgetError: if it is so.
        """
        self._refuse_over_budget("they failed in an earlier run")

    def _check_budget(self, failures: Sequence[Failure]) -> None:
        if self._budget is None:
            return
        self._failed.update(failure.index for failure in failures)
        self._refuse_over_budget(f"the last: {failures[-1].message}")

    def _refuse_over_budget(self, which: str) -> None:
        if self._budget is None:
            return
        base = max(self._drawn, LEAST_BASE) if self._samples is None else self._samples
        allowed = self._budget * base if isinstance(self._budget, float) else self._budget
        if len(self._failed) > allowed:
            raise FailureBudgetError(
                f"{len(self._failed)} samples failed, but budget={self._budget} allows "
                f"{int(allowed)}; {which}",
                failed=len(self._failed),
            )

    def _check_end(self, failures: Sequence[Failure]) -> None:
        if self._left_out >= MAX_IN_A_ROW and failures:
            raise FailureBudgetError(
                f"{self._left_out} samples failed one after the other; the last: "
                f"{failures[-1].message}",
                failed=self.failures,
            )
