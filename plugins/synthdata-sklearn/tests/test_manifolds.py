from collections.abc import Callable

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

import synthdata as sd

Draw = Callable[..., list[sd.Sample]]


def test_points_lie_on_the_sheet_of_their_label_where_their_position_says(draw: Draw) -> None:
    labels = set()
    for sample in draw("manifolds-v1", 30, noise=0):
        x, _, z = sample.metadata["data"].T
        position = sample.metadata["position"].astype(float)
        if sample.label == 0:
            t = (position - 0.5) * 3 * np.pi
            expected = np.sin(t), np.sign(t) * (np.cos(t) - 1)
        else:
            t = (1.5 + 3 * position) * np.pi
            expected = t * np.cos(t), t * np.sin(t)
        assert np.array([x, z]) == pytest.approx(np.array(expected), abs=1e-4)
        labels.add(sample.label)
    assert labels == {0, 1}


def test_points_are_seen_as_the_camera_s_rotation_says_the_nearest_last(draw: Draw) -> None:
    angles = {"yaw": {"uniform": [-180, 180]}, "pitch": {"uniform": [-90, 90]}}
    for sample in draw("manifolds-v1", 30, **angles):
        scene = sample.metadata
        # Angles of Rotation are counter-clockwise; around z first, then around x.
        turn = Rotation.from_euler("zx", [-float(scene["yaw"]), float(scene["pitch"])], True)
        x, depth, z = turn.apply(scene["data"]).T
        assert (np.diff(depth) <= 1e-4).all()
        across, down = scene["points"].T.astype(float)
        scale = np.polyfit(
            np.concatenate([x, z - z.mean() + x.mean()]),
            np.concatenate([across, down.mean() - down + across.mean()]),
            1,
        )[0]
        assert across - across.mean() == pytest.approx(scale * (x - x.mean()), abs=0.01)
        assert down - down.mean() == pytest.approx(-scale * (z - z.mean()), abs=0.01)


def test_the_colour_of_a_position_is_the_same_in_all_samples(draw: Draw) -> None:
    for sample in draw("manifolds-v1", 10, colors="position"):
        x, y = np.floor(sample.metadata["points"][-1]).astype(int)
        _, green, blue = sample.image[y, x].astype(int)
        # Viridis: blue prevails below 1/2, and green above.
        position = sample.metadata["position"][-1]
        if abs(position - 0.5) > 0.05:
            assert (blue > green) == (position < 0.5)
