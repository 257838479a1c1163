"""What went wrong with a file or disk, in words: every OSError of a target becomes one message."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from synthdata.errors import TargetError

AGAIN: Final = "run the same command again: it goes on where it was"

_WORDS: Final = {
    errno.ENOSPC: ("no space is left on its disk", f"free some and {AGAIN}"),
    errno.EDQUOT: ("the disk quota is used up", f"free some and {AGAIN}"),
    errno.EFBIG: (
        "a file became larger than its file system or a limit (ulimit -f) allows",
        f"lift the limit and {AGAIN}; or begin anew elsewhere with fewer samples a shard",
    ),
    errno.EROFS: ("its file system is read-only", "name another target, or make it writable"),
    errno.EACCES: ("permission is denied", "name another target, or change its permissions"),
    errno.EPERM: ("the operation is not permitted", "name another target"),
    errno.ENOTDIR: ("a part of the path is a file, not a folder", "name another target"),
    errno.EEXIST: ("a part of the path is no folder", "name another target, or remove it"),
    errno.ENAMETOOLONG: ("a name is too long for its file system", "name a shorter target"),
    errno.EIO: ("its disk or network failed (EIO)", f"see the system's log, mend it and {AGAIN}"),
    errno.ESTALE: ("its network file system was lost (ESTALE)", f"mount it again and {AGAIN}"),
    errno.ENOLCK: ("its file system has no locks", "name a target on another one"),
    errno.EOPNOTSUPP: ("its file system cannot do it", "name a target on another one"),
}

FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO})
"""Errors that only a disk has; ENOENT, EACCES and others may come from anything."""

_OF_A_PLACE: Final = frozenset({errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EEXIST})
"""Errors that may be about a folder above the target; it is named."""


def trouble(target: str, doing: str, error: OSError) -> TargetError:
    """Return the error that tells of an OSError what it is about and how to go on.

    Args:
        target: the folder or URL.
        doing: what failed, as "writing data.json".
        error: becomes the cause.
    """
    what, after = _WORDS.get(
        error.errno or 0, (error.strerror or str(error), f"mend that and {AGAIN}")
    )
    if error.filename and (error.errno in _OF_A_PLACE or error.errno not in _WORDS):
        what = f"{what} ({os.fsdecode(error.filename)})"
    told = TargetError(f"{target}: {doing}: {what}; {after}", target=target)
    told.__cause__ = error
    return told


@contextmanager
def explained(
    target: str, doing: str, only: frozenset[int] | None = None, *, missing: bool = False
) -> Iterator[None]:
    """Turn an OSError of what is done within into a TargetError.

    Args:
        target: the folder or URL.
        doing: what is done.
        only: numbers of errors; others pass as they are. None is all.
        missing: whether FileNotFoundError passes as it is.

    Raises:
        TargetError: in place of the OSError, which is its cause.
    """
    try:
        yield
    except OSError as error:
        if (missing and isinstance(error, FileNotFoundError)) or (
            only is not None and error.errno not in only
        ):
            raise
        raise trouble(target, doing, error) from error
