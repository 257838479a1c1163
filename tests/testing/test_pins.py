"""Pinned digests: found beside the class, written only where all else holds."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

import synthdata as sd
from synthdata.testing import Conformance, Outcome, Report, check_generator
from synthdata.testing.pins import Pins
from synthdata.testing.subject import Subject
from tests.registry.distributions import GREY, install_grey
from tests.testing.broken import Good, OtherDtype

DARKER = GREY.replace("level, np.uint8", "level / 2, np.uint8")


def pinned(report: Report) -> Outcome:
    return next(item.outcome for item in report.results if item.name == "pinned-digest")


@pytest.fixture
def grey(plugins: Path) -> sd.Registry:
    """A registry with ``grey-v1`` of ``grey_module``, not installed."""
    install_grey(plugins)
    return sd.Registry(path=[str(plugins)])


def test_changed_samples_under_an_old_id_fail(grey: sd.Registry, plugins: Path) -> None:
    assert pinned(check_generator("grey-v1", registry=grey)) is Outcome.SKIPPED
    Conformance(Subject("grey-v1", registry=grey)).pin()
    assert (plugins / "digests.toml").is_file()
    assert pinned(check_generator("grey-v1", registry=grey)) is Outcome.PASSED
    (plugins / "grey_module.py").write_text(DARKER)
    del sys.modules["grey_module"]
    importlib.invalidate_caches()
    report = check_generator("grey-v1", registry=sd.Registry(path=[str(plugins)]))
    assert [item.name for item in report.failures] == ["pinned-digest"]
    assert "-vN+1" in report.failures[0].hint


def test_a_digest_is_the_same_under_another_name(grey: sd.Registry, plugins: Path) -> None:
    kind = grey.load("grey-v1")[0]
    assert isinstance(kind, type)
    one, two = (Subject(kind, id=id) for id in ("grey-v1", "gray-v1"))
    assert one.stream_digest == two.stream_digest


def test_pinning_keeps_what_is_pinned_already(grey: sd.Registry, plugins: Path) -> None:
    file = plugins / "digests.toml"
    file.write_text('[other-v1]\ndigest = "aa"\n')
    Conformance(Subject("grey-v1", registry=grey)).pin()
    kind = grey.load("grey-v1")[0]
    assert isinstance(kind, type)
    pins = Pins.beside(kind)
    assert (pins.file, pins.digest("other-v1")) == (file, "aa")
    assert pins.digest("grey-v1") == Subject(kind).stream_digest


def test_the_file_of_a_package_serves_the_modules_in_its_folders(plugins: Path) -> None:
    inner = plugins / "a_package" / "inner"
    inner.mkdir(parents=True)
    for folder in (inner.parent, inner):
        (folder / "__init__.py").touch()
    (inner / "module.py").write_text("class Kind:\n    pass\n")
    kind = importlib.import_module("a_package.inner.module").Kind
    assert Pins.beside(kind).file == inner / "digests.toml"
    (inner.parent / "digests.toml").write_text('[a-v1]\ndigest = "aa"\n')
    assert Pins.beside(kind).digest("a-v1") == "aa"


@pytest.mark.parametrize(
    ("subject", "message"),
    [
        (Subject(Good), "a digest is pinned for an id"),
        (Subject(Good, id="good-v1", params={"size": 4}), "without params"),
        (Subject(OtherDtype, id="other-v1"), "no digest is pinned, since dtype fails"),
    ],
)
def test_what_has_no_id_or_does_not_hold_is_not_pinned(subject: Subject, message: str) -> None:
    with pytest.raises(sd.ConformanceError, match=message):
        Conformance(subject).pin()


@pytest.mark.parametrize("text", ["[a-v1]\n", "a-v1 = 3\n", "no toml", '[a-v1]\nother = "x"\n'])
def test_a_file_that_is_not_as_it_is_written_is_an_error_that_names_it(
    plugins: Path, text: str
) -> None:
    (plugins / "a_module.py").write_text("class Kind:\n    pass\n")
    (plugins / "digests.toml").write_text(text)
    with pytest.raises(sd.ConformanceError, match=r"digests\.toml: each id is expected"):
        Pins.beside(importlib.import_module("a_module").Kind)
