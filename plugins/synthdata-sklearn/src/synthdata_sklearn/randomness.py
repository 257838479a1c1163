"""What scikit-learn takes for random numbers, drawn from the random numbers of a sample."""

from __future__ import annotations

import numpy as np


def random_state(rng: np.random.Generator) -> np.random.RandomState:
    """Return a RandomState that goes on where ``rng`` is, and moves it on.

    Both draw from one bit generator. An integer seed from ``rng`` would be the usual way, but
    there are only 2**32 of them, so that two of 100,000 samples would very likely be the same;
    and making a RandomState of one takes 120 µs, where this takes less than one.

    Args:
        rng: of the sample.

    Returns:
        A RandomState for ``random_state=``. It must be kept no longer than ``rng`` is.
    """
    return np.random.RandomState(rng.bit_generator)


def single(value: float) -> float:
    """Return the nearest number that float32 has: what is drawn is then what the metadata say."""
    return float(np.float32(value))
