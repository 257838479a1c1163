"""The built-in generator ``photos-v1``: real image files, cut to size and filtered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps
from pydantic import AfterValidator, Field

from synthdata.builtin.filters import AnyFilter, apply_filters
from synthdata.builtin.image_files import (
    PILLOW_MAX_PIXELS,
    Found,
    Mode,
    check_pattern,
    find_images,
    pixels,
    read_image,
)
from synthdata.errors import AssetError
from synthdata.features import ClassLabel, Image, Names, Scalar, Text
from synthdata.generator import Generator
from synthdata.generator import Params as BaseParams
from synthdata.models import suggest
from synthdata.output import Output
from synthdata.sample import Sample
from synthdata.seeding import Rng

_CHANNELS = {"L": 1, "RGB": 3, "RGBA": 4}

_LONGEST_NAME = 255
"""The longest name of a folder that Linux allows, in bytes."""

_LONGEST_PATH = 4096
"""The longest path that Linux allows, in bytes."""

Side = Annotated[int, Field(strict=True, ge=1, le=8192)]
Level = Annotated[int, Field(strict=True, ge=0, le=255)]


class Photos(Generator):
    """Real image files of a folder, turned upright, cut or scaled to one size, and filtered.

    A recipe file that makes one pass over the folder ``flowers``, which has a sub-folder a class::

        generator: photos-v1
        params:
          folder: flowers
          classes: [rose, tulip]
          filters: [{blur: {radius: {uniform: [0, 2]}}}, {jpeg: {quality: 40}}]
        samples: 3670

    The label is the sub-folder of ``folder`` that a file is in, at whatever depth. The declaration
    of a sample depends on the params alone, so that the sub-folders are not known to it: the label
    is text (empty for a file in no sub-folder), unless ``classes`` names them. Then it is a class,
    and a file outside of these sub-folders is an error.

    A file is read each time that a sample needs it; the list of files is made once, in ``open``.
    """

    class Params(BaseParams):
        """Which files, and what is done to them."""

        folder: str = Field(
            min_length=1,
            description="The folder; a relative one is relative to the working directory.",
        )
        pattern: Annotated[str, AfterValidator(check_pattern)] = Field(
            "**/*",
            description="Which files in the folder, as a glob. Files that are not images by their "
            "suffix, and hidden ones, are left out.",
        )
        order: Literal["in-order", "at-random"] = Field(
            "in-order",
            description="in-order: sample i is file i in the order of the names, beginning anew "
            "after the last; at-random: each sample draws its file.",
        )
        height: Side = Field(128, description="Height of the samples in pixels.")
        width: Side = Field(128, description="Width of the samples in pixels.")
        fit: Literal["crop", "random-crop", "stretch", "pad"] = Field(
            "crop",
            description="crop: scale to cover the size, keep the centre; random-crop: the same, "
            "keep a random part; stretch: scale without regard to the proportions; "
            "pad: scale to fit in, fill with the background.",
        )
        resample: Literal["nearest", "bilinear", "bicubic", "lanczos"] = Field(
            "bicubic", description="How pixels are interpolated."
        )
        mode: Mode = Field("RGB", description="Colour, grey (L), or colour with alpha (RGBA).")
        background: tuple[Level, Level, Level] = Field(
            (255, 255, 255),
            description="RGB behind transparent pixels, unless the mode is RGBA, and in padding.",
        )
        filters: tuple[AnyFilter, ...] = Field(
            (), max_length=32, description="Filters, applied in this order at the final size."
        )
        classes: Names | None = Field(
            None, description="Sub-folders that are the classes; without it the label is text."
        )
        max_pixels: Annotated[int, Field(strict=True, ge=1, le=PILLOW_MAX_PIXELS)] = Field(
            50_000_000,
            description="A file that claims more pixels is refused as a decompression bomb, "
            "before it is decoded.",
        )

    params: Params

    @classmethod
    def describe(cls, params: Params) -> Output:
        """Declare an image, the sub-folder as label, and path and size of the file."""
        channels = _CHANNELS[params.mode]
        return Output(
            image=Image(params.height, params.width, channels),
            label=ClassLabel(params.classes) if params.classes else Text(_LONGEST_NAME),
            metadata={
                "path": Text(_LONGEST_PATH, description="The file, relative to the folder."),
                "height": Scalar("int32", ge=1, description="Height of the upright original."),
                "width": Scalar("int32", ge=1, description="Width of the upright original."),
            },
        )

    def open(self) -> None:
        """Find the files.

        Raises:
            AssetError: if there are none, or one leaves the folder, or one is of no class.
        """
        files = find_images(self.params.folder, self.params.pattern)
        if self.params.classes:
            for file in files:
                _check_class(file, self.params.classes)
        self._files = files

    def close(self) -> None:
        """Forget the files."""
        self._files = ()

    def sample(self, rng: np.random.Generator) -> Sample:
        """Read a file and make it a sample.

        Raises:
            AssetError: if the file is missing, broken, no image or too large.
        """
        params = self.params
        file = self._files[self._place(rng)]
        original = read_image(file.path, params.mode, params.background, params.max_pixels)
        fitted = _fitted(original, params, rng)
        return Sample(
            pixels(apply_filters(fitted, params.filters, rng)),
            file.top,
            {"path": file.name, "height": original.height, "width": original.width},
        )

    def _place(self, rng: np.random.Generator) -> int:
        if self.params.order == "at-random":
            return int(rng.integers(len(self._files)))
        if not isinstance(rng, Rng):
            raise TypeError(
                f"order 'in-order' goes by the index of an sd.Rng, but a {type(rng).__name__} has "
                "none; give an sd.Rng, or order='at-random'"
            )
        return rng.index % len(self._files)


def _check_class(file: Found, classes: Sequence[str]) -> None:
    if file.top not in classes:
        where = f"the sub-folder {file.top!r}" if file.top else "no sub-folder"
        raise AssetError(
            f"{file.path}: is in {where}, but the classes are {', '.join(classes)}"
            f"{suggest(file.top, classes)}",
            path=str(file.path),
        )


def _fitted(image: Pillow.Image, params: Photos.Params, rng: np.random.Generator) -> Pillow.Image:
    size = (params.width, params.height)
    method = Pillow.Resampling[params.resample.upper()]
    if params.fit == "stretch":
        return image.resize(size, method)
    if params.fit == "pad":
        return _padded(image, size, method, params.background)
    centre = (rng.random(), rng.random()) if params.fit == "random-crop" else (0.5, 0.5)
    return ImageOps.fit(image, size, method, centering=centre)


def _padded(
    image: Pillow.Image,
    size: tuple[int, int],
    method: Pillow.Resampling,
    background: tuple[int, int, int],
) -> Pillow.Image:
    # ImageOps.pad scales a narrow image to a width of 0, which Pillow 11 cannot.
    scale = min(size[0] / image.width, size[1] / image.height)
    width, height = (max(1, round(side * scale)) for side in image.size)
    padded = Pillow.new("RGB", size, background).convert(image.mode)
    padded.paste(
        image.resize((width, height), method),
        (round((size[0] - width) / 2), round((size[1] - height) / 2)),
    )
    return padded
