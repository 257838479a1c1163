"""Which nuclei a field gets: their kinds, sizes, shapes and places, alone or beside others."""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import numpy as np

from synthdata_cells.field import Field
from synthdata_cells.outline import Outline, draw_waves

KINDS: Final = ("interphase", "mitotic", "apoptotic")
"""Of nuclei: ordinary, condensed into a bright plate, and broken into small bright pieces."""

FAILURES: Final = 60
"""An image is full when so many places in all were found taken."""

MAX_PIECES: Final = 4
"""Of an apoptotic nucleus."""


class _Condensed(NamedTuple):
    """Ranges of factors on radius and brightness, and of the elongation."""

    radius: tuple[float, float]
    brightness: tuple[float, float]
    elongation: tuple[float, float]


# Condensed chromatin holds the same stain in less room, so that it is brighter.
_CONDENSED: Final = {
    "mitotic": _Condensed((0.45, 0.75), (2, 6), (1.3, 3.5)),
    "apoptotic": _Condensed((0.3, 0.5), (1.5, 5), (1, 1.3)),
}


class Colony:
    """The nuclei of one image.

    Attributes:
        field: where they lie.
        radius: typical radius in pixels.
        kinds: of each nucleus, a name of KINDS.
        brightness: of each nucleus.
    """

    def __init__(self, params: Any, rng: np.random.Generator) -> None:
        """Draw them.

        Args:
            params: the generator's.
            rng: decides on everything.
        """
        self.field = Field(params.size, params.overlap)
        self.kinds: list[str] = []
        self.brightness: list[float] = []
        self.radius = float(params.radius.sample(rng))
        self._params = params
        self._spreads = [
            float(d.sample(rng)) for d in (params.radius_spread, params.brightness_spread)
        ]
        self._clustering = float(params.clustering.sample(rng))
        self._failures = 0
        count = round(float(params.count.sample(rng)))
        while len(self.kinds) < count and self._failures < FAILURES:
            self._add(count - len(self.kinds), rng)

    def _add(self, room: int, rng: np.random.Generator) -> None:
        """Place a nucleus, of an apoptotic one its pieces beside each other."""
        kind = self._kind(rng)
        beside = self.kinds and rng.random() < self._clustering
        pieces = min(room, int(rng.integers(1, MAX_PIECES + 1))) if kind == "apoptotic" else 1
        neighbour = int(rng.integers(len(self.kinds))) if beside else None
        for _ in range(pieces):
            if not self._put(kind, neighbour, rng):
                self._failures += 1
                return
            neighbour = len(self.kinds) - 1

    def _kind(self, rng: np.random.Generator) -> str:
        drawn = rng.random()
        if drawn < self._params.mitotic:
            return "mitotic"
        return "apoptotic" if drawn < self._params.mitotic + self._params.apoptotic else KINDS[0]

    def _put(self, kind: str, neighbour: int | None, rng: np.random.Generator) -> bool:
        shape, brightness = self._shape(kind, rng)
        if neighbour is None:
            x, y = rng.uniform(0, self._params.size, 2).tolist()
        else:
            x, y = _beside(self.field.placed[neighbour].outline, shape, rng)
        if not self.field.add(shape._replace(x=x, y=y)):
            return False
        self.kinds.append(kind)
        self.brightness.append(brightness)
        return True

    def _shape(self, kind: str, rng: np.random.Generator) -> tuple[Outline, float]:
        """Draw an outline around the origin, and its brightness."""
        radius_spread, brightness_spread = self._spreads
        radius = self.radius * math.exp(radius_spread * rng.standard_normal())
        brightness = math.exp(brightness_spread * rng.standard_normal())
        if kind in _CONDENSED:
            condensed = _CONDENSED[kind]
            radius *= rng.uniform(*condensed.radius)
            brightness *= rng.uniform(*condensed.brightness)
            elongation = rng.uniform(*condensed.elongation)
        else:
            elongation = float(self._params.elongation.sample(rng))
        waves = draw_waves(float(self._params.roughness.sample(rng)), rng)
        axes = (radius * math.sqrt(elongation), radius / math.sqrt(elongation))
        return Outline(0, 0, axes, rng.uniform(0, math.pi), waves), brightness


def _beside(there: Outline, shape: Outline, rng: np.random.Generator) -> tuple[float, float]:
    """Where a shape just touches another outline, or overlaps it a little."""
    direction = rng.uniform(0, 2 * math.pi)
    away = (there.reach(direction) + shape.reach(direction + math.pi)) * rng.uniform(0.8, 1.02)
    return there.x + away * math.cos(direction), there.y + away * math.sin(direction)
