"""Random numbers that are a function of (seed, index, attempt) and of nothing else."""

from __future__ import annotations

import operator
import threading
from typing import Any, Final

import numpy as np

MAX_SEED: Final = 2**64 - 1
MAX_INDEX: Final = 2**48 - 1
"""Index and attempt share one 64-bit word of the key: 48 bits for the one, 16 for the other."""
MAX_ATTEMPT: Final = 2**16 - 1

_INDEX_BITS: Final = 48


class Rng(np.random.Generator):
    """NumPy's Generator over Philox, at the start of the stream of one sample.

    Philox4x64-10 is a counter-based generator (Salmon, Moraes, Dror, Shaw: "Parallel random
    numbers: as easy as 1, 2, 3", SC 2011): each key is an independent stream. The key here is
    (seed, index + 2**48 · attempt), the counter starts at 0. Re-keying costs 1 µs where a new
    ``Philox`` costs 17 µs, and draws the same numbers.

    One Rng belongs to one thread, and is re-keyed for the next sample: a generator must not keep
    it after ``sample`` has returned.

    Attributes:
        seed: the recipe's seed, 0 to 2**64 - 1.
        index: the sample's index, 0 to 2**48 - 1.
        attempt: 0, or the number of the retry, up to 2**16 - 1.

    >>> rng = Rng(seed=7, index=3)
    >>> first = rng.random()
    >>> rng.rekey(seed=7, index=4); rng.random() == first
    False
    >>> rng.rekey(seed=7, index=3); rng.random() == first
    True
    """

    def __init__(self, seed: int = 0, index: int = 0, attempt: int = 0) -> None:
        self._philox = np.random.Philox(key=[0, 0])
        super().__init__(self._philox)
        # One state serves every re-keying: the setter copies it, and lists faster than arrays.
        self._key = [0, 0]
        self._state: Any = {
            **self._philox.state,
            "state": {"counter": [0, 0, 0, 0], "key": self._key},
            "buffer": [0, 0, 0, 0],
        }
        self.rekey(seed, index, attempt)

    @property
    def key(self) -> tuple[int, int]:
        """The two words of 64 bits that the stream is keyed by: seed, and index with attempt."""
        seed, word = self._key
        return seed, word

    def rekey(self, seed: int, index: int, attempt: int = 0) -> None:
        """Go to the start of the stream of another sample.

        Args:
            seed: 0 to 2**64 - 1.
            index: 0 to 2**48 - 1.
            attempt: 0 to 2**16 - 1.

        Raises:
            ValueError: if one of them is out of its range.
            TypeError: if one of them is no integer.
        """
        if not (type(seed) is type(index) is type(attempt) is int):
            # NumPy's integers would overflow in the shift below; a float is a TypeError.
            seed, index, attempt = map(operator.index, (seed, index, attempt))
        if not (0 <= index <= MAX_INDEX and 0 <= attempt <= MAX_ATTEMPT and 0 <= seed <= MAX_SEED):
            raise ValueError(
                f"seed {seed}, index {index}, attempt {attempt}: expected a seed from 0 to "
                "2**64 - 1, an index from 0 to 2**48 - 1, an attempt from 0 to 2**16 - 1"
            )
        self.seed = seed
        self.index = index
        self.attempt = attempt
        self._key[0] = seed
        self._key[1] = index | attempt << _INDEX_BITS
        self._philox.state = self._state


class ThreadRngs(threading.local):
    """An Rng for each thread that asks.

    Attributes:
        rng: this thread's own.
    """

    def __init__(self) -> None:
        # threading.local calls this once in each thread.
        self.rng = Rng()
