"""Which other packages an import loads, and how much time and memory each of them takes."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Collection, Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any, Final

HEAVY_SECONDS: Final = 0.25
HEAVY_BYTES: Final = 32 * 2**20
"""What a package takes at the least, to be called heavy: as much as all of a bare worker."""

KNOWN: Final = frozenset(
    (
        "IPython",
        "bokeh",
        "cupy",
        "cv2",
        "dask",
        "datasets",
        "diffusers",
        "flax",
        "jax",
        "keras",
        "kornia",
        "matplotlib",
        "numba",
        "onnxruntime",
        "open3d",
        "pandas",
        "plotly",
        "polars",
        "pyarrow",
        "pyspark",
        "pyvista",
        "ray",
        "scipy",
        "seaborn",
        "skimage",
        "sklearn",
        "spacy",
        "sympy",
        "tensorflow",
        "torch",
        "torchvision",
        "transformers",
        "vtk",
    )
)
"""Packages that are heavy, however fast they were this time."""


class Weighing:
    """Notes what is imported within a ``with`` block.

    Finds the modules as the other finders do, and times their execution, so that no frame of its
    own comes between a failed ``import`` and the exception. What a package imports in turn counts
    as its own, and is noted too.
    """

    def __init__(self) -> None:
        self._weights: dict[str, tuple[float, int]] = {}
        self._before: frozenset[str] = frozenset()

    def __enter__(self) -> Weighing:
        self._before = _packages()
        sys.meta_path.insert(0, self)
        return self

    def __exit__(self, *_: object) -> None:
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def heavy(self, ours: Collection[str] = ()) -> list[dict[str, Any]]:
        """Return the heavy packages that were loaded, the slowest first.

        Args:
            ours: packages that are not asked about.

        Returns:
            For each its ``module``, ``seconds`` and ``bytes`` (of resident memory); None of both
            where they are not known.
        """
        found = []
        for name in sorted(_packages() - self._before - sys.stdlib_module_names - {*ours}):
            seconds, size = self._weights.get(name, (None, None))
            package = {"module": name, "seconds": seconds, "bytes": size}
            if name in KNOWN or (seconds is not None and is_weighty(package)):
                found.append(package)
        return sorted(found, key=lambda item: -(item["seconds"] or 0))

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a package as the other finders do, and have its execution weighed."""
        if path is not None or "." in name:
            return None
        for finder in list(sys.meta_path):
            find = getattr(finder, "find_spec", None)
            if finder is self or find is None:
                continue
            spec: ModuleSpec | None = find(name, path, target)
            if spec is not None:
                self._watch(name, spec)
                return spec
        return None

    def _watch(self, name: str, spec: ModuleSpec) -> None:
        # Other loaders may be shared between modules; packages of any weight are Python source.
        if type(spec.loader) is SourceFileLoader:
            execute = spec.loader.exec_module
            spec.loader.exec_module = self._weighed(name, execute)  # type: ignore[assignment, method-assign]

    def _weighed(
        self, name: str, execute: Callable[[ModuleType], None]
    ) -> Callable[[ModuleType], None]:
        def weighed(module: ModuleType) -> None:
            began, held = time.perf_counter(), resident()
            try:
                execute(module)
            finally:
                self._weights[name] = (time.perf_counter() - began, max(resident() - held, 0))

        return weighed


def is_weighty(package: dict[str, Any]) -> bool:
    """Tell whether a package took much, or may have: others are heavy elsewhere, or later."""
    seconds, size = package["seconds"], package["bytes"]
    return seconds is None or seconds >= HEAVY_SECONDS or size >= HEAVY_BYTES


def resident() -> int:
    """Return the bytes of memory that this process holds."""
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGESIZE")


def _packages() -> frozenset[str]:
    return frozenset(name.partition(".")[0] for name in list(sys.modules))
