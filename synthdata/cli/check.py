"""``synthdata check``: holds generators to the contract, by the conformance kit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from synthdata.cli.exits import Code, Refused
from synthdata.cli.show import (
    NOTHING,
    plugin_prints_go_to_stderr,
    show_heading,
    show_json,
    show_table,
)
from synthdata.cli.target import AsJson, Pairs, parse_params

if TYPE_CHECKING:
    from synthdata.testing import Conformance, Report


def check(
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="ID|PATH",
            help="An id such as shapes-v1; a Python file; or the folder of a project.",
        ),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Draw 100 samples for each check in place of 12.")
    ] = False,
    expect: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CHECK=REASON", help="A check that is known to fail, and why. May be repeated."
        ),
    ] = None,
    update: Annotated[
        bool,
        typer.Option(
            "--update", help="Pin the digest of the samples in digests.toml, if all else holds."
        ),
    ] = False,
    list_checks: Annotated[
        bool, typer.Option("--list", help="Show the checks, and what each is for.")
    ] = False,
    param: Pairs = None,
    json: AsJson = False,
) -> None:
    """Hold a generator to the contract, check by check; exit with 1 if it does not conform."""
    if list_checks:
        return _show_checks(json)
    if target is None:
        raise Refused("give an id, a Python file or a project's folder; or --list")
    given, reasons = parse_params(param or ()), _reasons(expect or ())
    with plugin_prints_go_to_stderr():
        checked = _conformances(target, given, reasons, full)
        if update:
            for one in checked:
                one.pin()
        reports = [one.report() for one in checked]
    if json:
        show_json([_as_json(report) for report in reports])
    else:
        for report in reports:
            _show(report)
    if not all(reports):
        raise typer.Exit(Code.FAILED)
    return None


def _reasons(pairs: list[str] | tuple[()]) -> dict[str, str]:
    reasons = {}
    for pair in pairs:
        name, _, reason = pair.partition("=")
        if not reason:
            raise Refused(f"--expect {pair}: CHECK=REASON is expected")
        reasons[name] = reason
    return reasons


def _conformances(
    target: str, params: dict[str, Any], reasons: dict[str, str], full: bool
) -> list[Conformance]:
    from synthdata.testing import Conformance
    from synthdata.testing.paths import generators_at
    from synthdata.testing.subject import Subject

    path = Path(target)
    if path.suffix == ".py" or path.is_dir():
        subjects = [
            Subject(kind, id=id, params=params, full=full) for kind, id in generators_at(path)
        ]
    else:
        subjects = [Subject(target, params=params, full=full)]
    try:
        return [Conformance(subject, reasons) for subject in subjects]
    except ValueError as error:
        raise Refused(str(error)) from None


def _show(report: Report) -> None:
    show_heading(report.subject)
    rows = [(item.name, str(item.outcome), item.detail or NOTHING) for item in report.results]
    show_table(("check", "outcome", "found"), rows)
    for item in report.failures:
        typer.echo(f"\n{item.name}: {item.sentence}\n  found: {item.detail}\n  do: {item.hint}")
    typer.echo(f"\n{str(report).splitlines()[-1]}")


def _as_json(report: Report) -> dict[str, Any]:
    from dataclasses import asdict

    return {"conforms": bool(report), "counts": report.counts, **asdict(report)}


def _show_checks(json: bool) -> None:
    from synthdata.testing.checks import CHECKS

    rows = [(item.name, item.sentence, item.hint) for item in CHECKS]
    keys = ("check", "holds a generator to", "what to do")
    if json:
        show_json([dict(zip(keys, row, strict=True)) for row in rows])
    else:
        show_table(keys, rows)
