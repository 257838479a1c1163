"""What is in a dataset over a Counter, consumed at once or by several iterators side by side."""

from __future__ import annotations

import threading
from typing import Any


def labels(dataset: Any) -> list[int]:
    """Return the labels of all samples, in order."""
    return [int(label) for batch in dataset for label in batch["label"].numpy()]


def labels_by_threads(dataset: Any, count: int) -> list[list[int]]:
    """Return what each of so many threads finds, each with an iterator of its own."""
    found: list[list[int]] = []
    threads = [threading.Thread(target=lambda: found.append(labels(dataset))) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found
