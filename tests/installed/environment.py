"""A virtual environment made for a test, and the wheels that go into it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


def wheel_of(project: Path, folder: Path) -> Path:
    """Build a project's wheel with the tools that are installed here; return its file."""
    before = set(folder.glob("*.whl"))
    command = ["-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(folder)]
    subprocess.run([sys.executable, *command, str(project)], check=True)
    [made] = set(folder.glob("*.whl")) - before
    return made


@dataclass(frozen=True)
class Environment:
    """A virtual environment.

    Attributes:
        folder: where it lies.
    """

    folder: Path

    @classmethod
    def make(cls, folder: Path) -> Environment:
        """Make an empty one."""
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        return cls(folder)

    @property
    def python(self) -> Path:
        """Its Python."""
        return self.folder / "bin" / "python"

    @property
    def packages(self) -> Path:
        """Where distributions are installed."""
        [found] = self.folder.glob("lib/python*/site-packages")
        return found

    def pip(self, *arguments: object) -> None:
        """Run pip, with the versions that the project pins."""
        command = [self.python, "-m", "pip", *arguments]
        if arguments[0] == "install":
            command += ["--quiet", "--constraint", ROOT / "constraints.txt"]
        subprocess.run([str(part) for part in command], check=True)

    def run(
        self, *command: object, cwd: Path | None = None, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment, such as ``synthdata`` or ``python``."""
        clean = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        return subprocess.run(
            [str(self.folder / "bin" / str(command[0])), *map(str, command[1:])],
            cwd=cwd or self.folder,
            env={**clean, "TF_CPP_MIN_LOG_LEVEL": "3", **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
