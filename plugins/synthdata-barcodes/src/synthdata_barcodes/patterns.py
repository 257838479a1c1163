r"""Payloads by pattern: ``LOT-####`` is ``LOT-`` and four random digits."""

from __future__ import annotations

import string
from typing import Final

import numpy as np

PLACES: Final = {"#": string.digits, "@": string.ascii_uppercase}
"""What a character of a pattern stands for; a backslash before it makes it stand for itself."""


def fill(pattern: str, rng: np.random.Generator) -> str:
    r"""Fill the places of a pattern.

    Args:
        pattern: each # is a digit, each @ a letter from A to Z, and \ takes the next character
            as it is.
        rng: draws them.

    >>> fill(r"no \#1", np.random.default_rng(0))
    'no #1'
    """
    return "".join(draw(choices, rng) if len(choices) > 1 else choices for choices in _of(pattern))


def example(pattern: str) -> str:
    """Return the pattern filled with zeros and the letter A, for checks of length and alphabet.

    >>> example("@-##")
    'A-00'
    """
    return "".join(choices[0] for choices in _of(pattern))


def draw(alphabet: str, rng: np.random.Generator, length: int = 1) -> str:
    """Draw characters of an alphabet, each as likely."""
    return "".join(alphabet[place] for place in rng.integers(len(alphabet), size=length).tolist())


def _of(pattern: str) -> list[str]:
    """For each character of the payload, those it may be."""
    characters = iter(pattern)
    return [
        next(characters, "\\") if character == "\\" else PLACES.get(character, character)
        for character in characters
    ]
