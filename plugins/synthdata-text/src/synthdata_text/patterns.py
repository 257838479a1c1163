"""Patterns of texts: dates, amounts, serial numbers, and those that a user gives."""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from typing import Final, Literal, TypeAlias, get_args

import numpy as np

NumberKind: TypeAlias = Literal["date", "amount", "serial"]

NUMBER_KINDS: Final[tuple[NumberKind, ...]] = get_args(NumberKind)

SERIALS: Final = ("@@-####", "@#####", "####-####", "@@#@-##", "No.####", "##/####-@")


def fill(pattern: str, rng: np.random.Generator) -> str:
    r"""Fill a pattern: each ``#`` with a digit, each ``@`` with a letter A to Z.

    A ``\`` takes the next character as it is.

    >>> import numpy as np
    >>> fill(r"\##", np.random.default_rng(0))
    '#8'
    """
    filled, characters = [], iter(pattern)
    for character in characters:
        if character == "\\":
            filled.append(next(characters, "\\"))
        elif character == "#":
            filled.append(str(rng.integers(10)))
        elif character == "@":
            filled.append(one_of(string.ascii_uppercase, rng))
        else:
            filled.append(character)
    return "".join(filled)


def one_of(values: Sequence[str], rng: np.random.Generator) -> str:
    """Draw one, each as likely."""
    return values[int(rng.integers(len(values)))]


def draw_number(kind: NumberKind, rng: np.random.Generator) -> str:
    """Draw a date, an amount or a serial number, of ASCII without a blank.

    >>> import numpy as np
    >>> draw_number("amount", np.random.default_rng(3))[-3]
    '.'
    """
    return _DRAW[kind](rng)


def _date(rng: np.random.Generator) -> str:
    day, month = int(rng.integers(1, 29)), int(rng.integers(1, 13))
    year, form = int(rng.integers(1950, 2050)), int(rng.integers(4))
    if form == 0:
        return f"{year}-{month:02}-{day:02}"
    if form == 1:
        return f"{day:02}.{month:02}.{year}"
    return f"{day}/{month}/{year}" if form == 2 else f"{day:02}/{month:02}/{year % 100:02}"


def _amount(rng: np.random.Generator) -> str:
    whole = int(rng.integers(10 ** int(rng.integers(1, 6))))
    sign = one_of(("", "$"), rng)
    return f"{sign}{whole:,}.{int(rng.integers(100)):02}"


def _serial(rng: np.random.Generator) -> str:
    return fill(one_of(SERIALS, rng), rng)


_DRAW: Final[dict[NumberKind, Callable[[np.random.Generator], str]]] = {
    "date": _date,
    "amount": _amount,
    "serial": _serial,
}
