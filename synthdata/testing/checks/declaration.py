"""Checks of what a generator declares: id, params, Output."""

from __future__ import annotations

from pydantic import ValidationError

from synthdata.errors import IdError
from synthdata.ids import GeneratorId
from synthdata.models import explain
from synthdata.output import Output
from synthdata.testing.audit import audited
from synthdata.testing.check import Failure, Inapplicable, check
from synthdata.testing.subject import Subject


@check("name it name-vN in lower case, as dots-v1")
def id(subject: Subject) -> None:  # the check's name
    """The id is [distribution/]name-vN."""
    if not subject.has_id:
        raise Inapplicable("a class is checked that has no id")
    try:
        GeneratorId.parse(subject.identity.id)
    except IdError as error:
        raise Failure(str(error)) from None


@check("say in the first line of the class's docstring what its images show")
def docstring(subject: Subject) -> None:
    """The class has a docstring, which listings and docs show."""
    if not (subject.kind.__doc__ or "").strip():
        raise Failure(f"class {subject.kind.__qualname__} has none of its own")


@check("give each field a default that its own bounds allow; others are given with -p or params=")
def defaults(subject: Subject) -> None:
    """The params that are not given have valid defaults."""
    try:
        subject.params  # noqa: B018  # validates
    except ValidationError as error:
        raise Failure(explain(error, known=subject.kind.Params.model_fields)) from None


@check("derive Params from sd.Params and leave its model_config as it is", "defaults")
def unknown_param(subject: Subject) -> None:
    """A param that does not exist is refused."""
    name = "no_such_param"
    try:
        subject.kind.Params.model_validate({**subject.given, name: 1})
    except ValidationError:
        return
    raise Failure(f"{name}=1 was accepted")


@check("use types that JSON has a form for; inf and nan are none", "defaults")
def params_json(subject: Subject) -> None:
    """The params survive the way to JSON and back, as recipes and ledgers take it."""
    text = subject.params.model_dump_json()
    try:
        back = subject.kind.Params.model_validate_json(text)
    except ValidationError as error:
        raise Failure(f"{text} is refused: {explain(error)}") from None
    if back != subject.params:
        raise Failure(f"{text} gives {back!r}, not {subject.params!r}")


@check("use types that JSON Schema knows, or give the field a WithJsonSchema", "defaults")
def params_schema(subject: Subject) -> None:
    """The params have a JSON Schema, from which editors and docs are made."""
    subject.kind.Params.model_json_schema()


@check("leave __init__ alone: make attributes in open, from self.params", "defaults", "params-json")
def no_pickle(subject: Subject) -> None:
    """It is made again from its class and its params as JSON: in workers nothing else arrives."""
    made = set(vars(subject.kind(**subject.given)))
    text = subject.params.model_dump_json()
    again = set(vars(subject.make(subject.kind.Params.model_validate_json(text))))
    if lost := sorted(made - again):
        raise Failure(f"__init__ sets {', '.join(lost)}, which one made again does not have")


@check("make describe a function of its argument, and load assets in open", "no-pickle")
def describe(subject: Subject) -> None:
    """The Output depends on the params alone, and needs no file to be opened."""
    with audited() as events:
        first = subject.kind.describe(subject.params)
    for event in events:
        if event.name == "open":
            raise Failure(f"describe opens {event.subject}")
    if subject.kind.describe(subject.params) != first or subject.make().output != first:
        raise Failure("describe returns another Output for the same params")


@check("use the features as they are, rather than classes derived of them", "describe")
def output_json(subject: Subject) -> None:
    """The Output survives the way to JSON and back, as manifests take it."""
    output = subject.make().output
    back = Output.model_validate_json(output.model_dump_json())
    if back != output:
        raise Failure(f"{output} comes back as {back}")


CHECKS = (
    id,
    docstring,
    defaults,
    unknown_param,
    params_json,
    params_schema,
    no_pickle,
    describe,
    output_json,
)
