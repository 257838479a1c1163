"""Folders as bytes, and data sets that tests write to them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import synthdata as sd

FORMATS = ("tfrecord", "arrayrecord", "webdataset", "parquet", "npz", "folder", "coco", "yolo")

SHAPES = {"size": 16}

HELD: dict[str, dict[str, Any]] = {
    "coco": {"drop": ["metadata.mask"]},
}
"""What a format needs, to hold the samples of ``recipe``."""


def tree(folder: Path) -> dict[str, str]:
    """The sha256 of each file of a data set by its path."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".synthdata" not in path.parts
    }


def leftovers(folder: Path) -> list[str]:
    """What is in the hidden folder, but the file of the lock."""
    hidden = folder / ".synthdata"
    return sorted(
        path.relative_to(hidden).as_posix()
        for path in hidden.rglob("*")
        if path.is_file() and path.name != "lock"
    )


def recipe(**fields: Any) -> sd.Recipe:
    """Twenty small samples of two splits."""
    given = {"params": SHAPES, "seed": 7, "splits": {"train": 16, "test": 4}}
    return sd.Recipe(generator="shapes-v1", **{**given, **fields})
