"""Write forty samples to ten shards, also as a script that tests stop: TARGET CLUSTER."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import synthdata as sd
from synthdata.storage.progress import Progress, Report
from tests.storage.slow_pictures import SlowPictures


def write(
    target: Path, cluster: str | None, progress: Callable[[Progress], None] | None = None
) -> Report:
    """Write them by a cluster, or None for two worker processes of this machine."""
    return sd.write(
        SlowPictures(seconds=0.1),
        target,
        splits={"train": 32, "test": 8},
        seed=7,
        samples_per_shard=4,
        workers=None if cluster else 2,
        cluster=cluster,
        progress=progress,
    )


if __name__ == "__main__":
    write(Path(sys.argv[1]), sys.argv[2])
