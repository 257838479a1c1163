"""spots-v1: the light adds up, the noise is as large as said, and the gradient is that of it."""

from __future__ import annotations

import hashlib
import itertools
import math
import os
import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import synthdata as sd
from synthdata.builtin.spots import Spots
from synthdata.check import compile_check
from synthdata.powers import Differentiable
from synthdata.theta import changed, continuous, meant

Floats = NDArray[np.float64]

EXACT: dict[str, Any] = {"dtype": "float64", "gain": 1e6, "read_noise": 0}
"""Params of images whose noise is hardly there."""


def source(samples: int = 1, **params: Any) -> sd.Source:
    return sd.Source(sd.Recipe(generator="spots-v1", params=params, seed=7, samples=samples))


def signal_of(sample: sd.Sample) -> Floats:
    signal: Floats = np.asarray(sample.label, np.float64)[:, :, 0]
    return signal


def bytes_of(sample: sd.Sample) -> bytes:
    return pickle.dumps((sample.image, sample.label, dict(sample.metadata)))


def formula(sample: sd.Sample, size: int, psf: float, halo: float, halo_width: float) -> Floats:
    """The noiseless image, spot by spot and by the two-dimensional Gaussian."""
    y, x = np.mgrid[:size, :size] + 0.5
    drawn = sample.metadata
    image = np.full((size, size), float(drawn["background"]))
    spots = zip(drawn["positions"], drawn["brightness"], drawn["width"], strict=True)
    for (at_x, at_y), brightness, width in spots:
        for part, scale in ((1 - halo, psf), (halo, psf * halo_width)):
            variance = float(width) ** 2 + scale**2
            squared = (x - float(at_x)) ** 2 + (y - float(at_y)) ** 2
            image += (
                float(brightness)
                * part
                * np.exp(-squared / (2 * variance))
                / (2 * np.pi * variance)
            )
    return image


def test_the_image_is_that_of_the_formula_for_what_the_metadata_say() -> None:
    blur = {"psf": 1.1, "halo": 0.3, "halo_width": 3.0}
    for sample in source(20, size=48, max_spots=12, **EXACT, **blur):
        expected = formula(sample, 48, **blur)
        noise = np.sqrt(expected / EXACT["gain"])
        # The metadata are float32.
        assert (abs(sample.image[:, :, 0] - expected) < 6 * noise + 1e-5 * expected.max()).all()


def test_the_light_of_spots_inside_adds_up_to_background_and_brightness() -> None:
    places = [[60.2, 70.9], [64.0, 64.0], [71.7, 58.1]]
    drawn = source(5, size=128, task="denoise", positions=places, width={"uniform": [0, 3]})
    for sample in drawn:
        total = float(sample.metadata["background"]) * 128**2 + sample.metadata["brightness"].sum()
        assert signal_of(sample).sum() == pytest.approx(float(total), rel=1e-6)


@pytest.mark.parametrize(("halo", "halo_width"), [(0, 4), (0.25, 3), (1, 2)])
def test_the_moments_of_a_spot_are_its_position_and_its_variance(
    halo: float, halo_width: float
) -> None:
    params: dict[str, Any] = {
        "psf": 1.3,
        "halo": halo,
        "halo_width": halo_width,
        "width": 1.7,
        "size": 96,
    }
    sample = source(
        task="denoise", positions=[[40.3, 55.8]], brightness=1000, background=0.01, **params
    )[0]
    light = signal_of(sample) - 0.01
    across = np.arange(96) + 0.5
    expected = 1.7**2 + (1 - halo) * 1.3**2 + halo * (1.3 * halo_width) ** 2
    for axis, place in ((0, 40.3), (1, 55.8)):
        profile = light.sum(axis) / light.sum()
        mean = (profile * across).sum()
        assert mean == pytest.approx(place, abs=1e-4)
        assert (profile * (across - mean) ** 2).sum() == pytest.approx(expected, rel=1e-3)


def test_the_noise_has_the_variance_of_photons_and_camera() -> None:
    params: dict[str, Any] = {
        "gain": 0.7,
        "read_noise": 3.0,
        "background": 20,
        "brightness": 4000,
        "size": 32,
    }
    samples = source(
        400, task="denoise", dtype="float64", positions=[[16, 16], [5, 9]], width=1, **params
    )
    signal = np.stack([signal_of(sample) for sample in samples])
    noise = np.stack([sample.image[:, :, 0] for sample in samples]) - signal
    deviates = noise / np.sqrt(signal / 0.7 + 3.0**2)
    for region in (signal < 25, (signal >= 25) & (signal < 100), signal >= 100):
        inside = deviates[region]
        assert inside.size > 5_000
        # Five standard deviations of a mean, and of a variance, of so many normal numbers.
        assert abs(inside.mean()) < 5 / math.sqrt(inside.size)
        assert abs((inside**2).mean() - 1) < 5 * math.sqrt(2 / inside.size)


def test_noise_of_pixels_and_of_samples_is_independent() -> None:
    samples = source(200, task="denoise", dtype="float64", size=32)
    noise = np.stack([sample.image[:, :, 0] - signal_of(sample) for sample in samples])
    noise /= noise.std(axis=(1, 2), keepdims=True)
    for one, other in (
        (noise[:, 1:], noise[:, :-1]),
        (noise[:, :, 1:], noise[:, :, :-1]),
        (noise[1:], noise[:-1]),
    ):
        assert abs((one * other).mean()) < 5 / math.sqrt(one.size)


@pytest.mark.parametrize(("dtype", "most"), [("uint8", 255), ("uint16", 65_535)])
def test_integers_are_the_floats_rounded_and_clipped(dtype: str, most: int) -> None:
    bright = {"max_spots": 30, "brightness": {"log_uniform": [100, 1e6]}, "read_noise": 20}
    whole = source(10, dtype=dtype, **bright)
    exact = source(10, dtype="float64", **bright)
    for one, other in zip(whole, exact, strict=True):
        expected = np.minimum(np.maximum(np.round(other.image), 0), most)
        assert one.image.dtype == dtype
        assert np.array_equal(one.image, expected)
    assert max(sample.image.max() for sample in exact) > 255
    assert min(sample.image.min() for sample in exact) < 0


def test_float32_is_float64_rounded_once() -> None:
    for one, other in zip(source(3, dtype="float32"), source(3, dtype="float64"), strict=True):
        assert np.array_equal(one.image, other.image.astype(np.float32))


def test_spots_lie_evenly_in_the_image_and_their_number_between_the_bounds() -> None:
    samples = source(2_000, size=8, min_spots=3, max_spots=7)
    counts = np.bincount([len(sample.metadata["positions"]) for sample in samples], minlength=8)
    assert counts[:3].sum() == 0
    assert len(counts) == 8
    assert abs(counts[3:] - 400).max() < 5 * math.sqrt(2_000 * 0.2 * 0.8)
    places = np.concatenate([sample.metadata["positions"] for sample in samples])
    for axis in (0, 1):
        tally, _ = np.histogram(places[:, axis], 8, (0, 8))
        assert tally.sum() == len(places)
        assert abs(tally - len(places) / 8).max() < 5 * math.sqrt(len(places) / 8)


def test_the_keypoints_are_the_positions() -> None:
    for sample in source(20, min_spots=0, max_spots=5):
        assert np.array_equal(sample.label[:, 0, :2], sample.metadata["positions"])
        assert (sample.label[:, 0, 2] == 2).all()


def test_given_positions_are_kept_and_one_outside_the_image_is_no_visible_point() -> None:
    places = [[3.25, 40.5], [-2.0, 10.0], [0, 64], [10.0, 64.5]]
    sample = source(positions=places, **EXACT)[0]
    assert sample.metadata["positions"].tolist() == places
    assert sample.label.tolist() == [[[3.25, 40.5, 2]], [[0, 0, 0]], [[0, 64, 2]], [[0, 0, 0]]]
    # Its light falls into the image all the same.
    assert sample.image[9, 0, 0] > float(sample.metadata["background"]) + 10


def test_an_image_may_be_without_spots() -> None:
    empty = [s for s in source(50, min_spots=0, max_spots=1) if not len(s.metadata["positions"])]
    assert 10 < len(empty) < 40
    for sample in empty:
        assert sample.label.shape == (0, 1, 3)
        assert abs(sample.image.mean() - sample.metadata["background"]) < 1


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"min_spots": 5, "max_spots": 4}, "4 is less than min_spots, which is 5"),
        ({"positions": []}, "positions"),
        ({"positions": [[1, 2, 3]]}, "positions"),
        ({"positions": [[math.nan, 2]]}, "positions"),
        ({"background": 0}, r"numbers from 0\.01 to 60000"),
        ({"brightness": {"normal": [100, 1]}}, "from 0 to"),
        ({"width": "wide"}, "words"),
        ({"psf": 0.4}, "psf"),
        ({"gain": 0}, "gain"),
        ({"halo": 1.1}, "halo"),
        ({"dtype": "int8"}, "dtype"),
    ],
)
def test_params_that_cannot_be_are_refused(params: dict[str, Any], message: str) -> None:
    with pytest.raises(sd.ParamsError, match=message):
        sd.make("spots-v1", **params)


def test_all_extremes_go_together_and_have_a_finite_gradient() -> None:
    extremes: dict[str, list[Any]] = {
        "brightness": [0, 1e7],
        "width": [0, 1000],
        "background": [0.01, 60_000],
        "psf": [0.5, 100],
        "halo": [0, 1],
        "halo_width": [1, 50],
        "gain": [1e-3, 1e6],
        "read_noise": [0, 10_000],
        "positions": [None, [[-10_000, 10_000], [4, 4]]],
        "dtype": ["uint8", "float64"],
    }
    for values in itertools.product(*extremes.values()):
        generator = Spots(size=8, **dict(zip(extremes, values, strict=True)))
        compile_check(generator.output)(generator.sample(sd.Rng(seed=7)))
        if generator.params.dtype == "float64":
            found = generator.vjp(sd.Rng(seed=7), generator.params, np.ones((8, 8, 1)))
            assert all(np.isfinite(value).all() for value in found.values()), generator


def test_a_gradient_asked_for_in_between_changes_no_sample() -> None:
    generator = Spots(dtype="float32")
    before = [bytes_of(generator.sample(sd.Rng(seed=7, index=i))) for i in range(5)]
    assert len(set(before)) == 5
    for i in range(5):
        generator.vjp(sd.Rng(seed=7, index=i), generator.params, np.ones((64, 64, 1), np.float32))
        assert bytes_of(generator.sample(sd.Rng(seed=7, index=i))) == before[i]


DIGEST = """
import hashlib
import synthdata as sd
generator = sd.make("spots-v1", size=96, min_spots=300, max_spots=300, dtype="float64")
print(hashlib.sha256(generator.sample(sd.Rng(seed=7)).image.tobytes()).hexdigest())
"""


def test_the_number_of_threads_of_blas_changes_no_bit() -> None:
    generator = Spots(size=96, min_spots=300, max_spots=300, dtype="float64")
    here = hashlib.sha256(generator.sample(sd.Rng(seed=7)).image.tobytes()).hexdigest()
    for threads in ("1", "2"):
        run = subprocess.run(
            [sys.executable, "-c", DIGEST],
            env={**os.environ, "OPENBLAS_NUM_THREADS": threads, "MKL_NUM_THREADS": threads},
            capture_output=True,
            text=True,
            check=True,
        )
        assert run.stdout.strip() == here


PLACES = [[20.3, 11.8], [-1.5, 30.0], [12.0, 12.5], [12.2, 13.1]]

CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "constants": {"brightness": 900, "width": 0.8, "background": 12.5, "min_spots": 8},
    "uniform": {
        "brightness": {"uniform": [100, 3000]},
        "width": {"uniform": [0.2, 2]},
        "background": {"uniform": [5, 50]},
    },
    "log-uniform": {
        "brightness": {"log_uniform": [10, 1e5]},
        "width": {"log_uniform": [0.1, 9]},
        "background": {"log_uniform": [1, 500]},
    },
    "clipped-normal": {
        "brightness": {"normal": [1000, 800, 300, 1500]},
        "width": {"normal": [1, 0.8, 0.4, 1.6]},
        "background": {"normal": [20, 10, 15, 18]},
        "min_spots": 20,
    },
    "choices": {
        "brightness": {"choice": [300, 4000]},
        "width": {"choice": [0, 2.5]},
        "background": {"choice": {"values": [5, 100], "weights": [3, 1]}},
    },
    "no-halo": {"halo": 0, "read_noise": 0},
    "nothing-but-halo": {"halo": 1, "width": 0, "halo_width": 1.5},
    "given-positions": {"positions": PLACES, "brightness": 2000, "width": {"uniform": [0, 2]}},
    "many-spots": {"min_spots": 400, "max_spots": 400, "size": 48, "psf": 0.6},
    "few-photons": {"gain": 0.02, "read_noise": 0.3, "background": 0.5},
    "no-spots": {"min_spots": 0, "max_spots": 1},
}

CENTRAL = ((-2, 1 / 12), (-1, -2 / 3), (1, 2 / 3), (2, -1 / 12))
FORWARD = ((0, -25 / 12), (1, 4), (2, -3), (3, 4 / 3), (4, -1 / 4))
BACKWARD = tuple((-place, -weight) for place, weight in FORWARD)
"""Places in steps and their weights: finite differences of fourth order (Fornberg, "Generation of
finite difference formulas on arbitrarily spaced grids", Mathematics of Computation 51, 1988)."""

STEP = 1e-4
"""Over the value, or over 1 where it is less."""

ENDS = {
    ("halo", 0.0): FORWARD,
    ("halo", 1.0): BACKWARD,
    ("read_noise", 0.0): FORWARD,
    ("width.value", 0.0): FORWARD,
    ("width.low", 0.0): FORWARD,
}
"""Values at the end of what is allowed, which leave one side to go to."""


def differences(generator: Any, index: int, name: str, at: tuple[int, ...]) -> Floats:
    """The derivative of the image by a continuous value of the params."""
    own = continuous(generator.params)[name]
    step = STEP * max(1.0, abs(float(own[at])))

    def image(distance: int) -> Floats:
        moved = own.copy()
        moved[at] += distance * step
        other = generator.with_params(changed(generator.params, {name: moved}))
        drawn: Floats = other.sample(sd.Rng(seed=7, index=index)).image
        return drawn

    stencil = ENDS.get((name, float(own[at])), CENTRAL)
    slope: Floats = sum((weight * image(place) for place, weight in stencil), np.zeros(())) / step
    return slope


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_the_gradient_is_that_of_finite_differences(name: str) -> None:
    params: dict[str, Any] = {"size": 24, "dtype": "float64", "max_spots": 25}
    generator = Spots(**{**params, **CONFIGURATIONS[name]})
    known = meant(generator.params, generator.differentiable_params)
    for index in range(3):
        image = generator.sample(sd.Rng(seed=7, index=index)).image
        upstream = np.random.default_rng(index).normal(size=image.shape)
        found = generator.vjp(sd.Rng(seed=7, index=index), generator.params, upstream)
        assert sorted(found) == sorted(known)
        # What rounding the images leaves of differences that cancel.
        rounding = float(abs(upstream * image).sum()) * np.finfo(float).eps / STEP
        for value, product in found.items():
            for at in np.ndindex(np.shape(product)):
                slope = float((upstream * differences(generator, index, value, at)).sum())
                assert np.asarray(product)[at] == pytest.approx(slope, 1e-6, rounding), (value, at)


def test_every_kind_of_value_but_sizes_and_numbers_has_a_gradient() -> None:
    generator = Spots(positions=PLACES, background=3, dtype="float32")
    assert isinstance(generator, Differentiable)
    upstream = np.ones((64, 64, 1), np.float32)
    found = generator.vjp(sd.Rng(), generator.params, upstream)
    assert {name: np.shape(value) for name, value in found.items()} == {
        name: value.shape for name, value in continuous(generator.params).items()
    }


def test_the_gradient_of_a_float32_image_is_that_of_float64() -> None:
    upstream = np.random.default_rng(0).normal(size=(64, 64, 1)).astype(np.float32)
    single, double = (Spots(positions=PLACES, dtype=dtype) for dtype in ("float32", "float64"))
    one = single.vjp(sd.Rng(seed=7), single.params, upstream)
    other = double.vjp(sd.Rng(seed=7), double.params, upstream.astype(np.float64))
    assert pickle.dumps(one) == pickle.dumps(other)


def test_positions_are_found_again_from_an_image_by_following_the_gradient() -> None:
    shared: dict[str, Any] = {"dtype": "float64", "size": 32, "brightness": 3000, "width": 1}
    target = Spots(positions=[[12.4, 19.1], [21.0, 9.6]], **shared).sample(sd.Rng(seed=1)).image
    generator = Spots(positions=[[13.2, 18.0], [20.1, 10.3]], **shared)
    for step in range(60):
        rng = sd.Rng(seed=2, index=step)
        residual = generator.sample(sd.Rng(seed=2, index=step)).image - target
        slope = generator.vjp(rng, generator.params, 2 * residual)["positions"]
        places = continuous(generator.params)["positions"] - 2e-6 * slope
        generator = generator.with_params(changed(generator.params, {"positions": places}))
    assert np.abs(places - [[12.4, 19.1], [21.0, 9.6]]).max() < 0.1
