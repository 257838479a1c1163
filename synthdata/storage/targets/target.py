"""Where a data set lies: a folder, or a prefix of an object store. It knows files, not shards."""

from __future__ import annotations

import hashlib
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypeAlias
from urllib.parse import unquote, urlsplit

from synthdata.errors import TargetError

if TYPE_CHECKING:
    from upath import UPath

    Where: TypeAlias = str | os.PathLike[str] | UPath

HIDDEN: Final = ".synthdata"
"""Folder of a target that is ours: records, lock, unfinished files."""

CHUNK: Final = 1 << 20
"""Bytes that are hashed at a time."""

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)(://|::)")


@dataclass(frozen=True, slots=True)
class FileInfo:
    """A file of a data set.

    Attributes:
        path: within the target, with ``/``.
        size: in bytes.
        sha256: of its bytes, in hexadecimal digits.
    """

    path: str
    size: int
    sha256: str


class Target(ABC):
    """Where the files of a data set lie. It can be sent to other processes.

    All paths are relative to the target, with ``/``. A file is there whole or not at all, at every
    moment, whatever is killed. The folder ``.synthdata`` is not part of the data set.

    Attributes:
        name: last part of the path.
        parent_name: the part before it; "" where there is none.
        shared: whether other processes see what this one writes.

    Raises:
        TargetError: by every method, if what is asked for cannot be done.
    """

    name: str
    parent_name: str
    shared: bool = True

    @abstractmethod
    def __str__(self) -> str:
        """The folder or URL as it was given, without credentials."""

    @abstractmethod
    def prepare(self) -> None:
        """Make the target ready for writing, or refuse it; the folders above it are made too."""

    @abstractmethod
    def lock(self, break_lock: bool = False) -> AbstractContextManager[None]:
        """Keep other writers out while the context lasts.

        Args:
            break_lock: of an object store: take the lock from whoever has it. A folder's lock
                ends with the process that holds it, and is not taken from one that lives.

        Raises:
            TargetError: at once, if another writer has it; names its process.
        """

    @abstractmethod
    def staging(self) -> AbstractContextManager[Path]:
        """Give a new local folder for files that are being made; it is removed in the end.

        A full disk, met within the context, becomes a TargetError.
        """

    @abstractmethod
    def publish(self, staged: Path) -> list[FileInfo]:
        """Move all files of a folder of ``staging`` into the target, at the same relative paths.

        What is there already at the same paths is replaced. A local folder that is a shard's own
        is replaced as a whole: one of files only, named ``00001`` or ``train-00001-of-00004``.

        Returns:
            The files, ordered by path; they are on the disk when this returns.
        """

    @abstractmethod
    def write(self, path: str, data: bytes) -> None:
        """Write a small file, in place of one that may be there."""

    @abstractmethod
    def open(self, path: str) -> BinaryIO:
        """Open a file for reading; the caller closes it.

        Raises:
            FileNotFoundError: if there is none.
        """

    @abstractmethod
    def read(self, path: str) -> bytes:
        """Return the bytes of a file.

        Raises:
            FileNotFoundError: if there is none.
        """

    @abstractmethod
    def size(self, path: str) -> int | None:
        """Return the size of a file in bytes, or None if there is none."""

    def sizes(self, paths: Iterable[str]) -> dict[str, int]:
        """Return the sizes in bytes of those of some files that are there."""
        found = ((path, self.size(path)) for path in paths)
        return {path: size for path, size in found if size is not None}

    def read_each(self, paths: Iterable[str]) -> Iterator[bytes | None]:
        """Yield the bytes of each of some small files, in their order; None if there is none."""
        for path in paths:
            try:
                yield self.read(path)
            except FileNotFoundError:
                yield None

    @abstractmethod
    def paths(self, prefix: str = "") -> list[str]:
        """Return the paths of all files that begin with a prefix, sorted.

        Those in ``.synthdata`` are left out, unless the prefix begins with it.
        """

    @abstractmethod
    def remove(self, paths: Iterable[str]) -> None:
        """Remove files, and folders that become empty; what is not there is no error."""

    @abstractmethod
    def clean(self) -> None:
        """Remove what killed writers left behind; only the holder of the lock may."""

    @abstractmethod
    def local(self, path: str) -> AbstractContextManager[Path]:
        """Give a local path of a file, that lasts as long as the context.

        Raises:
            FileNotFoundError: if there is none.
        """

    @abstractmethod
    def fetch(self, paths: Iterable[str]) -> AbstractContextManager[Path]:
        """Give a local folder that holds files at their relative paths, while the context lasts.

        Raises:
            FileNotFoundError: if one is missing.
        """

    def sha256(self, path: str) -> str:
        """Return the sha256 of a file's bytes, in hexadecimal digits.

        Raises:
            FileNotFoundError: if there is none.
        """
        digest = hashlib.sha256()
        with self.open(path) as file:
            while piece := file.read(CHUNK):
                digest.update(piece)
        return digest.hexdigest()


def target_of(where: Where, storage_options: Mapping[str, Any] | None = None) -> Target:
    """Return the target that a path or URL means; nothing is looked at or made yet.

    Args:
        where: a path, a ``file://`` URL, a URL that fsspec knows (``s3://bucket/folder``), or a
            UPath.
        storage_options: of the file system of a URL, over those of fsspec's configuration and of
            the environment.

    Raises:
        TargetError: if the URL cannot be, or a library for it is missing.

    >>> str(target_of("out/shapes")), target_of("out/shapes/1.0.0").parent_name
    ('out/shapes', 'shapes')
    """
    from synthdata.storage.targets.local import Local

    text = os.fsdecode(where) if isinstance(where, str | os.PathLike) else str(where)
    scheme = _SCHEME.match(text)
    if scheme is None and isinstance(where, str | os.PathLike):
        if not text:
            raise TargetError("target '': expected a folder or a URL", target=text)
        return Local(text, Path(text))
    if scheme is not None and scheme[1].lower() in ("file", "local") and scheme[2] == "://":
        return Local(text, _path_of(text))
    from synthdata.storage.targets.remote import Remote
    from synthdata.storage.targets.store import store_of

    return Remote(store_of(where, text, storage_options or {}))


def _path_of(url: str) -> Path:
    parts = urlsplit(url)
    if parts.netloc not in ("", "localhost") or not parts.path:
        raise TargetError(
            f"{url}: expected file:///PATH, with three slashes; a host has no place there",
            target=url,
        )
    return Path(unquote(parts.path))


def within(target: Target, path: str) -> str:
    """Return a relative path as it is, or refuse one that would lead out of the target.

    Raises:
        TargetError: if it does, or is no path of a file.
    """
    if not path or path != str(PurePosixPath(path)) or path[0] == "/" or ".." in path.split("/"):
        raise TargetError(
            f"{target}: {path!r} is not the path of a file within the data set", target=str(target)
        )
    return path


def staged_files(staged: Path) -> list[tuple[str, Path]]:
    """Return all files of a folder by their relative paths, sorted by these."""
    return sorted(
        (path.relative_to(staged).as_posix(), path)
        for path in staged.rglob("*")
        if not path.is_dir()
    )


def info_of(name: str, path: Path) -> FileInfo:
    """Return what there is to know of a local file, under its relative path."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return FileInfo(name, file.tell(), digest)
