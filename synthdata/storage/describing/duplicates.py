"""Samples whose images are the same, found by hashes: within a split, and from split to split."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from synthdata.output import Output

MOST: Final = 10_000_000
"""Samples of a data set beyond which duplicates are not counted: hashes take 8 bytes each."""

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


def duplicates(shards: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Count the samples whose images are those of another one.

    Args:
        shards: for each split, ``Hashes.to_json`` of its shards.

    Returns:
        ``counted``, which is False for more than ``MOST`` samples, and then alone; ``repeated``,
        how many samples have the images of an earlier one, splits in their order; ``across``, of
        how many different images there are samples in more than one split.

    >>> import numpy as np, synthdata as sd
    >>> hashes = Hashes(sd.Output(image=sd.Image(1, 1, 1)))
    >>> for grey in (7, 7, 9):
    ...     hashes.add([np.full((1, 1, 1), grey, np.uint8)])
    >>> duplicates({"train": [hashes.to_json()]})
    {'counted': True, 'repeated': 1, 'across': 0}
    """
    sizes = [sum(len(shard) * 3 // (4 * _SIZE) for shard in split) for split in shards.values()]
    if sum(sizes) > MOST:
        return {"counted": False}
    found = [_read(split) for split in shards.values()]
    # One of each a split: what is still there twice is in two splits.
    distinct = [np.unique(split) for split in found]
    values, splits = np.unique(
        np.concatenate([np.empty(0, np.uint64), *distinct]), return_counts=True
    )
    return {
        "counted": True,
        "repeated": sum(map(len, found)) - len(values),
        "across": int((splits > 1).sum()),
    }


def _update(hashed: Any, value: Any) -> None:
    if isinstance(value, str):
        encoded = value.encode()
        hashed.update(b"%d " % len(encoded) + encoded)
    else:
        array = np.asarray(value)
        hashed.update(repr(array.shape).encode())
        hashed.update(array if array.flags.c_contiguous else array.tobytes())


def _read(shards: Sequence[str]) -> NDArray[np.uint64]:
    return np.frombuffer(b"".join(base64.b64decode(shard) for shard in shards), np.uint64)
