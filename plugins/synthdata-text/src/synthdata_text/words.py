"""The generator of single words."""

from __future__ import annotations

from typing import Any

import numpy as np

import synthdata as sd
from synthdata_text.content import Content
from synthdata_text.params import MAX_WORD, PictureParams
from synthdata_text.patterns import one_of
from synthdata_text.picture import TextGenerator, output_of


class Words(TextGenerator):
    """One word in an image of fixed height, as recognisers read it.

    The word lies wholly inside the image. Of a text of several words one is drawn.
    """

    class Params(PictureParams):
        """Which words there are, and how they are seen."""

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        """Declare an image, the text with its polygons, and all that was drawn."""
        return output_of(params, MAX_WORD, 1)

    def draw_lines(self, content: Content, rng: np.random.Generator) -> list[list[str]]:
        """Draw one word."""
        words = content.draw(rng)
        return [words if len(words) == 1 else [one_of(words, rng)]]
