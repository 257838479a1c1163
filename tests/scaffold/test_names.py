"""One name gives all the others."""

from __future__ import annotations

import builtins
import keyword
import re
import sys
from importlib import metadata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from synthdata.errors import IdError
from synthdata.ids import GeneratorId, normalize_distribution
from synthdata.scaffold.names import LONGEST, TAKEN, Names, package_name, short_id


@pytest.mark.parametrize(
    ("name", "distribution", "package", "id", "class_name"),
    [
        ("dots", "dots", "dots", "dots-v1", "Dots"),
        ("my-dots", "my-dots", "my_dots", "my-dots-v1", "MyDots"),
        ("My_Dots2", "my-dots2", "my_dots2", "my-dots2-v1", "MyDots2"),
        ("my.dots", "my-dots", "my_dots", "my-dots-v1", "MyDots"),
        ("myDots", "mydots", "mydots", "mydots-v1", "MyDots"),
        ("synthdata-dots", "synthdata-dots", "synthdata_dots", "dots-v1", "Dots"),
        ("Synthdata_Dots", "synthdata-dots", "synthdata_dots", "dots-v1", "Dots"),
        ("synthdata-3d", "synthdata-3d", "synthdata_3d", "synthdata-3d-v1", "Synthdata3d"),
        ("dots-v2", "dots-v2", "dots_v2", "dots-v2", "Dots"),
        ("none", "none", "none", "none-v1", "NoneGenerator"),
        ("value-error", "value-error", "value_error", "value-error-v1", "ValueErrorGenerator"),
        ("field", "field", "field", "field-v1", "FieldGenerator"),
    ],
)
def test_a_name_gives_all_others(
    name: str, distribution: str, package: str, id: str, class_name: str
) -> None:
    assert Names.of(name) == Names(distribution, package, id, class_name)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("class", "class is a keyword of Python"),
        ("random", "random is a module of Python's own"),
        ("Random", "random is a module of Python's own"),
        ("test", "test is the name of something that the package needs"),
        ("numpy", "numpy is the name of something that the package needs"),
    ],
)
def test_a_name_that_is_taken_gets_a_prefix_and_a_reason(name: str, why: str) -> None:
    names = Names.of(name)
    low = name.lower()
    assert (names.distribution, names.package) == (f"synthdata-{low}", f"synthdata_{low}")
    assert (names.id, names.class_name, names.note) == (f"{low}-v1", low.capitalize(), why)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "cannot be the name of a package"),
        ("3d-dots", "first a letter"),
        ("dots-", "last a letter or a digit"),
        ("_dots", "first a letter"),
        ("my dots", "'my dots' cannot be"),
        ("dots\n", r"'dots\n' cannot be"),
        ("dötchen", "letters a to z"),
        ("точки", "letters a to z"),
        ("new/dots", "go to the folder first"),
        ("new\\dots", "not a path"),
        ("..", "not a path"),
        ("x" * (LONGEST + 1), f"at most {LONGEST}"),
        ("synthdata", "framework's own name"),
        ("Synthdata", "framework's own name"),
    ],
)
def test_what_cannot_be_a_name_is_refused_with_the_reason(name: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        Names.of(name)


def test_an_id_can_be_chosen_and_gives_the_class_its_name() -> None:
    names = Names.of("my-plugin", "red_dots-v3")
    assert (names.distribution, names.id, names.class_name) == (
        "my-plugin",
        "red_dots-v3",
        "RedDots",
    )


def test_an_id_that_does_not_fit_is_refused() -> None:
    with pytest.raises(IdError, match="name-vN"):
        short_id("dots")
    with pytest.raises(ValueError, match="without its distribution is expected, dots-v1"):
        short_id("my-dots/dots-v1")
    with pytest.raises(ValueError, match="at most 40 characters"):
        short_id("dots-v" + "9" * 40)


def test_what_synthdata_and_the_new_package_need_is_taken() -> None:
    names = {"ruff", "mypy", "pytest", "hatchling", *_requirements("synthdata", set())}
    assert {"numpy", "pillow", "pyyaml", "pydantic-core"} <= names
    assert {name.replace("-", "_") for name in names} <= TAKEN | sys.stdlib_module_names


def _requirements(name: str, seen: set[str]) -> set[str]:
    for line in metadata.requires(name) or ():
        requirement = Requirement(line)
        needed = normalize_distribution(requirement.name)
        wanted = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if wanted and needed not in seen:
            seen.add(needed)
            _requirements(needed, seen)
    return seen


@given(st.from_regex(re.compile(r"[a-z][a-z0-9._-]{0,50}", re.IGNORECASE), fullmatch=True))
def test_every_name_is_refused_or_gives_names_that_python_takes(name: str) -> None:
    try:
        names = Names.of(package_name(name))
    except ValueError:
        return
    assert normalize_distribution(names.distribution) == names.distribution
    assert GeneratorId.parse(names.id).distribution is None
    assert names.package.isidentifier()
    assert not keyword.iskeyword(names.package)
    assert names.package not in sys.stdlib_module_names
    assert names.class_name.isidentifier()
    assert names.class_name[0].isupper()
    assert not keyword.iskeyword(names.class_name)
    assert not hasattr(builtins, names.class_name)
    line = f"from {names.package}.generator import {names.class_name}"
    assert len(line) <= 100


def test_no_name_of_pythons_own_is_given_to_a_package() -> None:
    own = {name for name in {*keyword.kwlist, *sys.stdlib_module_names} if name[0] != "_"}
    assert {"class", "random", "cProfile"} <= own
    packages = {Names.of(name).package for name in own}
    assert not packages & {name.lower() for name in sys.stdlib_module_names}
    assert not any(map(keyword.iskeyword, packages))
