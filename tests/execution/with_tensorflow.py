"""A generator in a module that imports TensorFlow, as those of notebooks and scripts often do."""

from __future__ import annotations

import tensorflow  # noqa: F401

from tests.execution.generators import Counter


class Heavy(Counter):
    """Counts, in a worker that is far too large."""
