"""Textures by name, as how far each pixel is from one colour to another; it knows no colours."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float32]

TextureName: TypeAlias = Literal["gradient", "clouds", "stripes", "checks"]

TEXTURES: Final[tuple[TextureName, ...]] = get_args(TextureName)

CLOUD_CELLS: Final = 2
"""Cells along a side of the image of the coarsest lattice of clouds."""

FINER_AMPLITUDES: Final = (0.5, 0.25)
"""Of each finer lattice, which has twice as many cells as the one before, whose amplitude is 1."""

PERIODS: Final = (2.0, 8.0)
"""Fewest and most stripes along a side of the image; checks are half as many."""


def texture(name: TextureName, size: int, rng: np.random.Generator) -> Floats:
    """Draw a texture.

    Args:
        name: which one.
        size: side of the image in pixels; what is drawn scales with it.
        rng: decides on directions, widths and lattices.

    Returns:
        (size, size) float32 from 0 to 1.

    >>> texture("checks", 16, np.random.default_rng(0)).shape
    (16, 16)
    """
    return _TEXTURES[name](size, rng)


def _gradient(size: int, rng: np.random.Generator) -> Floats:
    return _stretched(_ramp(size, rng.uniform(0, math.tau)))


def _stripes(size: int, rng: np.random.Generator) -> Floats:
    periods = rng.uniform(*PERIODS)
    wave = _wave(_ramp(size, rng.uniform(0, math.pi)), periods, rng.random())
    return _hardened(wave, 1 + rng.random() * size / (2 * periods))


def _checks(size: int, rng: np.random.Generator) -> Floats:
    periods = rng.uniform(*PERIODS) / 2
    direction = rng.uniform(0, math.pi / 2)
    across = _wave(_ramp(size, direction), periods, rng.random())
    along = _wave(_ramp(size, direction + math.pi / 2), periods, rng.random())
    across *= along
    return _hardened(across, 2 + rng.random() * size / periods)


def _clouds(size: int, rng: np.random.Generator) -> Floats:
    """Value noise: random numbers on a lattice, refined by finer ones, joined by smooth steps."""
    lattice = rng.random((CLOUD_CELLS + 1, CLOUD_CELLS + 1), dtype=np.float32)
    for amplitude in FINER_AMPLITUDES:
        lattice = _interpolated(
            lattice, np.arange(2 * len(lattice) - 1, dtype=np.float32) / np.float32(2)
        )
        lattice += amplitude * rng.random(lattice.shape, dtype=np.float32)
    cells = len(lattice) - 1
    middles = (np.arange(size, dtype=np.float32) + 0.5) * np.float32(cells / size)
    return _stretched(_interpolated(lattice, middles))


def _interpolated(lattice: Floats, place: Floats) -> Floats:
    """The lattice at these places along both axes, in cells."""
    corner = np.minimum(place.astype(np.intp), len(lattice) - 2)
    part = place - corner.astype(np.float32)
    weight = (part * part * (3 - 2 * part))[:, None]
    for _ in "xy":
        low = lattice[corner]
        step = lattice[corner + 1]
        step -= low
        step *= weight
        step += low
        lattice = np.ascontiguousarray(step.T)
    return lattice


def _ramp(size: int, direction: float) -> Floats:
    """How far each pixel is along a direction, in sides of the image."""
    middles = (np.arange(size, dtype=np.float32) + 0.5) / np.float32(size)
    across = middles * np.float32(math.cos(direction))
    return across + (middles * np.float32(math.sin(direction)))[:, None]


def _wave(ramp: Floats, periods: float, phase: float) -> Floats:
    """A triangle wave from -1/2 to 1/2."""
    ramp *= periods
    ramp += phase
    ramp -= np.floor(ramp)
    ramp -= 0.5
    np.abs(ramp, out=ramp)
    ramp *= 2
    ramp -= 0.5
    return ramp


def _hardened(wave: Floats, gain: float) -> Floats:
    wave *= gain
    wave += 0.5
    return np.clip(wave, 0, 1, out=wave)


def _stretched(values: Floats) -> Floats:
    low = values.min()
    values -= low
    # Rounding may leave the largest a little above 1.
    values *= 1 / values.max()
    return np.minimum(values, 1, out=values)


_TEXTURES: Final[dict[TextureName, Callable[[int, np.random.Generator], Floats]]] = {
    "gradient": _gradient,
    "clouds": _clouds,
    "stripes": _stripes,
    "checks": _checks,
}
