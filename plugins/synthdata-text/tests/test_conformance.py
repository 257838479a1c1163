from __future__ import annotations

from typing import Any

import pytest

from synthdata.testing import Conformance, Outcome, parametrize_generators
from synthdata.testing.pins import Pins
from synthdata.testing.subject import Subject

SMALL: dict[str, Any] = {"height": 24, "width": 96, "em": 10, "words": {"uniform": [1, 3]}}
"""Of the generators of several words, which take much longer by default, and share their code."""


@parametrize_generators("words-v1")
def test_words_keep_the_contract(check: Any) -> None:
    check()


@parametrize_generators("lines-v1", params=SMALL)
def test_lines_keep_the_contract(check: Any) -> None:
    check()


@parametrize_generators("paragraphs-v1", params=SMALL | {"lines": {"uniform": [1, 3]}})
def test_paragraphs_keep_the_contract(check: Any) -> None:
    check()


@pytest.mark.parametrize("id", ["lines-v1", "paragraphs-v1"])
def test_what_is_drawn_by_default_is_as_pinned(id: str) -> None:
    subject = Subject(id)
    assert Pins.beside(subject.kind).digest(id) == subject.stream_digest


def test_faker_gives_the_same_in_any_order_and_in_threads_that_share_the_generator() -> None:
    pytest.importorskip("faker")
    subject = Subject("words-v1", params={"faker": ["en_US"], "difficulty": 0})
    result = Conformance(subject).result("threads")
    assert result.outcome is Outcome.PASSED, result
