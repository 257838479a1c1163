"""The noise of a camera in re-parameterised form, and its gradient."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from synthdata.builtin.spot_light import Floats


class ExposureGradient(NamedTuple):
    """The gradients of a number by what makes the exposure.

    Attributes:
        signal: float64, of the signal's shape.
        gain: by the gain.
        read_noise: by the read noise.
    """

    signal: Floats
    gain: float
    read_noise: float


class Exposure:
    """An image as a camera reads it, in grey levels: a signal with photon noise and read noise.

    The photons of a grey level vary by Poisson's distribution. Here it is normal with the same
    mean and variance, as usual where a noise is to be a smooth function of the signal (Foi,
    Trimeche, Katkovnik and Egiazarian, "Practical Poissonian-Gaussian noise modeling and fitting
    for single-image raw-data", IEEE Transactions on Image Processing 17, 2008). That holds for
    ten photons a pixel or more; of N photons the skewness 1 / √N is left out, and below ten some
    values may be negative. The sum of two independent normal noises is one normal noise: its
    variance is ``signal / gain + read_noise**2``.

    Args:
        signal: what falls on each pixel, in grey levels, above 0.
        gain: photons that make a grey level, above 0.
        read_noise: standard deviation in grey levels.
        deviates: standard normal, of the signal's shape.

    Attributes:
        signal: as given.
        image: float64, of the signal's shape.

    >>> Exposure(np.array([400.0]), gain=1.0, read_noise=0.0, deviates=np.array([0.5])).image
    array([410.])
    """

    def __init__(self, signal: Floats, gain: float, read_noise: float, deviates: Floats) -> None:
        self.signal = signal
        self._gain, self._read_noise, self._deviates = gain, read_noise, deviates
        self._spread = np.sqrt(signal / gain + read_noise**2)
        self.image: Floats = signal + self._spread * deviates

    def vjp(self, upstream: Floats) -> ExposureGradient:
        """Return the gradients of a number, given its gradient by the image.

        Args:
            upstream: float64, of the image's shape.
        """
        by_variance = upstream * self._deviates / (2 * self._spread)
        return ExposureGradient(
            upstream + by_variance / self._gain,
            float(-(by_variance * self.signal).sum() / self._gain**2),
            float(2 * self._read_noise * by_variance.sum()),
        )
