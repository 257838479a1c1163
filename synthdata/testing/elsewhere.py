"""A question to a new Python process, and its answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any, Final

from synthdata.testing.check import Failure

PATIENCE: Final = 120.0
"""Seconds that another process has for all samples."""


def answer(arguments: list[str], asked: Any, **environment: str) -> str:
    """Run Python, and return the last line that it prints.

    Args:
        arguments: of Python, as ``["-m", "module"]``.
        asked: goes to its stdin as JSON.
        **environment: variables beside those of this process.

    Raises:
        Failure: if it ends with an error, whose last line is in the message.
    """
    ended = subprocess.run(  # noqa: S603  # a program of ours
        [sys.executable, "-P", *arguments],
        input=json.dumps(asked),
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    if ended.returncode != 0:
        raise Failure(
            f"a new process fails: {(ended.stderr.strip() or 'no word').splitlines()[-1]}"
        )
    return ended.stdout.splitlines()[-1]
