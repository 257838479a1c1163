"""Sizes in bytes, as people write and read them."""

from __future__ import annotations

import math
import re
from typing import Final

from synthdata.cli.exits import Refused

_UNITS: Final = ("B", "KiB", "MiB", "GiB", "TiB")

_FACTORS: Final = {
    "": 1,
    **{unit.lower(): 1024**power for power, unit in enumerate(_UNITS)},
    **{unit: 1000**power for power, unit in enumerate(("b", "kb", "mb", "gb", "tb"))},
}

_SIZE: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([A-Za-z]*)")


def parse_size(option: str, text: str) -> int:
    """Return a size in bytes.

    Args:
        option: that it is the value of, for messages.
        text: a number, with a unit such as MB (a million) or MiB (1,048,576) or without one.

    Raises:
        Refused: if it is no size, or less than a byte.

    >>> parse_size("--shard-size", "128MiB"), parse_size("--shard-size", "1.5 kB")
    (134217728, 1500)
    """
    found = _SIZE.fullmatch(text.strip())
    if found is None or found[2].lower() not in _FACTORS:
        raise Refused(f"{option} {text}: a size is expected, as 128MiB or 500MB")
    size = float(found[1]) * _FACTORS[found[2].lower()]
    if not 1 <= size < math.inf:
        raise Refused(f"{option} {text}: a byte is the least")
    return int(size)


def shown_size(size: int) -> str:
    """Return a size in bytes with a unit.

    >>> shown_size(1), shown_size(2048), shown_size(134_172)
    ('1 B', '2.0 KiB', '131.0 KiB')
    """
    power = 0
    while power < len(_UNITS) - 1 and size >= 1024 ** (power + 1):
        power += 1
    return f"{size:,} B" if power == 0 else f"{size / 1024**power:,.1f} {_UNITS[power]}"
