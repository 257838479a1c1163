"""``synthdata schema``."""

from __future__ import annotations

import json
from pathlib import Path

from synthdata.schemas import schemas
from tests.cli.conftest import Run, Spawn, assert_one_line


def test_a_schema_is_printed_as_it_is_committed(run: Run) -> None:
    committed = schemas()
    assert run("schema", "recipe").stdout == committed["recipe.schema.json"]
    assert run("schema", "output").stdout == committed["output.schema.json"]
    assert run("schema", "shapes-v1").stdout == committed["generators/shapes-v1.schema.json"]


def test_the_schema_of_a_plugin_is_pure_json(plugin: Path, spawn: Spawn) -> None:
    done = spawn("schema", "plugin-v1", path=plugin)
    assert json.loads(done.stdout)["properties"]["size"]["maximum"] == 512


def test_without_a_name_the_names_are_listed(run: Run) -> None:
    assert {"output", "recipe", "shapes-v1"} < set(run("schema").stdout.split())


def test_all_schemas_are_written_to_a_folder(run: Run, tmp_path: Path) -> None:
    done = run("schema", "--write", "--folder", tmp_path / "made")
    assert done.exit_code == 0
    assert done.stdout.split() == [str(tmp_path / "made" / name) for name in schemas()]


def test_a_wrong_name_or_folder_is_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for arguments, words in (
        (["shape-v1"], "did you mean"),
        (["recipes"], "recipes"),
        (["recipe", "--write"], "leave the name out"),
        (["--write", "--folder", tmp_path / "file"], "file"),
    ):
        done = run("schema", *arguments)
        assert done.exit_code == 2
        assert_one_line(done.stderr, words)
