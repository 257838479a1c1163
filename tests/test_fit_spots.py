"""The example that fits spots-v1 to a real image does what it and docs/fit.md say."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import synthdata as sd

tf = pytest.importorskip("tensorflow")

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
RESULTS = ROOT / "docs" / "fit"
PAGE = (ROOT / "docs" / "fit.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def module() -> Iterator[Any]:
    """Import a module of the examples by name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(EXAMPLES))
        yield importlib.import_module


@pytest.fixture(scope="module")
def distances(module: Any) -> Any:
    return module("distances")


@pytest.fixture(scope="module")
def fitting(module: Any) -> Any:
    return module("fitting")


@pytest.fixture(scope="module")
def example(module: Any) -> Any:
    return module("fit_spots")


@pytest.fixture(scope="module")
def field(example: Any) -> Any:
    return example.Field()


def grey(seed: int, most: float = 60, side: int = 16) -> NDArray[np.float32]:
    return np.random.default_rng(seed).uniform(1, most, (8, side, side, 1)).astype(np.float32)


def asinh(images: NDArray[Any]) -> NDArray[np.float64]:
    scaled: NDArray[np.float64] = np.arcsinh(images.astype(np.float64) / 20)
    return scaled


def between(distances: Any, one: NDArray[Any], other: NDArray[Any]) -> tuple[float, float, float]:
    """The parts of a distance in units of the first set, and the distance."""
    distance = distances.Distance(one)
    statistics = distances.statistics(one), distances.statistics(other)
    histogram, spectrum = distance.parts(*statistics)
    return float(histogram), float(spectrum), float(distance(*statistics))


# The distance


def test_a_set_has_no_distance_from_itself_in_any_order(distances: Any) -> None:
    assert between(distances, grey(1), grey(1)[::-1]) == pytest.approx((0, 0, 0), abs=1e-5)


def test_the_distance_is_symmetric(distances: Any) -> None:
    distance = distances.Distance(grey(1))
    one, other = distances.statistics(grey(1)), distances.statistics(grey(2, most=200))
    assert float(distance(one, other)) == float(distance(other, one)) > 0.1


def test_a_shift_of_the_scaled_levels_is_half_of_itself_in_standard_deviations(
    distances: Any,
) -> None:
    one = grey(1)
    other = 20 * np.sinh(asinh(one) + 0.3)
    histogram, spectrum, distance = between(distances, one, other)
    assert histogram == pytest.approx(0.3 / np.std(asinh(one)), rel=1e-3)
    assert spectrum == pytest.approx(0, abs=1e-3)
    assert distance == pytest.approx(histogram / 2, abs=1e-3)


def test_the_histogram_part_is_the_mean_difference_of_the_sorted_levels(distances: Any) -> None:
    one, other = grey(1, most=250), grey(2, most=90)
    other[:4] *= 2.5  # so that neither is the darker one everywhere
    apart = np.abs(np.sort(asinh(one), axis=None) - np.sort(asinh(other), axis=None)).mean()
    histogram, _, _ = between(distances, one, other)
    assert histogram == pytest.approx(apart / np.std(asinh(one)), rel=0.01)


def test_doubled_contrast_is_four_times_the_power_at_each_frequency(distances: Any) -> None:
    one = grey(1, most=40)
    other = 20 * np.sinh(2 * asinh(one))
    spectra = [distances.statistics(images).spectrum.numpy() for images in (one, other)]
    np.testing.assert_allclose(spectra[1] - spectra[0], np.log(4), rtol=1e-3)
    _, spectrum, _ = between(distances, one, other)
    assert spectrum == pytest.approx(np.log(4) / np.std(spectra[0]), rel=1e-3)


@pytest.mark.parametrize(("down", "across", "ring"), [(0, 5, 5), (6, 2, 6), (2, 5, 5), (5, 7, 9)])
def test_a_wave_has_its_power_in_the_ring_of_its_frequency(
    distances: Any, down: int, across: int, ring: int
) -> None:
    y, x = np.indices((32, 32)) / 32
    wave = 20 * np.sinh(1 + 0.5 * np.cos(2 * np.pi * (down * y + across * x)))
    spectrum = distances.statistics(wave[None]).spectrum.numpy()
    assert spectrum.argmax() == ring - 1


def test_levels_that_8_bits_cannot_show_count_as_black_or_white(distances: Any) -> None:
    beyond = np.where(grey(1) < 30, -40, 900).astype(np.float32)
    assert between(distances, np.clip(beyond, 0, 255), beyond) == pytest.approx((0, 0, 0), abs=1e-5)


@pytest.mark.parametrize("other", ["equal", "far", "flat", "beyond"])
def test_the_gradient_of_each_loss_is_finite(distances: Any, other: str) -> None:
    one = grey(1)
    sets = {"equal": one, "far": grey(2, 9), "flat": 0 * one + 20, "beyond": 1_000 - 90 * one}
    for loss in (distances.Distance(one), distances.Whitened(one)):
        with tf.GradientTape() as tape:
            images = tf.constant(sets[other])
            tape.watch(images)
            value = loss(distances.statistics(images), distances.statistics(one))
        assert np.isfinite(value)
        assert np.isfinite(tape.gradient(value, images)).all()


def test_the_gradient_is_the_slope_of_the_distance(distances: Any) -> None:
    one, other, step = grey(1), grey(2, most=200), 0.02
    distance, target = distances.Distance(one), distances.statistics(one)
    with tf.GradientTape() as tape:
        brighter = tf.constant(1.0)
        tape.watch(brighter)
        value = distance(distances.statistics(brighter * other), target)
    ends = [
        float(distance(distances.statistics((1 + sign * step) * other), target)) for sign in (-1, 1)
    ]
    slope = (ends[1] - ends[0]) / (2 * step)
    assert float(tape.gradient(value, brighter)) == pytest.approx(slope, rel=0.02)


def test_single_images_are_one_standard_deviation_off_when_whitened(distances: Any) -> None:
    images = np.random.default_rng(3).gamma(2, 15, (400, 8, 8))
    loss, mean = distances.Whitened(images), distances.statistics(images)
    squares = [float(loss(distances.statistics(image[None]), mean)) ** 2 for image in images]
    assert np.mean(squares) == pytest.approx(399 / 400, rel=0.01)


@pytest.mark.parametrize("shape", [(4, 8, 9), (8, 8), (4, 8, 8, 3)], ids=str)
def test_only_sets_of_grey_squares_have_statistics(distances: Any, shape: Any) -> None:
    with pytest.raises(ValueError, match=re.escape(f"images are {shape}, but (images, side,")):
        distances.statistics(np.zeros(shape))


# The fit


def test_values_begin_where_they_are_and_stay_in_order(fitting: Any) -> None:
    theta = {"x.low": 3.0, "x.high": 7.0, "psf": 0.6}
    bounds = {"x.low": (1, 10), "x.high": (0.5, 10), "psf": (0.5, 2)}
    values = fitting.Positive(theta, bounds)
    assert {name: float(value) for name, value in values.theta().items()} == pytest.approx(theta)
    values.logs.assign([5.0, -5.0, -5.0])
    values.clip()
    assert {name: float(value) for name, value in values.theta().items()} == pytest.approx(
        {"x.low": 10, "x.high": 10.5, "psf": 0.5}
    )


@pytest.mark.parametrize(
    ("theta", "message"),
    [
        ({"psf": 0.6, "gain": 1.0}, "bounds are given of psf, x.low, x.high, but gain is to be"),
        ({"psf": 3.0}, "psf begins at 3, but its bounds are 0.5 and 2"),
        ({"x.low": 3.0, "x.high": 3.0}, "x.high above x.low begins at 0, but its bounds are 0.1"),
    ],
    ids=["unknown", "outside", "empty"],
)
def test_a_value_without_room_is_refused(fitting: Any, theta: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        fitting.Positive(theta, {"psf": (0.5, 2), "x.low": (1, 10), "x.high": (0.1, 5)})


def test_a_short_fit_brings_held_out_patches_three_times_nearer(example: Any, field: Any) -> None:
    start = {**example.START, "max_spots": 20}
    result = field.fit(start, steps=50)
    before, after = field.judge(start), field.judge(example.with_theta(start, result.theta))
    assert after.held_out < before.held_out / 3
    assert len(result.losses) == 50


def test_a_fit_is_the_same_each_time(example: Any, field: Any) -> None:
    start = {**example.START, "max_spots": 3}
    assert field.fit(start, steps=5) == field.fit(start, steps=5)


def test_a_short_fit_goes_most_of_the_way_to_known_params(example: Any) -> None:
    start, true = (
        example.spots(params, example.FOUND_AGAIN).theta
        for params in (example.ASTRAY, example.TRUTH)
    )
    for name, off in example.recover(steps=150, images=800).items():
        assert abs(off) < abs(start[name] / true[name] - 1) / 2, name


@pytest.mark.slow
def test_a_fit_brings_held_out_patches_five_times_nearer(example: Any, tmp_path: Path) -> None:
    before, after = example.hubble(tmp_path, steps=300)
    assert after.held_out < before.held_out / 5


@pytest.mark.slow
def test_known_params_are_found_again_within_2_percent(example: Any) -> None:
    assert {name: off for name, off in example.recover(steps=500).items() if abs(off) > 0.02} == {}


# What is written


def test_the_command_writes_a_recipe_that_is_a_data_set_and_two_pictures(tmp_path: Path) -> None:
    command = [sys.executable, str(EXAMPLES / "fit_spots.py"), "--steps", "2", "--out"]
    done = subprocess.run(
        [*command, str(tmp_path / "made")], capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"^halo_width +12 ", done.stdout, re.MULTILINE)
    assert re.search(r"^distance, held-out patches: 0\.\d+ -> 0\.\d+$", done.stdout, re.MULTILINE)
    source = sd.Source(sd.Recipe.from_file(tmp_path / "made" / "hubble.yaml"))
    assert (source[0].image.shape, source[0].image.dtype) == ((64, 64, 1), np.uint8)
    for name in ("hubble.png", "loss.png"):
        with Image.open(tmp_path / "made" / name) as picture:
            assert picture.width > 600


def test_without_scikit_image_it_says_what_to_install(
    example: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "skimage.data", None)
    with pytest.raises(SystemExit, match="pip install scikit-image"):
        example.Field()


def test_both_halves_of_the_field_are_whole_and_apart(example: Any, field: Any) -> None:
    image = example.deep_field()
    assert (field.fitted.shape, field.held_out.shape) == ((91, 64, 64), (104, 64, 64))
    np.testing.assert_array_equal(field.fitted[7 + 6], image[64:128, 6 * 64 : 7 * 64])
    np.testing.assert_array_equal(field.held_out[0], image[:64, 7 * 64 : 8 * 64])


# The page


def test_the_page_shows_the_recipe_that_is_beside_it() -> None:
    shown = re.search(r'```yaml title="hubble.yaml"\n(.*?)```', PAGE, re.DOTALL)
    assert shown is not None
    assert shown[1] == (RESULTS / "hubble.yaml").read_text(encoding="utf-8")


def test_the_recipe_on_the_page_is_as_near_as_the_page_says(example: Any, field: Any) -> None:
    recipe = sd.Recipe.from_file(RESULTS / "hubble.yaml")
    most = recipe.params["max_spots"]
    before = field.judge({**example.START, "max_spots": most})
    after = field.judge(recipe.params)
    assert after.recipe == recipe
    shown = {
        name: [float(number) for number in numbers]
        for name, *numbers in re.findall(
            r"^\| (fitted|held out) \| ([\d.]+) \| ([\d.]+) ", PAGE, re.MULTILINE
        )
    }
    assert shown == {
        "fitted": pytest.approx([before.fitted, after.fitted], abs=1e-3),
        "held out": pytest.approx([before.held_out, after.held_out], abs=1e-3),
    }
    assert f"{field.floor:.3f}" in PAGE
    assert after.held_out < before.held_out / 5


def test_files_beside_the_page_are_small() -> None:
    assert {file.name for file in RESULTS.iterdir()} == {"hubble.png", "hubble.yaml", "loss.png"}
    assert max(file.stat().st_size for file in RESULTS.iterdir()) < 100_000
