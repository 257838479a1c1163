"""Write a data set that takes a while, for tests that kill it: FORMAT TARGET WORKERS [SECONDS]."""

from __future__ import annotations

import sys

import synthdata as sd
from tests.storage.slow_pictures import SlowPictures


def main() -> None:
    """Write thirty samples to ten shards."""
    name, target, workers, *rest = sys.argv[1:]
    seconds = float(rest[0]) if rest else 0.01
    sd.write(
        SlowPictures(seconds=seconds),
        target,
        format=name,
        splits={"train": 24, "test": 6},
        seed=7,
        samples_per_shard=3,
        workers=int(workers),
    )


if __name__ == "__main__":
    main()
