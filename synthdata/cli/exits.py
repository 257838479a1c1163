"""How a command ends: exit codes, and every error as one line on stderr."""

from __future__ import annotations

import os
import sys
import traceback
from enum import IntEnum
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from synthdata.errors import (
    BuildError,
    ConformanceError,
    DeclarationError,
    FormatError,
    LedgerError,
    ParamsError,
    RecipeError,
    RegistryError,
    SynthDataError,
    TargetError,
)

DEBUG_VARIABLE = "SYNTHDATA_DEBUG"
"""Environment variable; where it is set, errors come with their traceback."""


class Code(IntEnum):
    """Exit codes; 2 is also what Typer gives for wrong options."""

    FAILED = 1
    INPUT = 2
    BUG = 70
    INTERRUPTED = 130
    PIPE_CLOSED = 141


EPILOG = (
    "Exit codes: 0 all went well; 1 a sample could not be made, a check failed, verify found "
    "damage, or doctor something broken; 2 the input is wrong (options, id, params, recipe, a data "
    "set that cannot be read, or an output that cannot be written); 70 a bug, in synthdata or in a "
    "plugin; 130 Ctrl-C; 141 the reader of the output went away. With SYNTHDATA_DEBUG=1, errors "
    "come with their traceback."
)


class Refused(Exception):
    """What the user asked for cannot be; the message says why."""


_INPUT_ERRORS = (
    BuildError,
    ConformanceError,
    DeclarationError,
    FormatError,
    LedgerError,
    OSError,
    ParamsError,
    RecipeError,
    RegistryError,
    Refused,
    TargetError,
)


class Program(TyperGroup):
    """The group of all commands."""

    def get_help_option(self, ctx: Any) -> Any:
        """Return ``--help``, which imports nothing."""
        return _without_coercion(super().get_help_option(ctx))


class Command(TyperCommand):
    """A command whose errors are one line each."""

    def get_help_option(self, ctx: Any) -> Any:
        """Return ``--help``, which imports nothing."""
        return _without_coercion(super().get_help_option(ctx))

    def invoke(self, ctx: Any) -> Any:  # the Context is Typer's or click's own, by version
        """Run the command; every exception becomes an exit code."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except (typer.Exit, typer.Abort):
            raise
        except BrokenPipeError:
            # What is still in the buffer must not raise again when Python exits.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(Code.PIPE_CLOSED) from None
        except KeyboardInterrupt:
            raise typer.Exit(Code.INTERRUPTED) from None
        except (Exception, SystemExit) as error:  # noqa: BLE001  # the border: users see one line
            raise typer.Exit(tell(error)) from None
        return result


def tell(error: BaseException) -> Code:
    """Print an error as one line on stderr, with its traceback before it if that is asked for.

    Returns:
        The exit code that it means.
    """
    if os.environ.get(DEBUG_VARIABLE):
        traceback.print_exception(error)
    code, message = _explained(error)
    typer.echo(f"error: {message}", err=True)
    return code


def _without_coercion(option: Any) -> Any:
    # Typer 0.29 coerces the None of an absent --help, and imports Pydantic for it: 60 ms.
    if option is not None:
        option.default = False
    return option


def _explained(error: BaseException) -> tuple[Code, str]:
    if isinstance(error, OSError) and error.filename is not None:
        return Code.INPUT, f"{error.filename}: {error.strerror}"
    message = " ".join(str(error).split("\n"))
    if isinstance(error, _INPUT_ERRORS):
        return Code.INPUT, message
    if isinstance(error, SynthDataError):
        return Code.FAILED, message
    return Code.BUG, (
        f"unexpected {type(error).__name__}: {message} "
        f"(rerun with {DEBUG_VARIABLE}=1 for the traceback)"
    )
