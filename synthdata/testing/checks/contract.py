"""Checks of samples against the Output that is declared for them."""

from __future__ import annotations

from typing import Any, Final

from pydantic import ValidationError

from synthdata.check import compile_check
from synthdata.complaints import Rule, Violation
from synthdata.generator import Generator, Params
from synthdata.layout import columns
from synthdata.seeding import Rng
from synthdata.stream import Stream
from synthdata.testing.boundaries import bounds
from synthdata.testing.check import Check, Failure, check
from synthdata.testing.subject import SEED, Subject, draw

LARGEST: Final = 1 << 28
"""Bytes of a sample above which bounds of params are described, but no sample is drawn there."""


def _holds(subject: Subject, rule: Rule) -> None:
    """Fail at the first sample that breaks this rule."""
    with subject.opened() as generator:
        hold = compile_check(generator.output)
        for index in subject.indices:
            try:
                hold(draw(generator, index))
            except Violation as violation:
                if violation.rule == rule:
                    raise Failure(f"sample {index} (seed {SEED}): {violation}") from None


@check("return sd.Sample(image, label, metadata) with what describe declares", "output-json")
def structure(subject: Subject) -> None:
    """The value of sample is an sd.Sample with each declared feature and no other."""
    _holds(subject, "structure")


@check("convert to the declared dtype, as with np.rint(…).astype(np.uint8)", "structure")
def dtype(subject: Subject) -> None:
    """Each value has exactly the declared dtype."""
    _holds(subject, "dtype")


@check("return the declared shape; a size that varies is declared with sd.UpTo", "structure")
def shape(subject: Subject) -> None:
    """Each array has the declared shape."""
    _holds(subject, "shape")


@check("clip to the declared range, or declare the range that values have", "structure")
def range_(subject: Subject) -> None:
    """Each value is within the declared range; boxes and points lie in their image."""
    _holds(subject, "range")


@check("return a declared name, or its index", "structure")
def class_(subject: Subject) -> None:
    """Each class is one of those declared."""
    _holds(subject, "class")


@check("shorten the text, or declare max_bytes as long as it may get", "structure")
def text(subject: Subject) -> None:
    """Each text is UTF-8 of at most the declared length."""
    _holds(subject, "text")


RULES: Final = ("structure", "dtype", "shape", "range", "class", "text")
"""The checks that a sample which conforms has passed."""


@check("give the field bounds (ge=, le=) within which everything works", "params-schema", *RULES)
def boundaries(subject: Subject) -> None:
    """Each param works at its bounds and for each of its choices, the others as they are."""
    for name, value in bounds(subject.kind.Params):
        params = _changed(subject, name, value)
        if params is not None:
            try:
                _draw_one(subject, params)
            except Exception as error:
                raise Failure(f"{name}={value!r}: {type(error).__name__}: {error}") from error


def _changed(subject: Subject, name: str, value: Any) -> Params | None:
    """The params with one changed; None where a rule of their own refuses the combination."""
    try:
        return subject.kind.Params.model_validate({**subject.given, name: value})
    except ValidationError:
        return None


def _draw_one(subject: Subject, params: Params) -> None:
    generator = subject.make(params)
    if _size(generator) > LARGEST:
        return
    stream = Stream(generator, SEED)
    try:
        stream.draw(0, Rng())
    finally:
        stream.close()


def _size(generator: Generator) -> int:
    """The bytes of a sample."""
    return sum(column.room(1) for column in columns(generator.output, "pad"))


CHECKS: Final[tuple[Check, ...]] = (
    structure,
    dtype,
    shape,
    range_,
    class_,
    text,
    boundaries,
)
