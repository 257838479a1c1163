"""Who writes a new package, as ``git config`` knows it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_PATIENCE: Final = 5
"""Seconds for git, which answers in milliseconds, unless its folder is on a network that hangs."""

_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_EMAIL: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")
"""RFC 5322, section 3.2.3, a dot-atom at a host name: what a wheel's metadata can hold."""


@dataclass(frozen=True, slots=True)
class Author:
    """A name and an e-mail address; either may be empty.

    Raises:
        ValueError: if one of them cannot be.
    """

    name: str = ""
    email: str = ""

    def __post_init__(self) -> None:
        author_name(self.name)
        author_email(self.email)


def author_name(text: str) -> str:
    """Return the name, if it is one line that can be printed, or empty.

    Raises:
        ValueError: if it is not.
    """
    if not text.isprintable() or text != text.strip():
        raise ValueError(f"author {text!r}: one line of printable characters is expected")
    return text


def author_email(text: str) -> str:
    """Return the address, if it is one that a wheel's metadata can hold, or empty.

    Raises:
        ValueError: if it is not.
    """
    if text and not _EMAIL.fullmatch(text):
        raise ValueError(f"e-mail {text!r}: an address is expected, as jo@example.org")
    return text


def author_from_git() -> Author:
    """Return what ``git config`` has; what is missing, or cannot be used, is left out."""
    return Author(_git("user.name", author_name), _git("user.email", author_email))


def _git(key: str, check: Callable[[str], str]) -> str:
    git = shutil.which("git")
    if git is None:
        return ""
    command = [git, "config", "--get", key]
    try:
        done = subprocess.run(  # noqa: S603  # git, with words of ours
            command, capture_output=True, encoding="utf-8", timeout=_PATIENCE, check=True
        )
        return check(done.stdout.strip())
    except (OSError, ValueError, subprocess.SubprocessError):
        return ""  # a ValueError is a name that cannot be, or bytes that are not UTF-8
