from collections.abc import Callable

import numpy as np
import pytest
from skimage.measure import label as components

import synthdata as sd
from synthdata_sklearn.cluster_centers import MAX_CLUSTERS, MAX_DISTANCE, cluster_centers

Draw = Callable[..., list[sd.Sample]]


def test_an_image_shows_as_many_clusters_as_its_label_says(draw: Draw) -> None:
    seen = 0
    for sample in draw("blobs-v1", 100, spread=0.05, size=256, points=100, max_clusters=6):
        if sample.label == 0:
            continue  # one cluster fills the image with points that do not touch
        centers = cluster_means(sample)
        gaps = np.linalg.norm(centers[:, None] - centers, axis=2)[np.triu_indices(len(centers), 1)]
        if gaps.min() < 2:
            continue  # 20 units across 256 pixels: dots of nearer clusters may touch
        # Dots a few pixels apart are joined by dilating them.
        ink = sample.image[:, :, 0] < 200
        joined = np.lib.stride_tricks.sliding_window_view(np.pad(ink, 2), (5, 5)).any(axis=(2, 3))
        assert components(joined).max() == sample.label + 1
        seen += 1
    assert seen > 20


def cluster_means(sample: sd.Sample) -> np.ndarray:
    data, classes = sample.metadata["data"].astype(float), sample.metadata["classes"]
    return np.array([data[classes == k].mean(axis=0) for k in range(sample.label + 1)])


def test_every_number_of_clusters_is_as_likely(draw: Draw) -> None:
    counts = np.bincount([sample.label for sample in draw("blobs-v1", 600, points=20, size=32)])
    assert len(counts) == 5
    # 120 each; five standard deviations of a binomial are 49.
    assert abs(counts - 120).max() < 49


def test_clusters_are_numbered_from_left_to_right(draw: Draw) -> None:
    for sample in draw("blobs-v1", 30, spread=0.01):
        assert (np.diff(cluster_means(sample)[:, 0]) > -0.01).all()
        assert (np.unique(sample.metadata["classes"]) == np.arange(sample.label + 1)).all()


def test_clusters_have_the_spread_that_the_metadata_say(draw: Draw) -> None:
    for sample in draw("blobs-v1", 20, points=2000):
        away = sample.metadata["data"] - cluster_means(sample)[sample.metadata["classes"]]
        assert away.std() == pytest.approx(float(sample.metadata["spread"]), rel=0.1)


def smallest_gap(sample: sd.Sample) -> float:
    """The least distance of two clusters, in standard deviations."""
    centers = cluster_means(sample)
    gaps = np.linalg.norm(centers[:, None] - centers, axis=2)[np.triu_indices(len(centers), 1)]
    return float(gaps.min(initial=np.inf) / sample.metadata["spread"])


def test_clusters_lie_as_far_apart_as_was_asked_for(draw: Draw) -> None:
    params = {"points": 1000, "max_clusters": 10, "spread": 0.8}
    assert min(map(smallest_gap, draw("blobs-v1", 40, **params))) > 3.5
    assert min(map(smallest_gap, draw("blobs-v1", 40, **params, separation=0))) < 2


def test_as_many_clusters_as_there_may_be_find_a_place_at_the_largest_distance() -> None:
    for seed in range(50):
        centers = cluster_centers(np.random.default_rng(seed), MAX_CLUSTERS, MAX_DISTANCE)
        gaps = np.linalg.norm(centers[:, None] - centers, axis=2)
        assert gaps[np.triu_indices(MAX_CLUSTERS, 1)].min() >= MAX_DISTANCE
        assert abs(centers).max() <= 10
