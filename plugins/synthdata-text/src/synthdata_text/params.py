"""Params that all generators share: what is written, and how it is seen."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Annotated, Final, Literal, Self, TypeAlias, TypeVar

import numpy as np
from pydantic import AfterValidator, Field, model_validator

import synthdata as sd
from synthdata_text.clusters import is_format
from synthdata_text.fonts import PILLOW
from synthdata_text.patterns import NUMBER_KINDS, NumberKind, fill

T = TypeVar("T", bound=Hashable)

FakerMethod: TypeAlias = Literal[
    "city",
    "company",
    "country",
    "first_name",
    "job",
    "last_name",
    "name",
    "street_name",
    "word",
]
"""Those of Faker that do not look at the clock."""

MAX_WORD: Final = 32
"""Most characters of a word."""


def distinct(values: tuple[T, ...]) -> tuple[T, ...]:
    """Validate that no value is there twice."""
    seen: set[T] = set()
    for value in values:
        if value in seen:
            raise ValueError(f"every value once, but doubled is {value!r}")
        seen.add(value)
    return values


def named(values: tuple[str, ...]) -> tuple[str, ...]:
    """Validate that there is a value, none is empty and none is there twice."""
    if "" in values or not values:
        raise ValueError(f"one or more, none of them empty, are expected, not {list(values)}")
    return distinct(values)


Names = Annotated[tuple[str, ...], AfterValidator(named)]
Part = Annotated[float, Field(ge=0, le=1)]


class ContentParams(sd.Params):
    """What is written; by default English words, and now and then a number."""

    texts: Names | None = Field(None, description="texts to choose from, each as likely")
    patterns: Names | None = Field(
        None,
        description="the same with places to fill: each # is a digit, each @ a letter A to Z, "
        "and \\ takes the next character as it is",
    )
    faker: Names | None = Field(
        None,
        description="locales of Faker, as de_DE; needs pip install 'synthdata-text[faker]'",
    )
    faker_methods: Annotated[tuple[FakerMethod, ...], AfterValidator(distinct)] = Field(
        ("word",), min_length=1, description="what Faker makes, each as likely"
    )
    function: str | None = Field(
        None,
        description="module:name of a function of the sample's rng that returns a text",
    )
    numbers: Part = Field(
        0.15,
        description="part of the built-in words that are dates, amounts or serial numbers",
    )
    number_kinds: Annotated[tuple[NumberKind, ...], AfterValidator(distinct)] = Field(
        NUMBER_KINDS, min_length=1, description="which of these, each as likely"
    )
    title: Part = Field(0.25, description="part of the built-in words with a capital")
    upper: Part = Field(0.1, description="part of them in capitals")
    punctuation: Part = Field(0.15, description="part of them with punctuation after or around")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        sources = ("texts", "patterns", "faker", "function")
        given = [name for name in sources if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"give one of texts, patterns, faker and function, not {given}")
        if self.title + self.upper > 1:
            raise ValueError(
                f"title and upper are 1 at most, but add up to {self.title + self.upper}"
            )
        for text in self.texts or ():
            check_words(text)
        for pattern in self.patterns or ():
            check_words(fill(pattern, np.random.default_rng(0)))  # any digits and letters do
        return self


def check_words(text: str) -> list[str]:
    """Return the words of a text.

    Raises:
        ValueError: if there is none, or one is longer than ``MAX_WORD`` or cannot be seen.
    """
    words = text.split()
    if not words:
        raise ValueError(f"a text with a word is expected, not {text!r}")
    for word in words:
        if len(word) > MAX_WORD:
            raise ValueError(
                f"words of up to {MAX_WORD} characters are expected, but one has {len(word)}: "
                f"{word[:40]!r}; divide it by blanks"
            )
        if all(map(is_format, word)):
            raise ValueError(f"words that can be seen are expected, but {word!r} has joiners only")
    return words


class PictureParams(ContentParams):
    """What is written, and how it is seen; what stands "at difficulty 1" is less below it."""

    height: int = Field(32, ge=16, le=2048, description="of the image in pixels")
    width: int = Field(160, ge=16, le=2048, description="of the image in pixels")
    channels: Literal[1, 3] = Field(1, description="1 for grey images, 3 for RGB")
    fonts: Names = Field(
        (PILLOW,),
        description="font files, folders of fonts, pillow for the one inside Pillow, or system; "
        "each font that has the text's characters is as likely",
    )
    shaping: Literal["auto", "basic", "complex"] = Field(
        "auto",
        description="complex: Raqm joins, combines and turns letters, and makes ligatures; "
        "basic: it does not; auto: complex for texts with letters that need it",
    )
    em: Annotated[sd.Distribution, sd.within(6, 256)] = Field(
        sd.Uniform(16, 26),
        description="size of the font in pixels; less where the text would not fit",
    )
    difficulty: Annotated[sd.Distribution, sd.within(0, 1)] = Field(
        sd.Uniform(0, 1),
        description="part of all that follows that a sample gets; 0 is clean",
    )
    angle: Annotated[sd.Distribution, sd.within(-180, 180)] = Field(
        sd.Uniform(-6, 6),
        description="how far the text is turned, in degrees, at difficulty 1",
    )
    tilt: Annotated[sd.Distribution, sd.within(0, 60)] = Field(
        sd.Uniform(0, 35),
        description="how far it is turned away from the camera, in degrees, at difficulty 1",
    )
    curvature: Annotated[sd.Distribution, sd.within(-4, 4)] = Field(
        sd.Uniform(-0.4, 0.4),
        description="how far the ends of the text are bent down, in ems, at difficulty 1",
    )
    paper: Annotated[sd.Distribution, sd.within(0, 255)] = Field(
        sd.Uniform(170, 255), description="grey level of the paper, at any difficulty"
    )
    contrast: Annotated[sd.Distribution, sd.within(0, 1)] = Field(
        sd.Uniform(0.35, 0.95),
        description="part of the paper's light that ink swallows, at difficulty 1",
    )
    tint: Annotated[sd.Distribution, sd.within(0, 1)] = Field(
        sd.Uniform(0, 0.25),
        description="most that a channel of the paper loses, and one of the ink swallows less, "
        "as a part, at difficulty 1; grey images have none",
    )
    texture: Annotated[sd.Distribution, sd.within(0, 128)] = Field(
        sd.Uniform(0, 20),
        description="blotches of the paper, in grey levels, at difficulty 1",
    )
    fade: Annotated[sd.Distribution, sd.within(0, 1)] = Field(
        sd.Uniform(0, 0.4),
        description="part of the ink that is missing where it is thinnest, at difficulty 1",
    )
    shade: Annotated[sd.Distribution, sd.within(0, 1)] = Field(
        sd.Uniform(0, 0.5),
        description="part of the light that is missing at the darkest border, at difficulty 1",
    )
    shadow: Annotated[sd.Distribution, sd.within(0, 1)] = Field(
        sd.Uniform(0, 0.4),
        description="part of the light that a shadow with an edge takes, at difficulty 1",
    )
    blur: Annotated[sd.Distribution, sd.within(0, 8)] = Field(
        sd.Uniform(0, 1), description="standard deviation in pixels, at difficulty 1"
    )
    shrink: Annotated[sd.Distribution, sd.within(1, 8)] = Field(
        sd.Uniform(1, 2),
        description="by how much the picture was smaller before it was enlarged, at difficulty 1",
    )
    noise: Annotated[sd.Distribution, sd.within(0, 128)] = Field(
        sd.Uniform(0, 12),
        description="standard deviation of the pixel noise, in grey levels, at difficulty 1",
    )
    jpeg: Annotated[sd.Distribution, sd.within(1, 100)] = Field(
        sd.Uniform(30, 95),
        description="quality of the JPEG file, at difficulty 1; 100 is no file",
    )
