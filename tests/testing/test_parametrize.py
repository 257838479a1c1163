"""The kit under pytest: one item a check, and a registry of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from synthdata.testing import parametrize_generators
from synthdata.testing.checks import CHECKS
from tests.testing.broken import Complete, SameForAllSeeds

ROOT = Path(__file__).parents[2]


@parametrize_generators(Complete)
def test_a_class_keeps_the_contract(check):  # type: ignore[no-untyped-def]
    check()


@parametrize_generators(SameForAllSeeds, expected={"seeds-differ": "it looks at the index only"})
def test_a_failure_may_be_declared(check):  # type: ignore[no-untyped-def]
    check()


def test_a_test_of_no_generator_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to check"):
        parametrize_generators()


def outcomes(tmp_path: Path, source: str) -> str:
    (tmp_path / "test_it.py").write_text(source)
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.stdout


def test_each_check_is_an_item_that_fails_skips_or_passes_as_the_check_does(
    tmp_path: Path,
) -> None:
    said = outcomes(
        tmp_path,
        "from synthdata.testing import parametrize_generators\n"
        "from tests.testing.broken import OtherDtype\n\n"
        "@parametrize_generators(OtherDtype)\n"
        "def test_it(check):\n"
        "    check()\n",
    )
    assert "FAILED test_it.py::test_it[OtherDtype-dtype]" in said
    assert "np.rint" in said
    assert "Traceback" not in said
    # What needs the dtype is skipped.
    assert "1 failed" in said
    assert f"{len(CHECKS)} " not in said.splitlines()[-1]


def test_a_generator_that_is_not_there_fails_its_own_tests_only(tmp_path: Path) -> None:
    said = outcomes(
        tmp_path,
        "from synthdata.testing import parametrize_generators\n\n"
        "@parametrize_generators('no-such-generator-v1')\n"
        "def test_it(check):\n"
        "    check()\n\n"
        "def test_other():\n"
        "    pass\n",
    )
    assert f"{len(CHECKS)} failed, 1 passed" in said
    assert "no installed distribution provides no-such-generator-v1" in said


def test_the_fixture_gives_a_registry_that_is_the_default_in_the_test_only(
    tmp_path: Path,
) -> None:
    said = outcomes(
        tmp_path,
        "import synthdata as sd\n"
        "from synthdata.registry import default_registry\n\n"
        "def test_in(synthdata_registry):\n"
        "    assert default_registry() is synthdata_registry\n"
        "    synthdata_registry.block('noise-v1')\n"
        "    assert 'blocked' in {item.status for item in sd.generators()}\n\n"
        "def test_after():\n"
        "    assert {item.status for item in sd.generators()} == {'ok'}\n",
    )
    assert "2 passed" in said, said
