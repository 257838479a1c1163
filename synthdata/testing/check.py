"""One check: its name, what it holds a generator to, and what else must hold before it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass

from synthdata.testing.subject import Subject


class Failure(Exception):
    """A check found something; the message says what."""


class Inapplicable(Exception):
    """A check does not apply to this generator; the message says why."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    Attributes:
        name: as ``any-order``.
        sentence: what it holds a generator to.
        hint: what an author does about a failure.
        needs: names of checks that must have passed, as they would fail for the same reason.
        run: does it; it raises Failure or Inapplicable.
    """

    name: str
    sentence: str
    hint: str
    needs: tuple[str, ...]
    run: Callable[[Subject], None]


def check(hint: str, *needs: str) -> Callable[[Callable[[Subject], None]], Check]:
    """Make a Check of a function; its name and docstring are the check's.

    Args:
        hint: what an author does about a failure.
        *needs: names of checks that must have passed before.
    """

    def made(run: Callable[[Subject], None]) -> Check:
        name = run.__name__.strip("_").replace("_", "-")
        sentence = (inspect.getdoc(run) or "").splitlines()[0]
        return Check(name, sentence, hint, needs, run)

    return made
