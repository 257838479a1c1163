"""The way from the flat sheet to the image and back: a bend, then a camera's view."""

from __future__ import annotations

import math
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Points: TypeAlias = NDArray[np.float64]

DISTANCE: Final = 2.0
"""From the camera to the sheet, in diagonals of what is written on it."""

HORIZON: Final = np.float32(0.1)
"""Least nearness of what is looked up; text has 0.8 or more, and what is nearer to 0 is far away.

A strong tilt shows the horizon within the image, where it would be 0."""


class Warp(NamedTuple):
    """A map from points of the sheet to points of the image, both x, y from the top left corner.

    A sheet point (u, v) is bent to (u, v + arc t²), with t = (u - middle) / half, as the lines of
    an open book are; a homography takes that to the image. Both can be turned back exactly.

    Attributes:
        matrix: (3, 3) float64, the homography. Its numbers are such as float32 has: processors
            differ in the last bit of a float64 sine.
        arc: how far the ends of the text are bent down, in sheet pixels.
        middle, half: u of the middle of the text, and half its width, in sheet pixels.
    """

    matrix: NDArray[np.float64]
    arc: float
    middle: float
    half: float

    def forward(self, points: Points) -> Points:
        """Map points (n, 2) of the sheet to the image."""
        return project(self.matrix, self.bent(points))

    def bent(self, points: Points) -> Points:
        """Bend points (n, 2), and stay in the sheet."""
        bent = np.array(points, np.float64)
        bent[:, 1] += self._bend(bent[:, 0])
        return bent

    def back(self, height: int, width: int, finer: int) -> NDArray[np.float32]:
        """Map the middles of image pixels, each divided into finer × finer, to the sheet.

        Returns:
            (2, height · finer, width · finer): v, u.
        """
        inverse = np.linalg.inv(self.matrix).astype(np.float32)
        x = (np.arange(width * finer, dtype=np.float32) + np.float32(0.5)) / finer
        y = ((np.arange(height * finer, dtype=np.float32) + np.float32(0.5)) / finer)[:, None]
        depth = inverse[2, 0] * x + (inverse[2, 1] * y + inverse[2, 2])
        np.maximum(depth, HORIZON, out=depth)
        place = np.empty((2, height * finer, width * finer), np.float32)
        for axis in (1, 0):
            row = inverse[1 - axis]
            np.divide(row[0] * x + (row[1] * y + row[2]), depth, out=place[axis])
        place[0] -= self._bend(place[1])
        return place

    def least_scale(self, points: Points) -> NDArray[np.float64]:
        """Image pixels of a sheet pixel at each point (n, 2), in the direction of the fewest.

        That is the smaller singular value of the map's Jacobian, here by finite differences.
        """
        here = self.forward(points)
        across = self.forward(points + np.array([1.0, 0.0])) - here
        down = self.forward(points + np.array([0.0, 1.0])) - here
        square = (across**2).sum(axis=1) + (down**2).sum(axis=1)
        area = across[:, 0] * down[:, 1] - across[:, 1] * down[:, 0]
        spread = np.sqrt(np.maximum(square**2 - 4 * area**2, 0))
        least: NDArray[np.float64] = np.sqrt(np.maximum(square - spread, 0) / 2)
        return least

    def polygons(self, boxes: Points, parts: int, reach: float) -> Points:
        """Map the outlines of boxes to the image, grown so that what lies around them is inside.

        Args:
            boxes: (n, 4) x0, y0, x1, y1 in the sheet.
            parts: how many parts the upper and the lower edge of each are divided into.
            reach: how far around the boxes, in image pixels.

        Returns:
            (n, 2 · parts + 2, 2), clockwise.
        """
        corners = outlines(boxes, 1).reshape(-1, 2)
        least = self.least_scale(corners).reshape(-1, 4).min(axis=1)
        grown = boxes + (reach / least)[:, None] * (-1.0, -1.0, 1.0, 1.0)
        points = outlines(grown, parts)
        return self.forward(points.reshape(-1, 2)).reshape(points.shape)

    def _bend(self, u: NDArray[np.floating]) -> NDArray[np.floating]:
        t = (u - u.dtype.type(self.middle)) / u.dtype.type(self.half)
        bend: NDArray[np.floating] = u.dtype.type(self.arc) * t * t
        return bend


def project(matrix: NDArray[np.float64], points: Points) -> Points:
    """Map points (n, 2) by a homography.

    Hartley and Zisserman, "Multiple View Geometry in Computer Vision", 2nd edition, 2004,
    section 2.3: (x, y, 1) goes to (u, v, w), which is the point (u / w, v / w).

    >>> project(np.diag([2.0, 2.0, 1.0]), np.array([[3.0, 4.0]]))
    array([[6., 8.]])
    """
    mapped = points @ matrix[:, :2].T + matrix[:, 2]
    shown: Points = mapped[:, :2] / mapped[:, 2:]
    return shown


class Pose(NamedTuple):
    """How the sheet lies before the camera.

    Attributes:
        angle: degrees clockwise within its plane.
        tilt: degrees away from the camera.
        toward: direction of the axis of the tilt, in degrees clockwise from the x axis.
        arc: how far the ends of the text are bent down, in sheet pixels.
        place: where in the room that is left, from 0 to 1 in x and y.
    """

    angle: float
    tilt: float
    toward: float
    arc: float
    place: tuple[float, float]


def placed(
    boxes: Points, pose: Pose, scale: float, size: tuple[int, int], margin: float
) -> tuple[Warp, float]:
    """Return the map that shows these boxes, and its scale.

    Args:
        boxes: (n, 4) x0, y0, x1, y1 in the sheet, all of which the image is to show.
        pose: how the sheet lies.
        scale: image pixels of a sheet pixel at the middle; less where the text is too large for it.
        size: width and height of the image.
        margin: pixels at the border that stay free.
    """
    (left, top), (right, bottom) = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    middle, half = float(left + right) / 2, max(float(right - left) / 2, 1.0)
    flat = Warp(np.eye(3), pose.arc, middle, half)
    outline = outlines(boxes, 8).reshape(-1, 2)
    bent = flat.bent(outline)
    centre = (bent.min(axis=0) + bent.max(axis=0)) / 2
    reach = math.hypot(right - left, bottom - top + abs(pose.arc))
    matrix = _turned(pose, reach) @ _moved(*(-centre).tolist())
    shown = project(matrix, bent)
    least, extent = shown.min(axis=0), np.maximum(np.ptp(shown, axis=0), 1e-6)
    inside = np.array(size) - 2 * margin
    scale = min(scale, *(inside / extent).tolist())
    corner = margin + np.array(pose.place) * (inside - scale * extent)
    grown = _moved(*(corner - scale * least).tolist()) @ np.diag([scale, scale, 1.0]) @ matrix
    single = grown.astype(np.float32).astype(np.float64)
    return Warp(single, pose.arc, middle, half), scale


def _turned(pose: Pose, reach: float) -> NDArray[np.float64]:
    """The homography of a plane before a pinhole camera; Hartley and Zisserman, section 8.1.1.

    The camera sees the plane z = 0 by K [r1 r2 t]. The columns of the rotation turn the plane by
    ``angle`` within itself, then by ``tilt`` around the axis a = (cos toward, sin toward): a point
    keeps what it has along a, its part across is shortened by cos(tilt), and gets depth.
    """
    turn, axis, lean = (math.radians(part) for part in (pose.angle, pose.toward, pose.tilt))
    rotation = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    along = np.array([math.cos(axis), math.sin(axis)])
    across = np.array([-math.sin(axis), math.cos(axis)])
    matrix = np.eye(3)
    flattened = np.outer(along, along) + math.cos(lean) * np.outer(across, across)
    matrix[:2, :2] = flattened @ rotation
    matrix[2, :2] = math.sin(lean) / (DISTANCE * reach) * (across @ rotation)
    return matrix


def _moved(x: float, y: float) -> NDArray[np.float64]:
    return np.array([(1.0, 0.0, x), (0.0, 1.0, y), (0.0, 0.0, 1.0)])


def outlines(boxes: Points, parts: int) -> NDArray[np.float64]:
    """Return the outlines of boxes, clockwise, their upper and lower edges divided for a bend.

    Args:
        boxes: (n, 4) x0, y0, x1, y1.
        parts: how many parts an edge is divided into.

    Returns:
        (n, 2 · parts + 2, 2).

    >>> outlines(np.array([[0.0, 0.0, 2.0, 1.0]]), 1)[0].tolist()
    [[0.0, 0.0], [2.0, 0.0], [2.0, 1.0], [0.0, 1.0]]
    """
    steps = np.linspace(0, 1, parts + 1)
    x0, y0, x1, y1 = boxes.T[:, :, None]
    across = x0 + (x1 - x0) * steps
    upper = np.stack([across, np.broadcast_to(y0, across.shape)], axis=2)
    lower = np.stack([across[:, ::-1], np.broadcast_to(y1, across.shape)], axis=2)
    return np.concatenate([upper, lower], axis=1)
