"""Which pixels of the frame are whose: coverage after occlusion, instance masks and boxes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from synthdata_compose.placing import Placed


class Seen(NamedTuple):
    """What is seen of the objects of a scene.

    Attributes:
        mask: number of the object from 1, bottom to top, and 0 for the background, (height, width)
            uint8.
        pixels: how many pixels each object has in it, (objects,) int64.
        visibility: the part that these are of the pixels of the whole object, (objects,) float32.
    """

    mask: NDArray[np.uint8]
    pixels: NDArray[np.int64]
    visibility: NDArray[np.float32]


def seen(objects: Sequence[Placed], height: int, width: int) -> Seen:
    """Return what is seen of objects, which lie over each other in their order.

    A pixel is an object's where the object's alpha, times what the objects above let through, is
    0.5 or more; at a tie the upper has it.
    """
    through = np.ones((height, width), np.float32)
    mask = np.zeros((height, width), np.uint8)
    for number in range(len(objects), 0, -1):
        frame, patch = objects[number - 1].within(height, width)
        alpha = objects[number - 1].alpha[patch].astype(np.float32) / 255
        own = alpha * through[frame]
        mask[frame][(own >= 0.5) & (mask[frame] == 0)] = number
        through[frame] *= 1 - alpha
    pixels = np.bincount(mask.ravel(), minlength=len(objects) + 1)[1:]
    whole = np.array([each.pixels for each in objects], np.int64)
    visibility = (pixels / np.maximum(whole, 1)).astype(np.float32)
    return Seen(mask, pixels, np.minimum(visibility, np.float32(1)))


def boxes_of(mask: NDArray[np.uint8], count: int) -> NDArray[np.float32]:
    """Return the tight boxes x0, y0, x1, y1, half-open, of the numbers 1 to ``count``.

    Returns:
        (count, 4) float32.
    """
    boxes = np.zeros((count, 4), np.float32)
    for number in range(1, count + 1):
        own = mask == number
        rows, columns = np.flatnonzero(own.any(1)), np.flatnonzero(own.any(0))
        boxes[number - 1] = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
    return boxes
