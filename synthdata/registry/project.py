"""The lists of what may be used that stand in the project's pyproject.toml and the environment."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Any, Final, Literal

from synthdata.errors import ConfigurationError
from synthdata.registry.rule import Rule, rule

ALLOW_VARIABLE: Final = "SYNTHDATA_ALLOW"
BLOCK_VARIABLE: Final = "SYNTHDATA_BLOCK"
"""Environment variables: distributions or ids, with commas between."""

_TABLE: Final = "tool.synthdata"
_KINDS: Final[tuple[Literal["allow", "block"], ...]] = ("allow", "block")


def configured_rules(folder: Path | None = None) -> list[Rule]:
    """Return the rules of the environment and of the project.

    The project's are ``allow`` and ``block`` under ``[tool.synthdata]`` in the nearest
    ``pyproject.toml``, which is looked for in the folder and those above it. What either blocks is
    blocked; an allow list in the environment takes the place of the project's.

    Args:
        folder: where to begin; None is the working folder.

    Raises:
        ConfigurationError: if a list is wrong, or the file cannot be read.
    """
    rules = _environment_rules()
    allowed = any(item.kind == "allow" for item in rules)
    return rules + [
        item for item in _project_rules(folder) if not (allowed and item.kind == "allow")
    ]


def _environment_rules() -> list[Rule]:
    rules = []
    for kind, variable in zip(_KINDS, (ALLOW_VARIABLE, BLOCK_VARIABLE), strict=True):
        text = os.environ.get(variable)
        if text is not None:
            names = [name for name in text.split(",") if name.strip()]
            rules.append(rule(kind, names, f"the environment ({variable})"))
    return rules


def _project_rules(folder: Path | None) -> list[Rule]:
    file = _nearest(folder)
    if file is None:
        return []
    path = str(file)
    table = _table(file)
    for key in table:
        if key not in _KINDS:
            near = difflib.get_close_matches(key, _KINDS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {' and '.join(_KINDS)}"
            raise ConfigurationError(f"{path}: {_TABLE}.{key} is unknown; {hint}", path=path)
    return [_rule(kind, table[kind], path) for kind in _KINDS if kind in table]


def _rule(kind: Literal["allow", "block"], names: object, path: str) -> Rule:
    if not isinstance(names, list):
        raise ConfigurationError(
            f"{path}: {_TABLE}.{kind} is a list of distributions and ids, as "
            f'["synthdata", "other/shapes-v1"], but is {names!r}',
            path=path,
        )
    return rule(kind, names, f"{path} ({_TABLE}.{kind})", path=path)


def _nearest(folder: Path | None) -> Path | None:
    try:
        start = Path.cwd() if folder is None else folder.absolute()
    except FileNotFoundError:  # the working folder was removed
        return None
    files = (place / "pyproject.toml" for place in (start, *start.parents))
    return next((file for file in files if file.is_file()), None)


def _table(file: Path) -> dict[str, Any]:
    # Only here, since most folders have no such file, and it takes some milliseconds.
    import tomllib

    path = str(file)
    try:
        table: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # ValueError: no TOML, or no text
        raise ConfigurationError(
            f"{path} cannot be read, and may say in {_TABLE} what is blocked: {error}", path=path
        ) from error
    name = ""
    for key in _TABLE.split("."):
        name = f"{name}.{key}".strip(".")
        table = table.get(key, {})
        if not isinstance(table, dict):
            raise ConfigurationError(f"{path}: {name} is a table, but is {table!r}", path=path)
    return table
