"""Generators that are not installed: those of a Python file, or of a project's folder."""

from __future__ import annotations

import importlib
import inspect
import sys
import tomllib
from pathlib import Path
from typing import Any

from synthdata.errors import ConformanceError
from synthdata.generator import Generator
from synthdata.registry.scan import GROUP


def generators_at(path: Path) -> list[tuple[type[Generator], str | None]]:
    """Import the generators of a file or project, whose folder is put on ``sys.path``.

    Args:
        path: a ``.py`` file, whose generators have no id; or a folder with a ``pyproject.toml``,
            whose entry points name classes and their ids.

    Returns:
        Classes and their ids, in the order of the file.

    Raises:
        ConformanceError: if there is none, or it cannot be imported.
    """
    found = _in_project(path) if path.is_dir() else _in_file(path)
    if not found:
        raise ConformanceError(
            f"{path}: no generator in it; a subclass of sd.Generator is expected"
        )
    return found


def _in_file(path: Path) -> list[tuple[type[Generator], str | None]]:
    if not path.is_file() or path.suffix != ".py":
        raise ConformanceError(
            f"{path}: a Python file (.py), or the folder of a project, is expected"
        )
    module = _imported(path.resolve().parent, path.stem, path)
    return [
        (member, None)
        for member in vars(module).values()
        if isinstance(member, type)
        and issubclass(member, Generator)
        and member.__module__ == module.__name__
        and not inspect.isabstract(member)
    ]


def _in_project(folder: Path) -> list[tuple[type[Generator], str | None]]:
    file = folder / "pyproject.toml"
    try:
        project: Any = tomllib.loads(file.read_text(encoding="utf-8")).get("project", {})
    except (OSError, ValueError) as error:
        raise ConformanceError(f"{file}: cannot be read: {error}") from error
    source = folder / "src" if (folder / "src").is_dir() else folder
    found: list[tuple[type[Generator], str | None]] = []
    for id, value in project.get("entry-points", {}).get(GROUP, {}).items():
        name, _, attribute = str(value).partition(":")
        kind = getattr(_imported(source.resolve(), name.strip(), file), attribute.strip(), None)
        if not (isinstance(kind, type) and issubclass(kind, Generator)):
            raise ConformanceError(f"{file}: {id} = {value} is no subclass of sd.Generator")
        found.append((kind, id))
    return found


def _imported(folder: Path, name: str, path: Path) -> Any:
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        raise ConformanceError(
            f"{path}: importing {name} raised {type(error).__name__}: {error}"
        ) from error
