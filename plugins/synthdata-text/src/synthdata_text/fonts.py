"""Fonts: where they are, which characters they have ink for, and their sizes."""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from fontTools.ttLib import TTFont
from PIL import ImageFont, features

import synthdata as sd
from synthdata_text.clusters import is_format

PILLOW: Final = "pillow"
SYSTEM: Final = "system"

FOLDERS: Final = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "/Library/Fonts",
    "~/Library/Fonts",
    "C:/Windows/Fonts",
)
"""Where ``system`` looks, in this order."""

SUFFIXES: Final = (".otf", ".ttc", ".ttf")
OUTLINES: Final = ("glyf", "CFF ", "CFF2")
"""Tables of outlines; a font of pictures alone, as of emoji, has none of them."""

PROBE: Final = 32
"""Pixels of an em at which a glyph is looked at for ink."""


class Face(NamedTuple):
    """A font file, of which only the first face is used.

    Attributes:
        name: family and style, as the file says.
        base: the font, at any size.
        characters: those that its tables name.
    """

    name: str
    base: ImageFont.FreeTypeFont
    characters: frozenset[str]

    def at(self, size: int, *, complex_: bool) -> ImageFont.FreeTypeFont:
        """Return the font at a size in pixels an em, with or without complex shaping."""
        engine = ImageFont.Layout.RAQM if complex_ else ImageFont.Layout.BASIC
        return _at(self.base, size, engine)

    def lacks(self, text: str, *, complex_: bool) -> str:
        """Return the characters of a text that the font draws no ink for.

        Blanks need none, nor do joiners and the like where the text is shaped.
        """
        needed = {c for c in text if not (c.isspace() or (complex_ and is_format(c)))}
        return "".join(c for c in sorted(needed) if not self._draws(c))

    def _draws(self, character: str) -> bool:
        return character in self.characters and _has_ink(self.base, character)


@lru_cache(maxsize=1024)
def _at(
    base: ImageFont.FreeTypeFont, size: int, engine: ImageFont.Layout
) -> ImageFont.FreeTypeFont:
    return base.font_variant(size=size, layout_engine=engine)


@lru_cache(maxsize=65536)
def _has_ink(base: ImageFont.FreeTypeFont, character: str) -> bool:
    probe = _at(base, PROBE, ImageFont.Layout.BASIC)
    return probe.getmask(character).getbbox() is not None


def find_faces(sources: tuple[str, ...]) -> tuple[Face, ...]:
    """Open fonts: in the order of the sources, those of a folder by their path.

    Args:
        sources: each a font file, a folder that is searched with all in it, ``pillow`` for the
            font inside Pillow, or ``system`` for the folders of the system.

    Raises:
        AssetError: if a source is not there, holds no font, or is none.
    """
    faces: list[Face] = []
    for source in sources:
        if source == PILLOW:
            faces.append(_pillow_face())
        elif source == SYSTEM:
            faces += _in_folders(source, [Path(folder).expanduser() for folder in FOLDERS])
        elif Path(source).is_dir():
            faces += _in_folders(source, [Path(source)])
        else:
            faces.append(_named(Path(source)))
    return tuple(faces)


def _pillow_face() -> Face:
    base = ImageFont.load_default(PROBE)
    assert isinstance(base, ImageFont.FreeTypeFont)  # the other one, of pixels, has no size
    with TTFont(io.BytesIO(base.font_bytes), lazy=True) as tables:
        return _face(base, tables)


def _in_folders(source: str, folders: list[Path]) -> list[Face]:
    """All that have outlines, by path; a font of pictures is left out."""
    files = [
        file
        for folder in folders
        for file in sorted(folder.rglob("*"))
        if file.suffix.lower() in SUFFIXES and file.is_file()
    ]
    faces = [face for file in files if (face := _opened(file))]
    if not faces:
        raise sd.AssetError(
            f"{source}: a folder with .ttf, .otf or .ttc fonts is expected, but there is none in "
            f"{', '.join(map(str, folders))}; install a font, or take {PILLOW!r}",
            path=source,
        )
    return faces


def _named(file: Path) -> Face:
    if not file.is_file():
        raise sd.AssetError(
            f"{file}: a font file or a folder is expected, but it does not exist; "
            f"a relative path is relative to {Path.cwd()}",
            path=str(file),
        )
    face = _opened(file)
    if face is None:
        raise sd.AssetError(
            f"{file}: a font with outlines is expected, but it has pictures only; take another",
            path=str(file),
        )
    return face


def _opened(file: Path) -> Face | None:
    """Open a font, or return None where it has no outlines."""
    try:
        with (
            file.open("rb") as opened,
            TTFont(opened, lazy=True, fontNumber=0) as tables,
        ):
            if not any(table in tables for table in OUTLINES):
                return None
            return _face(ImageFont.truetype(file, PROBE), tables)
    except Exception as error:
        raise sd.AssetError(
            f"{file}: a TrueType or OpenType font is expected, but it cannot be read: {error}; "
            "remove it, or name other fonts",
            path=str(file),
        ) from error


def _face(base: ImageFont.FreeTypeFont, tables: TTFont) -> Face:
    name = " ".join(part for part in base.getname() if part)
    return Face(name, base, frozenset(map(chr, tables.getBestCmap() or ())))


def require_shaping() -> None:
    """Check that Pillow can shape complex scripts.

    Raises:
        AssetError: if it lacks Raqm, or FriBiDi is not installed.
    """
    if not features.check("raqm"):
        raise sd.AssetError(
            "complex shaping needs Pillow with Raqm and the system's FriBiDi, but this Pillow "
            "finds no such; install libfribidi0, or give shaping: basic",
            path="raqm",
        )
