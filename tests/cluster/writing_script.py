"""Write a data set by a cluster, for tests that stop it: TARGET CLUSTER SECONDS."""

from __future__ import annotations

import sys

import synthdata as sd
from tests.storage.slow_pictures import SlowPictures


def main() -> None:
    """Write forty samples to ten shards."""
    target, cluster, seconds = sys.argv[1:]
    sd.write(
        SlowPictures(seconds=float(seconds)),
        target,
        splits={"train": 32, "test": 8},
        seed=7,
        samples_per_shard=4,
        cluster=cluster,
    )


if __name__ == "__main__":
    main()
