"""The digests that an author pins for ids: the file ``digests.toml`` beside the generator."""

from __future__ import annotations

import inspect
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from synthdata.errors import ConformanceError

NAME: Final = "digests.toml"

_HEAD: Final = """\
# sha256 of the first samples of each generator; written by `synthdata check ID --update`.
# An id promises the same bytes for ever: a line may be added, and not changed.
"""


@dataclass(frozen=True, slots=True)
class Pins:
    """The pinned digests of one package.

    Attributes:
        file: the ``digests.toml``, whether or not it exists.
        digests: the digest by short id.
    """

    file: Path
    digests: dict[str, str]

    @classmethod
    def beside(cls, kind: type) -> Self:
        """Read the nearest file: in the folder of a class's module, or of a package above it.

        Raises:
            ConformanceError: if there is one, and it is not as ``pin`` writes it.
        """
        folder = Path(inspect.getfile(kind)).resolve().parent
        nearest = folder / NAME
        while not (folder / NAME).is_file() and (folder / "__init__.py").is_file():
            folder = folder.parent
        file = folder / NAME if (folder / NAME).is_file() else nearest
        return cls(file, _read(file) if file.is_file() else {})

    def digest(self, id: str) -> str | None:
        """Return the digest that is pinned for a short id, or None."""
        return self.digests.get(id)

    def pin(self, id: str, digest: str) -> None:
        """Write the file with the digest of one id set.

        Raises:
            ConformanceError: if it cannot be written.
        """
        lines = [
            f'\n[{name}]\ndigest = "{value}"\n'
            for name, value in sorted({**self.digests, id: digest}.items())
        ]
        try:
            self.file.write_text(_HEAD + "".join(lines), encoding="utf-8")
        except OSError as error:
            raise ConformanceError(f"{self.file}: cannot be written: {error.strerror}") from error


def _read(file: Path) -> dict[str, str]:
    try:
        tables: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
        return {id: str(table["digest"]) for id, table in tables.items()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConformanceError(
            f'{file}: each id is expected as a table with digest = "…": '
            f"{type(error).__name__}: {error}"
        ) from error
