"""``synthdata new``: a package to begin with, for authors of generators."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from synthdata.cli.exits import Refused
from synthdata.cli.target import check_writable_folder

if TYPE_CHECKING:
    from synthdata.scaffold import Package

T = TypeVar("T")

NONE = "-"
"""The answer that leaves something out which has a default."""


def new(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="What the package is called, such as my-dots.")
    ],
    ask: Annotated[
        bool,
        typer.Option("--ask", help="Ask for names, author and licence; the return key agrees."),
    ] = False,
) -> None:
    """Make a package with a generator of your own, in a new folder NAME.

    It has one generator, its tests, and what publishing needs.
    Author and e-mail are those of git config.
    """
    from synthdata.scaffold import Names, Package, author_from_git, check_free

    names = _accepted(Names.of, name)
    folder = Path(name)
    check_writable_folder(Path.cwd())
    check_free(folder)
    package = _asked(name) if ask else Package(names, author_from_git())
    _show(package, folder, package.write(folder))


def _accepted(make: Callable[[str], T], text: str) -> T:
    try:
        return make(text)
    except ValueError as error:
        raise Refused(str(error)) from error


def _asked(name: str) -> Package:
    import synthdata.scaffold as scaffold

    known = scaffold.author_from_git()
    name = _answer("Name of the package", name, scaffold.package_name)
    id = _answer("Id of its generator", scaffold.Names.of(name).id, scaffold.short_id)
    author = scaffold.Author(
        name=_answer(f"Author ({NONE} for none)", known.name, scaffold.author_name),
        email=_answer(f"E-mail ({NONE} for none)", known.email, scaffold.author_email),
    )
    chosen = _answer(
        f"Licence, {' or '.join(scaffold.LICENSES)}", scaffold.LICENSES[0], scaffold.license_name
    )
    return scaffold.Package(scaffold.Names.of(name, id), author, chosen)


def _answer(question: str, default: str, make: Callable[[str], str]) -> str:
    """Ask until the answer is one that ``make`` takes."""
    from synthdata.errors import SynthDataError

    def read(text: str) -> str:
        try:
            return make("" if text.strip() == NONE else text.strip())
        except (ValueError, SynthDataError) as error:
            raise typer.BadParameter(str(error)) from error

    try:
        answer = typer.prompt(question, default, value_proc=read, show_default=bool(default))
    except typer.Abort as abort:
        if isinstance(abort.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from None
        raise Refused(f"--ask: the input ended before an answer to: {question}") from None
    return str(answer)


def _show(package: Package, folder: Path, paths: Iterable[str]) -> None:
    names = package.names
    typer.echo(_tree(str(folder), paths))
    if names.note:
        typer.echo(f"\n{names.note}, so the package is {names.distribution}.")
    typer.echo(f"\nThe generator {names.id} is in src/{names.package}/generator.py. Next:\n")
    for command in (f"cd {folder}", "pip install -e '.[dev]'", "pytest"):
        typer.echo(f"    {command}")


def _tree(root: str, paths: Iterable[str]) -> str:
    """Draw folders and files, each under the folder that it is in."""
    from rich.console import Console
    from rich.tree import Tree

    branches = {PurePosixPath("."): Tree(f"{root}/")}
    for path in map(PurePosixPath, paths):
        for part in (*reversed(path.parents[:-1]), path):
            if part not in branches:
                label = part.name if part == path else f"{part.name}/"
                branches[part] = branches[part.parent].add(label)
    console = Console(width=200, color_system=None, markup=False, highlight=False, emoji=False)
    with console.capture() as captured:
        console.print(branches[PurePosixPath(".")])
    return captured.get().rstrip("\n")
