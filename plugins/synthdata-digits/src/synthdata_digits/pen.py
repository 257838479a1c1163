"""How a pen writes a style: a hand that trembles, leans and rounds corners, and its ink."""

from __future__ import annotations

from typing import Annotated, Final, NamedTuple

import numpy as np
from PIL import Image, ImageDraw
from pydantic import Field

import synthdata as sd
from synthdata_digits.skeletons import Floats, Style

BOX: Final = 120
"""Pixels of the longer side of a digit's skeleton while it is drawn, six a pixel of MNIST's box."""


class PenParams(sd.Params):
    """How the hand moves and what the pen leaves; lengths are hundredths of the digit's height."""

    slant: Annotated[sd.Distribution, sd.within(-2, 2)] = Field(
        sd.Uniform(-0.3, 0.6), description="how far the top leans to the right, in heights"
    )
    angle: Annotated[sd.Distribution, sd.within(-90, 90)] = Field(
        sd.Uniform(-12, 12), description="turn in degrees, clockwise"
    )
    aspect: Annotated[sd.Distribution, sd.within(0.2, 3)] = Field(
        sd.Uniform(0.6, 1.25), description="width as a multiple of the style's own"
    )
    jitter: Annotated[sd.Distribution, sd.within(0, 30)] = Field(
        sd.Uniform(1, 6), description="standard deviation of each control point"
    )
    shift: Annotated[sd.Distribution, sd.within(0, 30)] = Field(
        sd.Uniform(0, 6), description="standard deviation of the place of a whole stroke"
    )
    warp: Annotated[sd.Distribution, sd.within(0, 30)] = Field(
        sd.Uniform(0, 10), description="size of the smooth waves that bend the digit"
    )
    rounding: Annotated[sd.Distribution, sd.within(0, 12)] = Field(
        sd.Uniform(0, 5), description="points of the curve on each side that a corner is rounded by"
    )
    trim: Annotated[sd.Distribution, sd.within(0, 0.3)] = Field(
        sd.Uniform(0, 0.08), description="largest part of a stroke missing at each of its ends"
    )
    thickness: Annotated[sd.Distribution, sd.within(1, 40)] = Field(
        sd.Uniform(5, 26), description="mean width of the ink"
    )
    pressure: Annotated[sd.Distribution, sd.within(0, 0.8)] = Field(
        sd.Uniform(0, 0.35), description="part by which the width changes along a stroke"
    )


class Hand(NamedTuple):
    """One draw of PenParams: what a writer does the same in each digit of a number."""

    slant: float
    angle: float
    aspect: float
    jitter: float
    shift: float
    warp: float
    rounding: float
    trim: float
    thickness: float
    pressure: float


def draw_hand(params: PenParams, rng: np.random.Generator) -> Hand:
    """Draw each param once."""
    return Hand(**{name: float(getattr(params, name).sample(rng)) for name in Hand._fields})


def write(style: Style, hand: Hand, rng: np.random.Generator) -> list[Floats]:
    """Write a style, and return the polyline of each stroke, in heights, about the origin."""
    lines = []
    for points, curve in zip(style.strokes, style.curves, strict=True):
        moved = points + rng.normal(0, hand.jitter / 100, points.shape)
        moved += rng.normal(0, hand.shift / 100 / len(style.strokes), 2)
        lines.append(_trimmed(_rounded(curve @ moved, round(hand.rounding)), hand.trim, rng))
    bent = _warped(np.concatenate(lines) - 0.5, hand.warp / 100, rng) @ linear(hand).T
    return np.split(bent, np.cumsum([len(line) for line in lines])[:-1])


def linear(hand: Hand) -> Floats:
    """The matrix of aspect, slant and turn, for column vectors x, y with y down."""
    turn = np.radians(hand.angle)
    cosine, sine = np.cos(turn), np.sin(turn)
    lean = np.array([(hand.aspect, -hand.slant), (0, 1)])
    matrix: Floats = np.array([(cosine, -sine), (sine, cosine)]) @ lean
    return matrix


def _rounded(line: Floats, reach: int) -> Floats:
    """A moving mean over ``reach`` points on each side, less near the ends, which stay."""
    count = len(line)
    sums = np.concatenate([np.zeros((1, 2)), np.cumsum(line, axis=0)])
    index = np.arange(count)
    near = np.minimum(np.minimum(index, count - 1 - index), reach)
    mean: Floats = (sums[index + near + 1] - sums[index - near]) / (2 * near + 1)[:, None]
    return mean


def _trimmed(line: Floats, most: float, rng: np.random.Generator) -> Floats:
    first, last = (len(line) * most * rng.random(2)).astype(int)
    return line[first : len(line) - last]


def _warped(points: Floats, size: float, rng: np.random.Generator) -> Floats:
    """Displace points by two plane waves a coordinate, of half to one and a half periods."""
    waves = rng.normal(0, 4, (4, 2))
    phases = rng.uniform(0, 2 * np.pi, 4)
    move = np.sin(points @ waves.T + phases) * rng.normal(0, size, 4)
    return points + move[:, :2] + move[:, 2:]


def ink(
    lines: list[Floats], hand: Hand, rng: np.random.Generator
) -> tuple[Image.Image, list[Floats]]:
    """Draw the strokes, the longer side BOX pixels, and return the ink and them in its pixels."""
    every = np.concatenate(lines)
    low, high = every.min(axis=0), every.max(axis=0)
    scale = BOX / max(float((high - low).max()), 0.2)
    margin = BOX * 0.45
    lines = [(line - low) * scale + margin for line in lines]
    width, height = ((high - low) * scale + 2 * margin).astype(int) + 1
    picture = Image.new("L", (int(width), int(height)))
    pen = ImageDraw.Draw(picture)
    for line in lines:
        _draw(pen, line, _radii(len(line), hand, rng))
    return picture, lines


def _radii(count: int, hand: Hand, rng: np.random.Generator) -> Floats:
    """Half the width of the ink at each point: one slow wave along the stroke."""
    wave = np.sin(np.linspace(0, rng.uniform(1, 8), count) + rng.uniform(0, 2 * np.pi))
    radii: Floats = np.maximum(hand.thickness / 200 * BOX * (1 + hand.pressure * wave), 1)
    return radii


def _draw(pen: ImageDraw.ImageDraw, line: Floats, radii: Floats) -> None:
    """A disc at each point, and a line to the next."""
    discs = np.concatenate([line - radii[:, None], line + radii[:, None]], axis=1).round()
    for disc in discs.tolist():
        pen.ellipse(disc, fill=255)
    points = line.round().tolist()
    for first, last, radius in zip(points, points[1:], radii.tolist(), strict=False):
        pen.line((*first, *last), fill=255, width=max(round(2 * radius), 1))
