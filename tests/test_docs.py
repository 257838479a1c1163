"""What the pages of docs/ show runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "execution.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "code", re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
)
def test_each_python_block_of_the_page_on_execution_runs_as_it_stands(
    code: str, tmp_path: Path
) -> None:
    pytest.importorskip("tensorflow")
    command = [sys.executable, "-W", "error::UserWarning", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout
