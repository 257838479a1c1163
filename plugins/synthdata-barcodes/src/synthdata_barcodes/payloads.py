"""Random payloads of QR codes by kind; encoding them is qr.py's."""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import Final, Literal, TypeAlias, get_args

import numpy as np
from segno.helpers import make_mecard_data

from synthdata_barcodes.patterns import draw

PayloadKind: TypeAlias = Literal["url", "text", "digits", "alphanumeric", "contact", "random"]

KINDS: Final[tuple[PayloadKind, ...]] = get_args(PayloadKind)

ALPHANUMERIC: Final = string.digits + string.ascii_uppercase + " $%*+-./:"
"""The characters that a QR code has a short form for, by ISO/IEC 18004."""

MICRO_CAPACITY: Final[dict[str, dict[PayloadKind, int]]] = {
    "L": {"digits": 35, "alphanumeric": 21, "text": 15, "random": 15},
    "M": {"digits": 30, "alphanumeric": 18, "text": 13, "random": 13},
    "Q": {"digits": 21, "alphanumeric": 13, "text": 9, "random": 9},
}
"""Most characters of a Micro QR code, by error level: ISO/IEC 18004:2015, table 7, version M4."""

_SYLLABLES: Final = ("ba", "co", "du", "fe", "gi", "ka", "lo", "mi", "no", "pe", "ra", "su", "ti")
_VISIBLE: Final = "".join(map(chr, range(33, 127)))


def draw_payload(kind: PayloadKind, length: int, rng: np.random.Generator) -> str:
    """Draw a payload.

    Args:
        kind: what it is; a url is of the reserved domain ``.example``, a contact is a MeCard.
        length: characters; of a url those of its path, and a contact ignores it.
        rng: decides on all else.

    >>> draw_payload("digits", 8, np.random.default_rng(0)).isdigit()
    True
    """
    return _DRAW[kind](length, rng)


def _url(length: int, rng: np.random.Generator) -> str:
    path = draw(string.ascii_lowercase + string.digits, rng, length)
    return f"https://{_word(rng)}.example/{path}"


def _text(length: int, rng: np.random.Generator) -> str:
    text = _word(rng).capitalize()
    while len(text) < length:
        text += f" {_word(rng)}"
    return text[:length].rstrip()


def _contact(length: int, rng: np.random.Generator) -> str:
    first, last = _word(rng), _word(rng)
    return make_mecard_data(
        name=f"{last.capitalize()},{first.capitalize()}",
        phone=f"+{draw(string.digits, rng, 10)}",
        email=f"{first}@{_word(rng)}.example",
    )


def _word(rng: np.random.Generator) -> str:
    places = rng.integers(len(_SYLLABLES), size=int(rng.integers(2, 4)))
    return "".join(_SYLLABLES[place] for place in places.tolist())


def _of(alphabet: str) -> Callable[[int, np.random.Generator], str]:
    return lambda length, rng: draw(alphabet, rng, length)


_DRAW: Final[dict[PayloadKind, Callable[[int, np.random.Generator], str]]] = {
    "url": _url,
    "text": _text,
    "digits": _of(string.digits),
    # No blanks: readers may strip them from the ends.
    "alphanumeric": _of(ALPHANUMERIC.replace(" ", "")),
    "contact": _contact,
    "random": _of(_VISIBLE),
}
