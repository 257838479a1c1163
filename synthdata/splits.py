"""Splits of a data set, as ranges of indices that never overlap and never move."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Final

from synthdata.seeding import MAX_INDEX

ROOM: Final = 2**36
"""Indices of one split; a split holds so many samples at the most."""

NAMED: Final = ("train", "validation", "test")
"""Splits with a place of their own, from index 0 on."""

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_RESERVED: Final = ("all",)  # what TFDS and Hugging Face call all splits together


def first_index(name: str) -> int:
    """Return the index of a split's first sample: a function of its name alone.

    So a split keeps its samples when it grows, when another grows, comes or goes, and in whatever
    order they are named. What is not in ``NAMED`` has a place by the sha256 of its name.

    >>> first_index("train"), first_index("test") == 2 * ROOM
    (0, True)
    """
    if name in NAMED:
        return NAMED.index(name) * ROOM
    places = (MAX_INDEX + 1) // ROOM - len(NAMED)
    digest = hashlib.sha256(name.encode()).digest()
    return (len(NAMED) + int.from_bytes(digest[:8], "big") % places) * ROOM


def ranges(splits: Mapping[str, int]) -> dict[str, range]:
    """Return the indices of each split, in the order in which they are named.

    Args:
        splits: samples by name.

    Raises:
        ValueError: if a name is no name, or two happen to have the same place.

    >>> ranges({"train": 8000, "validation": 1000})["train"]
    range(0, 8000)
    """
    found: dict[str, range] = {}
    for name, samples in splits.items():
        if not _NAME.fullmatch(name) or name in _RESERVED:
            raise ValueError(f"{name!r}: letters, digits and '_' are expected, and not 'all'")
        first = first_index(name)
        for other, taken in found.items():
            if taken.start == first:
                raise ValueError(f"{name!r} and {other!r} have the same place; rename one of them")
        found[name] = range(first, first + samples)
    return found
