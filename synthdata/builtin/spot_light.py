"""The light of blurred spots on a grid of pixels, and its gradient; noise is spot_camera.py's."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

FAINTEST: Final = -300.0
"""Exponent below which a profile does not fall: 5e-131 is dark as well.

Products of still smaller numbers are subnormal, which slows the sum down by up to a third.
"""


@dataclass(frozen=True, slots=True)
class Scene:
    """Spots as they are before the blur.

    Attributes:
        positions: (spots, 2), the x and y of each in pixels from the upper left corner.
        brightness: (spots,), the total light of each.
        width: (spots,), the standard deviation of each in pixels; 0 is a point.
    """

    positions: Floats
    brightness: Floats
    width: Floats


class Blur(NamedTuple):
    """A point spread function of two Gaussians, a core and a halo.

    Attributes:
        psf: standard deviation of the core in pixels.
        halo: the halo's part of the light.
        halo_width: standard deviation of the halo over that of the core.
    """

    psf: float
    halo: float
    halo_width: float


class LightGradient(NamedTuple):
    """The gradients of a number by what makes the light.

    Attributes:
        spots: of the shapes of the spots.
        blur: floats.
    """

    spots: Scene
    blur: Blur


class Light:
    """What spots look like through a blur, without background and noise.

    A Gaussian approximates the point spread function of a microscope (Zhang, Zerubia and
    Olivo-Marin, "Gaussian approximations of fluorescence microscope point-spread function
    models", Applied Optics 46, 2007). Variances of Gaussians add up, and a Gaussian is a product
    of one factor along x and one along y: the image is a product of two small matrices.

    A pixel has the density at its centre, rather than the mean over its area. The sum over all
    pixels is then the brightness but for ``2 exp(-2 (π σ)²)`` of it along each axis, σ being the
    standard deviation (Poisson's summation formula): 1.5 % at 0.5 pixels, 0.013 % at 0.7.

    Args:
        size: height and width in pixels.
        spots: what shines.
        blur: what it is seen through.

    Attributes:
        signal: float64 (size, size), light in each pixel.

    >>> spots = Scene(np.array([[16.0, 12.0]]), np.array([1000.0]), np.array([1.0]))
    >>> light = Light(32, spots, Blur(psf=1.2, halo=0.0, halo_width=3.0))
    >>> round(float(light.signal.sum()), 6)
    1000.0
    """

    def __init__(self, size: int, spots: Scene, blur: Blur) -> None:
        self._spots, self._blur = spots, blur
        # Axes: x and y; core and halo; spots; pixels.
        self._offsets = np.arange(0.5, size) - spots.positions.T[:, :, None]
        self._squares = self._offsets**2
        scales = np.array([[1.0], [blur.halo_width]])
        self._variance = spots.width**2 + (blur.psf * scales) ** 2
        exponents = self._squares[:, None] * (-0.5 / self._variance)[:, :, None]
        self._profiles = np.exp(np.maximum(exponents, FAINTEST, out=exponents), out=exponents)
        self._density = 1 / (math.tau * self._variance)
        parts = np.array([[1 - blur.halo], [blur.halo]])
        self._share = parts * self._density
        x, y = self._flat(self._profiles)
        weight = (spots.brightness * self._share).reshape(-1, 1)
        # By BLAS it takes a sixth of the time, but the last bit depends on the number of threads.
        self.signal: Floats = np.einsum("ky,kx->yx", y, x * weight)

    def vjp(self, upstream: Floats) -> LightGradient:
        """Return the gradients of a number, given its gradient by the signal.

        Args:
            upstream: float64 (size, size).
        """
        total, first, second = self._moments(upstream)
        variance, brightness, blur = self._variance, self._spots.brightness, self._blur
        weight = brightness * self._share
        by_position = (first * (weight / variance)).sum(axis=1).T
        by_variance = weight * (second / (2 * variance) - total) / variance
        by_part = (total * self._density * brightness).sum(axis=1)
        core, halo = by_variance.sum(axis=1)
        return LightGradient(
            Scene(
                by_position,
                (total * self._share).sum(axis=0),
                2 * self._spots.width * by_variance.sum(axis=0),
            ),
            Blur(
                float(2 * blur.psf * (core + halo * blur.halo_width**2)),
                float(by_part[1] - by_part[0]),
                float(2 * blur.psf**2 * blur.halo_width * halo),
            ),
        )

    def _moments(self, upstream: Floats) -> tuple[Floats, Floats, Floats]:
        """Sums of the upstream gradient under each profile, by powers of the distance.

        Returns:
            Of power 0, (2, spots); of x and of y, (2, 2, spots); of x² + y², (2, spots).
        """
        x, y = self._flat(self._profiles)
        weighted = np.empty_like(self._profiles)
        along_x, along_y = self._flat(weighted)
        np.matmul(y, upstream, out=along_x)
        np.matmul(x, upstream.T, out=along_y)
        weighted *= self._profiles
        return (
            weighted[0].sum(axis=-1),
            np.einsum("acks,aks->ack", weighted, self._offsets),
            np.einsum("acks,aks->ck", weighted, self._squares),
        )

    def _flat(self, profiles: Floats) -> Floats:
        """A view of profiles as (2, 2 · spots, size): core and halo of a spot are two spots."""
        return profiles.reshape(2, -1, profiles.shape[-1])
