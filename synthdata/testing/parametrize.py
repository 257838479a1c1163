"""The kit as pytest items: one test for each check of each generator."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synthdata.generator import Generator
from synthdata.testing.checks import CHECKS
from synthdata.testing.conformance import Conformance
from synthdata.testing.report import Outcome
from synthdata.testing.subject import Subject

if TYPE_CHECKING:
    import pytest


@dataclass(frozen=True, slots=True)
class Item:
    """One check of one generator, to be called by a test.

    Attributes:
        conformance: makes the subject when the first of its items is called.
        name: of the check.
    """

    conformance: Callable[[], Conformance]
    name: str

    def __call__(self) -> None:
        """Run the check; pytest fails, skips or xfails as it ends."""
        import pytest

        result = self.conformance().result(self.name)
        if result.outcome is Outcome.FAILED:
            pytest.fail(f"{result}", pytrace=False)
        if result.outcome is Outcome.EXPECTED:
            pytest.xfail(result.detail)
        if result.outcome is Outcome.SKIPPED:
            pytest.skip(result.detail)


def parametrize_generators(
    *whats: str | type[Generator],
    params: Mapping[str, Any] | None = None,
    expected: Mapping[str, str] | None = None,
    full: bool = False,
) -> pytest.MarkDecorator:
    """Parametrize a test with the checks of generators; it takes them as ``check``, and calls it.

    Generators are loaded when their first check is called, so that a broken one fails its own
    tests and does not keep pytest from collecting others.

    Args:
        *whats: ids or classes; at least one.
        params: of all of them.
        expected: reasons by the names of checks that are known to fail, in all of them.
        full: as for ``check_generator``.

    Raises:
        ValueError: if no generator is given: a test that checks nothing would pass.

    Example::

        @parametrize_generators("dots-v1")
        def test_it_keeps_the_contract(check):
            check()
    """
    import pytest

    if not whats:
        raise ValueError("parametrize_generators() has nothing to check; give it an id or a class")
    cases = []
    for what in whats:
        made = functools.cache(
            lambda what=what: Conformance(Subject(what, params=params, full=full), expected)
        )
        name = what if isinstance(what, str) else what.__qualname__
        cases += [pytest.param(Item(made, item.name), id=f"{name}-{item.name}") for item in CHECKS]
    return pytest.mark.parametrize("check", cases)
