"""The writers of files.py: ``sd.write`` with so many workers, by Ray or in a format, and TFDS."""

from __future__ import annotations

import contextlib
import io
import logging
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import synthdata as sd

Write: TypeAlias = Callable[[int, str], object]
"""Writes so many samples to a new folder."""

SHARD_BYTES = 128 * 2**20 // 20_000
"""Of a shard, for each sample of the data set: at 20,000 samples the default, and at any number as
many shards, so that workers have as many to share."""

WARM_UP = 20
"""Samples that are written first, so that imports and TensorFlow's first call are not timed."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured.

    Attributes:
        rate: samples a second.
        samples: how many.
        first: seconds to the first batch, of readers.
        bytes: of all files, of writers.
    """

    rate: float
    samples: int
    first: float | None = None
    bytes: int | None = None


def recipe(samples: int) -> sd.Recipe:
    """Return what every contender writes: shapes-v1 with its default params."""
    return sd.Recipe(generator="shapes-v1", samples=samples)


def by_synthdata(workers: int | None, format: str = "tfrecord", drop: Sequence[str] = ()) -> Write:
    """Return how synthdata writes; images are PNG, or arrays in npz."""

    def write(samples: int, folder: str) -> object:
        return sd.write(
            recipe(samples),
            folder,
            format=format,
            drop=drop,
            workers=workers,
            shard_bytes=SHARD_BYTES * samples,
        )

    return write


def by_ray(cpus: int) -> Write:
    """Return how a Ray cluster writes that runs already, one node on this machine."""

    def write(samples: int, folder: str) -> object:
        import ray

        if not ray.is_initialized():
            ray.init(
                address="local",
                num_cpus=cpus,
                include_dashboard=False,
                log_to_driver=False,
                logging_level=logging.ERROR,
            )
        return sd.write(recipe(samples), folder, cluster="auto", shard_bytes=SHARD_BYTES * samples)

    return write


def by_tfds(*, shuffled: bool) -> Write:
    """Return how TFDS writes."""

    def write(samples: int, folder: str) -> None:
        import tfds_writer

        tfds_writer.write(sd.Source(recipe(samples)), folder, shuffled=shuffled)

    return write


WRITERS: dict[str, Write] = {
    "1 worker": by_synthdata(1),
    "2 workers": by_synthdata(2),
    "TFDS": by_tfds(shuffled=True),
    "TFDS, in order": by_tfds(shuffled=False),
}

CLUSTERS: dict[str, Write] = {
    "Ray, 2 CPUs": by_ray(2),
    "2 workers": by_synthdata(2),
}

_NO_SECOND_IMAGE = ("metadata.mask",)

FORMATS: dict[str, Write] = {
    name: by_synthdata(2, name, drop)
    for name, drop in (
        ("tfrecord", ()),
        ("arrayrecord", ()),
        ("webdataset", ()),
        ("parquet", ()),
        ("coco", _NO_SECOND_IMAGE),
        ("folder", ()),
        ("npz", ()),
    )
}


def measure(write: Write, samples: int) -> Figures:
    """Write in this process, to a folder of the machine's temporary files."""
    with tempfile.TemporaryDirectory(prefix="synthdata-bench-") as folder:
        # TFDS shows progress bars on stdout.
        with contextlib.redirect_stdout(io.StringIO()):
            write(WARM_UP, f"{folder}/warm")
            began = time.perf_counter()
            write(samples, f"{folder}/data")
            elapsed = time.perf_counter() - began
        files = [path for path in Path(folder, "data").rglob("*") if path.is_file()]
        return Figures(samples / elapsed, samples, bytes=sum(file.stat().st_size for file in files))
