"""Which sample stands at which position: epochs, and a shuffle of each without a buffer."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

ROUNDS: Final = 8
"""Of the Feistel network. Four leave a bias that a chi-square test sees in small epochs."""

GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)

MIXERS: Final = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
"""Multipliers of SplitMix64's finaliser."""


class Order:
    """The order of samples over all epochs, in constant time and memory at any position.

    The shuffle of an epoch is a keyed permutation of ``range(samples)``: a Feistel network over
    the smallest even number of bits that holds them, applied again to what falls outside ("cycle
    walking"; Black and Rogaway, "Ciphers with arbitrary finite domains", CT-RSA 2002). Its key is
    made of seed and epoch, and its round function is the finaliser of SplitMix64 (Steele, Lea and
    Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014). TensorFlow's own
    ``index_shuffle`` is no alternative: over epochs of 100 samples, which sample comes first is 40
    standard deviations from even.

    Args:
        samples: in an epoch.
        seed: 0 to 2**64 - 1.
        shuffle: False leaves each epoch in the order of the indices.
        first: the smallest index; the others follow it.

    Attributes:
        samples, first: as given.
        shuffle: whether there is anything to shuffle.
        half: bits of either half of the network.
        key: uint64, of the seed.

    >>> order = Order(5, seed=7, shuffle=True)
    >>> sorted(order.indices(np.arange(5, 10)).tolist())
    [0, 1, 2, 3, 4]
    """

    def __init__(self, samples: int, seed: int, *, shuffle: bool, first: int = 0) -> None:
        self.samples = samples
        self.first = first
        self.shuffle = shuffle and samples > 1
        self.half = np.uint64(max(((samples - 1).bit_length() + 1) // 2, 1))
        self._mask = (np.uint64(1) << self.half) - np.uint64(1)
        self.key = _mixed(np.array([seed], np.uint64))[0]

    def indices(self, positions: NDArray[Any]) -> NDArray[np.int64]:
        """Return the indices of the samples at some positions.

        Args:
            positions: int64 vector of positions, counted from the first of epoch 0.

        Returns:
            int64 vector of indices, each less than ``first + samples``.
        """
        epochs, places = np.divmod(np.asarray(positions, np.int64), self.samples)
        if not self.shuffle:
            return places + self.first
        keys = _mixed(self.key + epochs.astype(np.uint64) * GOLDEN)
        found = self._permuted(places.astype(np.uint64), keys)
        # The domain is less than four times the epoch, so that a walk is short.
        while (outside := np.flatnonzero(found >= self.samples)).size:
            found[outside] = self._permuted(found[outside], keys[outside])
        return found.astype(np.int64) + self.first

    def _permuted(self, places: NDArray[np.uint64], keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
        left, right = places >> self.half, places & self._mask
        for _ in range(ROUNDS):
            keys = keys + GOLDEN
            left, right = right, left ^ (_mixed(right ^ keys) & self._mask)
        return left << self.half | right


def _mixed(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64's finaliser: each bit of a word depends on all of its bits."""
    words = (words ^ (words >> np.uint64(30))) * MIXERS[0]
    words = (words ^ (words >> np.uint64(27))) * MIXERS[1]
    return words ^ (words >> np.uint64(31))
