"""What is wrong with a plugin, in a line: with what it raised, and with what it names."""

from __future__ import annotations

import importlib
import inspect
import os
import traceback

import pluggy

_NOT_THEIRS = tuple(
    os.path.dirname(str(module)) + os.sep  # noqa: PTH120  # prefixes of file names
    for module in (__file__, importlib.__file__, pluggy.__file__)
)


class Fault(Exception):
    """A plugin was imported, and is no use; the message says why."""


def cause_of(error: BaseException) -> str:
    """Return the first line of an exception, with its type unless it is our own."""
    try:
        text = str(error).strip()
    except Exception:  # noqa: BLE001  # an exception of a plugin, which may do anything
        text = "(it has no message)"
    if isinstance(error, Fault):
        return text
    return f"{type(error).__name__}: {text}".splitlines()[0].removesuffix(": ")


def raised_in(error: BaseException) -> str | None:
    """Return the file and line that raised, for an import error those of the import."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith(("<", *_NOT_THEIRS))
    ]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else None


def class_fault(thing: object) -> str:
    """Return why something cannot be used as a generator class, or nothing.

    The base class is known by its name: importing it would import NumPy.
    """
    bases = thing.__mro__ if isinstance(thing, type) else ()
    if ("synthdata.generator", "Generator") not in [
        (base.__module__, base.__qualname__) for base in bases[1:]
    ]:
        return "not a subclass of sd.Generator"
    if inspect.isabstract(thing):
        missing = sorted(getattr(thing, "__abstractmethods__", ()))
        return f"abstract: {', '.join(missing)} is missing"
    return ""
