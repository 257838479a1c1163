"""``docs/cli.md`` is the help of all commands, as Typer writes it.

After a change of the command line: ``SYNTHDATA_WRITE_DOCS=1 pytest tests/test_cli_docs.py``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "cli.md"
NOTE = "<!-- Generated: SYNTHDATA_WRITE_DOCS=1 pytest tests/test_cli_docs.py -->\n\n"


def generated() -> str:
    command = [sys.executable, "-m", "typer", "synthdata.cli.app", "utils", "docs"]
    command += ["--name", "synthdata", "--title", "The command line"]
    environment = {**os.environ, "COLUMNS": "80", "TERMINAL_WIDTH": "80", "NO_COLOR": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return NOTE + done.stdout.strip() + "\n"


def test_the_page_of_the_command_line_is_the_generated_one() -> None:
    text = generated()
    if os.environ.get("SYNTHDATA_WRITE_DOCS"):
        PAGE.write_text(text, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == text, "see the top of this test for the command"


def test_the_page_has_every_command_and_the_exit_codes() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for command in (
        *("list", "info", "preview", "sample", "schema", "bench", "replay"),
        *("check", "doctor", "new"),
        *("write", "describe", "verify", "repair", "convert", "formats", "cache"),
    ):
        assert f"## `synthdata {command}`" in page
    assert "Exit codes: 0" in page
