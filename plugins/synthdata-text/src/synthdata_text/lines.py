"""The generators of lines and paragraphs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, Field

import synthdata as sd
from synthdata_text.content import Content
from synthdata_text.layout import Align
from synthdata_text.params import MAX_WORD, PictureParams, distinct
from synthdata_text.picture import TextGenerator, output_of


class LineParams(PictureParams):
    """Lines of several words."""

    height: int = Field(48, ge=16, le=2048, description="of the image in pixels")
    width: int = Field(384, ge=16, le=2048, description="of the image in pixels")
    words: Annotated[sd.Distribution, sd.within(1, 20)] = Field(
        sd.Uniform(2, 6),
        description="words of a line at least, rounded; texts of several words stay whole",
    )
    max_characters: int = Field(
        128,
        ge=MAX_WORD,
        le=4096,
        description="of a text; words that would be too many are left out",
    )


class Lines(TextGenerator):
    """One line of several words, with a polygon of each word and of each character."""

    Params = LineParams

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        """Declare an image, the text with its polygons, and all that was drawn."""
        return output_of(params, params.max_characters, params.max_characters)

    def draw_lines(self, content: Content, rng: np.random.Generator) -> list[list[str]]:
        """Draw the words of one line."""
        return [self._line(content, self.params.max_characters, rng)]

    def _line(self, content: Content, limit: int, rng: np.random.Generator) -> list[str]:
        """Draw words of up to ``limit`` characters together."""
        count = round(float(self.params.words.sample(rng)))
        words: list[str] = []
        while len(words) < count:
            words += content.draw(rng)
        return _cut(words, limit)


class ParagraphParams(LineParams):
    """Several lines."""

    height: int = Field(192, ge=16, le=2048, description="of the image in pixels")
    lines: Annotated[sd.Distribution, sd.within(1, 40)] = Field(
        sd.Uniform(3, 7), description="lines of a paragraph, rounded"
    )
    spacing: Annotated[sd.Distribution, sd.within(0.5, 4)] = Field(
        sd.Uniform(1.15, 1.6), description="from baseline to baseline, in ems"
    )
    aligns: Annotated[tuple[Align, ...], AfterValidator(distinct)] = Field(
        ("left", "centre", "right"),
        min_length=1,
        description="where shorter lines are, each as likely",
    )
    max_characters: int = Field(
        512,
        ge=MAX_WORD,
        le=4096,
        description="of a text; words that would be too many are left out",
    )


class Paragraphs(Lines):
    """Several lines of words, with a polygon of each word and of each character."""

    Params = ParagraphParams

    def draw_lines(self, content: Content, rng: np.random.Generator) -> list[list[str]]:
        """Draw the words of each line."""
        left, lines = self.params.max_characters, []
        for _ in range(round(float(self.params.lines.sample(rng)))):
            line = self._line(content, left, rng)
            if not line:
                break
            left -= sum(map(len, line))
            lines.append(line)
        return lines

    def draw_layout(self, rng: np.random.Generator) -> tuple[float, Align]:
        """Draw the distance of baselines in ems, and where shorter lines are."""
        spacing = float(self.params.spacing.sample(rng))
        return spacing, self.params.aligns[int(rng.integers(len(self.params.aligns)))]


def _cut(words: Sequence[str], limit: int) -> list[str]:
    """Keep as many of the first words as have up to ``limit`` characters together."""
    kept: list[str] = []
    for word in words:
        limit -= len(word)
        if limit < 0:
            break
        kept.append(word)
    return kept
