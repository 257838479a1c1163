"""The image files of one feature: one file a sample, such as any viewer opens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from synthdata.features import Image, Mask
from synthdata.output import Leaf
from synthdata.storage.encoding import Encoding


class PictureFiles:
    """Writes and reads the image files of one feature.

    Args:
        leaf: the feature at its place.
        encoding: the choice for images.

    Attributes:
        leaf: as given.
        problem: why no image file holds the feature, or None.
    """

    def __init__(self, leaf: Leaf, encoding: Encoding) -> None:
        self.leaf = leaf
        self._codec = encoding.codec(leaf.feature)
        self.problem: str | None = None
        if self._codec.name == "raw":
            why = "encoding='raw' is chosen" if encoding.name == "raw" else f"{leaf.feature}"
            self.problem = f"it would be no image file ({why})"

    def file(self, stem: str, array: NDArray[Any]) -> tuple[str, bytes]:
        """Return the name and the content of a file.

        Args:
            stem: the name without suffix.
            array: HWC or HW, of the feature's dtype.

        Raises:
            ValueError: if the array has no pixels.
        """
        if not array.size:
            raise ValueError(
                f"{self.leaf.name} has no pixels, its shape is {array.shape}; image files have "
                f"one or more"
            )
        return f"{stem}.{self._codec.suffix}", self._codec.encode(array)

    def read(self, path: Path) -> NDArray[Any]:
        """Return the array of a file.

        Raises:
            OSError: if it is missing.
            ValueError: if it is no such file.
        """
        data = path.read_bytes()
        try:
            array = self._codec.decode(data)
        except (ValueError, SyntaxError) as error:  # Pillow's of a PNG with a damaged header
            raise ValueError(f"{path} is damaged: {error}") from error
        feature = self.leaf.feature
        fits = array.ndim == len(feature.shape) and all(
            declared in (None, size)
            for size, declared in zip(array.shape, feature.static_shape, strict=True)
        )
        if not fits or array.dtype != feature.dtype:
            raise ValueError(
                f"{path} holds {array.shape} {array.dtype}, but {self.leaf.name} is {feature}"
            )
        return array


def is_picture(leaf: Leaf) -> bool:
    """Return whether a feature is an image or a mask."""
    return isinstance(leaf.feature, Image | Mask)
