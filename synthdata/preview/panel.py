"""One image of a sample and what is drawn on it: boxes, masks, points and polygons."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from synthdata.features import Boxes, Feature, Keypoints, Polygons

PALETTE = (
    (230, 25, 25),
    (60, 130, 255),
    (255, 200, 0),
    (40, 200, 80),
    (240, 50, 230),
    (0, 210, 220),
    (255, 130, 0),
    (150, 90, 255),
)
"""Colours of the first, second, … box, polygon, point or mask value; then from the start again."""

LEAST_SIDE = 96
"""A picture whose longer side is below this many pixels is enlarged, so that labels can be read."""

OPACITY = 0.45
FONT_SIZE = 12
LINE = 15
"""Height of a line of text, in pixels."""

BACKGROUND = (24, 24, 27)
INK = (235, 235, 235)


@functools.cache  # loading it takes longer than drawing a sample
def font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return the font of captions and class names."""
    return ImageFont.load_default(FONT_SIZE)


class Panel:
    """One image of a sample, first as it is, then at the size at which annotations are drawn."""

    def __init__(self, pixels: NDArray[np.uint8], side: int | None) -> None:
        self.pixels = pixels
        self.scale = _scale(max(pixels.shape[:2]), side)
        self.picture = Pillow.new("RGB", (1, 1))

    def blend(self, mask: NDArray[Any]) -> None:
        """Colour the pixels where the mask is not 0."""
        inside = mask > 0
        places = (mask[inside].astype(np.int64) - 1) % len(PALETTE)
        colours = np.array(PALETTE)[places]
        mixed = self.pixels[inside] * (1 - OPACITY) + colours * OPACITY
        self.pixels[inside] = np.rint(mixed)

    def enlarge(self) -> None:
        """Bring the picture to the size at which it is shown; masks come before this."""
        height, width = (max(1, round(size * self.scale)) for size in self.pixels.shape[:2])
        how = Pillow.Resampling.NEAREST if self.scale >= 1 else Pillow.Resampling.BOX
        self.picture = Pillow.fromarray(self.pixels).resize((width, height), how)

    def annotate(self, feature: Feature, value: Any, names: list[str]) -> None:
        """Draw boxes with their names, keypoints or polygons."""
        draw = ImageDraw.Draw(self.picture)
        if isinstance(feature, Boxes):
            for place, box in enumerate(value):
                _draw_box(draw, box * self.scale, _colour(place), "".join(names[place : place + 1]))
        elif isinstance(feature, Keypoints):
            for person in value.reshape(-1, feature.points, 3):
                for place, (x, y, seen) in enumerate(person):
                    _draw_point(draw, x * self.scale, y * self.scale, int(seen), _colour(place))
        elif isinstance(feature, Polygons):
            for place, corners in enumerate(value):
                line = [(float(x), float(y)) for x, y in corners * self.scale]
                draw.line([*line, *line[:1]], fill=_colour(place), width=2, joint="curve")


def _scale(longest: int, side: int | None) -> float:
    if side is None:
        return math.ceil(LEAST_SIDE / longest)
    return side // longest if side >= longest else side / longest


def _colour(place: int) -> tuple[int, int, int]:
    return PALETTE[place % len(PALETTE)]


def _draw_box(
    draw: ImageDraw.ImageDraw, box: NDArray[Any], colour: tuple[int, int, int], name: str
) -> None:
    x0, y0, x1, y1 = (round(float(edge)) for edge in box)
    # Boxes are half-open: the last pixel that belongs to one is before x1 and y1.
    draw.rectangle((x0, y0, max(x0, x1 - 1), max(y0, y1 - 1)), outline=colour)
    if name:
        above = y0 - LINE if y0 >= LINE else y0 + 1
        left, top, right, bottom = draw.textbbox((x0 + 1, above), name, font())
        draw.rectangle((left - 1, top - 1, right + 1, bottom + 1), fill=BACKGROUND)
        draw.text((x0 + 1, above), name, INK, font())


def _draw_point(
    draw: ImageDraw.ImageDraw, x: float, y: float, seen: int, colour: tuple[int, int, int]
) -> None:
    if seen:  # 1 is hidden: a ring; 2 is visible: a dot
        draw.circle((x, y), 3, fill=colour if seen == 2 else None, outline=colour)
