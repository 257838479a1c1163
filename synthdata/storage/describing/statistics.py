"""Statistics of the samples of a data set: gathered a shard, merged in the order of the shards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from synthdata.output import Output
from synthdata.storage.describing.duplicates import Duplicates, Hashes
from synthdata.storage.describing.tallies import tallies_of


class Statistics:
    """Statistics of the samples of one shard.

    Args:
        output: what each sample holds.
        hashed: whether duplicates are to be found.

    >>> import numpy as np, synthdata as sd
    >>> output = sd.Output(image=sd.Image(1, 2, 1), label=sd.ClassLabel(["no", "yes"]))
    >>> statistics = Statistics(output)
    >>> statistics.add([np.array([[[10], [30]]], np.uint8), np.int64(1)])
    >>> summary = merged({"train": [statistics.to_json()]}, output)
    >>> summary["samples"], summary["features"][0]["parts"][0]["mean"]
    (1, 20.0)
    """

    def __init__(self, output: Output, *, hashed: bool = True) -> None:
        self._tallies = tallies_of(output)
        self._hashes = Hashes(output) if hashed else None
        self._samples = 0

    def add(self, values: list[Any]) -> None:
        """Add a sample.

        Args:
            values: in the order of ``output.leaves``, as the check of a sample stores them. Arrays
                among them may be used for something else after the call.
        """
        self._samples += 1
        if self._hashes is not None:
            self._hashes.add(values)
        for (leaf, tally), value in zip(self._tallies, values, strict=True):
            tally.add(value, None if leaf.frame is None else values[leaf.frame].shape)

    def to_json(self) -> dict[str, Any]:
        """Return all of it as JSON has it: some kilobytes, and 11 bytes a sample of hashes."""
        return {
            "samples": self._samples,
            "features": [tally.to_json() for _, tally in self._tallies],
            "hashes": None if self._hashes is None else self._hashes.to_json(),
        }

    def merge(self, data: Any) -> None:
        """Add what another one of the same Output was given, but for its hashes.

        Args:
            data: of its ``to_json``.

        Raises:
            ValueError: if it is of another Output.
        """
        self._samples += data["samples"]
        for (_, tally), item in zip(self._tallies, data["features"], strict=True):
            tally.merge(item)

    def summary(self) -> dict[str, Any]:
        """Return what a reader wants to know: ``samples`` and ``features``, as ``merged`` does."""
        features = [
            {"name": leaf.name, "kind": leaf.feature.kind, "parts": tally.summary()}
            for leaf, tally in self._tallies
        ]
        return {"samples": self._samples, "features": features}


def merged(shards: Mapping[str, Iterable[Any]], output: Output) -> dict[str, Any]:
    """Merge the statistics of all shards of a data set to what a reader wants to know.

    Args:
        shards: for each split, in the order in which they were declared, ``Statistics.to_json``
            of its shards in their order. They are taken one by one, and none is kept.
        output: what each sample holds.

    Returns:
        JSON values: ``samples``; ``features``, a list of dicts ``name``, ``kind``, ``parts``;
        ``splits``, a list of dicts ``name``, ``samples``, ``features``; ``duplicates``. A part is
        a dict of what it is ``of`` and either ``counts``, a list of pairs of a name and a number,
        or ``count``, ``mean``, ``std``, ``min`` and ``max`` of numbers, and of floats how many are
        ``nan`` and ``infinite`` beside these.

    Raises:
        ValueError: if a shard's statistics are of another Output.
    """
    every, duplicates, splits = Statistics(output, hashed=False), Duplicates(), []
    for name, split in shards.items():
        part = Statistics(output, hashed=False)
        for data in split:
            part.merge(data)
            every.merge(data)
            duplicates.add(name, data["hashes"])
        splits.append({"name": name, **part.summary()})
    return {**every.summary(), "splits": splits, "duplicates": duplicates.to_json()}
