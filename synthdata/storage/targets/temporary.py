"""Temporary folders of this machine, which a later process removes if theirs was killed."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from synthdata.storage.targets.lock import machine, started
from synthdata.storage.targets.trouble import FULL, explained

_NAME: Final = re.compile(r"synthdata-([0-9a-f]{8})-(\d+)-(\d*)-")


@contextmanager
def temporary(target: str, doing: str) -> Iterator[Path]:
    """Give a new folder, and remove it in the end.

    Args:
        target: for messages.
        doing: what is done in it.

    Raises:
        TargetError: if it cannot be made, or its disk is full.
    """
    pid = os.getpid()
    prefix = f"synthdata-{_here()}-{pid}-{started(pid)}-"
    with explained(target, f"making a folder in {tempfile.gettempdir()} (TMPDIR)"):
        folder = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        with explained(target, f"{doing} (in {tempfile.gettempdir()})", FULL):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # what stays is for clean_temporary


def clean_temporary() -> None:
    """Remove the folders of processes of this machine that have ended."""
    for path in Path(tempfile.gettempdir()).glob("synthdata-*"):
        name = _NAME.match(path.name)
        if name and name[1] == _here() and started(int(name[2])) != name[3]:
            shutil.rmtree(path, ignore_errors=True)


def _here() -> str:
    return hashlib.sha256(machine().encode()).hexdigest()[:8]
