"""How far the writing of a data set is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """Figures of a write that is under way.

    Attributes:
        samples: done, those found from an earlier run included.
        all_samples: that there are to be.
        shards: done.
        all_shards: that there are to be.
        failures: attempts at samples that failed.
        found: samples that an earlier run had written.
    """

    samples: int
    all_samples: int
    shards: int
    all_shards: int
    failures: int
    found: int


@dataclass(frozen=True, slots=True)
class Report:
    """What a write did.

    Attributes:
        target: the folder or URL.
        samples: that each split holds now.
        shards: how many there are.
        made: how many of them were made by this call; the others stood there.
        left_out: samples that could not be made, under ``on_error="skip"``.
        bytes: of all files.
    """

    target: str
    samples: dict[str, int]
    shards: int
    made: int
    left_out: int
    bytes: int
