"""What is drawn: four functions from random numbers to (image, label), without synthdata.

Every contender draws the same. The peers call ``drawn``, which takes its random numbers from one
stream a process, as that costs least; synthdata's generators, in generators.py, keep to a stream a
sample. Nothing but NumPy and Pillow is imported, so that the peers' workers are light.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Pixels: TypeAlias = NDArray[np.uint8]
Drawn: TypeAlias = tuple[Pixels, int]

RNG = np.random.default_rng(0)
"""The peers' random numbers; NumPy locks it, so that threads may share it."""

PRINT = np.random.default_rng(0).integers(256, size=(64, 64, 3), dtype=np.uint8)
ELLIPSES = 38
STROKES = 7_500


def tiny(rng: np.random.Generator) -> Drawn:
    """Return an image made before, and a random class; about 3 µs with the random numbers."""
    return PRINT, int(rng.random() < 0.5)


def shapes(rng: np.random.Generator) -> Drawn:
    """Draw ellipses with Pillow; about 240 µs."""
    canvas = Image.new("RGB", (128, 128))
    draw = ImageDraw.Draw(canvas)
    places = rng.integers(120, size=(ELLIPSES, 4)).tolist()
    colours = rng.integers(256, size=(ELLIPSES, 3)).tolist()
    for (x, y, width, height), colour in zip(places, colours, strict=True):
        draw.ellipse((x - 8, y - 8, x + width // 2, y + height // 2), tuple(colour), "white")
    return np.asarray(canvas), int(rng.random() < 0.5)


class Stroke:
    """A part of a scene that knows the parts before it."""

    def __init__(self, place: tuple[int, int], colour: list[int], under: list[Stroke]) -> None:
        self.place = place
        self.colour = colour
        self.under = under


def heavy(rng: np.random.Generator) -> Drawn:
    """Build a scene of Python objects, then its image; about 5 ms.

    All of them live until the image is done, so that garbage collection has much to look at.
    """
    scene: list[Stroke] = []
    for y, x, red, green, blue in rng.integers(256, size=(STROKES, 5)).tolist():
        scene.append(Stroke((y, x), [red, green, blue], scene[-1 - red % 4 :]))
    image = np.zeros((256, 256, 3), np.uint8)
    for stroke in scene[::16]:
        image[stroke.place] = stroke.colour
    return image, len(scene[0].under) % 2


def large(rng: np.random.Generator) -> Drawn:
    """Return a megapixel of one random value."""
    value = int(rng.integers(256))
    return np.full((1024, 1024, 3), value, np.uint8), value % 2


def large_into(rng: np.random.Generator, out: Pixels) -> int:
    """Fill a megapixel that is there with one random value; return the class."""
    value = int(rng.integers(256))
    out.fill(value)
    return value % 2


@dataclass(frozen=True, slots=True)
class Workload:
    """One of the four.

    Attributes:
        name: what the tables call it.
        shape: of the image.
        draw: makes an image and its class.
        into: the same into an image that is there, or None.
    """

    name: str
    shape: tuple[int, int, int]
    draw: Callable[[np.random.Generator], Drawn]
    into: Callable[[np.random.Generator, Pixels], int] | None = None

    def drawn(self, index: Any = None) -> Drawn:
        """Make a sample for a peer, which hands its index in."""
        return self.draw(RNG)

    def empty(self, rows: int) -> tuple[Pixels, NDArray[np.int64]]:
        """Return the arrays of a batch, not filled."""
        return np.empty((rows, *self.shape), np.uint8), np.empty(rows, np.int64)

    def batch(self, rows: int) -> tuple[Pixels, NDArray[np.int64]]:
        """Stack a batch in a plain loop."""
        images, labels = self.empty(rows)
        for row in range(rows):
            images[row], labels[row] = self.draw(RNG)
        return images, labels


WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload("tiny", (64, 64, 3), tiny),
        Workload("shapes", (128, 128, 3), shapes),
        Workload("heavy", (256, 256, 3), heavy),
        Workload("large", (1024, 1024, 3), large, large_into),
    )
}
