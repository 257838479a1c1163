"""A reader's folder and virtual environment, in which the blocks of one page are run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sysconfig
import tomllib
import venv
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from tests.docs.blocks import Block, prints

SECONDS = 120
"""A command's time limit."""

PROGRAMS = ("pip", "pytest", "synthdata")


class Session:
    """One reader who does what a page says.

    The environment has whatever that of the tests has, and what pip installs stays in it.

    Args:
        folder: where the reader begins.
        environment: the folder of the virtual environment, which is made.
    """

    def __init__(self, folder: Path, environment: Path) -> None:
        self.folder = self.here = folder
        self._bin = environment / "bin"
        venv.create(environment, with_pip=False)
        paths = {"base": str(environment), "platbase": str(environment)}
        site = Path(sysconfig.get_path("purelib", vars=paths))
        ours = sysconfig.get_path("purelib")
        (site / "ours.pth").write_text(f"import site; site.addsitedir({ours!r})\n")
        for program in PROGRAMS:
            self._install(program)

    def run(self, blocks: list[Block]) -> None:
        """Do what the blocks say, in their order."""
        printed: str | None = None
        for block in blocks:
            if block.skipped:
                printed = None
            elif block.title is not None:
                self._write(block, block.title)
                printed = None
            elif block.language == "console":
                self._enter(block)
                printed = None
            elif block.language == "python":
                command = [str(self._bin / "python"), "-W", "error::UserWarning", "-c", block.text]
                printed = self._done(command, block, block.exit_code)
            elif block.language == "text" and printed is not None:
                _compare(block, block.text, printed)
                printed = None
            else:
                pytest.fail(f"{block}: nothing is done with a {block.language} block here")

    def _write(self, block: Block, title: str) -> None:
        file = self.here / title
        file.parent.mkdir(parents=True, exist_ok=True)
        text = block.text
        header = re.match(r"\[[^\n]+\]\n", text)
        if file.exists() and header:
            before, found, after = file.read_text(encoding="utf-8").partition(header[0])
            rest = re.split(r"^(?=\[)", after, maxsplit=1, flags=re.MULTILINE)[1:]
            text = "".join([before, "" if found else "\n", text, "\n" if rest else "", *rest])
        file.write_text(text, encoding="utf-8")
        if file.suffix == ".toml":
            tomllib.loads(text)

    def _enter(self, block: Block) -> None:
        commands = block.commands
        if not commands:
            pytest.fail(f"{block}: no line begins with $")
        for place, (command, shown) in enumerate(commands):
            wanted = block.exit_code if place == len(commands) - 1 else 0
            note = self._bin.parent / "folder"
            script = f"{command}\nended=$?; pwd > {shlex.quote(str(note))}; exit $ended"
            printed = self._done(["bash", "-c", script], block, wanted)
            self.here = Path(note.read_text(encoding="utf-8").strip())
            if shown.strip():
                _compare(block, shown, printed)

    def _done(self, command: list[str], block: Block, wanted: int) -> str:
        done = subprocess.run(
            command,
            cwd=self.here,
            env=self._variables(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == wanted, f"{block}: {command[-1]}\n{done.stdout}"
        return done.stdout

    def _variables(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if "SYNTHDATA" not in name}
        return {
            **kept,
            "PATH": f"{self._bin}{os.pathsep}{os.defpath}",
            "VIRTUAL_ENV": str(self._bin.parent),
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "HF_HOME": str(self._bin.parent / "hugging-face"),
            "HF_HUB_OFFLINE": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_NO_BUILD_ISOLATION": "0",  # means that there is none, as pip reads it
            "PIP_NO_INDEX": "1",
            "PIP_NO_INPUT": "1",
            "PIP_QUIET": "1",
        }

    def _install(self, program: str) -> None:
        if program == "pip":
            module, name = "pip._internal.cli.main", "main"
        else:
            [found] = entry_points(group="console_scripts", name=program)
            module, name = found.module, found.attr
        script = self._bin / program
        script.write_text(
            f"#!{self._bin / 'python'}\nimport sys\nfrom {module} import {name}\n"
            f"sys.exit({name}())\n"
        )
        script.chmod(0o755)


def _compare(block: Block, shown: str, printed: str) -> None:
    assert prints(shown, printed), f"{block} shows\n{shown}\nbut printed was\n{printed}"
