"""The tests that a new package brings pass, with the conformance kit."""

from __future__ import annotations

import re

import pytest

from tests.scaffold.conftest import Installed, package, python


@pytest.mark.parametrize("name", ["dots", "class"])
def test_its_own_tests_pass(installed: Installed, name: str) -> None:
    folder, site = installed(name)
    printed = python("-m", "pytest", "-p", "no:cacheprovider", "-rA", cwd=folder, site=site)
    assert re.search(r"\b[1-9]\d* passed", printed)
    assert (
        f"PASSED tests/test_contract.py::test_it_keeps_the_contract[{package(name).names.id}-"
        in printed
    )
    assert re.search(r"^PASSED .*-pinned-digest\]$", printed, re.M)


def test_the_digest_that_it_ships_is_written_as_the_kit_writes_it(installed: Installed) -> None:
    folder, site = installed("dots")
    script = """\
from dots import Dots
from synthdata.testing.pins import Pins
from synthdata.testing.subject import Subject
pins = Pins.beside(Dots)
before = pins.file.read_bytes()
pins.pin("dots-v1", Subject("dots-v1").stream_digest)
print(pins.file.read_bytes() == before)
"""
    assert python("-c", script, cwd=folder, site=site) == "True\n"
