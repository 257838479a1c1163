"""Image files: found and read upright in 8 bits; what becomes of them is photos.py's."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from synthdata.errors import AssetError

Mode: TypeAlias = Literal["RGB", "L", "RGBA"]
"""The colour modes that files are converted to, as Pillow names them."""

FORMATS: Final = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "QOI", "AVIF", "JPEG2000")
"""What is read, whatever a suffix says. Pillow reads more, some with a program of its own (EPS)."""

SUFFIXES: Final = (
    *(".avif", ".bmp", ".gif", ".j2k", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg"),
    *(".pbm", ".pgm", ".png", ".pnm", ".ppm", ".qoi", ".tif", ".tiff", ".webp"),
)
"""What a file must end in to be found, in small or capital letters."""

PILLOW_MAX_PIXELS: Final = 89_478_485
"""Where Pillow's own check against decompression bombs begins to warn (``MAX_IMAGE_PIXELS``)."""

# These hold 16 bits in Pillow's 32-bit mode "I"; of other files it is unknown what is white.
_SIXTEEN_BITS_IN_I: Final = ("PNG", "PPM")


class Found(NamedTuple):
    """An image file of a folder.

    Attributes:
        path: absolute.
        name: relative to the folder, with ``/`` on every system.
    """

    path: Path
    name: str

    @property
    def top(self) -> str:
        """The sub-folder of the folder that the file is in, or "" where it is in none."""
        return self.name.partition("/")[0] if "/" in self.name else ""


def check_pattern(pattern: str) -> str:
    """Return the glob pattern as it is.

    Raises:
        ValueError: if it is none, or leads out of its folder.
    """
    parts = PurePosixPath(pattern).parts
    if not parts or PurePosixPath(pattern).is_absolute() or ".." in parts:
        raise ValueError(f"a pattern within the folder is expected, as '**/*.png', not {pattern!r}")
    if any("**" in part and part != "**" for part in parts):
        raise ValueError(f"'**' stands for folders, as in '**/*.png', but {pattern!r} adds to it")
    return pattern


def find_images(folder: str, pattern: str) -> tuple[Found, ...]:
    """Find the image files in a folder.

    Files and folders whose name begins with a dot are left out. Links to files are followed as
    long as they stay in the folder; links to folders are followed where the pattern names them
    without ``**``.

    Args:
        folder: a relative one is relative to the working directory.
        pattern: a glob, in which ``**`` stands for any number of folders.

    Returns:
        The files in the order of their names, whatever the order on disk.

    Raises:
        AssetError: if there is no folder or no image in it, or a link leaves it.
    """
    root = _root(folder)
    checked: set[Path] = set()
    found = {}
    for path in root.glob(pattern):
        name = path.relative_to(root).as_posix()
        is_image, is_link = path.suffix.lower() in SUFFIXES, path.is_symlink()
        if name.startswith(".") or "/." in name or not (is_image or (is_link and path.is_dir())):
            continue
        if is_link or path.parent not in checked:
            _check_stays(path, root)
            checked.add(path.parent)
        if is_image and path.is_file():
            found[name] = Found(path, _utf8(name, path))
    if not found:
        raise AssetError(
            f"{root}: no image file matches {pattern!r}; looked for {' '.join(SUFFIXES)}",
            path=str(root),
        )
    return tuple(found[name] for name in sorted(found))


def _root(folder: str) -> Path:
    root = Path(folder)
    if not root.is_dir():
        problem = "is a file, but a folder is expected" if root.exists() else "no such folder"
        hint = "" if root.is_absolute() else f"; a relative one is looked for in {Path.cwd()}"
        raise AssetError(f"{folder}: {problem}{hint}", path=folder)
    return root.resolve()


def _check_stays(path: Path, root: Path) -> None:
    # Path.resolve raises RuntimeError at a link to itself; realpath does not.
    target = Path(os.path.realpath(path))
    if not target.is_relative_to(root):
        raise AssetError(
            f"{path}: leads by a link to {target}, outside of the folder {root}; "
            "copy it into the folder, or give the folder that holds both",
            path=str(path),
        )
    if not path.exists():
        raise AssetError(f"{path}: is a link to {target}, which does not exist", path=str(path))


def _utf8(name: str, path: Path) -> str:
    try:
        name.encode()
    except UnicodeEncodeError:
        raise AssetError(
            f"{str(path)!r}: the name is not UTF-8; rename it", path=str(path)
        ) from None
    return name


def read_image(
    path: Path, mode: Mode, background: tuple[int, int, int], max_pixels: int
) -> Image.Image:
    """Read the first frame of an image file, turned upright as its EXIF orientation says.

    Args:
        path: the file.
        mode: what it is converted to. 16 bits are scaled to 8; colour profiles are not applied.
        background: shines through where the file is transparent, unless the mode is RGBA.
        max_pixels: a file that claims more is not decoded.

    Returns:
        The image, which has nothing open.

    Raises:
        AssetError: if the file is missing, broken, no image or too large.
    """
    try:
        # An open file rather than a path, so that Pillow maps no memory of it.
        with path.open("rb") as file, Image.open(file, formats=FORMATS) as image:
            width, height = image.size
            if width * height > max_pixels:
                raise _refused(path, f"{width} × {height} pixels are {_too_many(max_pixels)}")
            if width * height == 0:
                raise _refused(path, f"it has no pixels, {width} × {height}")
            upright = ImageOps.exif_transpose(image)
            return _converted(_eight_bits(upright, image.format, path), mode, background)
    except AssetError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _refused(path, f"it has {_too_many(max_pixels)}: {error}") from error
    except UnidentifiedImageError as error:
        raise _refused(path, f"not an image in one of the formats {', '.join(FORMATS)}") from error
    except Exception as error:  # Pillow's decoders raise whatever a broken file leads them to
        if isinstance(error, OSError) and error.errno is not None:
            raise _refused(path, f"cannot be read, {error.strerror}") from error
        problem = f"{type(error).__name__}: {error}"
        raise _refused(path, f"broken or cut off; Pillow says {problem}") from error


def _refused(path: Path, problem: str) -> AssetError:
    return AssetError(f"{path}: {problem}", path=str(path))


def _too_many(max_pixels: int) -> str:
    return f"more pixels than max_pixels={max_pixels} allows"


def _eight_bits(image: Image.Image, format: str | None, path: Path) -> Image.Image:
    """The image itself, or a wider grey one scaled to 8 bits, white staying white."""
    narrow = image.mode.startswith("I;16")
    if image.mode not in ("I", "F") and not narrow:
        return image
    if not narrow and not (image.mode == "I" and format in _SIXTEEN_BITS_IN_I):
        raise _refused(path, f"32 bits a pixel (mode {image.mode}) have no white; store 8 or 16")
    # 65535 is 255 · 257, so that this rounds to the nearest.
    scaled = (np.asarray(image).astype(np.int64) + 128) // 257
    return Image.fromarray(scaled.clip(0, 255).astype(np.uint8))


def _converted(image: Image.Image, mode: Mode, background: tuple[int, int, int]) -> Image.Image:
    if image.has_transparency_data:
        image = image.convert("RGBA")
        if mode != "RGBA":
            behind = Image.new("RGBA", image.size, (*background, 255))
            image = Image.alpha_composite(behind, image)
    elif image.mode in ("CMYK", "YCbCr", "LAB", "HSV"):
        image = image.convert("RGB")  # not all of them convert to grey
    return image.convert(mode)


def pixels(image: Image.Image) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return the pixels of an 8-bit image as a new array (height, width, channels)."""
    array = np.array(image)
    return array if array.ndim == 3 else array[:, :, np.newaxis]
