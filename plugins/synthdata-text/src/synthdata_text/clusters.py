"""Where the ink of each character of a word is, or of each cluster where scripts are shaped."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

Box: TypeAlias = tuple[float, float, float, float]
Direction: TypeAlias = Literal["ltr", "rtl"]

JOINER: Final = "\u200d"
"""Zero width joiner: a letter before it has the form that it has before a further letter."""

CHANGED: Final = 24
"""Grey levels by which a pixel of a cluster's ink differs at least from what was there before."""

FAINT: Final = 8
"""Levels of ink, of 255, below which a pixel is no ink."""

VIRAMA: Final = 9
"""Combining class of the mark that takes an Indic letter's vowel and binds it to the next."""

RIGHT: Final = frozenset({"R", "AL"})
"""Bidirectional classes of letters that run from right to left: Unicode Annex 9, table 4."""

LEFT: Final = frozenset({"L", "EN"})
"""Those of letters and numbers that run from left to right."""


class Cluster(NamedTuple):
    """Characters that share their ink, mostly one.

    Attributes:
        start: place of its first character in its word.
        box: x0, y0, x1, y1 of its ink in pixels, from the left end of the word's baseline.
    """

    start: int
    box: Box


def is_format(character: str) -> bool:
    """Whether a character is a joiner or the like, which shapes others and is not seen."""
    return unicodedata.category(character) == "Cf"


def needs_shaping(text: str) -> bool:
    """Whether a text has letters that join, combine or run from right to left, or says they do.

    >>> needs_shaping("naïve"), needs_shaping("سلام"), needs_shaping("हिन्दी")
    (False, True, True)
    """
    return any(
        unicodedata.bidirectional(character) in RIGHT
        or unicodedata.category(character)[0] == "M"
        or is_format(character)
        for character in text
    )


def word_length(word: str, font: ImageFont.FreeTypeFont) -> float:
    """How far the pen moves along a word, in pixels."""
    if is_basic(font):
        return float(font.getlength(word))
    return float(font.getlength(word, direction=direction_of(word)))


def direction_of(text: str) -> Direction:
    """The direction of a text: that of its first letter (Unicode Annex 9, rules P2 and P3)."""
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in RIGHT:
            return "rtl"
        if kind == "L":
            return "ltr"
    return "ltr"


def is_basic(font: ImageFont.FreeTypeFont) -> bool:
    """Whether a font draws one glyph a character."""
    return font.layout_engine == ImageFont.Layout.BASIC


def clusters_of(word: str, font: ImageFont.FreeTypeFont) -> list[Cluster]:
    """Find the ink of each character of a word, or of each cluster where scripts are shaped.

    A word that has letters of both directions is one cluster.
    """
    if is_basic(font):
        return _simple(word, font)
    kinds = {unicodedata.bidirectional(character) for character in word}
    if kinds & RIGHT and kinds & LEFT:
        return _shaped([word], font)
    return _shaped(_pieces(word), font)


def _pieces(word: str) -> list[str]:
    """Divide a word before each letter, unless the mark before it binds it to another."""
    pieces: list[str] = []
    for character in word:
        bound = unicodedata.category(character) in ("Mn", "Mc", "Me", "Cf") or (
            bool(pieces) and unicodedata.combining(pieces[-1][-1]) == VIRAMA
        )
        if pieces and bound:
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


def _simple(word: str, font: ImageFont.FreeTypeFont) -> list[Cluster]:
    """One cluster a character: its ink, at the place of the pen, which kerning has moved."""
    clusters = []
    for start, character in enumerate(word):
        x = font.getlength(word[: start + 1]) - font.getlength(character)
        box = _ink_of(font, character)
        if box:
            clusters.append(Cluster(start, (x + box[0], box[1], x + box[2], box[3])))
    return clusters


@lru_cache(maxsize=65536)
def _ink_of(font: ImageFont.FreeTypeFont, character: str) -> Box | None:
    mask, (x, y) = font.getmask2(character, mode="L", anchor="ls")
    box = mask.getbbox()
    return box and (box[0] + x, box[1] + y, box[2] + x, box[3] + y)


def _shaped(pieces: list[str], font: ImageFont.FreeTypeFont) -> list[Cluster]:
    """Draw the word piece by piece: the ink of a piece is what it changed and no later one did.

    A piece that has no ink in the end, as the first letter of a ligature may, has no cluster.
    """
    word = "".join(pieces)
    direction = direction_of(word)
    size = (round(word_length(word, font)) + 4 * int(font.size), 4 * int(font.size))
    start = 2 * int(font.size) if direction == "ltr" else size[0] - 2 * int(font.size)
    anchor = "ls" if direction == "ltr" else "rs"
    before = Image.new("L", size)
    owner = np.full(size[::-1], -1, np.int16)
    for index in range(len(pieces)):
        text = "".join(pieces[: index + 1])
        text = text if text == word else text + JOINER
        ink = Image.new("L", size)
        place = (start, size[1] // 2)
        ImageDraw.Draw(ink).text(place, text, 255, font, anchor=anchor, direction=direction)
        owner[_changed(before, ink)] = index
        before = ink
    owner[np.asarray(before) < FAINT] = -1
    # The word is drawn from its left end.
    left = start if direction == "ltr" else start - round(word_length(word, font))
    return _boxes(owner, pieces, (left, size[1] // 2))


def _changed(before: Image.Image, after: Image.Image) -> NDArray[np.bool_]:
    """Pixels that differ from all that was there before within a pixel.

    The pen starts at a part of a pixel, another one for each length of the text.
    """
    most = np.asarray(before.filter(ImageFilter.MaxFilter(3)), np.int16)
    least = np.asarray(before.filter(ImageFilter.MinFilter(3)), np.int16)
    ink = np.asarray(after, np.int16)
    changed: NDArray[np.bool_] = (ink > most + CHANGED) | (ink < least - CHANGED)
    return changed


def _boxes(owner: NDArray[np.int16], pieces: list[str], origin: tuple[int, int]) -> list[Cluster]:
    clusters, start = [], 0
    for index, piece in enumerate(pieces):
        rows, columns = np.nonzero(owner == index)
        if rows.size:
            x0, y0 = int(columns.min()) - origin[0], int(rows.min()) - origin[1]
            x1, y1 = int(columns.max()) + 1 - origin[0], int(rows.max()) + 1 - origin[1]
            clusters.append(Cluster(start, (x0, y0, x1, y1)))
        start += len(piece)
    return clusters
