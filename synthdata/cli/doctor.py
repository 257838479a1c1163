"""``synthdata doctor``: what is wrong with this installation and its plugins, and what to do."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from synthdata.cli.exits import Code, Command, Refused
from synthdata.cli.show import NOTHING, show_heading, show_json, show_table
from synthdata.cli.target import AsJson

if TYPE_CHECKING:
    from synthdata.doctor import Finding, Plugin
    from synthdata.registry import Listing

_MEBIBYTE: Final = 2**20


def doctor(
    timeout: Annotated[
        float, typer.Option(help="Seconds that each plugin has for its import and its checks.")
    ] = 30.0,
    json: AsJson = False,
) -> None:
    """Look at the environment, and at each installed plugin in a fresh process of its own.

    A plugin is ok, slow (its import takes a second or more), broken, hangs (it met --timeout), or
    blocked, and then it is not imported. Exit code 0: nothing is broken. 1: a plugin is broken or
    hangs, or the environment lacks something that is needed.
    """
    from synthdata.doctor import examine_environment

    if not 0 < timeout < math.inf:
        raise Refused(f"--timeout {timeout}: expected more than 0 seconds")
    with _status("looking at the environment"):
        listings, trouble = _listings()
        findings = [*examine_environment(listings), *trouble]
    plugins = _examined(listings, timeout)
    faults = [item.name for item in findings if item.status == "broken"]
    faults += [item.distribution for item in plugins if not item.is_sound]
    if json:
        show_json(
            {
                "ok": not faults,
                "environment": [asdict(item) for item in findings],
                "plugins": [asdict(item) for item in plugins],
            }
        )
    else:
        _show(findings, plugins, faults)
    if faults:
        raise typer.Exit(Code.FAILED)


class Doctor(Command):
    """The command, which reads its time limit without Pydantic: that may be what is broken."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        params: list[Any] = list(self.params)
        for param in params:
            if param.name == "timeout":
                # Typer from 0.29 on has Pydantic make a number of it, unless this is there.
                param._runtime_param = _Number()


class _Number:
    def coerce(self, value: Any, *, param: Any, ctx: Any) -> float:
        try:
            return float(value)
        except ValueError:
            raise typer.BadParameter(f"{value!r} is no number", ctx=ctx, param=param) from None


def _status(text: str) -> Any:
    from rich.console import Console

    return Console(stderr=True, markup=False).status(text)  # shown in a terminal only


def _listings() -> tuple[list[Listing], list[Finding]]:
    try:
        from synthdata.registry import generators

        return generators(), []
    except Exception as error:  # noqa: BLE001  # pluggy may be what is broken, or a block list
        from synthdata.doctor import Finding, cause_of

        advice = "mend it first; no plugin was looked at"
        return [], [Finding("plugins", f"cannot be listed: {cause_of(error)}", "broken", advice)]


def _examined(listings: list[Listing], timeout: float) -> list[Plugin]:
    from synthdata.doctor import examine_plugin, installed

    plugins = []
    for name, own in installed(listings).items():
        with _status(f"looking at {name}"):
            plugins.append(examine_plugin(own, timeout))
    return plugins


def _show(findings: list[Finding], plugins: list[Plugin], faults: list[str]) -> None:
    show_heading("Environment")
    rows = [(item.name, item.status, item.found) for item in findings]
    show_table(("what", "verdict", "found"), rows)
    typer.echo()
    show_heading("Plugins")
    headings = ("plugin", "version", "verdict", "import", "memory", "heavy packages", "hooks")
    show_table(headings, map(_plugin_row, plugins))
    typer.echo()
    show_heading("Generators")
    show_table(("id", "plugin", "verdict", "what it says of itself"), _generator_rows(plugins))
    typer.echo()
    _show_advice(findings, plugins)
    show_heading(f"broken: {', '.join(dict.fromkeys(faults))}" if faults else "nothing is broken")


def _plugin_row(item: Plugin) -> tuple[str, ...]:
    seconds = NOTHING if item.seconds is None else f"{item.seconds:.2f} s"
    memory = NOTHING if item.bytes is None else f"{item.bytes / _MEBIBYTE:.0f} MiB"
    heavy = ", ".join(map(_heavy, item.heavy)) or NOTHING
    hooks = ", ".join(name for hook in item.hooks for name in hook["implements"]) or NOTHING
    return item.distribution, item.version, item.verdict, seconds, memory, heavy, hooks


def _heavy(package: dict[str, Any]) -> str:
    if package["seconds"] is None:
        return str(package["module"])
    size = package["bytes"] / _MEBIBYTE
    return f"{package['module']} ({package['seconds']:.2f} s, {size:.0f} MiB)"


def _generator_rows(plugins: Iterable[Plugin]) -> list[tuple[str, ...]]:
    return [
        (row["id"], item.distribution, row["status"], row["summary"] or NOTHING)
        for item in plugins
        for row in item.generators
    ]


def _show_advice(findings: list[Finding], plugins: list[Plugin]) -> None:
    rows = [(item.name, item.found, item.advice) for item in findings if item.advice]
    for item in plugins:
        about = [*item.causes, *item.remarks] or ([item.verdict] if item.advice else [])
        rows += [(item.distribution, text, "") for text in about[:-1]]
        rows += [(item.distribution, text, "; ".join(item.advice)) for text in about[-1:]]
    if rows:
        show_heading("What to do")
        show_table(("about", "what", "next"), [(a, b, c or NOTHING) for a, b, c in rows])
        typer.echo()
