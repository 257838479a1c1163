"""A data set in a local folder: files are made aside, and renamed when they are on the disk."""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from synthdata.errors import TargetError
from synthdata.storage.disk import sync
from synthdata.storage.targets.lock import folder_lock
from synthdata.storage.targets.target import HIDDEN, FileInfo, Target, info_of, staged_files, within
from synthdata.storage.targets.trouble import FULL, explained

SYNCS: Final = 16
"""Threads that fsync: the journal takes them together. 3,000 files of 4 kB: 0.4 s, by one 1.0 s."""

_OF_A_SHARD: Final = re.compile(r"(^|-\d{5,}-of-)\d{5,}$")
"""Names of folders that one shard has for its own, as ``00001`` or ``train-00001-of-00004``."""


class Local(Target):
    """A local folder.

    Args:
        given: what the user called it.
        path: of the folder.
    """

    def __init__(self, given: str, path: Path) -> None:
        self._given = given
        # Workers may stand in another folder.
        self._root = Path(os.path.abspath(path))  # noqa: PTH100 - keeps links, as resolve does not
        self._aside = self._root / HIDDEN / "tmp"
        self.name = self._root.name
        self.parent_name = self._root.parent.name

    def __str__(self) -> str:
        return self._given

    def prepare(self) -> None:
        """Make the folder, and prove that a file can be written in it."""
        with explained(str(self), "looking for the folder"):
            a_file = self._root.exists() and not self._root.is_dir()
        if a_file:
            raise TargetError(
                f"{self}: it is a file, but a data set is a folder; name another target, or "
                "remove the file",
                target=str(self),
            )
        with explained(str(self), "making the folder"):
            _make_folder(self._aside)
        probe = self._new_name()
        with explained(str(self), "writing there"):
            try:
                _write_new(probe, b"synthdata")
            finally:
                probe.unlink(missing_ok=True)

    def lock(self, break_lock: bool = False) -> AbstractContextManager[None]:
        """Hold ``.synthdata/lock``; the kernel lets go of it when this process ends."""
        return folder_lock(self, self._root / HIDDEN / "lock")

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """Give a folder in ``.synthdata/tmp``, so that files are renamed within a file system."""
        folder = self._new_name()
        with explained(str(self), "making a folder"):
            _make_folder(folder.parent)
            folder.mkdir()
        try:
            with explained(str(self), "writing", FULL):
                yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)  # what stays is for clean

    def publish(self, staged: Path) -> list[FileInfo]:
        """Bring the files to the disk, and rename them with as few renames as can be."""
        with explained(str(self), "writing"):
            infos = _settled(staged_files(staged))
            folders = [path for path in staged.rglob("*") if path.is_dir()]
            for folder in [*sorted(folders, reverse=True), staged]:
                sync(folder)
            self._merge(staged, self._root)
        return infos

    def _merge(self, staged: Path, folder: Path) -> None:
        for source in sorted(staged.iterdir()):
            there = folder / source.name
            if source.is_dir():
                self._move_folder(source, there)
            else:
                if there.is_dir():
                    self._discard(there)
                source.replace(there)
        sync(folder)

    def _move_folder(self, source: Path, there: Path) -> None:
        try:
            source.rename(there)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                raise
            # Another worker may have made it just now, so a folder that shards share is not moved.
            if there.is_dir() and not _is_of_a_shard(source):
                self._merge(source, there)
            else:
                self._discard(there)
                source.rename(there)

    def _discard(self, there: Path) -> None:
        """Take something away in one step, then remove it."""
        old = self._new_name()
        there.rename(old)
        if old.is_dir():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.unlink()

    def write(self, path: str, data: bytes) -> None:
        """Write aside, bring it to the disk, and rename."""
        there = self._at(path)
        new = self._new_name()
        with explained(str(self), f"writing {path}"):
            _make_folder(self._aside)
            try:
                _write_new(new, data)
                _make_folder(there.parent)
                new.replace(there)
            finally:
                new.unlink(missing_ok=True)
            sync(there.parent)

    def open(self, path: str) -> BinaryIO:
        """Open the file itself."""
        with explained(str(self), f"reading {path}", missing=True):
            return self._at(path).open("rb")

    def read(self, path: str) -> bytes:
        """Read the file itself."""
        with explained(str(self), f"reading {path}", missing=True):
            return self._at(path).read_bytes()

    def sha256(self, path: str) -> str:
        """Hash the file itself."""
        with explained(str(self), f"reading {path}", missing=True):
            return super().sha256(path)

    def size(self, path: str) -> int | None:
        """Ask the file system."""
        with explained(str(self), f"reading {path}"):
            try:
                status = self._at(path).stat()
            except (FileNotFoundError, NotADirectoryError):
                return None
        return status.st_size if stat.S_ISREG(status.st_mode) else None

    def paths(self, prefix: str = "") -> list[str]:
        """Walk through the folders."""
        begin = self._root / prefix.rpartition("/")[0]
        ours = prefix.startswith(HIDDEN)
        found = []
        with explained(str(self), "listing"):
            for folder, folders, files in os.walk(begin, onerror=_unless_missing):
                relative = Path(folder).relative_to(self._root).as_posix()
                if relative == "." and not ours:
                    folders[:] = [name for name in folders if name != HIDDEN]
                start = "" if relative == "." else f"{relative}/"
                found += [start + name for name in files]
        return sorted(path for path in found if path.startswith(prefix))

    def remove(self, paths: Iterable[str]) -> None:
        """Remove the files, then the folders above them that are empty."""
        with explained(str(self), "removing"):
            folders: set[Path] = set()
            for path in paths:
                there = self._at(path)
                there.unlink(missing_ok=True)
                folders.update(there.relative_to(self._root).parents)
            for folder in sorted(folders, reverse=True):
                if folder.parts and folder.parts != (HIDDEN,):
                    _remove_if_empty(self._root / folder)

    def clean(self) -> None:
        """Empty ``.synthdata/tmp``."""
        if self._aside.is_dir():
            with explained(str(self), "cleaning"):
                for path in self._aside.iterdir():
                    if path.is_dir():
                        shutil.rmtree(path, ignore_errors=True)
                    else:
                        path.unlink(missing_ok=True)

    @contextmanager
    def local(self, path: str) -> Iterator[Path]:
        """Give the path itself."""
        self.open(path).close()
        yield self._at(path)

    @contextmanager
    def fetch(self, paths: Iterable[str]) -> Iterator[Path]:
        """Give the folder itself."""
        for path in paths:
            self.open(path).close()
        yield self._root

    def _at(self, path: str) -> Path:
        return self._root / within(self, path)

    def _new_name(self) -> Path:
        return self._aside / f"{os.getpid()}-{secrets.token_hex(8)}"


def _settled(files: list[tuple[str, Path]]) -> list[FileInfo]:
    """Bring files to the disk; they are hashed meanwhile, so the hash costs almost no time."""
    with ThreadPoolExecutor(SYNCS) as pool:
        synced = pool.map(sync, [path for _, path in files])
        infos = [info_of(name, path) for name, path in files]
        list(synced)
    return infos


def _is_of_a_shard(folder: Path) -> bool:
    # A split may have such a name too, and holds the folders of its shards.
    return bool(_OF_A_SHARD.search(folder.name)) and all(
        path.is_file() for path in folder.iterdir()
    )


def _write_new(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _make_folder(path: Path) -> None:
    """Make a folder and those above it, so that they outlast a power cut."""
    if path.is_dir():
        return
    if path != path.parent:
        _make_folder(path.parent)
    path.mkdir(exist_ok=True)
    sync(path.parent)


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT):
            raise


def _unless_missing(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise error
