"""The files of a new package, as texts."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from PIL import Image

import synthdata as sd
from synthdata.scaffold import LICENSES, Author, Names, Package, license_name
from synthdata.scaffold.package import PICTURE
from tests.scaffold.conftest import ROOT, package

FILES = {
    ".github/workflows/check.yml",
    ".gitignore",
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "docs/contact-sheet.png",
    "pyproject.toml",
    "src/my_dots/__init__.py",
    "src/my_dots/digests.toml",
    "src/my_dots/generator.py",
    "src/my_dots/py.typed",
    "tests/__init__.py",
    "tests/test_contract.py",
}


def test_everything_that_a_package_needs_is_written_and_named(tmp_path: Path) -> None:
    folder = tmp_path / "my-dots"
    named = package("my-dots").write(folder)
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert found == set(named) == FILES
    assert named == sorted(named)
    assert [path.name for path in tmp_path.iterdir()] == ["my-dots"]


def test_the_same_words_make_the_same_bytes(tmp_path: Path) -> None:
    for folder in (tmp_path / "a", tmp_path / "b"):
        for path in package("my-dots").write(folder):
            assert (tmp_path / "a" / path).read_bytes() == (folder / path).read_bytes()


def test_no_placeholder_is_left_but_those_of_the_workflow() -> None:
    left = {path: re.findall(r"\$\S*", text) for path, text in package("my-dots").files().items()}
    assert left.pop(".github/workflows/check.yml") == ["${{"]
    assert left.pop("README.md") == ["$"] * 5  # before commands
    assert not any(left.values())


@pytest.mark.parametrize(
    ("author", "written"),
    [
        (Author(), None),
        (Author("Jo"), {"name": "Jo"}),
        (Author(email="jo@example.org"), {"email": "jo@example.org"}),
        (
            Author('J. "Öé" \\ O\'N, ${id} $', "jo@example.org"),
            {"name": 'J. "Öé" \\ O\'N, ${id} $', "email": "jo@example.org"},
        ),
    ],
)
def test_the_author_is_in_the_metadata_whatever_the_characters(
    author: Author, written: dict[str, str] | None
) -> None:
    files = Package(Names.of("my-dots"), author).files()
    project = tomllib.loads(files["pyproject.toml"])["project"]
    assert project.get("authors") == ([written] if written else None)
    assert f"Copyright (c) {author.name or 'the authors of my-dots'}\n" in files["LICENSE"]


def test_the_metadata_has_the_entry_point_and_a_synthdata_that_is_here() -> None:
    project = tomllib.loads(package("synthdata-dots").files()["pyproject.toml"])["project"]
    assert project["entry-points"] == {
        "synthdata.generators": {"dots-v1": "synthdata_dots.generator:Dots"}
    }
    needs = {item.name: item for item in map(Requirement, project["dependencies"])}
    assert needs["synthdata"].specifier.contains(sd.__version__)
    assert not needs["synthdata"].specifier.contains("0.0.9")
    assert {Requirement(item).name for item in project["optional-dependencies"]["dev"]} == {
        "synthdata-dots",
        "mypy",
        "ruff",
    }


@pytest.mark.parametrize("license", LICENSES)
def test_the_licence_is_the_one_that_the_metadata_names(license: str) -> None:
    files = Package(Names.of("dots"), Author("Jo Doe"), license).files()
    assert tomllib.loads(files["pyproject.toml"])["project"]["license"] == license
    assert files["README.md"].endswith(f"\n{license}.\n")
    title = {"MIT": "MIT License", "Apache-2.0": "Apache License"}[license]
    assert files["LICENSE"].lstrip().startswith(title)


def test_apache_is_the_text_that_synthdata_itself_has() -> None:
    files = Package(Names.of("dots"), Author(), "Apache-2.0").files()
    assert files["LICENSE"] == (ROOT / "LICENSE").read_text(encoding="utf-8")


def test_a_licence_is_known_in_any_case_and_no_other_is() -> None:
    assert license_name("mit") == "MIT"
    with pytest.raises(ValueError, match="one of MIT, Apache"):
        license_name("GPL")


def test_the_workflow_runs_format_lint_types_and_tests() -> None:
    workflow = yaml.safe_load(package("dots").files()[".github/workflows/check.yml"])
    assert set(workflow) == {"name", True, "permissions", "jobs"}  # YAML 1.1 reads on as true
    assert set(workflow[True]) == {"push", "pull_request"}
    (job,) = workflow["jobs"].values()
    assert job["runs-on"] == "ubuntu-latest"
    assert all(isinstance(version, str) for version in job["strategy"]["matrix"]["python"])
    uses = [step["uses"].partition("@")[0] for step in job["steps"] if "uses" in step]
    assert uses == ["actions/checkout", "actions/setup-python"]
    assert job["steps"][1]["with"] == {"python-version": "${{ matrix.python }}"}
    runs = [step["run"] for step in job["steps"] if "run" in step]
    assert runs == [
        "pip install -e '.[dev]'",
        "ruff format --check .",
        "ruff check .",
        "mypy",
        "pytest",
    ]


def test_the_conformance_test_is_six_lines_and_sample_about_fifteen() -> None:
    files = package("dots").files()
    lines = files["tests/test_contract.py"].splitlines()
    assert len([line for line in lines[1:] if line]) <= 6
    sample = next(
        node
        for node in ast.walk(ast.parse(files["src/dots/generator.py"]))
        if isinstance(node, ast.FunctionDef) and node.name == "sample"
    )
    assert sample.end_lineno is not None
    assert sample.end_lineno - sample.lineno <= 16


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "dots").mkdir()
    package("dots").write(tmp_path / "dots")
    assert (tmp_path / "dots" / "README.md").is_file()
    with Image.open(tmp_path / "dots" / PICTURE) as picture:
        assert picture.size > (500, 400)


def test_what_is_there_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("empty")
    (tmp_path / "dangling").symlink_to("nowhere")
    for name, words in (
        ("full", "is not empty"),
        ("file", "is not a folder"),
        ("link", "is not a folder"),
        ("dangling", "is not a folder"),
    ):
        with pytest.raises(FileExistsError, match=words):
            package("dots").write(tmp_path / name)
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["notes.txt"]
    assert not any((tmp_path / "empty").iterdir())


def test_where_writing_fails_nothing_is_left_behind(tmp_path: Path) -> None:
    broken = Package(Names("dots", "dots", "dots-v1", "class"), Author())
    with pytest.raises(SyntaxError):
        broken.write(tmp_path / "dots")
    with pytest.raises(OSError, match="missing"):
        package("dots").write(tmp_path / "missing" / "dots")
    assert not any(tmp_path.iterdir())
