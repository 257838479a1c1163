"""What is written: words of a list, numbers, given texts and patterns, Faker, or a function."""

from __future__ import annotations

import pkgutil
import threading
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any, Final

import numpy as np

import synthdata as sd
from synthdata_text.params import ContentParams, check_words
from synthdata_text.patterns import draw_number, fill, one_of

ENDINGS: Final = (".", ",", ";", ":", "!", "?")
BRACKETS: Final = (("(", ")"), ('"', '"'), ("'", "'"), ("[", "]"))
ENDED: Final = 0.75
"""Part of the punctuation that follows a word; the rest encloses it."""


@cache
def word_list() -> tuple[str, ...]:
    """The common English words of the package, in the order of its file."""
    text = (files("synthdata_text") / "words.txt").read_text(encoding="ascii")
    return tuple(text.split())


class Content:
    """Draws texts; it belongs to one generator, and threads may share it."""

    def __init__(self, params: ContentParams) -> None:
        """Import what the params name.

        Raises:
            AssetError: if Faker is not installed or lacks a locale, or there is no such function.
        """
        self._params = params
        self._function = None if params.function is None else _function(params.function)
        for locale in params.faker or ():
            _FAKERS.of(locale)

    def draw(self, rng: np.random.Generator) -> list[str]:
        """Draw the words of one text, one or more.

        Raises:
            ValueError: if a function or Faker returned no text, or one with too long a word.
        """
        params = self._params
        if params.texts:
            return check_words(one_of(params.texts, rng))
        if params.patterns:
            return check_words(fill(one_of(params.patterns, rng), rng))
        if params.faker:
            return check_words(self._fake(params.faker, rng))
        if self._function:
            return check_words(self._called(self._function, rng))
        return [self._word(rng)]

    def _called(
        self, function: Callable[[np.random.Generator], Any], rng: np.random.Generator
    ) -> str:
        text = function(rng)
        if not isinstance(text, str):
            raise ValueError(f"{self._params.function} is to return a str, but returned {text!r}")
        return text

    def _fake(self, locales: tuple[str, ...], rng: np.random.Generator) -> str:
        fake = _FAKERS.of(one_of(locales, rng))
        method = one_of(self._params.faker_methods, rng)
        fake.seed_instance(int(rng.integers(2**63)))
        return str(getattr(fake, method)())

    def _word(self, rng: np.random.Generator) -> str:
        params = self._params
        numeric, case, punctuated, ended = rng.random(4).tolist()
        if numeric < params.numbers:
            kind = params.number_kinds[int(rng.integers(len(params.number_kinds)))]
            return draw_number(kind, rng)
        word = one_of(word_list(), rng)
        if case < params.upper:
            word = word.upper()
        elif case < params.upper + params.title:
            word = word.capitalize()
        if punctuated < params.punctuation:
            if ended < ENDED:
                return word + one_of(ENDINGS, rng)
            before, after = BRACKETS[int(rng.integers(len(BRACKETS)))]
            return before + word + after
        return word


def _function(name: str) -> Callable[[np.random.Generator], Any]:
    try:
        function = pkgutil.resolve_name(name)
    except (ImportError, AttributeError, ValueError) as error:
        raise sd.AssetError(
            f"function: module:name of a function that can be imported is expected, not {name!r}: "
            f"{error}",
            path=name,
        ) from error
    if not callable(function):
        raise sd.AssetError(f"function: {name} is no function, but {function!r}", path=name)
    called: Callable[[np.random.Generator], Any] = function
    return called


class _Fakers(threading.local):
    """One Faker a locale and thread: each has random numbers of its own, and is seeded anew."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def of(self, locale: str) -> Any:
        if locale not in self._made:
            self._made[locale] = _faker(locale)
        return self._made[locale]


_FAKERS: Final = _Fakers()


def _faker(locale: str) -> Any:
    try:
        from faker import Faker
    except ImportError as error:
        raise sd.AssetError(
            "faker: Faker is not installed; pip install 'synthdata-text[faker]'",
            path=locale,
        ) from error
    try:
        return Faker(locale, use_weighting=False)
    except AttributeError as error:
        raise sd.AssetError(
            f"faker: a locale as en_GB is expected, not {locale!r}: {error}",
            path=locale,
        ) from error
