"""The base of generators that need scikit-learn, which takes over a second to import."""

from __future__ import annotations

import importlib

import synthdata as sd


class SklearnGenerator(sd.Generator):
    """A generator that imports scikit-learn when it is opened, and not to be listed or described.

    The functions that need it import it once more, which costs a microsecond, so that ``sample``
    works also without ``open``.
    """

    def open(self) -> None:
        """Import scikit-learn, so that the first sample does not have to."""
        importlib.import_module("sklearn.datasets")
