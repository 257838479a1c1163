"""textures-v1: labels and metadata are true of the image, and its bytes of any way to make it."""

from __future__ import annotations

import copy
import itertools
import math
import subprocess
import sys
from collections import Counter
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import synthdata as sd
from synthdata.builtin.textures import CLASSES, Textures
from synthdata.check import compile_check

tf = pytest.importorskip("tensorflow")

from synthdata.builtin import texture_graph  # noqa: E402  # it imports TensorFlow

SEED = 7
PLAIN: dict[str, Any] = {
    "channels": 1,
    "dtype": "float32",
    "contrast": 200,
    "noise": 0,
    "size": 128,
}
"""Params under which the image is the pattern, but for its scale."""

Key = tuple[int, int]


def leaves(generator: Textures, tree: Any) -> list[NDArray[Any]]:
    """The arrays of a Sample of tensors, in the order of the Output."""
    metadata = [tree.metadata[name] for name in generator.output.metadata]
    return [np.asarray(tensor) for tensor in (tree.image, tree.label, *metadata)]


def batch(count: int, **params: Any) -> sd.Sample:
    """Samples from index 0, stacked, made by the graph."""
    generator = Textures(**params)
    generator.open()
    try:
        return generator.sample_batch([sd.Rng(SEED, index) for index in range(count)])
    finally:
        generator.close()


def sample(index: int = 0, seed: int = SEED, **params: Any) -> sd.Sample:
    """One sample, made op by op, which takes less time than a graph for a few samples."""
    generator = Textures(**params)
    made = generator.tensor_sample(tf.constant(seed, tf.int64), tf.constant(index, tf.int64))
    image, label, *metadata = leaves(generator, made)
    return sd.Sample(image, int(label), dict(zip(generator.output.metadata, metadata, strict=True)))


def axes(size: int, angle: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The places of all pixels on the axes u and v."""
    y, x = np.mgrid[:size, :size] + 0.5
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    return x * cos + y * sin, y * cos - x * sin


def peaks(image: NDArray[Any], count: int, padded: int = 1024) -> list[NDArray[np.float64]]:
    """The strongest waves of a grey image: x, y in periods a pixel, one of each two opposite."""
    size = len(image)
    window = np.hanning(size + 2)[1:-1]
    light = (image[:, :, 0] - image.mean()) * window * window[:, None]
    power = np.abs(np.fft.fft2(light, (padded, padded))) ** 2
    frequency = np.fft.fftfreq(padded)
    power[(frequency[:, None] < 0) | ((frequency[:, None] == 0) & (frequency < 0))] = 0
    found = []
    for _ in range(count):
        y, x = np.unravel_index(power.argmax(), power.shape)
        found.append(np.array([frequency[x], frequency[y]]))
        near = (frequency - frequency[x]) ** 2 + (frequency[:, None] - frequency[y]) ** 2
        power[near < (3 / size) ** 2] = 0
    return found


def wave(angle: float, period: float) -> NDArray[np.float64]:
    radians = math.radians(angle)
    vector = np.array([math.cos(radians), math.sin(radians)]) / period
    # Of the two opposite ones, that which points downward.
    return -vector if vector[1] < 0 else vector


def assert_waves(image: NDArray[Any], expected: list[NDArray[np.float64]]) -> None:
    found = peaks(image, len(expected))
    for vector in expected:
        # One that is almost horizontal may be found as its opposite.
        nearest = min(np.abs(sign * one - vector).max() for one in found for sign in (1, -1))
        assert nearest < 0.0016  # one and a half steps of 1/1024, a fifth of a period a side


def test_waves_of_stripes_have_the_angle_and_period_of_the_metadata() -> None:
    for index in range(12):
        made = sample(index, **PLAIN, classes=["stripes"], angle={"uniform": [-180, 180]})
        assert_waves(made.image, [wave(made.metadata["angle"], made.metadata["period"])])


def test_dots_are_two_waves_at_right_angles() -> None:
    for index in range(12):
        made = sample(index, **PLAIN, classes=["dots"], duty=0.5, softness=1)
        angle, period = made.metadata["angle"], made.metadata["period"]
        assert_waves(made.image, [wave(angle, period), wave(angle + 90, period)])


def test_checks_are_two_waves_along_their_diagonals() -> None:
    for index in range(12):
        made = sample(index, **PLAIN, classes=["checks"])
        angle, period = made.metadata["angle"], made.metadata["period"] / math.sqrt(2)
        assert_waves(made.image, [wave(angle + 45, period), wave(angle - 45, period)])


def second(made: sd.Sample) -> NDArray[np.float64]:
    """How much of a grey image's second colour is in each pixel."""
    first, other = made.metadata["colors"][:, 0].astype(float) / 255
    part: NDArray[np.float64] = (made.image[:, :, 0] - first) / (other - first)
    return part


@pytest.mark.parametrize("kind", ["stripes", "checks", "dots"])
def test_crests_lie_where_the_phase_says(kind: str) -> None:
    for index in range(6):
        made = sample(index, **PLAIN, classes=[kind], duty=0.5, softness=0.3)
        period, phase = made.metadata["period"], made.metadata["phase"]
        places = axes(128, made.metadata["angle"])
        u, v = (place / period - at for place, at in zip(places, phase, strict=True))
        # How far it is from the crest, in periods, in the direction that counts.
        far_u, far_v = abs(u - np.round(u)), abs(v - np.round(v))
        crest = far_u < 0.1 if kind == "stripes" else (far_u < 0.1) & (far_v < 0.1)
        trough = far_u > 0.4 if kind != "checks" else (far_u > 0.4) & (far_v < 0.1)
        assert crest.sum() > 100
        assert trough.sum() > 100
        assert second(made)[crest].min() > 0.9
        assert second(made)[trough].max() < 0.1


@pytest.mark.parametrize("kind", ["stripes", "dots"])
@pytest.mark.parametrize("duty", [0.1, 0.25, 0.5, 0.8])
def test_a_stripe_or_dot_is_as_wide_as_the_duty_says(kind: str, duty: float) -> None:
    made = sample(3, **PLAIN, classes=[kind], duty=duty, softness=0.05, angle=0, period=0.5)
    row = round(float(made.metadata["phase"][1]) * 64) if kind == "dots" else 0
    # 128 pixels are two periods, so that they hold two widths wherever they begin.
    assert (second(made)[row] > 0.5).sum() / 128 == pytest.approx(duty, abs=0.02)


def test_edges_are_as_wide_as_the_softness_says() -> None:
    for softness in (0.2, 0.6, 1.0):
        made = sample(
            3, **PLAIN, classes=["stripes"], duty=0.5, softness=softness, angle=0, period=1
        )
        part = second(made)[0]
        # 0.5 + 0.5 · cos / softness is between 0.25 and 0.75 where |cos| is below softness / 2.
        mixed = ((part > 0.25) & (part < 0.75)).sum() / 128
        assert mixed == pytest.approx(4 * math.asin(softness / 2) / math.tau, abs=0.02)


def test_an_edge_is_never_narrower_than_a_pixel_and_the_metadata_say_so() -> None:
    made = sample(3, **PLAIN, classes=["stripes"], duty=0.5, softness=0.01, angle=0, period=1 / 8)
    assert made.metadata["softness"] == pytest.approx(math.pi / 16)
    changes = np.abs(np.diff(second(made)[0]))
    assert 0.6 < changes.max() <= 1


def spectrum(images: NDArray[Any]) -> NDArray[np.float64]:
    """The mean power of each frequency."""
    size = images.shape[1]
    window = np.hanning(size + 2)[1:-1]
    light = (images - images.mean(axis=(1, 2), keepdims=True)) * window * window[:, None]
    power: NDArray[np.float64] = np.mean(np.abs(np.fft.fft2(light)) ** 2, axis=0)
    return power


@pytest.mark.parametrize("persistence", [0.4, 0.7, 1.0])
def test_octaves_of_noise_fall_as_the_persistence_says(persistence: float) -> None:
    made = batch(
        128, **PLAIN, classes=["noise"], softness=1, persistence=persistence, octaves=3, cells=8
    )
    power = spectrum(made.image[:, :, :, 0])
    frequency = np.fft.fftfreq(128)
    expected = []
    for octave in range(3):
        # White noise of a value each h pixels, under a cubic B-spline, which is four boxes' width
        # h convolved: the power is that of the noise, h² times sinc⁸ in each direction.
        h = 16 / 2**octave
        one = h * np.sinc(frequency * h) ** 8
        expected.append((one * one[:, None]).ravel())
    # Relative errors count, down to a part that the float's rounding and the clipping have.
    weight = 1 / (power.ravel() + power.max() * 1e-4)
    weight[0] = 0
    amounts, *_ = np.linalg.lstsq((np.array(expected) * weight).T, power.ravel() * weight)
    ratios = np.sqrt(amounts[1:] / amounts[:-1])
    assert ratios == pytest.approx(persistence, rel=0.12)
    assert np.all(made.metadata["persistence"] == np.float32(persistence))
    assert np.all(made.metadata["period"] == 16)


def test_noise_has_the_same_spread_for_any_persistence() -> None:
    spread = [
        batch(100, **PLAIN, classes=["noise"], softness=1, persistence=each).image.std(axis=(1, 2))
        for each in (0.0, 1.0)
    ]
    low, high = (float(np.sqrt(np.mean(np.square(each)))) for each in spread)
    assert low / high == pytest.approx(1, abs=0.15)


def test_each_class_is_as_likely_as_the_others_and_told_by_its_waves() -> None:
    made = batch(120, **PLAIN, cells=16)
    counts = Counter(made.label.tolist())
    assert sorted(counts) == [0, 1, 2, 3]
    assert all(abs(count - 30) < 20 for count in counts.values())
    told = [guess(image) for image in made.image]
    assert told == [CLASSES[label] for label in made.label]


def guess(image: NDArray[Any]) -> str:
    """The class of a plain image, told without its metadata."""
    power = spectrum(image[None, :, :, 0])
    frequency = np.fft.fftfreq(len(image))
    x, y = frequency, frequency[:, None]
    (u, v), other = peaks(image, 2, 512)
    across = np.array([-v, u])
    beside = abs(u * y - v * x) / math.hypot(u, v)
    # All that stripes have lies on one line through the middle; checks and dots have a second wave,
    # of the same length and at a right angle.
    if power[beside < 2.5 / len(image)].sum() > 0.9 * power.sum():
        return "stripes"
    if min(abs(other - across).max(), abs(other + across).max()) > 0.004:
        return "noise"
    # Checks have as much of either colour, dots less of theirs.
    middle = (image.max() + image.min()) / 2
    return "dots" if abs(image.mean() - middle) > 0.05 * np.ptp(image) else "checks"


def luma(colors: NDArray[Any]) -> Any:
    """By ITU-R BT.601."""
    return colors @ np.array([0.299, 0.587, 0.114])


def test_colours_differ_by_the_contrast_and_are_those_of_the_image() -> None:
    made = batch(64, noise=0, softness=0.1, classes=["stripes", "checks", "dots"], period=0.4)
    colors, contrast = made.metadata["colors"].astype(float), made.metadata["contrast"]
    first, other = luma(colors[:, 0]), luma(colors[:, 1])
    assert abs(abs(first - other) - contrast).max() < 1e-3
    assert 10 < (first < other).sum() < 54
    for image, pair in zip(made.image.astype(int), colors, strict=True):
        away = abs(image[:, :, None] - pair).max(axis=3)
        # Each colour is somewhere, and most pixels have one of them.
        assert away.min(axis=(0, 1)).max() <= 0.5001
        assert (away.min(axis=2) < 0.51).mean() > 0.5


@pytest.mark.parametrize("saturation", [0, 1])
def test_saturation_goes_from_grey_to_the_border_of_the_colours(saturation: int) -> None:
    for index in range(8):
        colors = sample(index, size=32, saturation=saturation).metadata["colors"]
        if saturation:
            assert np.minimum(colors, 255 - colors).min(axis=1).max() < 1e-3
        else:
            assert np.ptp(colors, axis=1).max() < 1e-3


def test_pixel_noise_is_white_near_normal_and_of_the_declared_deviation() -> None:
    params = {"dtype": "float32", "contrast": 20, "saturation": 0, "size": 64}
    noisy, clean = (batch(64, **params, noise=noise).image.astype(float) for noise in (8, 0))
    inside = (clean.min(axis=(1, 2, 3)) > 0.2) & (clean.max(axis=(1, 2, 3)) < 0.8)
    noise = ((noisy - clean) * 255)[inside]
    assert len(noise) > 20
    count = noise.size
    assert noise.std() == pytest.approx(8, rel=5 / math.sqrt(2 * count))
    assert abs(noise.mean()) < 5 * 8 / math.sqrt(count)
    # A sum of sixteen: a normal one has a kurtosis of 3, an even one of 1.8.
    assert np.mean((noise / 8) ** 4) == pytest.approx(3, abs=0.1)
    flat = noise.reshape(len(noise), -1)
    for lag in (*range(1, 33), 64, 192, 384, 6144):
        related = np.mean(flat[:, lag:] * flat[:, :-lag]) / 64
        assert abs(related) < 5 / math.sqrt(count / 2)


def test_floats_are_the_grey_levels_over_255() -> None:
    for index in range(4):
        whole, part = (sample(index, size=32, dtype=dtype).image for dtype in ("uint8", "float32"))
        assert abs(whole - part.astype(float) * 255).max() < 0.5001


def test_what_a_class_does_not_have_is_0() -> None:
    used = {
        "noise": {"persistence"},
        "stripes": {"angle", "phase_u", "duty"},
        "checks": {"angle", "phase_u", "phase_v"},
        "dots": {"angle", "phase_u", "phase_v", "duty"},
    }
    for kind in CLASSES:
        metadata = dict(sample(5, size=32, classes=[kind]).metadata)
        metadata["phase_u"], metadata["phase_v"] = metadata.pop("phase")
        names = {"persistence", "angle", "phase_u", "phase_v", "duty"}
        assert {name for name in names if metadata[name] != 0} == used[kind]


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("params", [{"size": 32}, {"size": 45}, {"size": 67, "channels": 1}])
def test_the_graph_makes_the_bits_that_the_ops_make_one_by_one(
    params: dict[str, Any], dtype: str
) -> None:
    count, seed, generator = 34, 2**64 - 3, Textures(**params, dtype=dtype)
    generator.open()
    made = generator.sample_batch([sd.Rng(seed, index) for index in range(count)])
    generator.close()
    many = leaves(generator, made)
    for index in range(count):
        key = tf.constant(-3, tf.int64), tf.constant(index, tf.int64)
        alone = leaves(generator, generator.tensor_sample(*key))
        assert all(np.array_equal(one, rows[index]) for one, rows in zip(alone, many, strict=True))


def images(generator: Textures, seeds: Any, indices: Any) -> Any:
    def image(key: Any) -> Any:
        return generator.tensor_sample(*key).image

    return tf.vectorized_map(image, (seeds, indices), warn=False)


def test_the_graph_makes_the_same_bits_unoptimised_and_of_any_known_size() -> None:
    generator = Textures(size=32, dtype="float32")
    keys = tf.fill([48], tf.constant(1, tf.int64)), tf.range(48, dtype=tf.int64)

    def made(*given: Any) -> Any:
        return images(generator, *given)

    before = made(*keys).numpy()
    options = tf.config.optimizer.get_experimental_options()
    try:
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
        plain = tf.function(made, autograph=False)(*keys).numpy()
    finally:
        # What was set cannot be unset, only set to the other value.
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False, **options})
    optimised = tf.function(made, autograph=False)(*keys).numpy()
    few = tf.function(made, autograph=False)(*(key[:3] for key in keys)).numpy()
    assert np.array_equal(plain, before)
    assert np.array_equal(plain, optimised)
    assert np.array_equal(plain[:3], few)


@pytest.mark.parametrize(("size", "cells"), [(32, 1), (45, 8), (64, 64), (512, 512)])
def test_no_sum_of_a_matrix_product_of_lattices_is_rounded(size: int, cells: int) -> None:
    weights = texture_graph._splines(size, cells)
    assert weights.shape == (size, cells + 3)
    assert np.array_equal(weights, np.round(weights))
    assert weights.min() >= 0
    # Twice over values of up to 255: integers that float32 has, in whatever order they are added.
    assert weights.sum(axis=1).min() == weights.sum(axis=1).max()
    assert 255 * weights.sum(axis=1).max() ** 2 < 2**24


KEYS: list[Key] = [
    *itertools.product((0, 1, 2, -1, 2**32, 2**63 - 1, -(2**63)), (0, 1, 2, 3, 2**32, 2**48 - 1)),
    *((0, 1 | attempt << 48) for attempt in (1, 2, 2**15 - 1)),
]


def test_no_two_samples_share_their_random_numbers() -> None:
    keys = tf.constant(KEYS, tf.int64)
    words = [texture_graph.words(seed, index, 512) for seed, index in keys]
    pairs = np.stack(words).view(np.uint64)
    # Of 10,000 words of 64 bits no two are equal by chance.
    assert len(np.unique(pairs)) == pairs.size


def test_the_random_numbers_are_those_of_the_public_philox() -> None:
    for seed, index in KEYS:
        key = tf.constant([seed, index], tf.int64)
        public = tf.random.stateless_uniform([50], key, None, None, tf.uint32, alg="philox")
        assert np.array_equal(texture_graph.words(key[0], key[1], 50), public)


def test_numbers_of_a_sample_and_of_its_neighbours_are_unrelated() -> None:
    params = Textures(size=32, octaves=1, cells=1).params

    def numbers(key: Any) -> Any:
        draws = texture_graph.draw(params, *key)
        parts = [draws.uniforms, draws.lattices[0], draws.noise[:2]]
        return tf.concat([tf.reshape(tf.cast(part, tf.float64), [-1]) for part in parts], axis=0)

    keys = np.array(list(itertools.product(range(40), range(40))))
    drawn = tf.vectorized_map(numbers, (keys[:, 0], keys[:, 1]), warn=False).numpy()
    drawn = (drawn - drawn.mean(axis=0)) / drawn.std(axis=0)
    count = len(drawn)
    related = np.corrcoef(drawn.T) - np.eye(drawn.shape[1])
    assert abs(related).max() < 6 / math.sqrt(count)
    grid = drawn.reshape(40, 40, -1)
    for other in (grid[1:, :].copy(), grid.swapaxes(0, 1)[1:]):
        assert abs(np.mean(grid[:-1] * other)) < 5 / math.sqrt(other.size)
    uniforms = drawn[:, : texture_graph.UNIFORMS]
    # The standard deviation of what is even from 0 to 1 makes its ends ±√3.
    assert abs(uniforms).max() < math.sqrt(3) * 1.1


DRAWN = {
    "period": (0.2, 0.4),
    "angle": (20.0, 70.0),
    "duty": (0.4, 0.6),
    "softness": (0.6, 0.9),
    "persistence": (0.4, 0.6),
    "contrast": (100.0, 150.0),
    "saturation": (0.2, 0.6),
    "noise": (2.0, 5.0),
}


def under(generator: Textures, ends: dict[str, Any]) -> Textures:
    """The generator under params whose distributions have tensors for arguments."""
    changed = {}
    for name, (low, high) in ends.items():
        distribution = copy.copy(getattr(generator.params, name))
        object.__setattr__(distribution, "low", low)
        object.__setattr__(distribution, "high", high)
        changed[name] = distribution
    return generator.with_params(generator.params.model_copy(update=changed))


def test_the_image_has_a_gradient_by_each_param_that_is_drawn() -> None:
    generator = Textures(
        size=32, dtype="float32", **{name: {"uniform": ends} for name, ends in DRAWN.items()}
    )
    keys = tf.fill([16], tf.constant(3, tf.int64)), tf.range(16, dtype=tf.int64)
    start = {name: [tf.constant(end, tf.float64) for end in pair] for name, pair in DRAWN.items()}

    def moved(name: str, end: int, part: float) -> dict[str, list[Any]]:
        ends = {name: list(pair) for name, pair in start.items()}
        ends[name][end] *= 1 + part
        return ends

    @tf.function(autograph=False)  # type: ignore[untyped-decorator, unused-ignore]
    def light(ends: Any) -> Any:
        return tf.cast(images(under(generator, ends), *keys), tf.float64)

    @tf.function(autograph=False)  # type: ignore[untyped-decorator, unused-ignore]
    def gradient(upstream: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(start)
            value = tf.reduce_sum(light(start) * upstream)
        return tape.gradient(value, start)

    for name, end in itertools.product(DRAWN, (0, 1)):
        # In the direction in which the images go, so that nothing cancels out.
        upstream = light(moved(name, end, 0.01)) - light(start)
        found = float(gradient(upstream)[name][end])
        # Far from the corner, waves move by many times what their period changes.
        part = 1e-5 if name == "period" else 1e-4
        apart = light(moved(name, end, part)) - light(moved(name, end, -part))
        expected = float(tf.reduce_sum(apart * upstream)) / (2 * part * DRAWN[name][end])
        assert expected > 0
        assert found == pytest.approx(expected, rel=0.02), (name, end)


def test_describing_textures_loads_no_tensorflow() -> None:
    script = """
import sys
import synthdata as sd
print(sd.make("textures-v1", size=48).output.image, "tensorflow" in sys.modules)
"""
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "(48, 48, 3) uint8 False"


EXTREMES: list[dict[str, Any]] = [
    *({"size": 32, "period": end} for end in (1 / 8, 1)),
    *({"size": 32, "angle": end} for end in (-360, 360)),
    *({"size": 32, "duty": end} for end in (0.1, 0.8)),
    *({"size": 32, "softness": end} for end in (0.01, 1)),
    *({"size": 32, "persistence": end} for end in (0, 1)),
    *({"size": 32, "contrast": end} for end in (1, 255)),
    *({"size": 32, "noise": end} for end in (0, 128)),
    {"size": 32, "cells": 32, "octaves": 1},
    {"size": 32, "cells": 1, "octaves": 6},
    {"size": 512, "cells": 4, "octaves": 8, "period": 1 / 128},
    {"size": 32, "contrast": 255, "saturation": 1, "softness": 0.01, "noise": 128},
]


@pytest.mark.parametrize("params", EXTREMES, ids=str)
def test_extreme_params_make_what_is_declared(params: dict[str, Any]) -> None:
    for kind, dtype in itertools.product(CLASSES, ("uint8", "float32")):
        given = {**params, "classes": [kind], "dtype": dtype}
        made = sample(1, **given)
        compile_check(Textures(**given).output)(made)
        assert np.ptp(made.image) > 0


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"size": 32, "period": 0.1}, "at size 32 a period of 0.1 is less than 4 pixels"),
        ({"size": 32, "octaves": 5}, "has 64 cells, which is more than the 32 pixels"),
        ({"classes": ["noise", "noise"]}, "doubled are 'noise'"),
        ({"classes": []}, "classes"),
        ({"duty": {"uniform": [0, 0.5]}}, "numbers from 0.1 to 0.8 are expected"),
        ({"noise": "much"}, "numbers from 0 to 128 are expected, but it draws words"),
        ({"size": 16}, "size"),
    ],
)
def test_params_that_no_texture_has_are_refused(params: dict[str, Any], message: str) -> None:
    with pytest.raises(sd.ParamsError, match=message):
        sd.make("textures-v1", **params)
