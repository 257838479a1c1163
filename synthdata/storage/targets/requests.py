"""Requests to an object store: made again if they fail as networks do, and told of in words."""

from __future__ import annotations

import errno
import tempfile
import time
from collections.abc import Callable
from typing import Final, TypeVar

from synthdata.errors import TargetError
from synthdata.storage.targets.store import Store, scrubbed
from synthdata.storage.targets.trouble import AGAIN, FULL, trouble

T = TypeVar("T")

ATTEMPTS: Final = 3
"""Of each request, over those that the store's own library makes."""

PAUSE: Final = 0.2
"""Seconds before the second attempt; twice as many before each further one."""

_FINAL: Final = (
    PermissionError,
    FileExistsError,
    IsADirectoryError,
    NotADirectoryError,
    NotImplementedError,
    TypeError,
    ValueError,
)
"""Errors that come again however often one tries."""


_HERE: Final = FULL - {errno.EIO}
"""Errors of the disk of this machine. EIO may be any answer of S3 that s3fs does not know."""


class Requests:
    """Makes requests to a store.

    Args:
        store: whose shown URL and options are for messages.
    """

    def __init__(self, store: Store) -> None:
        self._shown = store.shown
        self._options = store.files.storage_options

    def make(self, doing: str, call: Callable[[], T], *, missing: bool = True) -> T:
        """Make a request, and make it again if it fails as networks do.

        Args:
            doing: for messages.
            call: makes it.
            missing: whether FileNotFoundError passes as it is; of a request that writes it means
                that there is no bucket.

        Raises:
            TargetError: if it failed for good; what the library raised is its cause.
        """
        attempt = 1
        while True:
            try:
                return call()
            except FileNotFoundError as error:
                if missing:
                    raise
                raise self._failed(doing, error, attempt, missing) from error
            except Exception as error:
                # Each store's library has errors of its own for what networks do.
                full = isinstance(error, OSError) and error.errno in _HERE
                if attempt == ATTEMPTS or full or isinstance(error, _FINAL):
                    raise self._failed(doing, error, attempt, missing) from error
            time.sleep(PAUSE * 2 ** (attempt - 1))
            attempt += 1

    def _failed(self, doing: str, error: Exception, attempts: int, reads: bool) -> TargetError:
        if isinstance(error, OSError) and error.errno in _HERE:
            return trouble(self._shown, f"{doing} (in {tempfile.gettempdir()})", error)
        if isinstance(error, FileNotFoundError):
            what, after = "there is no such bucket", "make it, or name another target"
        elif isinstance(error, PermissionError):
            what = f"access is denied ({self._scrub(error)})"
            after = "see the credentials and what they allow"
        else:
            times = f" ({attempts} times)" if attempts > 1 else ""
            what = f"it failed{times}: {self._scrub(error)}"
            after = f"see to the network, and {'try again' if reads else AGAIN}"
        return TargetError(f"{self._shown}: {doing}: {what}; {after}", target=self._shown)

    def _scrub(self, error: Exception) -> str:
        words = str(error).strip() or type(error).__name__
        return scrubbed(words, self._options)
