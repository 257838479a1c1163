"""Distances between sets of grey images, with gradients; fitting.py makes them small."""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

SOFT: Final = 20.0
"""Grey level from which the scale ``asinh(level / SOFT)`` goes from linear to logarithmic."""

WHITE: Final = 255.0
"""Darker than 0 or lighter than this is as good as that: so does an image of 8 bits."""

NODES: Final = 65
"""Levels at which pixels are counted: on this scale some 1 grey level apart where it is dark."""

STEP: Final = math.asinh(WHITE / SOFT) / (NODES - 1)

DARK: Final = 1e-6
"""Power that is added before the logarithm: a thousandth of what rounding to grey levels makes."""

LEAST_VARIANCE: Final = 1e-6
"""Part of the largest variance below which a direction of statistics is rounding."""

LEAST_SQUARE: Final = 1e-20


class Statistics(NamedTuple):
    """What a distance knows of images: of one, or the means over those of a set.

    Since they are means, those of many small batches average to those of all their images.

    Attributes:
        darker: float32 (NODES,), the part of the pixels up to each level.
        spectrum: float32 (side // 2,), the logarithm of the power in each ring of frequencies.
    """

    darker: Any
    spectrum: Any


def scaled(images: Any) -> Any:
    """Return grey levels on the scale of the distance, ``asinh(level / SOFT)``, as float32.

    It is the usual one for pictures of the sky, where a few pixels are far brighter than all
    others (Lupton, Gunn and Szalay, "A modified magnitude system", Astronomical Journal 118, 1999).
    """
    return tf.asinh(tf.clip_by_value(tf.cast(images, tf.float32), 0.0, WHITE) / SOFT)


def each(images: ArrayLike | tf.Tensor) -> Statistics:
    """Return the statistics of each image; they have a gradient by images of floats.

    Args:
        images: (images, side, side) or (images, side, side, 1), grey levels of any dtype.

    Returns:
        float32 (images, NODES) and (images, side // 2).

    Raises:
        ValueError: if the images are no squares.
    """
    levels = scaled(images)
    if levels.shape.rank == 4 and levels.shape[-1] == 1:
        levels = levels[..., 0]
    if levels.shape.rank != 3 or levels.shape[1] != levels.shape[2]:
        raise ValueError(
            f"images are {levels.shape}, but (images, side, side) or (images, side, side, 1) is "
            "expected"
        )
    return Statistics(_darker(levels), _spectrum(levels))


def statistics(images: ArrayLike | tf.Tensor) -> Statistics:
    """Return the means over a set of images of what ``each`` returns."""
    return Statistics(*(tf.reduce_mean(rows, 0) for rows in each(images)))


def _darker(levels: tf.Tensor) -> tf.Tensor:
    """Count each pixel at the two nodes around it, by its distance to them, and sum up."""
    side, images = levels.shape[1], tf.shape(levels)[0]
    place = tf.reshape(levels, [-1]) / STEP
    below = tf.clip_by_value(tf.floor(place), 0.0, NODES - 2.0)
    above = place - below
    node = tf.cast(below, tf.int32) + NODES * tf.repeat(tf.range(images), side * side)
    counts = tf.math.unsorted_segment_sum(
        tf.concat([1 - above, above], 0), tf.concat([node, node + 1], 0), NODES * images
    )
    return tf.cumsum(tf.reshape(counts, [-1, NODES]), axis=1) / side**2


def _spectrum(levels: tf.Tensor) -> tf.Tensor:
    side = levels.shape[1]
    window = np.hanning(side + 1)[:-1]  # so that opposite borders need not fit together
    window = (np.outer(window, window) / np.mean(window**2)).astype(np.float32)
    flat = levels - tf.reduce_mean(levels, [1, 2], keepdims=True)
    waves = tf.signal.fft2d(tf.complex(flat * window, tf.zeros_like(flat))) / side
    power = tf.math.real(waves) ** 2 + tf.math.imag(waves) ** 2
    rings = tf.reshape(power, [-1, side * side]) @ _rings(side)
    return tf.math.log(rings + DARK)


def _rings(side: int) -> NDArray[np.float32]:
    """Weights (side², side // 2) of the mean over each ring: 1, 2, … cycles per side."""
    cycles = np.fft.fftfreq(side, 1 / side)
    ring = np.rint(np.hypot(cycles[:, None], cycles)).reshape(-1, 1)
    members = ring == np.arange(1, side // 2 + 1)
    weights: NDArray[np.float32] = (members / members.sum(axis=0)).astype(np.float32)
    return weights


class Distance:
    """A distance between two sets of images, in units of what one set varies by in itself.

    With levels on the scale ``x = asinh(level / 20)``, it is the mean of two parts::

        histogram  ∫ |F_A(x) - F_B(x)| dx / σ     the 1-Wasserstein distance of the grey levels
        spectrum   rms_k (S_A(k) - S_B(k)) / τ    S: mean over images of log ring power

    F is the part of all pixels up to x. S(k) is, for each image under a Hann window, the mean
    power in the ring of k cycles per side, of which the logarithm is averaged over the images. σ is
    the standard deviation of x over the pixels of a reference set, τ that of S over k. It is
    symmetric, 0 between equal sets, and knows nothing of where something is.

    Args:
        reference: images that say the units, as ``statistics`` takes them.
    """

    def __init__(self, reference: ArrayLike) -> None:
        self._histogram = float(np.std(scaled(reference)))
        self._spectrum = float(np.std(statistics(reference).spectrum))

    def parts(self, one: Statistics, other: Statistics) -> tuple[Any, Any]:
        """Return the distance of the histograms and that of the spectra, float32 scalars."""
        histogram = tf.reduce_sum(tf.abs(one.darker - other.darker)) * STEP
        spectrum = _rms(one.spectrum - other.spectrum)
        return histogram / self._histogram, spectrum / self._spectrum

    def __call__(self, one: Statistics, other: Statistics) -> Any:
        """Return the distance, a float32 scalar."""
        return tf.add_n(self.parts(one, other)) / 2


class Whitened:
    """How far the statistics of sets differ, in standard deviations of those of one image.

    Differences are freed from what varies together from image to image ("whitened"), which is the
    optimal weighting of the method of moments (Hansen, "Large sample properties of generalized
    method of moments estimators", Econometrica 50, 1982): the root of their mean square tells
    params apart that ``Distance`` hardly does. It is for images that the generator can make
    exactly; of others, what it cannot make decides.

    Args:
        reference: images, as ``each`` takes them; some hundred.
    """

    def __init__(self, reference: ArrayLike) -> None:
        rows = np.concatenate(each(reference), axis=1).astype(np.float64)
        variances, directions = np.linalg.eigh(np.cov(rows.T))
        kept = variances > LEAST_VARIANCE * variances[-1]
        self._whiten = (directions[:, kept] / np.sqrt(variances[kept])).astype(np.float32)

    def __call__(self, one: Statistics, other: Statistics) -> Any:
        """Return the difference, a float32 scalar."""
        differences = tf.concat([one.darker - other.darker, one.spectrum - other.spectrum], 0)
        return _rms(differences[None] @ self._whiten)


def _rms(values: tf.Tensor) -> tf.Tensor:
    # The root of 0 has a gradient of NaN; that of the least there is has one of 0.
    return tf.sqrt(tf.maximum(tf.reduce_mean(values**2), LEAST_SQUARE))
