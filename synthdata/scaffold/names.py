"""What a new package, its generator and its class are called, all from one name."""

from __future__ import annotations

import builtins
import keyword
import re
import sys
from dataclasses import dataclass
from typing import Final

from synthdata.ids import GeneratorId, normalize_distribution

LONGEST: Final = 36
"""Characters of a name: the longest line of the package has it twice, and lines are 100 long."""

_NAME: Final = re.compile(r"[A-Za-z](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_PREFIX: Final = "synthdata-"

_TAKEN_WORDS: Final = (
    "annotated_doc annotated_types click colorama conftest docs google google_crc32c grain "
    "hatchling iniconfig keras markdown_it markdown_it_py mdurl mypy mypy_extensions mypyc numpy "
    "packaging pathspec pil pillow pip platformdirs pluggy protobuf pydantic pydantic_core "
    "pygments pytest pyyaml ray rich ruff setuptools shellingham src tensorflow tensorflow_cpu "
    "test tests torch trove_classifiers typer typing_extensions typing_inspection wheel yaml"
)
TAKEN: Final = frozenset(_TAKEN_WORDS.split())
"""What a package cannot be called, as its own tools or what it depends on are called so."""

_PYTHONS_OWN: Final = frozenset(name.lower() for name in sys.stdlib_module_names)

_NAMES_OF_THE_MODULE: Final = ("Field", "Params")
"""What the generator's module uses, and its class would hide."""


@dataclass(frozen=True, slots=True)
class Names:
    """The names in a new package.

    Attributes:
        distribution: what is installed, normalised, as ``my-dots``.
        package: what is imported, as ``my_dots``.
        id: the generator's short id, as ``my-dots-v1``.
        class_name: the generator's class, as ``MyDots``.
        note: why the distribution is called otherwise than asked for; empty if it is not.
    """

    distribution: str
    package: str
    id: str
    class_name: str
    note: str = ""

    @classmethod
    def of(cls, name: str, id: str | None = None) -> Names:
        """Derive all names from one.

        Args:
            name: of letters, digits, ``-``, ``_`` and ``.``, such as ``my-dots``. Where Python or
                a dependency has the name for itself, ``synthdata-`` is put before it.
            id: the generator's short id; None derives it. ``synthdata-`` is no part of it.

        Raises:
            ValueError: if nothing can be called so.
            IdError: if the id is none.

        >>> Names.of("My_Dots2")
        Names(distribution='my-dots2', package='my_dots2', id='my-dots2-v1', \
class_name='MyDots2', note='')
        >>> Names.of("synthdata-dots").id, Names.of("class").distribution
        ('dots-v1', 'synthdata-class')
        """
        package_name(name)
        distribution = normalize_distribution(name)
        if note := _clash(distribution):
            distribution = _PREFIX + distribution
        id = default_id(name) if id is None else short_id(id)
        package = distribution.replace("-", "_")
        return cls(distribution, package, id, _class_name(name, id), note)


def package_name(name: str) -> str:
    """Return the name, if a package can be called so.

    Raises:
        ValueError: if it cannot.
    """
    if "/" in name or "\\" in name or name in (".", ".."):
        raise ValueError(
            f"{name}: a name is expected, not a path; go to the folder first, with cd, then say "
            "for example synthdata new my-dots"
        )
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"{name!r} cannot be the name of a package; letters a to z, digits, - and _ are "
            "expected, first a letter, last a letter or a digit, as in my-dots"
        )
    if len(name) > LONGEST:
        raise ValueError(f"{name} has {len(name)} characters; at most {LONGEST} are expected")
    if normalize_distribution(name) == "synthdata":
        raise ValueError(f"{name} is the framework's own name; choose another, as synthdata-dots")
    return name


def default_id(name: str) -> str:
    """Return the id of the first generator of a package with this name.

    >>> default_id("synthdata-dots"), default_id("dots-v2")
    ('dots-v1', 'dots-v2')
    """
    stem = _stem(normalize_distribution(name))
    return stem if re.fullmatch(r".+-v[1-9][0-9]*", stem) else f"{stem}-v1"


def short_id(id: str) -> str:
    """Return the id, if it is a short one of a length that fits.

    Raises:
        IdError: if it is no id.
        ValueError: if it is qualified, or too long.
    """
    parsed = GeneratorId.parse(id)
    if parsed.distribution is not None:
        raise ValueError(f"{id}: the id without its distribution is expected, {parsed.short}")
    if len(parsed.short) > LONGEST + len("-v99"):
        raise ValueError(f"{id}: at most {LONGEST + len('-v99')} characters are expected")
    return parsed.short


def _stem(name: str) -> str:
    """The name without ``synthdata-``, unless nothing is left that begins with a letter."""
    rest = name[len(_PREFIX) :] if re.match(r"synthdata[-_.]", name, re.IGNORECASE) else ""
    return rest if rest[:1].isalpha() else name


def _clash(distribution: str) -> str:
    """Why a package cannot be called so, or an empty text."""
    package = distribution.replace("-", "_")
    if keyword.iskeyword(package):
        return f"{package} is a keyword of Python"
    if package in _PYTHONS_OWN:
        return f"{package} is a module of Python's own"
    if package in TAKEN:
        return f"{package} is the name of something that the package needs"
    return ""


def _class_name(name: str, id: str) -> str:
    """The id's words in capitals; letters that are capitals in the name stay so."""
    stem = _stem(name)
    same = normalize_distribution(stem) == GeneratorId.parse(id).name.replace("_", "-")
    words = re.split(r"[-_.]+", stem if same else GeneratorId.parse(id).name)
    made = "".join(word[:1].upper() + word[1:] for word in words)
    clashes = keyword.iskeyword(made) or hasattr(builtins, made) or made in _NAMES_OF_THE_MODULE
    return f"{made}Generator" if clashes else made
