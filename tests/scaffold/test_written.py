"""What a new package is, once written: clean, typed, a wheel, and what its README shows."""

from __future__ import annotations

import re
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from synthdata.scaffold.names import LONGEST
from synthdata.scaffold.package import PICTURE
from tests.scaffold.conftest import ROOT, Installed, package, python

NAMES = (
    "dots",
    "a",
    "My_Dots2",
    "synthdata-dots",
    "dots-v3",
    "class",
    "random",
    "test",
    "none",
    "exception",
    "field",
    "params",
    "generator",
    "x" * LONGEST,
)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a package of each name."""
    folder = tmp_path_factory.mktemp("written")
    for name in NAMES:
        package(name).write(folder / name)
    return folder


def test_whatever_its_name_a_package_is_formatted_and_clean(written: Path) -> None:
    for command in (("format", "--check"), ("check",)):
        python("-m", "ruff", *command, "--no-cache", ".", cwd=written)


def test_whatever_its_name_a_package_is_strictly_typed(written: Path, tmp_path: Path) -> None:
    # All in one run, with the configuration that each of them has; of the tests, only one folder
    # can be called so.
    others = [written / name / "src" / package(name).names.package for name in NAMES]
    python("-m", "mypy", "--cache-dir", tmp_path, "tests", *others, cwd=written / "dots")


def test_its_mypy_is_strict_and_looks_at_everything() -> None:
    mypy = tomllib.loads(package("dots").files()["pyproject.toml"])["tool"]["mypy"]
    assert mypy["strict"] is True
    assert mypy["files"] == ["src", "tests"]


def test_whatever_its_name_a_generator_draws_the_same(written: Path) -> None:
    names = [package(name).names for name in NAMES]
    folders = [str(written / name / "src") for name in NAMES]
    script = f"""\
import importlib, sys
sys.path[:0] = {folders}
import synthdata as sd
for package, class_name in {[(item.package, item.class_name) for item in names]}:
    kind = getattr(importlib.import_module(package), class_name)
    print(sd.Source.of(kind())[1].image.tobytes().hex())
"""
    drawn = python("-W", "error", "-c", script, cwd=written).split()
    assert len(drawn) == len(NAMES)
    assert len(set(drawn)) == 1


def test_the_wheel_has_the_package_its_data_and_its_entry_point(installed: Installed) -> None:
    folder, _ = installed("dots")
    (wheel,) = (folder.parent / "wheels").iterdir()
    info = "dots-0.1.0.dist-info"
    with zipfile.ZipFile(wheel) as archive:
        assert set(archive.namelist()) == {
            "dots/__init__.py",
            "dots/digests.toml",
            "dots/generator.py",
            "dots/py.typed",
            f"{info}/METADATA",
            f"{info}/RECORD",
            f"{info}/WHEEL",
            f"{info}/entry_points.txt",
            f"{info}/licenses/LICENSE",
        }
        fields = Parser().parsestr(archive.read(f"{info}/METADATA").decode())
    assert fields["Name"] == "dots"
    assert fields["Author-email"] == "Jo Doe <jo@example.org>"
    assert "synthdata>=" in str(fields.get_all("Requires-Dist"))


@pytest.mark.parametrize(("name", "id"), [("dots", "dots-v1"), ("class", "class-v1")])
def test_an_installed_package_is_listed_and_draws_the_picture_of_its_readme(
    installed: Installed, name: str, id: str
) -> None:
    folder, site = installed(name)
    listed = python("-m", "synthdata", "list", "--load", cwd=folder, site=site)
    assert re.search(rf"^{id} +{package(name).names.distribution} +0\.1\.0 +ok", listed, re.M)
    readme = (folder / "README.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^\$ (synthdata preview .*)$", readme, re.M)
    shipped = (folder / PICTURE).read_bytes()
    assert f"]({PICTURE})" in readme
    (folder / PICTURE).unlink()
    python("-m", *command.split(), cwd=folder, site=site)
    assert (folder / PICTURE).read_bytes() == shipped


def test_the_params_in_the_readme_are_those_of_the_generator(installed: Installed) -> None:
    folder, site = installed("dots")
    rows = re.findall(
        r"^\| `(\w+)` \| (\d+) \| (.*), (\d+) to (\d+) \|$",
        (folder / "README.md").read_text(),
        re.M,
    )
    script = """\
from dots import Dots
for name, field in Dots.model_json_schema()["properties"].items():
    print(name, field["default"], field["description"], field["minimum"], field["maximum"], sep="|")
""".replace("Dots.model", "Dots.Params.model")
    shown = python("-c", script, cwd=folder, site=site).splitlines()
    assert shown == ["|".join(row) for row in rows]
    assert len(rows) == 2


def test_the_example_of_the_readme_runs(installed: Installed) -> None:
    pytest.importorskip("tensorflow")
    folder, site = installed("dots")
    readme = (folder / "README.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)
    printed = python("-W", "error::UserWarning", "-c", code, cwd=folder, site=site)
    assert printed.startswith("(50, 96, 96, 3) [")
    assert printed.endswith("] (50, 9, 4)\n")


def test_the_wheel_of_synthdata_has_every_template(tmp_path: Path) -> None:
    offline = ("--no-deps", "--no-index", "--no-build-isolation")
    python("-m", "pip", "--no-input", "-q", "wheel", *offline, "-w", tmp_path, ROOT, cwd=tmp_path)
    (wheel,) = tmp_path.iterdir()
    with zipfile.ZipFile(wheel) as archive:
        shipped = {name for name in archive.namelist() if name.endswith(".tmpl")}
    scaffold = ROOT / "synthdata" / "scaffold"
    kept = {str(file.relative_to(ROOT)) for file in scaffold.rglob("*.tmpl")}
    assert shipped == kept
    assert "synthdata/scaffold/template/.github/workflows/check.yml.tmpl" in kept
