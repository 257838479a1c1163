"""What all generators share: a text's way into a picture, and what a sample declares."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray
from PIL import ImageFont

import synthdata as sd
from synthdata_text.clusters import needs_shaping
from synthdata_text.content import Content
from synthdata_text.fonts import Face, find_faces, require_shaping
from synthdata_text.layout import Align, Sheet, lay_out
from synthdata_text.params import PictureParams
from synthdata_text.surface import Surface, cover, draw_colors, paint
from synthdata_text.warp import Pose, Warp, placed
from synthdata_text.wear import Wear, wear_out

SIZES: Final = (16, 24, 32, 48, 64, 96, 128, 192, 256)
"""Pixels of an em in the sheet; a few, so that fonts and the ink of their glyphs are kept."""

CHARACTER_PARTS: Final = 2
WORD_PARTS: Final = 8
"""Parts of the upper and of the lower edge of a polygon."""

CLEAREST: Final = 0.15
"""Part of the paper's light that the ink of a clean sample leaves."""


class TextGenerator(sd.Generator):
    """Text on paper, seen by a camera; which lines, each generator says."""

    Params: ClassVar[type[sd.Params]] = PictureParams

    def open(self) -> None:
        """Open the fonts, and what the texts come from.

        Raises:
            AssetError: if a font, a function or a locale is not there, or shaping is not.
        """
        if self.params.shaping == "complex":
            require_shaping()
        self._faces = find_faces(self.params.fonts)
        self._content = Content(self.params)

    def close(self) -> None:
        """Let go of them."""
        del self._faces, self._content

    @abstractmethod
    def draw_lines(self, content: Content, rng: np.random.Generator) -> list[list[str]]:
        """Draw the words of each line."""

    def draw_layout(self, rng: np.random.Generator) -> tuple[float, Align]:
        """Draw the distance of baselines in ems, and where shorter lines are."""
        return 1.0, "left"

    def sample(self, rng: np.random.Generator) -> sd.Sample:
        """Draw a text, how it is seen, and what the picture suffers.

        Raises:
            ValueError: if no font has all characters of the text.
        """
        params = self.params
        lines = self.draw_lines(self._content, rng)
        text = "\n".join(" ".join(line) for line in lines)
        complex_ = self._complex(text)
        face = self._face(text, complex_, rng)
        difficulty = float(params.difficulty.sample(rng))
        em = float(params.em.sample(rng))
        spacing, align = self.draw_layout(rng)
        font = face.at(_sheet_size(em), complex_=complex_)
        sheet = lay_out(lines, font, spacing=spacing, align=align)
        wear = self._wear(difficulty, rng)
        warp, scale, pose = self._look(sheet, em, font, difficulty, wear, rng)
        surface = self._surface(difficulty, rng)
        covered = cover(sheet.ink, warp, scale, (params.width, params.height))
        image = wear_out(paint(covered, surface, rng), wear, rng)
        metadata = {
            "font": face.name,
            "complex": complex_,
            "difficulty": difficulty,
            "em": scale * font.size,
            "word_of": np.array(sheet.word_of, np.int32),
            "starts": np.array(sheet.starts, np.int32),
            "angle": pose.angle,
            "tilt": pose.tilt,
            "tilt_axis": pose.toward,
            "curvature": pose.arc / font.size,
            **surface._asdict(),
            **wear._asdict(),
        }
        label = {
            "text": text,
            "words": self._polygons(sheet.words, WORD_PARTS, warp, wear),
            "characters": self._polygons(sheet.characters, CHARACTER_PARTS, warp, wear),
        }
        return sd.Sample(image, label, metadata)

    def _face(self, text: str, complex_: bool, rng: np.random.Generator) -> Face:
        lacking = [face.lacks(text, complex_=complex_) for face in self._faces]
        able = [face for face, lack in zip(self._faces, lacking, strict=True) if not lack]
        if not able:
            fewest = min(lacking, key=len)
            raise ValueError(
                f"a font with ink for all of {text!r} is expected, but of {len(self._faces)} none "
                f"has it: the best, {self._faces[lacking.index(fewest)].name}, lacks {fewest!r}; "
                "add a font that has them to fonts"
            )
        return able[int(rng.integers(len(able)))]

    def _complex(self, text: str) -> bool:
        if self.params.shaping == "auto" and needs_shaping(text):
            require_shaping()
            return True
        return bool(self.params.shaping == "complex")

    def _look(
        self,
        sheet: Sheet,
        em: float,
        font: ImageFont.FreeTypeFont,
        difficulty: float,
        wear: Wear,
        rng: np.random.Generator,
    ) -> tuple[Warp, float, Pose]:
        params = self.params
        pose = Pose(
            angle=difficulty * float(params.angle.sample(rng)),
            tilt=difficulty * float(params.tilt.sample(rng)),
            toward=rng.uniform(0, 360),
            arc=difficulty * float(params.curvature.sample(rng)) * font.size,
            place=(rng.random(), rng.random()),
        )
        size, margin = (params.width, params.height), 0.5 + wear.reach()
        warp, scale = placed(sheet.words, pose, em / font.size, size, margin)
        return warp, scale, pose

    def _surface(self, difficulty: float, rng: np.random.Generator) -> Surface:
        params = self.params
        light = float(params.paper.sample(rng))
        clear = 1 - CLEAREST
        contrast = clear + difficulty * (float(params.contrast.sample(rng)) - clear)
        tint = difficulty * float(params.tint.sample(rng))
        return Surface(
            colors=draw_colors(rng, light, contrast, tint, params.channels),
            texture=difficulty * float(params.texture.sample(rng)),
            fade=difficulty * float(params.fade.sample(rng)),
            shade=difficulty * float(params.shade.sample(rng)),
            shade_toward=rng.uniform(0, 360),
            shadow=difficulty * float(params.shadow.sample(rng)),
            shadow_toward=rng.uniform(0, 360),
            shadow_at=rng.random(),
        )

    def _wear(self, difficulty: float, rng: np.random.Generator) -> Wear:
        params = self.params
        return Wear(
            blur=difficulty * float(params.blur.sample(rng)),
            shrink=1 + difficulty * (float(params.shrink.sample(rng)) - 1),
            noise=difficulty * float(params.noise.sample(rng)),
            jpeg=round(100 + difficulty * (float(params.jpeg.sample(rng)) - 100)),
        )

    def _polygons(
        self, boxes: NDArray[np.float64], parts: int, warp: Warp, wear: Wear
    ) -> list[NDArray[np.float32]]:
        """Map boxes to the image, each grown by as much as its ink can be seen outside it."""
        shown = warp.polygons(boxes, parts, wear.reach())
        size = (self.params.width, self.params.height)
        return list(np.clip(shown, 0, size).astype(np.float32))


def _sheet_size(em: float) -> int:
    """The least size that has 2 sheet pixels or more for a pixel of the image."""
    return next((size for size in SIZES if size >= 2 * em), SIZES[-1])


def output_of(params: Any, max_characters: int, max_words: int) -> sd.Output:
    """Declare the picture of a text of up to so many characters and words."""

    def number(description: str, ge: float = 0, le: float | None = None) -> sd.Scalar:
        return sd.Scalar("float32", ge=ge, le=le, description=description)

    def of_each(description: str) -> sd.Tensor:
        return sd.Tensor("int32", (sd.UpTo(max_characters),), description=description)

    return sd.Output(
        image=sd.Image(params.height, params.width, params.channels),
        label={
            "text": sd.Text(4 * (max_characters + max_words), description="lines end in \\n"),
            "words": sd.Polygons(max_words, 2 * WORD_PARTS + 2, description="around its ink"),
            "characters": sd.Polygons(
                max_characters,
                2 * CHARACTER_PARTS + 2,
                description="around the ink of each",
            ),
        },
        metadata={
            "font": sd.Text(256),
            "complex": sd.Scalar("bool", description="shaped by Raqm"),
            "difficulty": number("0 clean, 1 hard", 0, 1),
            "em": number("size of the font in pixels, at the middle if it were not tilted"),
            "word_of": of_each("index of each character's word"),
            "starts": of_each("where each character begins in the text, in code points"),
            "angle": number("degrees clockwise", -180, 180),
            "tilt": number("degrees away from the camera", 0, 60),
            "tilt_axis": number("direction of its axis, degrees clockwise from x", 0, 360),
            "curvature": number("how far the ends are bent down, in ems", -4, 4),
            "colors": sd.Tensor("uint8", (2, params.channels), description="ink, paper"),
            "texture": number("blotches of the paper, in grey levels", 0, 128),
            "fade": number("part of the ink missing where it is thinnest", 0, 1),
            "shade": number("part of the light missing at the darkest border", 0, 1),
            "shade_toward": number("where that is, degrees clockwise from x", 0, 360),
            "shadow": number("part of the light that a shadow takes", 0, 1),
            "shadow_toward": number("where the shadow is, degrees clockwise from x", 0, 360),
            "shadow_at": number("where its edge is in that direction", 0, 1),
            "blur": number("standard deviation in pixels", 0, 8),
            "shrink": number("by how much the picture was smaller", 1, 8),
            "noise": number("standard deviation in grey levels", 0, 128),
            "jpeg": sd.Scalar("int32", ge=1, le=100, description="quality; 100 is no file"),
        },
    )
