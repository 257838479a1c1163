"""The outline of one nucleus: an ellipse with smooth waves, and how deep a pixel is in it."""

from __future__ import annotations

import math
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float32]

HARMONICS: Final = 5
"""Waves of an outline: 2 to 6 around it. One wave around would only shift it."""


class Outline(NamedTuple):
    """A star-shaped outline.

    In the frame of its axes, with both scaled to 1, the edge in direction t is at the distance
    1 + sum over k from 2 of ``waves[k - 2]``, amplitude × cos(k × t + phase).

    Attributes:
        x, y: the centre in pixels, where pixel 0 reaches from 0 to 1.
        axes: semi-axes of the ellipse in pixels, the longer one first.
        angle: direction of the longer one, in radians clockwise from x.
        waves: float32 (5, 2), amplitude and phase in radians of each wave.
    """

    x: float
    y: float
    axes: tuple[float, float]
    angle: float
    waves: Floats

    def area(self) -> float:
        """In square pixels, by half the integral of the squared distance.

        >>> round(Outline(0, 0, (4, 1), 0, np.zeros((5, 2), np.float32)).area(), 3)
        12.566
        """
        a, b = self.axes
        return math.pi * a * b * (1 + 0.5 * float((self.waves[:, 0] ** 2).sum()))

    def reach(self, direction: float) -> float:
        """Distance from the centre to the edge, in pixels.

        Args:
            direction: in radians clockwise from x.

        >>> round(Outline(0, 0, (4, 1), 0, np.zeros((5, 2), np.float32)).reach(math.pi / 2), 3)
        1.0
        """
        turned = direction - self.angle
        u, v = math.cos(turned) / self.axes[0], math.sin(turned) / self.axes[1]
        t = math.atan2(v, u)
        waves = enumerate(self.waves.tolist(), 2)
        edge: float = 1 + sum(c * math.cos(k * t + p) for k, (c, p) in waves)
        return edge / math.hypot(u, v)

    def window(self, size: int) -> tuple[slice, slice]:
        """Rows and columns of a size × size image that it may touch; empty if it is outside."""
        half = self.axes[0] * (1 + float(np.abs(self.waves[:, 0]).sum())) + 1
        rows, columns = (
            slice(max(0, math.floor(at - half)), max(0, min(size, math.ceil(at + half))))
            for at in (self.y, self.x)
        )
        return rows, columns

    def depth(self, window: tuple[slice, slice]) -> Floats:
        """Distance of each pixel's middle from the centre, as a part of the edge's distance.

        Args:
            window: rows and columns.

        Returns:
            float32 (rows, columns): 0 at the centre, 1 on the edge, more outside.
        """
        rows, columns = window
        y = (np.arange(rows.start, rows.stop) + (0.5 - self.y)).astype(np.float32)[:, None]
        x = (np.arange(columns.start, columns.stop) + (0.5 - self.x)).astype(np.float32)
        c, s = np.float32(math.cos(self.angle)), np.float32(math.sin(self.angle))
        point: NDArray[np.complex64] = np.empty(np.broadcast_shapes(y.shape, x.shape), np.complex64)
        point.real = (x * c + y * s) / np.float32(self.axes[0])
        point.imag = (y * c - x * s) / np.float32(self.axes[1])
        distance: Floats = np.asarray(np.abs(point), np.float32)
        point /= np.maximum(distance, np.float32(1e-6))
        depth: Floats = np.divide(distance, self._edge(point), dtype=np.float32)
        return depth

    def _edge(self, direction: NDArray[np.complex64]) -> Floats:
        """The distance of the edge, the waves by Horner's rule in powers of the direction."""
        factors = self.waves[:, 0] * np.exp(1j * self.waves[:, 1]).astype(np.complex64)
        total = np.full_like(direction, factors[-1])
        for factor in factors[-2::-1]:
            total *= direction
            total += factor
        edge: Floats = (total * direction * direction).real + np.float32(1)
        return edge


def draw_waves(roughness: float, rng: np.random.Generator) -> Floats:
    """Draw waves that are weaker the shorter they are, as a smooth membrane has them.

    Args:
        roughness: how far the edge wanders, as a part of its distance; at most 0.3.
        rng: decides on amplitudes and phases.

    Returns:
        float32 (5, 2) of amplitudes, whose sum is at most 0.9 × 2 × roughness, and phases.
    """
    orders = np.arange(2, 2 + HARMONICS)
    strength = orders**-1.5
    waves = np.empty((HARMONICS, 2), np.float32)
    waves[:, 0] = roughness * 1.8 * rng.random(HARMONICS) * strength / strength.sum()
    waves[:, 1] = rng.uniform(0, 2 * math.pi, HARMONICS)
    return waves
