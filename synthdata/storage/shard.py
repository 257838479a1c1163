"""A shard: the range of a split's indices that becomes files together."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shard:
    """A range of indices of one split, and its place among the shards of that split.

    Attributes:
        split: name of the split, as ``train``.
        number: of the shard in its split, from 0.
        count: how many shards the split has.
        first: index of the first sample of the split.
        indices: of the shard's samples, a range of the recipe's.

    >>> Shard("train", 1, 4, first=0, indices=range(50, 100)).stem
    'train-00001-of-00004'
    """

    split: str
    number: int
    count: int
    first: int
    indices: range

    @property
    def stem(self) -> str:
        """The split, number and count, as names of files have them."""
        return f"{self.split}-{self.number:05d}-of-{self.count:05d}"

    def key(self, index: int) -> str:
        """Return the place of a sample in its split, as names of files have it.

        >>> Shard("test", 0, 1, first=100, indices=range(100, 200)).key(103)
        '000000003'
        """
        return f"{index - self.first:09d}"
