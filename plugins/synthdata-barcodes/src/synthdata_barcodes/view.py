"""How a camera sees a flat code: the homography from modules to pixels; it draws nothing."""

from __future__ import annotations

import math
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Points: TypeAlias = NDArray[np.float64]
"""(n, 2): x to the right and y down, in modules of the code or in pixels of the image."""

DISTANCE: Final = 2.0
"""From the camera to the code, in diagonals of its paper: about that of a phone held before it."""

MARGIN: Final = 1.0
"""Pixels that are left free between the paper and the border of the image."""


class Paper(NamedTuple):
    """The rectangle on which a code is printed, in modules.

    Attributes:
        columns, rows: size of the code.
        quiet: width of the free zone to the left and right, then above and below.

    >>> Paper(21, 21, (4, 4)).outline()[2]
    array([25., 25.])
    """

    columns: int
    rows: int
    quiet: tuple[int, int]

    def corners(self) -> Points:
        """The corners of the code: top left, top right, bottom right, bottom left."""
        return _rectangle(0, 0, self.columns, self.rows)

    def outline(self) -> Points:
        """The corners of the paper, which is the code with its free zone, in the same order."""
        across, down = self.quiet
        return _rectangle(-across, -down, self.columns + across, self.rows + down)


class View(NamedTuple):
    """A camera's view of a paper.

    Attributes:
        matrix: (3, 3) float64, the homography from modules, counted from the top left corner of
            the code, to pixels, counted from that of the image. Its numbers are such as float32
            has: processors differ in the last bit of a float64 sine.
        module: side of a module in pixels at the centre of the code, if it were not tilted.
    """

    matrix: NDArray[np.float64]
    module: float


def project(matrix: NDArray[np.float64], points: Points) -> Points:
    """Map points by a homography.

    Hartley and Zisserman, "Multiple View Geometry in Computer Vision", 2nd edition, 2004,
    section 2.3: (x, y, 1) goes to (u, v, w), which is the point (u / w, v / w).

    Args:
        matrix: (3, 3).
        points: (n, 2).

    Returns:
        (n, 2) float64.

    >>> project(np.diag([2.0, 2.0, 1.0]), np.array([[3.0, 4.0]]))
    array([[6., 8.]])
    """
    mapped = points @ matrix[:, :2].T + matrix[:, 2]
    shown: Points = mapped[:, :2] / mapped[:, 2:]
    return shown


def turned(paper: Paper, angle: float, tilt: float, toward: float) -> NDArray[np.float64]:
    """Return the homography of a paper before a camera that looks at its centre.

    Hartley and Zisserman, section 8.1.1: a camera sees the plane z = 0 by K [r1 r2 t]. Here the
    first two columns of the rotation turn the plane by ``angle`` within itself and then by
    ``tilt`` around the axis a = (cos toward, sin toward). With b perpendicular to a, a point p
    keeps p·a, its p·b is shortened to p·b cos(tilt), and its depth is p·b sin(tilt). K and t are
    such that a module at the centre would be one pixel without the tilt.

    Args:
        paper: what is seen.
        angle: degrees clockwise.
        tilt: degrees, below 90.
        toward: direction of the axis of the tilt, in degrees clockwise from the x axis.

    Returns:
        (3, 3) float64, from modules to pixels from the centre, at one pixel a module.

    >>> project(turned(Paper(2, 2, (0, 0)), 90, 0, 0), np.array([[0.0, 0.0]])).round(6)
    array([[ 1., -1.]])
    """
    turn, axis, lean = (math.radians(degrees) for degrees in (angle, toward, tilt))
    rotation = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    along = np.array([math.cos(axis), math.sin(axis)])
    across = np.array([-math.sin(axis), math.cos(axis)])
    width, height = np.ptp(paper.outline(), axis=0).tolist()
    matrix = np.eye(3)
    flattened = np.outer(along, along) + math.cos(lean) * np.outer(across, across)
    matrix[:2, :2] = flattened @ rotation
    matrix[2, :2] = math.sin(lean) / (DISTANCE * math.hypot(width, height)) * (across @ rotation)
    return matrix @ _moved(-paper.columns / 2, -paper.rows / 2)


def placed(
    matrix: NDArray[np.float64],
    paper: Paper,
    module: float,
    size: tuple[int, int],
    place: tuple[float, float],
) -> View:
    """Enlarge what ``turned`` returned and move it into the image.

    Args:
        matrix: from ``turned``.
        paper: must lie in the image wholly.
        module: side of a module in pixels; less where the paper is too large for it.
        size: width and height of the image.
        place: where in the room that is left, from 0 to 1 in x and y.
    """
    outline = project(matrix, paper.outline())
    least, extent = outline.min(axis=0), np.ptp(outline, axis=0)
    inside = np.array(size) - 2 * MARGIN
    module = min(module, *(inside / extent).tolist())
    corner = MARGIN + np.array(place) * (inside - module * extent)
    shift = corner - module * least
    grown = np.diag([module, module, 1.0]) @ matrix
    return View(_single(_moved(*shift.tolist()) @ grown), module)


def _single(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The nearest numbers that float32 has."""
    return values.astype(np.float32).astype(np.float64)


def _rectangle(left: float, top: float, right: float, bottom: float) -> Points:
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float64)


def _moved(x: float, y: float) -> NDArray[np.float64]:
    return np.array([(1.0, 0.0, x), (0.0, 1.0, y), (0.0, 0.0, 1.0)])
