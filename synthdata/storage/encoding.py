"""How images and masks become bytes: PNG, JPEG, WebP, or the raw array."""

from __future__ import annotations

import io
import tokenize
import zlib
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from synthdata.errors import FormatError
from synthdata.features import Feature, Image, Mask

EncodingName: TypeAlias = Literal["png", "jpeg", "webp", "raw"]
"""How images are kept; "raw" is NumPy's ``.npy``."""

COMPRESSION: Final = 3
"""Of zlib, for PNG."""

_MODES: Final = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_CHANNELS: Final = {"png": (1, 2, 3, 4), "jpeg": (1, 3), "webp": (3, 4)}
_MOST_PIXELS: Final = {"png": 2**31 - 1, "jpeg": 65_535, "webp": 16_383}
"""Of a side, as the file formats allow."""

_MOST_AREA: Final = 2**30 // 12
"""Pixels above which Pillow takes a file for an attack, and warns or raises when it is opened."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """A choice for the images of a data set.

    Attributes:
        name: "png", "jpeg", "webp" or "raw".
        quality: 1 to 100; None is without loss, where there is such a thing. Of "jpeg" it is 95.

    Raises:
        FormatError: if there is no such choice.

    >>> Encoding("jpeg").quality
    95
    """

    name: EncodingName = "png"
    quality: int | None = None

    def __post_init__(self) -> None:
        names = ("png", "jpeg", "webp", "raw")
        if self.name not in names:
            raise FormatError(f"encoding={self.name!r}: expected {' or '.join(map(repr, names))}")
        if self.quality is None:
            if self.name == "jpeg":
                object.__setattr__(self, "quality", 95)
        elif self.name in ("png", "raw"):
            raise FormatError(
                f"quality={self.quality}: {self.name} has no loss; it is for jpeg and webp"
            )
        elif type(self.quality) is not int or not 1 <= self.quality <= 100:
            raise FormatError(f"quality={self.quality!r}: expected 1 to 100")

    def codec(self, feature: Feature) -> Codec:
        """Return how a feature is encoded: as chosen, or else by PNG or raw, without loss.

        Masks are never encoded with loss. What no image file can hold (floats, five channels,
        32 bits, more pixels than readers let through) is raw.

        >>> Encoding("jpeg").codec(Image(8, 8)).suffix, Encoding("jpeg").codec(Mask(8, 8)).suffix
        ('jpg', 'png')
        """
        name: EncodingName = self.name
        if name in ("jpeg", "webp") and not _holds(name, feature):
            name = "png"
        if name == "png" and not _holds(name, feature):
            name = "raw"
        return Codec(name, self.quality if name == self.name else None, feature)


def _holds(name: EncodingName, feature: Feature) -> bool:
    if not isinstance(feature, Image | Mask):
        return False
    height, width = feature.bound[:2]
    if max(height, width) > _MOST_PIXELS[name] or height * width > _MOST_AREA:
        return False
    channels = feature.channels if isinstance(feature, Image) else 1
    if name == "png" and channels == 1 and feature.dtype == "uint16":
        return True
    if isinstance(feature, Mask) and name != "png":
        return False
    return feature.dtype == "uint8" and channels in _CHANNELS[name]


class Codec:
    """From the array of one feature to bytes and back.

    Args:
        name: "png", "jpeg", "webp" or "raw".
        quality: of "jpeg" and "webp"; None is without loss.
        feature: what the arrays are.

    Attributes:
        name: as given.
        suffix: of file names, without a point.
        lossless: whether the array comes back as it was.
    """

    def __init__(self, name: EncodingName, quality: int | None, feature: Feature) -> None:
        self.name = name
        self.suffix = {"png": "png", "jpeg": "jpg", "webp": "webp", "raw": "npy"}[name]
        self.lossless = quality is None
        self._quality = quality
        self._dtype = np.dtype(feature.dtype)
        self._grey = isinstance(feature, Image) and feature.channels == 1

    def encode(self, array: NDArray[Any]) -> bytes:
        """Return the bytes of a file.

        Args:
            array: HWC or HW, of the feature's dtype. One without pixels, which image files do
                not have, is raw.
        """
        stream = io.BytesIO()
        if self.name == "raw" or not array.size:
            np.lib.format.write_array(stream, np.ascontiguousarray(array), allow_pickle=False)
            return stream.getvalue()
        picture = PIL.Image.fromarray(array[:, :, 0] if self._grey else array)
        if self.name == "png":
            # Runs alone: of noise, and of what is drawn, faster and smaller than zlib's search.
            picture.save(stream, "png", compress_level=COMPRESSION, compress_type=zlib.Z_RLE)
        elif self.name == "jpeg":
            # Colours at full resolution: small shapes keep theirs.
            picture.save(stream, "jpeg", quality=self._quality, subsampling=0)
        elif self._quality is None:
            picture.save(stream, "webp", lossless=True, quality=0, method=0, exact=True)
        else:
            picture.save(stream, "webp", quality=self._quality)
        return stream.getvalue()

    def decode(self, data: bytes) -> NDArray[Any]:
        """Return the array of a file's bytes.

        Raises:
            ValueError: if they are no such file.
        """
        if data.startswith(np.lib.format.MAGIC_PREFIX):
            return _array(data)
        try:
            with PIL.Image.open(io.BytesIO(data)) as picture:
                array: NDArray[Any] = np.asarray(picture).astype(self._dtype, copy=False)
        except (OSError, SyntaxError) as error:  # of a damaged PNG
            raise ValueError(f"no {self.name} file: {error}") from error
        return array[:, :, None] if self._grey else array


def _array(data: bytes) -> NDArray[Any]:
    try:
        array: NDArray[Any] = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    except (EOFError, SyntaxError, tokenize.TokenError) as error:
        raise ValueError(f"no .npy file: {error}") from error
    return array
