"""A data set in an object store: shards are made in a temporary folder, and sent whole."""

from __future__ import annotations

import io
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeVar, cast

from synthdata.errors import TargetError
from synthdata.storage.targets.lock import claimed_lock
from synthdata.storage.targets.requests import Requests
from synthdata.storage.targets.store import Store
from synthdata.storage.targets.target import HIDDEN, FileInfo, Target, info_of, staged_files, within
from synthdata.storage.targets.temporary import clean_temporary, temporary

T = TypeVar("T")

TRANSFERS: Final = 8
"""Files that are sent or fetched at once: a small one costs a round trip, and no bandwidth."""

AHEAD: Final = 4 * TRANSFERS
"""Small files that are fetched before they are asked for."""

FEW: Final = 32
"""Files that are asked for one by one; of more, a listing tells with a request for a thousand."""

_PROBE: Final = f"{HIDDEN}/probe/"


class Remote(Target):
    """A prefix of an object store.

    Args:
        store: the file system and the prefix in it.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.shared = store.shared
        self._files = store.files
        self._root = store.root
        self._requests = Requests(store)
        parts = store.root.strip("/").split("/")
        self.name = parts[-1]
        self.parent_name = parts[-2] if len(parts) > 1 else ""

    def __str__(self) -> str:
        return self._store.shown

    def prepare(self) -> None:
        """Prove that an object can be put there; a bucket is never made."""
        if not self._store.whole:
            raise TargetError(
                f"{self}: it can be read, but not written: files would be seen half written "
                "there; write to a folder, and copy that",
                target=str(self),
            )
        if self._requests.make("looking for it", self._is_object, missing=False):
            raise TargetError(
                f"{self}: it is an object, but a data set is a folder; name another target, or "
                "remove the object",
                target=str(self),
            )
        probe = f"{_PROBE}{os.getpid()}-{os.urandom(8).hex()}"
        self.write(probe, b"synthdata")
        self.remove([probe])

    def _is_object(self) -> bool:
        self._files.invalidate_cache()
        bucket_alone = "/" not in self._root.strip("/")
        return not bucket_alone and bool(self._files.isfile(self._root))

    def lock(self, break_lock: bool = False) -> AbstractContextManager[None]:
        """Hold an object in ``.synthdata/lock``; a killed writer's is known on its machine only."""
        return claimed_lock(self, break_lock)

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """Give a folder where temporary files of this machine lie (TMPDIR)."""
        with temporary(str(self), "writing there before it is sent") as folder:
            yield folder

    def publish(self, staged: Path) -> list[FileInfo]:
        """Send the files, several at once; each is an object when it is complete."""
        return self._each(self._send, staged_files(staged))

    def _send(self, file: tuple[str, Path]) -> FileInfo:
        path, source = file
        there = self._at(path)
        self._requests.make(
            f"sending {path}",
            lambda: self._files.put_file(str(source), there),
            missing=False,
        )
        return info_of(path, source)

    def write(self, path: str, data: bytes) -> None:
        """Put an object."""
        there = self._at(path)
        self._requests.make(
            f"writing {path}", lambda: self._files.pipe_file(there, data), missing=False
        )

    def open(self, path: str) -> BinaryIO:
        """Open the object; what is read is fetched a few megabytes at a time."""
        there = self._at(path)
        self._files.invalidate_cache()
        file = self._requests.make(f"reading {path}", lambda: self._files.open(there, "rb"))
        return cast(BinaryIO, io.BufferedReader(_Stream(self._requests, path, file), 1 << 20))

    def read(self, path: str) -> bytes:
        """Fetch the object."""
        there = self._at(path)
        self._files.invalidate_cache()
        return self._requests.make(f"reading {path}", lambda: bytes(self._files.cat_file(there)))

    def size(self, path: str) -> int | None:
        """Ask for the object's size."""
        there = self._at(path)
        self._files.invalidate_cache()
        try:
            info = self._requests.make(f"reading {path}", lambda: self._files.info(there))
        except FileNotFoundError:
            return None
        return int(info["size"]) if info["type"] == "file" else None

    def sizes(self, paths: Iterable[str]) -> dict[str, int]:
        """Ask for each of a few, and list the objects once for more."""
        asked = [within(self, path) for path in paths]
        if len(asked) <= FEW:
            sizes = zip(asked, self._each(self.size, asked), strict=True)
            return {path: size for path, size in sizes if size is not None}
        there = self._listed(os.path.commonpath(asked))
        return {path: there[path] for path in asked if path in there}

    def read_each(self, paths: Iterable[str]) -> Iterator[bytes | None]:
        """Fetch several objects at once, and a few ahead of whoever takes them."""
        waiting: deque[Future[bytes | None]] = deque()
        with ThreadPoolExecutor(TRANSFERS) as pool:
            try:
                for path in paths:
                    waiting.append(pool.submit(self._read_or_none, path))
                    if len(waiting) > AHEAD:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                pool.shutdown(cancel_futures=True)

    def _read_or_none(self, path: str) -> bytes | None:
        try:
            return self.read(path)
        except FileNotFoundError:
            return None

    def paths(self, prefix: str = "") -> list[str]:
        """List the objects."""
        ours = prefix.startswith(HIDDEN)
        return sorted(
            path
            for path in self._listed(prefix.rpartition("/")[0])
            if path.startswith(prefix) and (ours or not path.startswith(f"{HIDDEN}/"))
        )

    def _listed(self, folder: str) -> dict[str, int]:
        """Return the sizes of all objects under a folder, by their paths in the target."""
        begin = f"{self._root}/{folder}".rstrip("/")
        self._files.invalidate_cache()
        try:
            found = self._requests.make("listing", lambda: self._files.find(begin, detail=True))
        except FileNotFoundError:
            return {}
        root = f"{self._root}/"
        return {
            path[len(root) :]: int(info["size"])
            for path, info in found.items()
            if path.startswith(root) and not path.endswith("/")
        }

    def remove(self, paths: Iterable[str]) -> None:
        """Remove the objects."""
        self._each(self._remove, paths)

    def _remove(self, path: str) -> None:
        there = self._at(path)
        try:
            self._requests.make(f"removing {path}", lambda: self._files.rm_file(there))
        except FileNotFoundError:
            return

    def clean(self) -> None:
        """Remove what ``prepare`` may have left, and temporary folders on this machine.

        An upload that was not completed is no object, and its parts cannot be seen; a rule of the
        bucket (AbortIncompleteMultipartUpload) removes them in time.
        """
        self.remove(self.paths(_PROBE))
        clean_temporary()

    @contextmanager
    def local(self, path: str) -> Iterator[Path]:
        """Fetch the object into a temporary folder."""
        with self.fetch([path]) as folder:
            yield folder / path

    @contextmanager
    def fetch(self, paths: Iterable[str]) -> Iterator[Path]:
        """Fetch the objects into a temporary folder."""
        with temporary(str(self), "fetching") as folder:
            self._each(lambda path: self._get(path, folder / path), paths)
            yield folder

    def _get(self, path: str, local: Path) -> None:
        there = self._at(path)

        def get() -> None:
            self._files.get_file(there, str(local))
            if local.stat().st_size != size:
                raise ConnectionError(f"{local.stat().st_size} bytes of {size} came")

        size = self.size(path)
        if size is None:
            raise FileNotFoundError(path)
        local.parent.mkdir(parents=True, exist_ok=True)
        self._requests.make(f"fetching {path}", get)

    def _each(self, call: Callable[[Any], T], items: Iterable[Any]) -> list[T]:
        items = list(items)
        if len(items) == 1:
            return [call(items[0])]
        with ThreadPoolExecutor(TRANSFERS) as pool:
            futures = [pool.submit(call, item) for item in items]
            try:
                return [future.result() for future in futures]
            finally:
                pool.shutdown(cancel_futures=True)

    def _at(self, path: str) -> str:
        return f"{self._root}/{within(self, path)}"


class _Stream(io.RawIOBase):
    """Reads an object as it is asked for, and each part again if that fails."""

    def __init__(self, requests: Requests, path: str, file: Any) -> None:
        self._requests = requests
        self._doing = f"reading {path}"
        self._file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return int(self._file.tell())

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return int(self._file.seek(offset, whence))

    def readinto(self, buffer: Any) -> int:
        place = self._file.tell()

        def fetch() -> bytes:
            self._file.seek(place)
            return bytes(self._file.read(len(buffer)))

        data = self._requests.make(self._doing, fetch)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()
