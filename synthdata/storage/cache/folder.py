"""The folder of all cached data sets: where it is, how large it may be, what is in it."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import platformdirs

from synthdata.errors import BuildError
from synthdata.storage.cache.claim import LOCK, remove

logger = logging.getLogger("synthdata")

FOLDER_VARIABLE: Final = "SYNTHDATA_CACHE_DIR"
"""Environment variable that names another folder."""

LIMIT_VARIABLE: Final = "SYNTHDATA_CACHE_LIMIT"
"""Environment variable that says how large it may become, as 20GB, 500MiB or bytes."""

LIMIT: Final = 20 * 2**30

ABOUT: Final = "entry.json"
"""What an entry is of; the last file that is made of a new one."""

_SIZE: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kKMGT]?)(i?)[bB]?\s*")
_ENTRY: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry, as it lies on the disk.

    Attributes:
        id: its key.
        folder: where it is.
        about: what it is of, as ``describe`` was given; empty if that cannot be read.
        size: bytes.
        used: when it was last opened, in seconds since 1970.
    """

    id: str
    folder: Path
    about: dict[str, Any]
    size: int
    used: float


def cache_folder() -> Path:
    """Return the folder of the cache, which need not exist."""
    given = os.environ.get(FOLDER_VARIABLE)
    if given:
        return Path(given).expanduser().absolute()
    return platformdirs.user_cache_path("synthdata") / "samples"


def cache_limit() -> int:
    """Return how many bytes all entries may take together.

    Raises:
        BuildError: if the environment says what is no size.
    """
    given = os.environ.get(LIMIT_VARIABLE)
    return LIMIT if not given else parse_size(given)


def parse_size(text: str) -> int:
    """Return the bytes that a text names, in units of 1000 or, with an i, 1024.

    Raises:
        BuildError: if it is no size.

    >>> parse_size("20GB"), parse_size("1.5 KiB"), parse_size("4096")
    (20000000000, 1536, 4096)
    """
    match = _SIZE.fullmatch(text)
    if match is None:
        raise BuildError(f"{LIMIT_VARIABLE}={text!r}: expected a size such as 20GB, 500MiB or 4096")
    number, unit, binary = match.groups()
    factor = 1024 if binary else 1000
    return int(float(number) * factor ** " KMGT".index(unit.upper() or " "))


def describe(folder: Path, about: dict[str, Any]) -> None:
    """Write down what an entry is of, if that has not been done.

    Raises:
        OSError: if it cannot be written.
    """
    file = folder / ABOUT
    if not file.exists():
        draft = folder / f"{ABOUT}.{os.getpid()}"
        draft.write_text(json.dumps(about))
        draft.replace(file)


def entries() -> list[Kept]:
    """Return what is in the cache, those used last first."""
    found = []
    for folder in _folders():
        try:
            used = (folder / LOCK).stat().st_mtime
            found.append(Kept(folder.name, folder, _about(folder), _size(folder), used))
        except FileNotFoundError:  # somebody removes it at this moment, or has just begun it
            continue
    return sorted(found, key=lambda kept: (-kept.used, kept.id))


def rows(kept: Kept) -> int:
    """Return how many samples of an entry can be read, those that were left out among them."""
    import numpy as np

    from synthdata.storage.cache.segment import PREFIX, lines

    seen: list[Any] = [np.empty(0, np.int64)]
    for segment in kept.folder.glob(f"{PREFIX}*"):
        try:
            index = lines(segment, int(kept.about["width"]))
        except (OSError, ValueError, KeyError):
            continue
        if index is not None:
            seen.append(index[:, 0])
    return len(np.unique(np.concatenate(seen)))


def sweep() -> None:
    """Remove what is left of entries whose removal was broken off."""
    root = cache_folder()
    if root.is_dir():
        for folder in root.iterdir():
            name = folder.name.partition("-")[0]
            if name.startswith(".") and _ENTRY.fullmatch(name[1:]):
                shutil.rmtree(folder, ignore_errors=True)


def make_room(needed: int) -> int:
    """Remove entries that nobody uses, those used longest ago first, until there is room.

    Args:
        needed: bytes that an entry is to grow by; who asks for them holds it.

    Returns:
        The bytes that it may grow by.

    Raises:
        BuildError: if the environment says what is no size.
        OSError: if an entry cannot be removed.
    """
    limit, others = cache_limit(), entries()
    left = limit - sum(kept.size for kept in others)
    if needed > limit:
        return left
    sweep()
    for kept in reversed(others):
        if left >= needed:
            break
        if remove(kept.folder):
            logger.info("cache: removed %s, %s", kept.id[:12], kept.about.get("generator", ""))
            left += kept.size
    return left


def free_disk(folder: Path) -> int:
    """Return the bytes that are free where a folder is."""
    return shutil.disk_usage(folder).free


def _folders() -> Iterator[Path]:
    root = cache_folder()
    if root.is_dir():
        yield from (folder for folder in sorted(root.iterdir()) if _ENTRY.fullmatch(folder.name))


def _about(folder: Path) -> dict[str, Any]:
    try:
        about = json.loads((folder / ABOUT).read_bytes())
    except (OSError, ValueError):
        return {}
    return about if isinstance(about, dict) else {}


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
