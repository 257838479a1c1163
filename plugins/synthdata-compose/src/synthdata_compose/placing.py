"""A cut-out in the frame: its homography, and its picture as that shows it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from synthdata_compose.cutouts import Cutout


@dataclass(frozen=True)
class Pose:
    """How a cut-out lies in the frame.

    Attributes:
        x, y: its centre in pixels of the frame.
        side: its longer side in pixels, before perspective.
        rotation: in degrees, clockwise as seen.
        tilt: perspective, (x, y); a side that is 1 of these nearer is seen so much larger.
        flip: whether it is mirrored.
    """

    x: float
    y: float
    side: float
    rotation: float
    tilt: tuple[float, float]
    flip: bool


@dataclass(frozen=True)
class Placed:
    """A cut-out as it lies in the frame.

    Attributes:
        cutout: which.
        pose: how.
        homography: from pixels of the cropped cut-out to those of the frame, (3, 3).
        left, top: of the patch, in pixels of the frame, may be outside.
        rgb: (height, width, 3) uint8.
        alpha: coverage as it is blended, (height, width) uint8.
    """

    cutout: Cutout
    pose: Pose
    homography: NDArray[np.float64]
    left: int
    top: int
    rgb: NDArray[np.uint8]
    alpha: NDArray[np.uint8]

    @property
    def pixels(self) -> int:
        """How many pixels the whole object covers by half or more, outside of the frame too."""
        return int(np.count_nonzero(self.alpha >= 128))

    def within(self, height: int, width: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
        """Return where the patch meets the frame, in the frame and in the patch (may be empty)."""
        rows, columns = self.alpha.shape
        y0, y1 = (min(max(y, 0), height) for y in (self.top, self.top + rows))
        x0, x1 = (min(max(x, 0), width) for x in (self.left, self.left + columns))
        inside = (slice(y0 - self.top, y1 - self.top), slice(x0 - self.left, x1 - self.left))
        return (slice(y0, y1), slice(x0, x1)), inside


def homography(size: tuple[int, int], pose: Pose) -> NDArray[np.float64]:
    """Return the homography of a cut-out of this size (width, height), pixel edges at integers."""
    width, height = size
    scale = pose.side / max(width, height)
    cos, sin = math.cos(math.radians(pose.rotation)), math.sin(math.radians(pose.rotation))
    mirror = -scale if pose.flip else scale
    centre = np.array(
        [[mirror, 0, -mirror * width / 2], [0, scale, -scale * height / 2], [0, 0, 1]]
    )
    # Divided by the side, so that the same tilt looks the same at each size.
    view = np.array([[1, 0, 0], [0, 1, 0], [pose.tilt[0] / pose.side, pose.tilt[1] / pose.side, 1]])
    turn = np.array([[cos, -sin, pose.x], [sin, cos, pose.y], [0, 0, 1]])
    matrix: NDArray[np.float64] = turn @ view @ centre
    return matrix


def place(cutout: Cutout, pose: Pose, feather: float) -> Placed:
    """Show a cut-out in its pose.

    It is first made smaller with an antialiasing filter, then looked up bilinearly, colours
    weighted with their alpha.

    Args:
        cutout: which.
        pose: where it lies.
        feather: standard deviation in pixels of the soft edge, which lies within the object.
    """
    image = cutout.image()
    matrix = homography(image.size, pose)
    small = _smaller(image, pose.side)
    ratio = np.diag([small.width / image.width, small.height / image.height, 1])
    left, top, right, bottom = _around(matrix, image.size)
    shift = np.array([[1, 0, left], [0, 1, top], [0, 0, 1]])
    back = ratio @ _inverse(matrix) @ shift
    # A clear margin, so that edges of the cut-out are antialiased too.
    back = np.array([[1, 0, 1], [0, 1, 1], [0, 0, 1]]) @ back
    padded = Image.new("RGBA", (small.width + 2, small.height + 2))
    padded.paste(small, (1, 1))
    coefficients = (back / back[2, 2]).ravel()[:8].tolist()
    patch = padded.transform(
        (right - left, bottom - top),
        Image.Transform.PERSPECTIVE,
        coefficients,
        Image.Resampling.BILINEAR,
    )
    pixels = np.asarray(patch)
    alpha = _feathered(pixels[:, :, 3], feather)
    return Placed(cutout, pose, matrix, left, top, pixels[:, :, :3], alpha)


def _smaller(image: Image.Image, side: float) -> Image.Image:
    scale = side / max(image.size)
    if scale >= 1:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.BILINEAR)


def _around(matrix: NDArray[np.float64], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The whole pixels around the corners, and one more on each side for antialiasing."""
    width, height = size
    corners = np.array([[0, width, width, 0], [0, 0, height, height], [1, 1, 1, 1]])
    x, y, depth = matrix @ corners
    x, y = x / depth, y / depth
    return (
        math.floor(x.min()) - 1,
        math.floor(y.min()) - 1,
        math.ceil(x.max()) + 1,
        math.ceil(y.max()) + 1,
    )


def _inverse(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The inverse up to a factor, which a homography is free of: the adjugate."""
    a, b, c = matrix
    return np.array([np.cross(b, c), np.cross(c, a), np.cross(a, b)]).T


def _feathered(alpha: NDArray[np.uint8], feather: float) -> NDArray[np.uint8]:
    if feather <= 0:
        return alpha
    blurred = np.asarray(Image.fromarray(alpha).filter(ImageFilter.GaussianBlur(feather)))
    inner = np.clip(2 * blurred.astype(np.int32) - 255, 0, 255)
    softened: NDArray[np.uint8] = (inner * alpha // 255).astype(np.uint8)
    return softened
