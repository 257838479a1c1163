"""Samples whose images are the same, found by hashes: within a split, and from split to split."""

from __future__ import annotations

import base64
import hashlib
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from synthdata.output import Output

MOST: Final = 10_000_000
"""Samples of a data set beyond which duplicates are not counted: hashes take 8 bytes each, in the
process that merges them and, until then, in the target. Of 10**9 samples that would be 11 GB."""

_SIZE: Final = 8
"""Bytes of a hash: among ten million images, two that differ have the same with 3 in a million."""


class Hashes:
    """The hashes of the samples of a shard, in their order.

    What is hashed are all features under ``image``, with their shapes; where there are none, all
    features. It is sha256, cut short, which is three times as fast as blake2b where processors
    have it.

    Args:
        output: what each sample holds.
    """

    def __init__(self, output: Output) -> None:
        leaves = output.leaves
        images = [place for place, leaf in enumerate(leaves) if leaf.path[0] == "image"]
        self._places = images or list(range(len(leaves)))
        self._found = bytearray()

    def add(self, values: list[Any]) -> None:
        """Add a sample, by its values in the order of the leaves."""
        hashed = hashlib.sha256(usedforsecurity=False)
        for place in self._places:
            value = values[place]
            for part in value if isinstance(value, list) else [value]:
                _update(hashed, part)
            if isinstance(value, list):
                hashed.update(b"%d polygons" % len(value))
        self._found += hashed.digest()[:_SIZE]

    def to_json(self) -> str:
        """Return all hashes, 8 bytes each, in base64."""
        return base64.b64encode(self._found).decode()


class Duplicates:
    """The samples of a data set whose images are those of another one, shard by shard.

    It keeps the hashes of ``MOST`` samples at the most, 8 bytes each.

    >>> import numpy as np, synthdata as sd
    >>> hashes = Hashes(sd.Output(image=sd.Image(1, 1, 1)))
    >>> for grey in (7, 7, 9):
    ...     hashes.add([np.full((1, 1, 1), grey, np.uint8)])
    >>> duplicates = Duplicates()
    >>> duplicates.add("train", hashes.to_json())
    >>> duplicates.to_json()
    {'counted': True, 'repeated': 1, 'across': 0}
    """

    def __init__(self) -> None:
        self._counted, self._samples = True, 0
        self._splits: dict[str, list[NDArray[np.uint64]]] = {}

    def add(self, split: str, hashes: str | None) -> None:
        """Add the samples of a shard.

        Args:
            split: name of its split.
            hashes: ``Hashes.to_json``; None of a shard whose samples were not hashed.
        """
        if not self._counted:
            return
        found = np.frombuffer(base64.b64decode(hashes or ""), np.uint64)
        self._samples += len(found)
        if hashes is None or self._samples > MOST:
            self._counted = False
            self._splits.clear()
        else:
            self._splits.setdefault(split, []).append(found)

    def to_json(self) -> dict[str, Any]:
        """Return what was found.

        Returns:
            ``counted``, which is False where there are too many samples, and then alone;
            ``repeated``, how many samples have the images of an earlier one, splits in their
            order; ``across``, of how many different images there are samples in more than one
            split.
        """
        if not self._counted:
            return {"counted": False}
        # One of each a split: what is still there twice is in two splits.
        ours = np.sort(_joined([_distinct(_joined(split)) for split in self._splits.values()]))
        again = ours[1:] == ours[:-1]
        several = again.copy()
        several[1:] &= ~again[:-1]  # of three splits it is still one image
        return {
            "counted": True,
            "repeated": self._samples - len(ours) + int(again.sum()),
            "across": int(several.sum()),
        }


def _joined(parts: list[NDArray[np.uint64]]) -> NDArray[np.uint64]:
    return np.concatenate([np.empty(0, np.uint64), *parts])


def _distinct(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Sort hashes, and return one of each.

    np.unique has a hash table for it: of ten million 15 s and 760 MiB, beside 2 s and 390 MiB.
    """
    hashes.sort()
    first = np.ones(len(hashes), bool)
    np.not_equal(hashes[1:], hashes[:-1], out=first[1:])
    return hashes[first]


def _update(hashed: Any, value: Any) -> None:
    if isinstance(value, str):
        encoded = value.encode()
        hashed.update(b"%d " % len(encoded) + encoded)
    else:
        array = np.asarray(value)
        hashed.update(repr(array.shape).encode())
        hashed.update(array if array.flags.c_contiguous else array.tobytes())
