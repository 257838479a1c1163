"""How much of each pixel is ink and paper, for a code under a homography; it knows no colours."""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from synthdata_barcodes.view import Paper, project

Floats: TypeAlias = NDArray[np.float32]

SAMPLES: Final = 3
"""Points along each side of a pixel at which the code is looked up; 4 take 1.8 times as long."""


class Coverage(NamedTuple):
    """What is in the pixels of a window of the image.

    Attributes:
        window: rows and columns of the image; outside is neither ink nor paper.
        ink: float32 (rows, columns) from 0 to 1.
        paper: the same of the paper, also where ink is on it.
    """

    window: tuple[slice, slice]
    ink: Floats
    paper: Floats


def cover(
    modules: NDArray[np.bool_], paper: Paper, matrix: NDArray[np.float64], size: tuple[int, int]
) -> Coverage:
    """Look up 3 × 3 points of each pixel in the code, and average them.

    The points are mapped back by the inverse homography, so that no edge is displaced or blurred
    by an interpolation.

    Args:
        modules: (rows, columns), true where the code is dark.
        paper: its size and free zone.
        matrix: (3, 3), from modules to pixels.
        size: width and height of the image, in which the paper lies.

    >>> modules, paper = np.ones((1, 2), bool), Paper(2, 1, (0, 0))
    >>> cover(modules, paper, np.diag([2.0, 2.0, 1.0]), (8, 8)).ink.sum()
    np.float32(8.0)
    """
    outline = project(matrix, paper.outline())
    left, top = np.floor(outline.min(axis=0)).astype(int).clip(0).tolist()
    right, bottom = np.minimum(np.ceil(outline.max(axis=0)).astype(int), size).tolist()
    fine = _printed(modules, paper).transform(
        ((right - left) * SAMPLES, (bottom - top) * SAMPLES),
        Image.Transform.PERSPECTIVE,
        _coefficients(matrix, paper, left, top),
        Image.Resampling.NEAREST,
    )
    bands = np.asarray(fine.reduce(SAMPLES))
    scale = np.float32(1 / 255)
    window = (slice(top, bottom), slice(left, right))
    return Coverage(window, bands[..., 0] * scale, bands[..., 1] * scale)


def _printed(modules: NDArray[np.bool_], paper: Paper) -> Image.Image:
    """A pixel a module: ink in the red band, paper in the green one."""
    across, down = paper.quiet
    bands = np.zeros((paper.rows + 2 * down, paper.columns + 2 * across, 3), np.uint8)
    bands[down : down + paper.rows, across : across + paper.columns, 0] = modules * np.uint8(255)
    bands[..., 1] = 255
    return Image.fromarray(bands)


def _coefficients(
    matrix: NDArray[np.float64], paper: Paper, left: int, top: int
) -> tuple[float, ...]:
    """From points of the finer window to pixels of the printed code, as Pillow takes it.

    Both count from the corner of the first pixel, as Pillow adds the half pixel itself.
    """
    across, down = paper.quiet
    finer = np.array([(1 / SAMPLES, 0, left), (0, 1 / SAMPLES, top), (0, 0, 1)], np.float64)
    shifted = np.array([(1, 0, across), (0, 1, down), (0, 0, 1)], np.float64)
    back = shifted @ np.linalg.inv(matrix) @ finer
    return tuple((back / back[2, 2]).ravel()[:8].tolist())
