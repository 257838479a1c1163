"""Hold of an entry's folder in the cache, so that nobody removes what others use."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
from pathlib import Path
from typing import Final

LOCK: Final = "lock"
"""The file that those who use an entry lock together; its time says when one last began."""


class Claim:
    """A shared lock on an entry's folder, until ``release`` or the end of the process.

    Args:
        folder: of the entry; it is made.

    Attributes:
        folder: as given.

    Raises:
        OSError: if it neither exists nor can be made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        while True:
            with contextlib.suppress(FileExistsError):
                folder.mkdir(parents=True)
            try:
                self._descriptor: int | None = _opened(folder / LOCK)
            except FileNotFoundError:
                if folder.exists():  # and may not be written to
                    raise
                continue  # somebody removed it meanwhile
            fcntl.flock(self._descriptor, fcntl.LOCK_SH)
            if _is_at(self._descriptor, folder / LOCK):
                break
            os.close(self._descriptor)
        with contextlib.suppress(OSError):  # a folder that is only read
            os.utime(self._descriptor)

    def release(self) -> None:
        """Let go of the folder."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def remove(folder: Path) -> bool:
    """Remove an entry that nobody uses; return whether that was so.

    It is renamed first, so that no half of an entry is ever found.

    Raises:
        OSError: if it cannot be removed.
    """
    descriptor = _opened(folder / LOCK)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        rubbish = folder.with_name(f".{folder.name}-{secrets.token_hex(4)}")
        folder.rename(rubbish)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    shutil.rmtree(rubbish, ignore_errors=True)
    return True


def _opened(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
