"""The ops that make a texture; what can be set, and what is declared, is textures.py's to say.

What a pixel is made of is exactly rounded (``- * /``), or a sum of integers, or float64 that is
rounded to float32: the same bits whatever instructions an op is made of, and so whatever the batch.
Large tensors of float32 are subtracted where one would add them, and none has two factors in a row:
TensorFlow's optimiser changes the order of sums and products as it likes the shapes, and with it
the rounding.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from synthdata.builtin.textures import FORMS, Form, TextureClass
from synthdata.native import tensor_draw
from synthdata.sample import Sample

DRAWN: Final = (
    "period",
    "angle",
    "duty",
    "softness",
    "persistence",
    "contrast",
    "saturation",
    "noise",
)
"""Params that are drawn, in the order of the uniform numbers behind them."""

UNIFORMS: Final = len(DRAWN) + 5 + 6
"""Numbers drawn for a sample: params, class, phases, luma, order, and two times RGB."""

BLOCK: Final = 16
"""Random numbers of 4 bits that are mixed into as many values of pixel noise."""

NOISE_GAIN: Final = 2.0
"""Gives the field of noise a standard deviation of 0.55, near that of a wave, 0.71."""

_WEIGHT: Final = 2.0**8
"""Steps of one in which weights of lattices are rounded. A product of two and of a value of a
lattice is less than 2**24, so that no sum of such products is rounded, in whatever order it is
made."""

_NOISE_DEVIATION: Final = math.sqrt(BLOCK * (16**2 - 1) / 12)

_LUMA: Final = (0.299, 0.587, 0.114)  # ITU-R BT.601


class Draws(NamedTuple):
    """The random numbers of a sample.

    Attributes:
        uniforms: float64 scalars above 0 and below 1.
        lattices: float32 (side, side) of odd integers from -255 to 255, one for each octave.
        noise: float32 (size, size * channels) of mean 0, sums of random numbers of 4 bits.
    """

    uniforms: list[tf.Tensor]
    lattices: list[tf.Tensor]
    noise: tf.Tensor


def texture(params: Any, seed: tf.Tensor, index: tf.Tensor) -> Sample:
    """Make one sample.

    Args:
        params: of Textures; the arguments of distributions may be tensors.
        seed: int64 scalar.
        index: int64 scalar.

    Returns:
        A Sample of tensors.
    """
    draws = draw(params, seed, index)
    kind, phase_u, phase_v, place, order, *hues = draws.uniforms[len(DRAWN) :]
    label = tf.cast(tf.floor(kind * len(params.classes)), tf.int64)
    form = Form(*tf.unstack(tf.gather(_table(params.classes), label)))
    values = _values(params, draws.uniforms, form)
    phase = tf.stack([_single(phase_u) * form.axis_u, _single(phase_v) * form.axis_v])
    colors = _colors(params.channels, values, place, order, hues)
    pattern = _pattern(params, draws.lattices, form, values, phase)
    metadata = {**values, "phase": phase, "colors": colors}
    del metadata["saturation"]
    return Sample(
        _image(params, pattern, metadata["colors"], draws.noise, values["noise"]),
        label,
        {name: tf.cast(value, tf.float32) for name, value in metadata.items()},
    )


def draw(params: Any, seed: tf.Tensor, index: tf.Tensor) -> Draws:
    """Draw all random numbers of a sample."""
    sides = [_cells(params, octave) + 3 for octave in range(params.octaves)]
    pixels = params.size**2 * params.channels
    sizes = [*(side**2 for side in sides), -(-pixels // (2 * BLOCK)) * BLOCK]
    drawn = words(seed, index, UNIFORMS + -(-sum(sizes) // 4))
    uniforms = (tf.cast(drawn[:UNIFORMS], tf.float64) + 0.5) * 2.0**-32
    *lattices, noise = tf.split(_bytes(drawn[UNIFORMS:])[: sum(sizes)], sizes)
    halves = tf.concat(
        [noise & 15, tf.bitwise.right_shift(noise, tf.constant(4, tf.uint8))], axis=0
    )
    mixed = tf.matmul(tf.reshape(tf.cast(halves, tf.float32) - 7.5, [-1, BLOCK]), _hadamard())
    return Draws(
        tf.unstack(uniforms),
        [
            tf.reshape(tf.cast(lattice, tf.float32) * 2 - 255, [side, side])
            for lattice, side in zip(lattices, sides, strict=True)
        ],
        tf.reshape(tf.reshape(mixed, [-1])[:pixels], [params.size, -1]),
    )


def words(seed: tf.Tensor, index: tf.Tensor, count: int) -> tf.Tensor:
    """Draw all random bits of a sample at once, as uint32.

    Philox is keyed by all bits of seed and index, so that no two samples share their numbers. They
    are those of ``tf.random.stateless_uniform(…, alg="philox")``: of this op, which takes seed and
    index itself, ``vectorized_map`` makes one loop over the samples, and of that function two.
    """
    return tf.raw_ops.StatelessRandomUniformFullInt(
        shape=[count], seed=tf.stack([seed, index]), dtype=tf.uint32
    )


def _bytes(words: tf.Tensor) -> tf.Tensor:
    """The four bytes of each word: first the lowest of all words, and so on."""
    # vectorized_map makes a loop over the samples of tf.bitcast.
    shifted = [tf.bitwise.right_shift(words, tf.constant(bits, tf.uint32)) for bits in (8, 16, 24)]
    return tf.concat([tf.cast(part, tf.uint8) for part in (words, *shifted)], axis=0)


def _table(classes: Sequence[TextureClass]) -> tf.Tensor:
    return tf.constant([FORMS[name] for name in classes], tf.float64)


def _values(params: Any, uniforms: Sequence[tf.Tensor], form: Form) -> dict[str, tf.Tensor]:
    """What is drawn by the params, as the class uses it: float64 that float32 can hold."""
    drawn = {
        name: _single(tensor_draw(getattr(params, name), uniform))
        for name, uniform in zip(DRAWN, uniforms, strict=False)
    }
    period = drawn["period"] * params.size * form.axis_u
    period += (1 - form.axis_u) * (params.size / params.cells)
    # An edge of that softness is a pixel wide.
    softness = tf.maximum(drawn["softness"], math.pi / period)
    return {
        **drawn,
        "period": _single(period),
        "angle": drawn["angle"] * form.axis_u,
        "duty": drawn["duty"] * form.duty,
        "softness": _single(tf.minimum(softness, 1.0)),
        "persistence": drawn["persistence"] * form.noise,
    }


def _pattern(
    params: Any,
    lattices: Sequence[tf.Tensor],
    form: Form,
    values: Mapping[str, tf.Tensor],
    phase: tf.Tensor,
) -> tf.Tensor:
    """How much of the second colour is in each pixel: float32 (size, size) from 0 to 1."""
    level = form.level + form.level_by_duty * tf.cos(values["duty"] * math.pi)
    # The level is at 0, and the farther of the field's ends 1 or more away from it.
    gain = 0.5 / (values["softness"] * (1 - tf.abs(level)))
    above = _waves(params.size, form, values, phase, gain)
    darker = -form.noise * NOISE_GAIN * gain
    for octave in _octaves(params, lattices, values["persistence"], darker):
        above -= octave
    above -= tf.cast(level * gain - 0.5, tf.float32)
    return tf.clip_by_value(above, 0.0, 1.0)


def _waves(
    size: int, form: Form, values: Mapping[str, tf.Tensor], phase: tf.Tensor, gain: tf.Tensor
) -> tf.Tensor:
    """The sum of both waves, float32 (size, size).

    A wave cos(a·x + b·y) is cos(a·x) · cos(b·y) - sin(a·x) · sin(b·y): only rows and columns need
    a cosine.
    """
    radians = values["angle"] * (math.pi / 180)
    cos, sin = tf.cos(radians), tf.sin(radians)
    across = tf.stack([form.first_u, form.second_u])
    along = tf.stack([form.first_v, form.second_v])
    places = tf.constant(np.arange(size) + 0.5, tf.float64)
    by_x = (across * cos - along * sin) / values["period"]
    by_y = (across * sin + along * cos) / values["period"]
    start = across * phase[0] + along * phase[1]
    turns = tf.concat([by_x[:, None] * places, by_y[:, None] * places - start[:, None]], axis=0)
    cosines = tf.cast(tf.cos(turns * math.tau), tf.float32)
    sines = tf.cast(tf.sin(turns * math.tau), tf.float32)
    weights = tf.cast(tf.stack([form.first_weight, form.second_weight]) * gain, tf.float32)
    products = [
        (waves[2 + which] * weights[which])[:, None] * waves[which]
        for which in (0, 1)
        for waves in (cosines, sines)
    ]
    return (products[0] - products[1]) - (products[3] - products[2])


def _octaves(
    params: Any, lattices: Sequence[tf.Tensor], persistence: tf.Tensor, factor: tf.Tensor
) -> list[tf.Tensor]:
    """Fields whose sum has the same spread for any persistence, times a factor: float32."""
    amplitudes = [tf.ones_like(persistence)]
    for _ in lattices[1:]:
        amplitudes.append(amplitudes[-1] * persistence)
    power = tf.sqrt(sum(amplitude * amplitude for amplitude in amplitudes))
    fields = []
    for octave, (lattice, amplitude) in enumerate(zip(lattices, amplitudes, strict=True)):
        # Of three dimensions, or vectorized_map would transpose what is not constant.
        weights = tf.constant(_splines(params.size, _cells(params, octave)).T[None], tf.float32)
        rows = tf.matmul(lattice, weights[0])[None]
        values = tf.matmul(rows, weights, transpose_a=True)[0]
        scale = amplitude * factor / (power * (255 * _WEIGHT**2))
        fields.append(values * tf.cast(scale, tf.float32))
    return fields


def _colors(
    channels: int,
    values: Mapping[str, tf.Tensor],
    place: tf.Tensor,
    order: tf.Tensor,
    hues: Sequence[tf.Tensor],
) -> tf.Tensor:
    """Two colours of a given difference in luma: float64 (2, channels) in grey levels."""
    contrast = values["contrast"]
    lighter = tf.floor(order * 2)
    darkest = place * (255 - contrast)
    luma = (darkest + contrast * tf.stack([lighter, 1 - lighter]))[:, None]
    if channels == 1:
        return luma
    hue = tf.reshape(tf.stack(hues), [2, 3])
    grey = hue[:, 0] * _LUMA[0] + hue[:, 1] * _LUMA[1] + hue[:, 2] * _LUMA[2]
    away = hue - grey[:, None]
    room = tf.where(away > 0, 255 - luma, luma) / tf.maximum(tf.abs(away), 1e-9)
    farthest = tf.reduce_min(room, axis=1, keepdims=True)
    return tf.clip_by_value(luma + away * (farthest * values["saturation"]), 0.0, 255.0)


def _image(
    params: Any, pattern: tf.Tensor, colors: tf.Tensor, noise: tf.Tensor, deviation: tf.Tensor
) -> tf.Tensor:
    """Blend the colours by the pattern, and add the pixel noise."""
    size, channels, whole = params.size, params.channels, params.dtype == "uint8"
    unit = 1.0 if whole else 1 / 255
    # The cast to integers cuts off what a half more rounds.
    below = tf.cast(colors[0] * -unit - (0.5 if whole else 0.0), tf.float32)
    step = tf.cast((colors[1] - colors[0]) * unit, tf.float32)
    lower = noise * tf.cast(deviation * (-unit / _NOISE_DEVIATION), tf.float32)
    image = _repeated(pattern, channels) * tf.tile(step, [size]) - lower - tf.tile(below, [size])
    image = tf.clip_by_value(image, 0.0, 255.0 * unit)
    return tf.cast(tf.reshape(image, [size, size, channels]), params.dtype)


def _repeated(pattern: tf.Tensor, channels: int) -> tf.Tensor:
    """Each pixel as often as there are channels: (size, size * channels).

    A product with a matrix of 0 and 1 is exact, and takes a third of the time of a broadcast.
    """
    if channels == 1:
        return pattern
    size = pattern.shape[0]
    block = math.gcd(size * size, 8)
    matrix = np.repeat(np.eye(block), channels, axis=1)
    repeated = tf.matmul(tf.reshape(pattern, [-1, block]), tf.constant(matrix, tf.float32))
    return tf.reshape(repeated, [size, size * channels])


def _cells(params: Any, octave: int) -> int:
    cells: int = params.cells * 2**octave
    return cells


def _single(value: tf.Tensor) -> tf.Tensor:
    """The nearest number that float32 has: what is drawn is then exactly what the metadata say."""
    return tf.cast(tf.cast(value, tf.float32), tf.float64)


def _splines(size: int, cells: int) -> NDArray[np.float64]:
    """Weights of the values of a lattice in each pixel, in steps: (size, cells + 3).

    They are those of the uniform cubic B-spline (de Boor, "A practical guide to splines", 1978).
    """
    place = (np.arange(size) + 0.5) * cells / size
    cell = np.floor(place).astype(int)
    t = place - cell
    exact = np.stack(
        [(1 - t) ** 3, (3 * t - 6) * t * t + 4, ((3 - 3 * t) * t + 3) * t + 1, t**3], axis=1
    )
    whole = np.round(exact / 6 * _WEIGHT)
    # The two in the middle are large enough to take what the rounding of all has left.
    whole[:, 1] += _WEIGHT - whole.sum(axis=1)
    weights = np.zeros((size, cells + 3))
    np.put_along_axis(weights, cell[:, None] + np.arange(4), whole, axis=1)
    return weights


def _hadamard() -> tf.Tensor:
    """A matrix of 1 and -1 whose rows are orthogonal, so that white noise stays white."""
    matrix = np.ones((1, 1))
    while len(matrix) < BLOCK:
        matrix = np.block([[matrix, matrix], [matrix, -matrix]])
    return tf.constant(matrix, tf.float32)
