"""The failures of one data set: written down, counted against the budget, and told of once."""

from __future__ import annotations

import json
import logging
import os
import threading
from dataclasses import asdict
from typing import Any, Final

from synthdata.errors import FailureBudgetError, LedgerError
from synthdata.execution.failures import Failure
from synthdata.execution.maker import Made

logger = logging.getLogger("synthdata")

MAX_IN_A_ROW: Final = 1_000
"""Samples that may be left out one after the other; more of them would be a loop without an end."""

LEAST_BASE: Final = 1_000
"""Samples that a fraction is taken of at the least, where the data set is endless."""


class Ledger:
    """Settles each batch before it is handed on, in the order of the batches.

    A sample counts against the budget once, however often it is made again: what is counted does
    not depend on how many workers there are.

    Args:
        path: a JSONL file, to which a line is added for each attempt that failed; or None.
        origin: where the generator came from; it is part of each line.
        budget: how many samples may fail, or as a float which fraction of them; None is no limit.
        samples: of an epoch; None is endless.

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
    ) -> None:
        self.failures = 0
        self._path = None if path is None else os.fspath(path)
        self._origin = origin
        self._budget = budget
        self._samples = samples
        self._failed: set[int] = set()
        self._drawn = 0
        self._left_out = 0
        self._lock = threading.Lock()  # iterators side by side settle in threads of their own
        self._write([])

    def settle(self, made: Made) -> None:
        """Record a batch's failures.

        Raises:
            LedgerError: if they cannot be written down.
            FailureBudgetError: if they are too many.
            SynthDataError: the batch's own error.
        """
        with self._lock:
            self._drawn += made.drawn
            if made.failures:
                self._record(made)
            if made.error is not None:
                raise made.error
            if made.failures:
                self._check_budget(made.failures)
            if len(made.arrays[0]):
                self._left_out = 0
            else:
                self._left_out += made.drawn
                self._check_end(made.failures)

    def _record(self, made: Made) -> None:
        if not self.failures and made.error is None:
            where = f"in {self._path}" if self._path else "counted by sd.stats"
            first = made.failures[0].message
            logger.warning("%s; this failure and further ones are %s", first, where)
        self.failures += len(made.failures)
        self._write([{**asdict(failure), "origin": self._origin} for failure in made.failures])

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

    def _check_budget(self, failures: tuple[Failure, ...]) -> None:
        if self._budget is None:
            return
        self._failed.update(failure.index for failure in failures)
        base = max(self._drawn, LEAST_BASE) if self._samples is None else self._samples
        allowed = self._budget * base if isinstance(self._budget, float) else self._budget
        if len(self._failed) > allowed:
            raise FailureBudgetError(
                f"{len(self._failed)} samples failed, but budget={self._budget} allows "
                f"{int(allowed)}; the last: {failures[-1].message}",
                failed=len(self._failed),
            )

    def _check_end(self, failures: tuple[Failure, ...]) -> None:
        if self._left_out >= MAX_IN_A_ROW and failures:
            raise FailureBudgetError(
                f"{self._left_out} samples failed one after the other; the last: "
                f"{failures[-1].message}",
                failed=self.failures,
            )
