"""The command line, ``synthdata`` or ``python -m synthdata``; each command is a module here."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the program with the arguments of this process, and exit with its code."""
    try:
        from synthdata.cli.app import app

        for stream in (sys.stdout, sys.stderr):
            # Under an ASCII locale a character such as × must not end the program.
            getattr(stream, "reconfigure", lambda **_: None)(errors="backslashreplace")
        app(prog_name="synthdata")
    except KeyboardInterrupt:
        sys.exit(130)
