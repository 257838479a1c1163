"""The files of a new package: made from the templates beside this module, whole or not at all."""

from __future__ import annotations

import json
import runpy
import tempfile
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any, Final

from synthdata import __version__
from synthdata.scaffold.author import Author
from synthdata.scaffold.names import Names

LICENSES: Final = ("MIT", "Apache-2.0")
"""Licences to choose from, the default first."""

SAMPLES: Final = 6
"""Samples of the README's picture."""

PICTURE: Final = "docs/contact-sheet.png"

_HERE: Final = Path(__file__).parent
_SUFFIX: Final = ".tmpl"


@dataclass(frozen=True, slots=True)
class Package:
    """A package with one generator, that is not written yet.

    Its files are those of the folder ``template``, without ``.tmpl``: in their paths ``PACKAGE``
    is the package's name, in their texts ``${word}`` is one of ``words``, and ``$$`` a dollar.

    Attributes:
        names: what it and its generator are called.
        author: who is named in its metadata and its licence.
        license: one of ``LICENSES``.
    """

    names: Names
    author: Author
    license: str = LICENSES[0]

    def words(self) -> dict[str, str]:
        """Return what the templates may use."""
        return {
            "distribution": self.names.distribution,
            "package": self.names.package,
            "id": self.names.id,
            "class_name": self.names.class_name,
            "license": self.license,
            "holder": self.author.name or f"the authors of {self.names.distribution}",
            "authors": _authors(self.author),
            "synthdata": f"synthdata>={'.'.join(__version__.split('.')[:2])}",
        }

    def files(self) -> dict[str, str]:
        """Return the text of each file, by its path, sorted."""
        template = _HERE / "template"
        sources = {
            str(file.relative_to(template)).removesuffix(_SUFFIX): file
            for file in template.rglob(f"*{_SUFFIX}")
        }
        sources["LICENSE"] = _HERE / "licenses" / (self.license + _SUFFIX)
        words = self.words()
        return {
            path.replace("PACKAGE", self.names.package): _rendered(sources[path], words)
            for path in sorted(sources)
        }

    def write(self, folder: Path) -> list[str]:
        """Write the files, and a picture that the generator draws.

        Args:
            folder: made here; one that exists must be empty.

        Returns:
            The paths in the folder, sorted.

        Raises:
            FileExistsError: if the folder has anything in it, or is none.
            OSError: if it cannot be written; then nothing is left behind.
        """
        check_free(folder)
        files = self.files()
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as workshop:
            made = Path(workshop) / folder.name
            for path, text in files.items():
                (made / path).parent.mkdir(parents=True, exist_ok=True)
                (made / path).write_text(text, encoding="utf-8", newline="\n")
            self._draw(made)
            made.rename(folder)
        return sorted([*files, PICTURE])

    def _draw(self, made: Path) -> None:
        """Draw the picture as ``synthdata preview ID`` does, from the generator just written."""
        from synthdata.preview import contact_sheet
        from synthdata.source import Source

        name = f"{self.names.package}.generator"
        file = made / "src" / self.names.package / "generator.py"
        kind: Any = runpy.run_path(str(file), run_name=name)[self.names.class_name]
        (made / PICTURE).parent.mkdir()
        contact_sheet(Source.of(kind()), SAMPLES).save(made / PICTURE)


def license_name(text: str) -> str:
    """Return the licence, one of ``LICENSES``, that a text names in whatever case.

    Raises:
        ValueError: if it is none of them.
    """
    for known in LICENSES:
        if text.lower() == known.lower():
            return known
    raise ValueError(f"licence {text!r}: one of {', '.join(LICENSES)} is expected")


def check_free(folder: Path) -> None:
    """Refuse a folder that has anything in it.

    Raises:
        FileExistsError: if it has, or is none.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise FileExistsError(f"{folder} exists and is not a folder; choose another name")
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(
            f"{folder} exists and is not empty; choose another name, or move it away first"
        )


def _rendered(file: Path, words: dict[str, str]) -> str:
    return Template(file.read_text(encoding="utf-8")).substitute(words)


def _authors(author: Author) -> str:
    """The line of pyproject.toml, or nothing; TOML's strings are written as JSON's are."""
    fields = {"name": author.name, "email": author.email}
    pairs = [
        f"{key} = {json.dumps(text, ensure_ascii=False)}" for key, text in fields.items() if text
    ]
    return f"authors = [{{ {', '.join(pairs)} }}]\n" if pairs else ""
