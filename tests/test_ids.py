"""The grammar of ids, and of names without a version."""

from __future__ import annotations

from typing import Any

import pytest

import synthdata as sd
from synthdata.ids import GeneratorId, GeneratorName, is_distribution, parse_id_or_name


@pytest.mark.parametrize(
    ("text", "name", "distribution"),
    [
        ("shapes", "shapes", None),
        ("two_words-and-3", "two_words-and-3", None),
        ("My_Plugin/shapes", "shapes", "my-plugin"),
        ("v1", "v1", None),
        ("shapes-v1-fine", "shapes-v1-fine", None),
    ],
)
def test_a_name_has_no_version(text: str, name: str, distribution: str | None) -> None:
    parsed = parse_id_or_name(text)
    assert parsed == GeneratorName(name, distribution)
    assert str(parsed) == (f"{distribution}/{name}" if distribution else name)


@pytest.mark.parametrize("text", ["shapes-v1", "My_Plugin/shapes-v12", "a-v1-v2"])
def test_what_ends_in_a_version_is_an_id(text: str) -> None:
    assert parse_id_or_name(text) == GeneratorId.parse(text)


@pytest.mark.parametrize(
    "text", ["", "Shapes", "shapes ", "shapes\n", "shapes-v0", "shapes-v01", "/shapes", "a/b/c", 3]
)
def test_what_is_neither_is_refused_as_no_id(text: Any) -> None:
    with pytest.raises(sd.IdError, match=r"expected \[distribution/\]name-vN"):
        parse_id_or_name(text)


@pytest.mark.parametrize("text", ["shapes", "synthdata/shapes"])
def test_an_id_needs_its_version(text: str) -> None:
    with pytest.raises(sd.IdError, match="is not a generator id"):
        GeneratorId.parse(text)


def test_names_of_distributions_are_those_of_pep_508() -> None:
    good = ["a", "A.b-c_D", "3d", "shapes-v1"]
    bad: list[Any] = ["", "-a", "a-", "a b", "a;b", "a/b", "é", None]
    assert [text for text in [*good, *bad] if is_distribution(text)] == good
