"""A Source is a torch map-style data set and a Grain source as it is; run where these are there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import synthdata as sd

SOURCE = sd.Source(sd.Recipe(generator="shapes-v1", params={"size": 16}, seed=7, samples=20))
IMAGES = np.stack([sample.image for sample in SOURCE])


def square(samples: list[sd.Sample]) -> Any:
    """Collate what has one shape in all samples; boxes do not."""
    return np.stack([sample.image for sample in samples])


@pytest.mark.parametrize(
    ("workers", "context"), [(0, None), (2, "fork"), (2, "spawn")], ids=["inline", "fork", "spawn"]
)
def test_torch_loads_the_same_samples_with_any_number_of_workers(
    workers: int, context: str | None
) -> None:
    data = pytest.importorskip("torch.utils.data")
    loader = data.DataLoader(
        SOURCE, 4, num_workers=workers, multiprocessing_context=context, collate_fn=square
    )
    np.testing.assert_array_equal(np.concatenate(list(loader)), IMAGES)


def test_grain_shuffles_and_reads_it() -> None:
    grain = pytest.importorskip("grain")
    shuffled = grain.MapDataset.source(SOURCE).shuffle(seed=3)
    images = np.stack([shuffled[place].image for place in range(len(shuffled))])
    assert not np.array_equal(images, IMAGES)
    assert sorted(image.tobytes() for image in images) == sorted(
        image.tobytes() for image in IMAGES
    )
