"""Cut-outs: image files with transparency of a folder, or drawn shapes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from PIL import Image, ImageDraw

import synthdata as sd

SUFFIXES: Final = (".gif", ".png", ".tif", ".tiff", ".webp")
"""What a cut-out's name must end in: formats that can be transparent."""

SHAPES: Final = ("disc", "square", "triangle", "star", "ring")
"""The classes of the cut-outs that are drawn where no folder is given."""

_COLORS: Final = ((214, 69, 65), (46, 134, 193), (241, 196, 15))
_SIDE: Final = 96
_MAX_PIXELS: Final = 25_000_000


class Cutout(NamedTuple):
    """A cut-out that may be pasted.

    Attributes:
        name: relative to its folder, or that of a drawn shape and its colour.
        label: its class.
        path: of the file, or None for a drawn shape.
        solid: whether a file without transparency is taken as a whole rectangle.
    """

    name: str
    label: str
    path: Path | None
    solid: bool = False

    def image(self) -> Image.Image:
        """Return the RGBA picture, cut to the pixels that are not wholly transparent.

        Raises:
            AssetError: if the file is no image, has no transparency, or nothing that is seen.
        """
        return _drawn(self.name) if self.path is None else _read(self.path, self.solid)


def find_files(folder: str, pattern: str, suffixes: tuple[str, ...]) -> list[tuple[str, Path]]:
    """Return names (relative, with ``/``) and paths of image files, in the order of the names.

    Raises:
        AssetError: if there is no such folder, or no such file in it.
    """
    root = Path(folder)
    if not root.is_dir():
        raise sd.AssetError(f"{folder}: no such folder; give one that holds images", path=folder)
    paths = (path for path in root.glob(pattern) if path.suffix.lower() in suffixes)
    names = {path.relative_to(root).as_posix(): path for path in paths if path.is_file()}
    if not names:
        raise sd.AssetError(
            f"{folder}: no image matches {pattern!r}; looked for {' '.join(suffixes)}", path=folder
        )
    return sorted(names.items())


def classes_of(folder: str, pattern: str = "**/*.png") -> tuple[str, ...]:
    """Return the classes of a folder: its sub-folders, and the stems of files in none.

    Raises:
        AssetError: if there is no such folder, or no cut-out in it.
    """
    found = find_files(folder, pattern, SUFFIXES)
    return tuple(sorted({_label(name, path) for name, path in found}))


def find_cutouts(
    folder: str | None, pattern: str, classes: tuple[str, ...], solid: bool = False
) -> tuple[tuple[Cutout, ...], ...]:
    """Return the cut-outs of each class, in the order of the classes; None draws shapes.

    Raises:
        AssetError: if a class has no cut-out.
    """
    cutouts = tuple(_all_shapes()) if folder is None else tuple(_all_files(folder, pattern, solid))
    groups = tuple(tuple(each for each in cutouts if each.label == name) for name in classes)
    for name, group in zip(classes, groups, strict=True):
        if not group:
            there = ", ".join(sorted({each.label for each in cutouts}))
            where = folder or "the drawn shapes"
            raise sd.AssetError(
                f"{where}: no cut-out is of the class {name!r}; there are {there}", path=where
            )
    return groups


def _all_files(folder: str, pattern: str, solid: bool) -> Iterator[Cutout]:
    for name, path in find_files(folder, pattern, SUFFIXES):
        yield Cutout(name, _label(name, path), path, solid)


def _all_shapes() -> Iterator[Cutout]:
    for shape in SHAPES:
        for number in range(len(_COLORS)):
            yield Cutout(f"{shape}/{number}", shape, None)


def _label(name: str, path: Path) -> str:
    return name.partition("/")[0] if "/" in name else path.stem


def open_image(path: Path) -> Image.Image:
    """Read an image file.

    Raises:
        AssetError: if it is missing, broken, no image, or larger than 25 million pixels.
    """
    try:
        with Image.open(path) as image:
            if image.width * image.height > _MAX_PIXELS:
                raise sd.AssetError(
                    f"{path}: {image.width} × {image.height} pixels, but {_MAX_PIXELS} are the "
                    "most; make it smaller",
                    path=str(path),
                )
            image.load()
            return image.copy()
    except (OSError, SyntaxError, ValueError) as error:
        raise sd.AssetError(
            f"{path}: not an image that can be read ({error}); remove or replace it", path=str(path)
        ) from error


@lru_cache(maxsize=256)
def _read(path: Path, solid: bool) -> Image.Image:
    image = open_image(path)
    if not image.has_transparency_data and not solid:
        raise sd.AssetError(
            f"{path}: a cut-out is transparent around its object, but this file has no "
            f"transparency (mode {image.mode}); cut it out, leave it out "
            "by the pattern, or give solid=true to paste all of it",
            path=str(path),
        )
    image = image.convert("RGBA")
    box = image.getchannel("A").getbbox()
    if box is None:
        raise sd.AssetError(
            f"{path}: wholly transparent, so that there is nothing to paste; remove it",
            path=str(path),
        )
    return image.crop(box)


@lru_cache(maxsize=256)
def _drawn(name: str) -> Image.Image:
    shape, _, number = name.partition("/")
    big = 4 * _SIDE
    mask = Image.new("L", (big, big))
    draw = ImageDraw.Draw(mask)
    if shape in ("disc", "ring"):
        draw.ellipse((0, 0, big - 1, big - 1), fill=255)
        if shape == "ring":
            draw.ellipse((big // 4, big // 4, big * 3 // 4, big * 3 // 4), fill=0)
    elif shape == "square":
        draw.rectangle((0, 0, big, big), fill=255)
    else:
        draw.polygon(_corners(shape, big), fill=255)
    alpha = mask.reduce(4)
    image = Image.new("RGBA", alpha.size, _COLORS[int(number)])
    image.putalpha(alpha)
    return image.crop(alpha.getbbox())


def _corners(shape: str, side: int) -> list[tuple[float, float]]:
    count = 3 if shape == "triangle" else 10
    half = side / 2
    points: list[tuple[float, float]] = []
    for place in range(count):
        radius = half * (0.45 if count == 10 and place % 2 else 1)
        angle = 2 * math.pi * place / count - math.pi / 2
        points.append(
            (round(half + radius * math.cos(angle)), round(half + radius * math.sin(angle)))
        )
    return points
