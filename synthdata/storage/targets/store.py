"""The file system that a URL means: fsspec's, with options of the caller and the environment."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from synthdata.errors import TargetError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

WHOLE: Final = frozenset(["s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "oss", "oci", "memory"])
"""Where an object appears whole or not at all; what else fsspec knows is read, not written."""

_SECRET: Final = re.compile(r"key|secret|token|pass|cred|sas|auth", re.IGNORECASE)

_LOGIN: Final = re.compile(r"(?<=://)[^/@]*@")


@dataclass(frozen=True, slots=True)
class Store:
    """A prefix of a file system.

    Attributes:
        files: the file system.
        root: the prefix in it, with the bucket.
        shown: the URL for messages, without credentials.
    """

    files: AbstractFileSystem
    root: str
    shown: str

    @property
    def whole(self) -> bool:
        """Whether an object appears there whole or not at all."""
        return not WHOLE.isdisjoint(self._protocols)

    @property
    def shared(self) -> bool:
        """Whether other processes see what this one writes."""
        return "memory" not in self._protocols

    @property
    def _protocols(self) -> tuple[str, ...]:
        protocol = self.files.protocol
        return (protocol,) if isinstance(protocol, str) else tuple(protocol)


def store_of(where: Any, text: str, options: Mapping[str, Any]) -> Store:
    """Return the store of a URL or UPath.

    Args:
        where: as given.
        text: of it.
        options: of the file system, of a URL.

    Raises:
        TargetError: if no such file system is known, or its library is missing.
    """
    shown = _LOGIN.sub("", text).partition("?")[0]
    scheme = text.partition(":")[0]
    try:
        files, root = _opened(where, text, options)
    except ImportError as error:
        raise TargetError(f"{shown}: {_missing(scheme, error)}", target=shown) from error
    except (TypeError, ValueError, OSError) as error:
        words = scrubbed(str(error).replace(text, shown), options)
        raise TargetError(
            f"{shown}: {scheme}:// cannot be had: {words}; expected a path, or a URL such as "
            f"s3://bucket/folder, and storage options (or FSSPEC_{scheme.upper()}_… in the "
            "environment) that it knows",
            target=shown,
        ) from error
    root = root.rstrip("/")
    if not root:
        raise TargetError(f"{shown}: expected a bucket, or a folder in one", target=shown)
    return Store(files, root, shown)


def _opened(where: Any, url: str, options: Mapping[str, Any]) -> tuple[AbstractFileSystem, str]:
    if "::" in url:
        raise ValueError("one URL is expected, not a chain of them (::)")
    if not isinstance(where, str):
        return where.fs, where.path
    from fsspec.core import url_to_fs

    files, root = url_to_fs(url, **options)
    return files, root


def _missing(scheme: str, error: ImportError) -> str:
    if (error.name or "").partition(".")[0] == "fsspec":
        return "fsspec is not installed: pip install 'synthdata[remote]'"
    from fsspec.registry import known_implementations

    library = known_implementations[scheme]["class"].partition(".")[0]
    if library == "fsspec":
        return f"{scheme}:// needs a library that is not installed: {error}"
    return f"{scheme}:// needs {library}, which is not installed: pip install {library}"


def scrubbed(words: str, options: Mapping[str, Any]) -> str:
    """Return an error's words in one line, without the secrets among the options."""
    for secret in _secrets(options):
        words = words.replace(secret, "***")
    return " ".join(_LOGIN.sub("", words).split())


def _secrets(options: Mapping[str, Any]) -> Iterator[str]:
    for name, value in options.items():
        if isinstance(value, Mapping):
            yield from _secrets(value)
        elif isinstance(value, str) and value and _SECRET.search(name):
            yield value
