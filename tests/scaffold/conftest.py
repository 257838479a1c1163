"""A new package, its wheel, and a folder with the wheel installed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from synthdata.scaffold import Author, Names, Package

ROOT = Path(__file__).parents[2]
Installed: TypeAlias = Callable[[str], "tuple[Path, Path]"]


def package(name: str) -> Package:
    """A package of a known author."""
    return Package(Names.of(name), Author("Jo Doe", "jo@example.org"))


def python(*arguments: object, cwd: Path, site: Path | None = None) -> str:
    """Run Python, with a folder of installed packages, and return what it printed."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, filter(None, (site, ROOT)))),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
    }
    command = [sys.executable, *map(str, arguments)]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=cwd, env=environment, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Gives, for a name, the folder of a new package and the one that its wheel is installed in."""
    made: dict[str, tuple[Path, Path]] = {}

    def install(name: str) -> tuple[Path, Path]:
        if name not in made:
            folder = tmp_path_factory.mktemp("new") / name
            package(name).write(folder)
            wheels, site = folder.parent / "wheels", folder.parent / "site"
            pip = ("-m", "pip", "--no-input", "-q")
            offline = ("--no-deps", "--no-index")
            build = (*pip, "wheel", *offline, "--no-build-isolation", "-w", wheels, folder)
            python(*build, cwd=folder.parent)
            (wheel,) = wheels.iterdir()
            python(*pip, "install", *offline, "--target", site, wheel, cwd=folder.parent)
            made[name] = folder, site
        return made[name]

    return install
