"""One-dimensional symbologies: what they can hold, and their bars, which python-barcode knows."""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import Any, Final, Literal, NamedTuple, TypeAlias, get_args

import numpy as np
from barcode.codex import Code39, Code128
from barcode.ean import EAN8, EAN13
from barcode.itf import ITF
from barcode.upc import UPCA
from numpy.typing import NDArray

from synthdata_barcodes.patterns import draw

SymbologyName: TypeAlias = Literal["ean-13", "ean-8", "upc-a", "code-128", "code-39", "itf"]

SYMBOLOGIES: Final[tuple[SymbologyName, ...]] = get_args(SymbologyName)

ITF_WIDE: Final = 3
"""Modules of a wide bar of an ITF code; a narrow one is one module. ISO/IEC 16390: 2 to 3."""

MAX_LENGTH: Final = 80
"""Longest payload, in characters, all of them ASCII."""


class Bars(NamedTuple):
    """An encoded payload.

    Attributes:
        payload: what a reader returns: the data with the check digit, if there is one.
        modules: bool (columns,), true where the code is dark.
    """

    payload: str
    modules: NDArray[np.bool_]


class _Symbology(NamedTuple):
    encode: Callable[[str], Any]
    allowed: str
    drawn: str
    digits: int | None = None


def _code_128(text: str) -> Any:
    code = Code128(text)
    if text.startswith("99"):
        # python-barcode 0.16.1 takes this pair for a switch to the charset it is in already, and
        # leaves it out as needless.
        code._try_to_optimize = lambda encoded: encoded
    return code


_DIGITS: Final = string.digits
_LETTERS: Final = string.digits + string.ascii_uppercase
_SYMBOLOGIES: Final[dict[SymbologyName, _Symbology]] = {
    "ean-13": _Symbology(EAN13, _DIGITS, _DIGITS, 12),
    "ean-8": _Symbology(EAN8, _DIGITS, _DIGITS, 7),
    "upc-a": _Symbology(UPCA, _DIGITS, _DIGITS, 11),
    "code-128": _Symbology(_code_128, "".join(map(chr, range(32, 127))), _LETTERS + "abcdef-/."),
    # $, /, + and % are left to those who ask for them: readers may take them for a shift, as the
    # "full ASCII" extension of Code 39 does.
    "code-39": _Symbology(
        lambda text: Code39(text, add_checksum=False), _LETTERS + "-. $/+%", _LETTERS + "-."
    ),
    "itf": _Symbology(lambda text: ITF(text, narrow=1, wide=ITF_WIDE), _DIGITS, _DIGITS),
}


def draw_text(name: SymbologyName, length: int, rng: np.random.Generator) -> str:
    """Draw data for a code.

    Args:
        name: the symbology.
        length: characters, where the symbology leaves that open; an even number for ITF.
        rng: decides on them.

    >>> len(draw_text("ean-8", 99, np.random.default_rng(0)))
    7
    """
    symbology = _SYMBOLOGIES[name]
    if name == "itf":
        length += length % 2
    text = draw(symbology.drawn, rng, symbology.digits or length)
    if name == "ean-13":
        # With a 0 before it, an EAN-13 is the same bars as a UPC-A.
        text = draw(_DIGITS[1:], rng) + text[1:]
    return text


def encode(name: SymbologyName, text: str) -> Bars:
    """Turn data into bars.

    Args:
        name: the symbology.
        text: data of which ``problem`` finds nothing to say.

    >>> encode("ean-8", "9638507").payload  # the example of ISO/IEC 15420
    '96385074'
    """
    code = _SYMBOLOGIES[name].encode(text)
    (pattern,) = code.build()
    return Bars(code.get_fullcode(), np.frombuffer(pattern.encode(), np.uint8) == ord("1"))


def problem(name: SymbologyName, text: str, *, checked: bool = True) -> str | None:
    """Say why a symbology cannot hold a text, or return None.

    The codes of products hold a fixed number of digits.

    Args:
        name: the symbology.
        text: data.
        checked: whether a check digit may follow, if it is the right one.

    >>> problem("ean-8", "96385071")
    "'96385071' ends in the check digit 1, but 4 is right"
    """
    symbology = _SYMBOLOGIES[name]
    strange = sorted(set(text) - set(symbology.allowed))
    if strange:
        return f"{text!r} has {strange[0]!r}"
    if not 1 <= len(text) <= MAX_LENGTH:
        return f"{text!r} has {len(text)} characters, not 1 to {MAX_LENGTH}"
    if name == "itf" and len(text) % 2:
        return f"{text!r} is an odd number of digits"
    return None if symbology.digits is None else _digits_problem(name, text, checked)


def _digits_problem(name: SymbologyName, text: str, checked: bool) -> str | None:
    digits = _SYMBOLOGIES[name].digits
    assert digits is not None
    if len(text) == digits:
        return None
    if not checked or len(text) != digits + 1:
        also = (
            f", or {digits + 1} with the check digit" if checked else ", the check digit left out"
        )
        return f"{text!r} is not {digits} digits{also}"
    right = encode(name, text).payload[-1]
    if text[-1] != right:
        return f"{text!r} ends in the check digit {text[-1]}, but {right} is right"
    return None
