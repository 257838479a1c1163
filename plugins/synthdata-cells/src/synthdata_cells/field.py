"""The field of view: which nuclei lie where, and which of them owns a pixel."""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from synthdata_cells.outline import Floats, Outline

Window: TypeAlias = tuple[slice, slice]
Bools: TypeAlias = NDArray[np.bool_]

MIN_PIXELS: Final = 12
"""Least pixels of a nucleus that an image shows; thinner slices at its border say nothing."""


class Placed(NamedTuple):
    """A nucleus in the field.

    Attributes:
        outline: its outline, also beyond the image.
        window: rows and columns around it, inside the image.
        depth: float32 of the window, as ``Outline.depth``.
        pixels: how many of the image's pixels are inside it, visible or not.
    """

    outline: Outline
    window: Window
    depth: Floats
    pixels: int


class Field:
    """Nuclei side by side; where they overlap, a pixel is of the one that it is deeper in.

    Every nucleus keeps one piece: its pixels hang together by their sides.

    Attributes:
        placed: the nuclei; number k of the mask is the one at k - 1.
        mask: uint16 (size, size), 0 or the number of a nucleus.
    """

    def __init__(self, size: int, overlap: float) -> None:
        """Begin with an empty one.

        Args:
            size: side of the image in pixels.
            overlap: most of a nucleus' pixels that others may take, as a part.
        """
        self.placed: list[Placed] = []
        self.mask: NDArray[np.uint16] = np.zeros((size, size), np.uint16)
        self._depth: Floats = np.ones((size, size), np.float32)
        self._overlap = overlap

    def add(self, outline: Outline) -> bool:
        """Place a nucleus, unless too little of it or of another would be left, or two pieces.

        Args:
            outline: where it would lie.

        Returns:
            Whether it was placed.
        """
        window = outline.window(len(self.mask))
        depth = outline.depth(window)
        owned = depth < self._depth[window]
        pixels = int(np.count_nonzero(depth < 1))
        if not self._keeps(owned, pixels) or not self._leaves(window, owned, depth):
            return False
        self.placed.append(Placed(outline, window, depth, pixels))
        self.mask[window][owned] = len(self.placed)
        np.minimum(self._depth[window], depth, out=self._depth[window])
        return True

    def _keeps(self, owned: Bools, pixels: int) -> bool:
        """Whether these pixels are enough of a nucleus, and one piece."""
        count = int(np.count_nonzero(owned))
        enough = count >= max(MIN_PIXELS, (1 - self._overlap) * pixels)
        return enough and int(ndimage.label(owned)[1]) == 1

    def _leaves(self, window: Window, owned: Bools, depth: Floats) -> bool:
        """Whether every nucleus of which these pixels are taken keeps enough."""
        before = self.mask[window]
        for number in np.unique(before[depth < 1]).tolist():
            if not number:
                continue
            left = self._of(number, window, owned)
            if not self._keeps(left, self.placed[number - 1].pixels):
                return False
        return True

    def _of(self, number: int, window: Window, taken: Bools) -> Bools:
        """Pixels of a nucleus in its window, without those taken in another window."""
        own = self.placed[number - 1].window
        left: Bools = self.mask[own] == number
        rows, columns = (
            slice(max(a.start, b.start), min(a.stop, b.stop))
            for a, b in zip(own, window, strict=True)
        )
        there = taken[_within(rows, window[0]), _within(columns, window[1])]
        left[_within(rows, own[0]), _within(columns, own[1])] &= ~there
        return left


def _within(part: slice, whole: slice) -> slice:
    """The part, counted from the start of the whole."""
    return slice(part.start - whole.start, part.stop - whole.start)
