"""A file system of fsspec that stands for an object store on this machine, and counts requests."""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

PAGE = 1000
"""Objects that one listing request of S3 and of its like answers with, at the most."""

CALLS = Counter[str]()
"""How often each kind of request was made since the program began, by its name."""

_WITHIN = threading.local()


class Counted(LocalFileSystem):  # type: ignore[misc]  # fsspec ships no types
    """A local folder under ``counted://``; each call that a store would answer is counted."""

    protocol = ("counted", "s3")  # the second says that an object appears whole or not at all

    def __init__(self, **options: Any) -> None:
        super().__init__(auto_mkdir=True, **options)  # an object needs no folder

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        return LocalFileSystem._strip_protocol(str(path).removeprefix("counted://"))

    def find(self, *args: Any, **options: Any) -> Any:
        """List all objects under a prefix: one request for each page, one at the least."""
        with _once():
            found = super().find(*args, **options)
        CALLS["list"] += max(1, math.ceil(len(found) / PAGE))
        CALLS["listed objects"] += len(found)
        return found

    def ls(self, *args: Any, **options: Any) -> Any:
        """List a folder; within ``find`` it is no request of its own."""
        found = super().ls(*args, **options)
        if not getattr(_WITHIN, "now", False):
            CALLS["list"] += max(1, math.ceil(len(found) / PAGE))
            CALLS["listed objects"] += len(found)
        return found

    def info(self, *args: Any, **options: Any) -> Any:
        """Ask for an object's size."""
        if not getattr(_WITHIN, "now", False):
            CALLS["head"] += 1
        with _once():
            return super().info(*args, **options)

    def cat_file(self, *args: Any, **options: Any) -> Any:
        """Fetch an object."""
        CALLS["get"] += 1
        with _once():
            return super().cat_file(*args, **options)

    def get_file(self, *args: Any, **options: Any) -> Any:
        """Fetch an object into a file."""
        CALLS["get"] += 1
        with _once():
            return super().get_file(*args, **options)

    def pipe_file(self, *args: Any, **options: Any) -> Any:
        """Put an object."""
        CALLS["put"] += 1
        with _once():
            return super().pipe_file(*args, **options)

    def put_file(self, *args: Any, **options: Any) -> Any:
        """Put a file."""
        CALLS["put"] += 1
        with _once():
            return super().put_file(*args, **options)

    def rm_file(self, *args: Any, **options: Any) -> Any:
        """Remove an object."""
        CALLS["delete"] += 1
        with _once():
            return super().rm_file(*args, **options)


@contextmanager
def _once() -> Iterator[None]:
    """Whatever a call does by calls of the same file system is not counted again."""
    before = getattr(_WITHIN, "now", False)
    _WITHIN.now = True
    try:
        yield
    finally:
        _WITHIN.now = before


fsspec.register_implementation("counted", Counted, clobber=True)
