"""The styles in which each digit is written, as control points of pen strokes; it draws nothing."""

from __future__ import annotations

from itertools import pairwise
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

STEPS: Final = 8
"""Points of the curve from one control point to the next."""

_STYLES: Final = {
    # x,y in hundredths of the height, y down; ! is a corner; strokes are parted by |.
    "0": {
        "tailed": "80,4 50,2 20,20 8,54 24,90 52,98 82,80 90,48 76,18 48,6",
        "drop": "74,0 40,16 12,48 16,84 44,98 78,82 88,48 70,18 44,10",
        "closed": "50,2 22,12 8,50 22,88 50,98 78,88 92,50 78,12 50,2",
        "overlapping": "62,8 40,2 18,20 10,52 24,88 52,98 80,82 90,48 76,14 50,4 34,14",
        "open": "60,6 30,4 10,40 16,80 44,98 76,84 90,50 82,22 66,12",
        "clockwise": "40,10 60,2 86,20 92,55 74,92 44,98 14,78 8,44 24,10 50,14",
        "rising tail": "92,0 64,12 34,6 12,36 12,78 42,98 76,82 86,46 68,14 44,8",
        "begun inside": "46,22 54,6 34,4 12,34 10,72 36,98 72,88 90,54 80,18 56,4 36,10",
        "crossed at the top": "34,0 56,16 84,40 84,76 54,99 20,86 8,52 26,18 58,2",
        "curled": "70,16 50,2 20,16 8,50 22,88 50,98 80,84 90,50 78,16 58,8 44,18 56,30",
    },
    "1": {
        "long flag": "10,44 54,0! 53,50 52,100",
        "short foot": "36,16 52,0! 52,50 52,100|36,100 68,100",
        "plain": "50,0 50,50 50,100",
        "curved": "56,0 51,33 48,66 47,100",
        "flag": "28,26 52,0! 52,50 52,100",
        "small flag": "38,14 52,0! 52,50 52,100",
        "flag and foot": "30,24 52,0! 52,50 52,100|24,100 80,100",
        "foot": "52,0 52,50 52,100|26,100 78,100",
    },
    "2": {
        "lying loop": "12,12 40,2 72,10 76,34 50,56 22,72 14,86 28,91 60,92 96,98",
        "short foot": "14,22 38,3 68,6 78,28 58,60 20,96! 40,98 62,97",
        "angular": "15,25 30,5 60,2 82,22 70,50 40,75 12,98! 50,98 90,98",
        "looped": "15,22 35,4 65,4 82,25 70,55 40,85 15,95 8,82 22,74 45,86 70,98 92,92",
        "wide loop": "14,26 34,6 64,4 80,26 66,58 34,90 10,98 2,84 18,70 46,82 74,96 98,88",
        "wavy": "15,22 35,4 65,2 82,25 68,54 40,78 16,96! 42,88 68,97 94,88",
        "like z": "12,14 46,4 78,10 62,44 40,68 12,96! 50,95 90,95",
        "curled": "32,32 17,24 28,6 58,2 82,20 72,48 42,74 12,98! 50,96 90,96",
        "high loop": "16,24 38,4 66,6 76,26 60,58 30,90 10,98 4,80 28,66 60,72 96,88",
        "large loop": "20,16 44,2 72,12 70,36 50,66 22,94 6,92 8,70 34,64 64,80 98,82",
        "two curls": "36,32 20,26 28,6 58,2 80,20 68,52 38,84 14,96 6,84 22,74 46,86 72,98 94,90",
        "ticked": "14,24 36,4 66,6 78,26 62,58 38,84 22,98! 34,96 48,90",
        "long foot": "10,26 22,6 44,8 50,30 34,62 8,94! 40,98 74,96 110,94",
        "falling foot": "16,20 36,2 64,4 76,22 60,52 18,82! 44,84 70,92 92,104",
        "rising foot": "14,22 38,3 68,6 78,28 52,62 20,98! 44,88 72,80",
        "no hook": "38,3 66,5 76,26 54,56 24,86 12,98! 44,96 84,94",
        "steep": "22,20 40,2 66,8 70,30 50,62 24,97! 44,97 66,96",
        "round foot": "15,22 38,3 68,6 80,28 64,56 34,78 18,92 30,99 60,97 90,92",
    },
    "3": {
        "flat with a tail": "12,4 46,3 82,4! 58,34 40,46! 70,56 76,76 56,96 24,100",
        "shallow": "14,8 50,0 78,14 68,36 56,46 70,58 74,76 50,100 22,98",
        "round": "15,12 45,0 76,15 70,38 40,48! 75,58 82,80 50,100 12,88",
        "flat": "12,3 46,3 80,3! 62,22 45,40! 80,56 80,86 45,100 12,90",
        "looped": "15,12 45,0 76,14 68,38 40,52 31,45 44,42 74,56 80,80 48,100 12,86",
        "smooth": "15,10 50,0 74,18 64,40 50,47 66,54 80,76 55,98 14,90",
        "long tail": "22,8 50,0 72,14 66,32 42,42! 76,50 84,74 60,96 10,100",
        "like z": "14,5 48,3 80,4! 58,30 40,48! 66,54 76,74 60,94 24,100",
        "curled": "24,24 18,10 46,0 76,14 68,38 42,47! 76,58 80,84 44,100 14,88 22,76",
    },
    "4": {
        "open": "20,4 15,30 10,56! 48,56 90,54|66,10 64,55 62,100",
        "open round": "18,2 14,36 28,54 54,54 80,46|82,2 78,50 74,100",
        "closed": "62,0 36,30 8,62! 50,62 92,60|62,2 61,50 60,100",
        "one stroke": "18,4 14,40 30,56 56,52 78,36 84,4! 80,50 76,100",
        "one closed stroke": "68,100 70,50 70,0! 40,32 10,66! 50,66 94,64",
        "narrow": "56,4 34,26 16,46! 44,50 80,46|66,4 60,50 54,100",
        "like a y": "22,8 18,32 34,48 60,44 80,34|80,4 72,52 60,100",
    },
    "5": {
        "two strokes": "30,3 27,22 24,42! 55,38 84,60 76,90 42,100 12,88|30,3 58,3 86,2",
        "one stroke": "86,3 58,3 30,3! 27,22 24,44! 55,38 84,60 74,92 40,100 10,88",
        "like s": "84,5 48,3 26,18 30,38 56,48 80,66 70,92 40,100 12,88",
        "straight back": "40,4 34,22 30,40! 56,48 74,66 66,88 42,99 10,94|40,4 66,3 94,0",
        "small belly": "32,3 30,28 27,52! 54,46 78,62 72,90 44,100 14,92|32,3 60,4 90,4",
        "closed belly": "84,4 58,4 36,6! 30,26 26,46! 54,38 80,56 76,88 46,100 16,90 14,72 32,62",
        "narrow": "72,0 54,6 40,8! 36,26 34,42! 52,44 64,66 56,90 40,100 26,94",
        "curled": "82,4 56,4 32,5! 28,24 26,42! 56,36 82,58 72,90 42,100 16,90 26,76",
    },
    "6": {
        "low loop": "54,0 30,36 16,72 30,96 62,96 86,76 70,64 40,76 30,92",
        "hanging loop": "62,0 34,30 18,62 20,88 44,98 72,90 84,72 70,62 46,70 34,84",
        "open": "70,2 40,20 18,50 14,78 34,98 62,94 76,74 60,56 36,60 20,78",
        "straight": "60,0 38,30 20,62 20,88 45,100 72,85 70,64 45,58 22,74",
        "wide": "80,10 60,2 30,20 12,55 18,88 48,100 80,86 82,62 58,48 30,58 16,76",
        "tight": "56,0 36,28 24,58 24,84 40,99 56,90 58,74 46,66 34,74 28,88",
        "curl": "74,4 46,16 20,46 12,76 32,98 64,96 80,76 66,58 42,66 38,80 52,86",
        "crossing": "62,0 36,30 20,64 28,94 56,96 72,76 52,64 30,72 8,84",
        "small loop": "72,0 44,26 24,58 20,86 38,100 54,92 54,78 38,72 24,84",
        "lying": "96,4 58,22 24,50 8,76 24,96 60,98 84,82 68,64 38,68 18,84",
        "pointed": "58,0 30,34 10,72 26,92 56,94 86,78 60,66 20,74",
        "upright": "36,0 28,30 24,62 28,90 52,100 76,86 74,64 50,56 28,70",
    },
    "7": {
        "long serif": "14,34 16,8! 50,10 82,6! 66,50 56,100",
        "hooked": "16,26 24,8 54,12 86,4 66,48 54,74 48,100",
        "plain": "10,5 46,5 85,5! 64,50 45,100",
        "crossed": "10,5 46,5 85,5! 64,50 45,100|28,52 52,51 78,49",
        "serif": "12,22 12,5! 48,5 85,5! 66,50 50,100",
        "serif and bar": "12,20 12,5! 48,5 85,5! 66,50 50,100|32,52 54,51 80,50",
        "waved": "8,12 28,4 58,10 88,4! 62,46 52,100",
        "round": "12,12 36,5 66,3 80,16 70,44 58,72 50,100",
        "drooping": "10,40 12,18 34,6 66,8 84,4! 70,34 52,70 44,100",
        "bent back": "14,8 44,4 80,6! 66,30 54,56 52,80 58,100",
        "deep serif": "16,48 16,10! 48,12 84,8! 70,46 60,100",
        "steep": "18,10 44,8 72,4! 68,50 64,100",
    },
    "8": {
        "s": "76,14 50,2 22,16 34,40 64,56 82,80 50,98 18,80 36,54 66,38 78,16",
        "s closed": "50,2 22,14 30,38 66,58 80,82 50,99 20,82 34,58 68,38 78,14 50,2",
        "two circles": "50,2 26,12 28,38 50,48 74,38 76,12 50,2"
        "|50,48 20,58 18,88 50,99 82,88 80,58 50,48",
        "clockwise": "30,22 44,3 72,8 70,32 40,52 18,76 34,98 66,94 74,70 50,46 28,26 32,14",
        "open": "86,8 60,2 30,12 30,34 56,50 72,72 54,98 26,94 22,72 46,50 72,30 88,12",
        "small head": "62,6 42,4 34,20 46,36 72,58 78,84 46,99 18,84 30,58 54,36 66,18 58,4",
        "small foot": "74,14 48,2 18,16 30,42 54,58 64,82 48,98 32,84 42,60 70,42 82,18 64,4",
    },
    "9": {
        "wide tail": "76,22 50,2 20,18 20,40 46,50 74,36 80,20 84,60 66,96 34,98 14,82",
        "straight": "78,20 52,4 22,16 18,40 42,52 70,38 78,18! 76,60 74,100",
        "curled": "78,20 52,4 22,16 18,40 42,52 70,38 79,20 78,64 58,97 20,88",
        "slanted": "72,12 44,2 16,24 26,48 56,42 78,10! 66,54 48,100",
        "round": "76,16 48,2 18,20 24,46 54,48 76,24 80,48 72,78 58,100",
        "small head": "66,10 46,2 30,18 42,36 62,28 70,10! 66,54 60,100",
        "open": "72,6 40,8 18,30 34,50 62,40 80,16! 74,56 66,100",
        "closed by a stem": "70,8 42,4 20,24 32,46 58,42 72,26|76,4 72,50 68,100",
    },
}

MAX_STROKES: Final = 2


class Style(NamedTuple):
    """One way of writing a digit.

    Attributes:
        name: the digit and the style, for example ``"7 crossed"``.
        strokes: control points of each stroke, (points, 2), x right, y down, height 1.
        curves: of each stroke the matrix from its control points to its curve.
    """

    name: str
    strokes: tuple[Floats, ...]
    curves: tuple[Floats, ...]


def _tangents(count: int) -> Floats:
    """The matrix from points to their Catmull-Rom tangents; one-sided at the ends."""
    eye = np.eye(count)
    tangents: Floats = np.asarray(np.gradient(eye, axis=0))
    return tangents


def _smooth(count: int) -> Floats:
    """The matrix of a Catmull-Rom curve through ``count`` points, cubic Hermite by the piece."""
    t = np.linspace(0, 1, STEPS, endpoint=False)[:, None]
    eye, tangent = np.eye(count), _tangents(count)
    pieces = [
        (2 * t**3 - 3 * t**2 + 1) * eye[i]
        + (t**3 - 2 * t**2 + t) * tangent[i]
        + (3 * t**2 - 2 * t**3) * eye[i + 1]
        + (t**3 - t**2) * tangent[i + 1]
        for i in range(count - 1)
    ]
    return np.concatenate([*pieces, eye[-1:]])


def _curve(corners: list[bool]) -> Floats:
    """The matrix of a curve that is smooth between its corners."""
    ends = [0, *(i for i, corner in enumerate(corners) if corner), len(corners) - 1]
    parts = []
    for first, last in pairwise(ends):
        part = np.zeros(((last - first) * STEPS + 1, len(corners)))
        part[:, first : last + 1] = _smooth(last - first + 1)
        parts.append(part if last == ends[-1] else part[:-1])
    return np.concatenate(parts)


def _parse(name: str, text: str) -> Style:
    strokes, curves = [], []
    for stroke in text.split("|"):
        words = stroke.split()
        points = [[float(n) / 100 for n in word.rstrip("!").split(",")] for word in words]
        strokes.append(np.array(points))
        curves.append(_curve([word.endswith("!") for word in words]))
    return Style(name, tuple(strokes), tuple(curves))


STYLES: Final = tuple(
    tuple(_parse(f"{digit} {name}", text) for name, text in styles.items())
    for digit, styles in _STYLES.items()
)
"""The styles of each digit from 0 to 9."""

NAMES: Final = tuple(style.name for styles in STYLES for style in styles)
MAX_POINTS: Final = max(len(curve) for styles in STYLES for s in styles for curve in s.curves)
