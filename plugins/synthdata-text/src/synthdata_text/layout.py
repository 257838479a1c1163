"""Lays words out on a flat sheet of ink; where the ink of each character is, clusters.py says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from synthdata_text.clusters import clusters_of, direction_of, is_basic, word_length

Align: TypeAlias = Literal["left", "centre", "right"]

BORDER: Final = 2
"""Sheet pixels without ink around the text."""


class Sheet(NamedTuple):
    """Words on a flat sheet.

    Attributes:
        ink: (height, width) uint8, 255 where ink covers a pixel wholly.
        characters: (n, 4) float64 x0, y0, x1, y1 of each cluster's ink, in the order of the text.
        words: (m, 4) of each word's.
        starts: place in the text of each cluster's first character.
        word_of: index of each cluster's word.
    """

    ink: NDArray[np.uint8]
    characters: NDArray[np.float64]
    words: NDArray[np.float64]
    starts: list[int]
    word_of: list[int]


def lay_out(
    lines: Sequence[Sequence[str]],
    font: ImageFont.FreeTypeFont,
    *,
    spacing: float,
    align: Align,
) -> Sheet:
    """Draw lines of words.

    The text is the words with a blank between, and a line feed between lines. Where it is shaped,
    lines whose first letter runs from right to left have their first word at the right.

    Args:
        lines: one word or more in each.
        font: at the size of the sheet; its layout engine decides on shaping.
        spacing: from baseline to baseline, in ems.
        align: where shorter lines are.
    """
    ends = [_length(line, font) for line in lines]
    places: list[tuple[str, int, int]] = []
    for row, line in enumerate(lines):
        slack = max(ends) - ends[row]
        x = {"left": 0.0, "centre": slack / 2, "right": slack}[align]
        y = round(row * spacing * font.size)
        places += [(word, round(x + at), y) for word, at in _across(line, font)]
    return _drawn(places, font)


def _drawn(places: Sequence[tuple[str, int, int]], font: ImageFont.FreeTypeFont) -> Sheet:
    """Draw words with the left end of the baseline of each at its place, in the text's order."""
    characters, words, starts, word_of, start = [], [], [], [], 0
    for index, (word, x, y) in enumerate(places):
        clusters = clusters_of(word, font)
        boxes = np.array([cluster.box for cluster in clusters]) + np.array([x, y, x, y])
        characters.append(boxes)
        words.append((*boxes[:, :2].min(axis=0), *boxes[:, 2:].max(axis=0)))
        starts += [start + cluster.start for cluster in clusters]
        word_of += [index] * len(clusters)
        start += len(word) + 1
    hulls = np.array(words, np.float64)
    left, top = np.floor(hulls[:, :2].min(axis=0)).astype(int) - BORDER
    right, bottom = np.ceil(hulls[:, 2:].max(axis=0)).astype(int) + BORDER
    picture = Image.new("L", (int(right - left), int(bottom - top)))
    pen = ImageDraw.Draw(picture)
    for word, x, y in places:
        _write(pen, (x - int(left), y - int(top)), word, font)
    shift = np.array([left, top, left, top], np.float64)
    boxes = np.concatenate(characters) - shift
    return Sheet(np.asarray(picture), boxes, hulls - shift, starts, word_of)


def _across(line: Sequence[str], font: ImageFont.FreeTypeFont) -> list[tuple[str, float]]:
    """Each word of a line, in the order of the text, with the x of its left end."""
    blank = font.getlength(" ")
    lengths = [word_length(word, font) for word in line]
    x, places = 0.0, []
    for length in lengths:
        places.append(x)
        x += length + blank
    if not is_basic(font) and direction_of("".join(line)) == "rtl":
        end = x - blank
        places = [end - place - length for place, length in zip(places, lengths, strict=True)]
    return list(zip(line, places, strict=True))


def _length(line: Sequence[str], font: ImageFont.FreeTypeFont) -> float:
    blanks = (len(line) - 1) * font.getlength(" ")
    return float(blanks + sum(word_length(word, font) for word in line))


def _write(
    pen: ImageDraw.ImageDraw,
    place: tuple[int, int],
    word: str,
    font: ImageFont.FreeTypeFont,
) -> None:
    direction = None if is_basic(font) else direction_of(word)
    pen.text(place, word, 255, font, anchor="ls", direction=direction)
