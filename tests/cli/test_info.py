"""``synthdata info``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import synthdata as sd
from synthdata.cli.wording import distribution_words, output_rows, param_rows
from tests.cli.conftest import Run, Spawn, assert_one_line, make_distribution


def test_a_plugin_is_shown_with_origin_params_and_tout(plugin: Path, spawn: Spawn) -> None:
    done = spawn("info", "plugin-v1", "-p", "size=16", path=plugin)
    assert done.returncode == 0, done.stderr
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert lines[0] == "fake-plugin/plugin-v1"
    assert lines[1] == "A small plugin, for tests."
    file = plugin / "fake_plugin.py"
    line = file.read_text().splitlines().index("class Plugin(sd.Generator):") + 1
    assert lines[2] == f"fake-plugin 1.0, {file}:{line}"
    assert "size integer 4…512 8 the side" in lines
    assert "image.rgb image uint8 (16, 16, 3) – –" in lines
    assert "label.classes class_label int64 (≤3,) a, b –" in lines
    assert "metadata.text text string () up to 1024 bytes –" in lines
    assert "chatter" in done.stderr


def test_json_says_the_same(plugin: Path, spawn: Spawn) -> None:
    about = json.loads(spawn("info", "plugin-v1", "--json", path=plugin).stdout)
    assert (about["id"], about["distribution"]) == ("plugin-v1", "fake-plugin")
    assert [row["name"] for row in about["params"]] == ["size", "fault"]
    assert about["output"][0]["shape"] == "(8, 8, 3)"


def test_a_built_in_generator_is_shown(run: Run) -> None:
    done = run("info", "shapes-v1", "-p", "size=32")
    assert done.exit_code == 0
    assert "(32, 32, 3)" in done.stdout


def test_params_without_a_default_are_named_and_tout_follows_once_they_are_given(
    run: Run, tmp_path: Path
) -> None:
    assert "-p folder=…" in run("info", "photos-v1").stdout
    assert json.loads(run("info", "photos-v1", "--json").stdout)["needed"] == ["folder"]
    shown = run("info", "photos-v1", "-p", f"folder={tmp_path}", "-p", "height=33").stdout
    assert "(33, 128, 3)" in shown
    missing = run("info", "photos-v1", "-p", "height=33")
    assert missing.exit_code == 2
    assert_one_line(missing.stderr, "folder is missing")


def test_an_unknown_id_is_one_line_with_near_names(spawn: Spawn) -> None:
    done = spawn("info", "shape-v1")
    assert (done.returncode, done.stdout) == (2, "")
    assert_one_line(done.stderr, "shape-v1", "did you mean", "shapes-v1")


def test_an_unknown_param_is_one_line_with_a_near_name(run: Run) -> None:
    done = run("info", "shapes-v1", "-p", "sise=32")
    assert (done.exit_code, done.stdout) == (2, "")
    assert_one_line(done.stderr, "sise", "did you mean 'size'")


def test_a_name_is_shown_as_its_newest_version(run: Run) -> None:
    assert run("info", "shapes").stdout == run("info", "synthdata/shapes-v1").stdout
    missing = run("info", "shpes")
    assert missing.exit_code == 2
    assert_one_line(missing.stderr, "shpes", "did you mean shapes")


def test_a_target_may_be_a_name(run: Run, tmp_path: Path) -> None:
    done = run("sample", "shapes", "-i", 0, "-p", "size=16", "-o", tmp_path / "one")
    assert done.exit_code == 0, done.stderr
    sample = json.loads((tmp_path / "one" / "sample.json").read_text())
    assert (sample["id"], sample["distribution"]) == ("shapes-v1", "synthdata")


@pytest.fixture
def family(tmp_path: Path) -> Path:
    """A folder with a distribution that has a hook module, a generator and a broken one."""
    entry = (
        "[synthdata]\nfamily = fake_family\n"
        "[synthdata.generators]\ngood-v1 = fake_family:Good\nOdd = fake_family:Odd\n"
    )
    make_distribution(tmp_path / "site", "fake_family", entry)
    metadata = tmp_path / "site" / "fake_family-1.0.dist-info" / "METADATA"
    with metadata.open("a") as file:
        file.write("Summary: Made [for] tests.\nHome-page: https://example.org\n")
    return tmp_path / "site"


def test_a_distribution_is_shown_with_what_it_provides_and_not_imported(
    family: Path, spawn: Spawn
) -> None:
    done = spawn("info", "--dist", "Fake.Family", path=family)
    assert (done.returncode, done.stderr) == (0, "")
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert lines[:4] == ["fake-family 1.0", "Made [for] tests.", "https://example.org", str(family)]
    assert "good-v1 ok" in lines
    [odd] = [line for line in lines if line.startswith("Odd broken")]
    assert "'Odd' is not a generator id" in odd
    assert odd.endswith("entry_points.txt]")
    assert lines[-1].startswith("fake_family ok its ids are known once it is imported")
    assert list(family.glob("*.imported")) == []


def test_a_distribution_in_json_says_the_same_and_what_blocks_it(
    family: Path, spawn: Spawn
) -> None:
    done = spawn("info", "--dist", "fake-family", "--json", path=family, SYNTHDATA_BLOCK="good-v1")
    about = json.loads(done.stdout)
    assert (about["name"], about["version"], about["blocked"]) == ("fake-family", "1.0", "")
    statuses = {row["id"]: row["status"] for row in about["generators"]}
    assert statuses == {"good-v1": "blocked", "Odd": "broken"}
    assert about["hooks"]["fake_family"]["status"] == "ok"
    done = spawn("info", "--dist", "fake-family", path=family, SYNTHDATA_BLOCK="fake-family")
    assert "blocked: fake-family is on the block list of the environment" in done.stdout


def test_a_distribution_without_generators_has_none_and_an_unknown_one_is_one_line(
    run: Run,
) -> None:
    done = run("info", "--dist", "pluggy")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[-2:] == ["Generators", "none"]
    done = run("info", "--dist", "sinthdata")
    assert (done.exit_code, done.stdout) == (2, "")
    assert_one_line(done.stderr, "sinthdata", "did you mean synthdata")


def test_info_takes_an_id_or_a_distribution(run: Run) -> None:
    for arguments in (
        [],
        ["shapes-v1", "--dist", "synthdata"],
        ["--dist", "synthdata", "-p", "a=1"],
    ):
        done = run("info", *arguments)
        assert (done.exit_code, done.stdout) == (2, "")
        assert_one_line(done.stderr, "--dist")


class Params(sd.Params):
    plain: int
    radius: sd.Distribution = sd.Uniform(4, 20)
    turned: sd.Distribution = sd.Constant(8)
    names: tuple[str, ...] = ("a", "b")
    flag: bool = True
    nothing: int | None = None


def test_params_are_worded_by_type_range_and_default() -> None:
    words = {row["name"]: (row["type"], row["default"]) for row in param_rows(Params)}
    assert words == {
        "plain": ("integer", "required"),
        "radius": ("distribution", "uniform 4…20"),
        "turned": ("distribution", "8"),
        "names": ("list of string", "a, b"),
        "flag": ("boolean", "true"),
        "nothing": ("integer | null", "null"),
    }


def test_distributions_are_worded() -> None:
    words = {
        "log_uniform 0.1…10": sd.LogUniform(0.1, 10),
        "normal 10 ± 2": sd.Normal(10, 2),
        "normal 10 ± 2, 0…": sd.Normal(10, 2, low=0),
        "choice red, green": sd.Choice(["red", "green"]),
        "choice 1 (2), 2 (1)": sd.Choice([1, 2], [2, 1]),
        "red": sd.Constant("red"),
    }
    assert {text: distribution_words(value) for text, value in words.items()} == {
        text: text for text in words
    }


def test_values_of_features_are_worded() -> None:
    output = sd.Output(
        image=sd.Image(4, 4, 3, "float32", 0, 1),
        label=sd.Mask(4, 4, le=3),
        metadata={
            "low": sd.Scalar("float32", ge=0),
            "any": sd.Scalar("float32", finite=False),
            "many": sd.ClassLabel([f"c{number}" for number in range(30)]),
        },
    )
    values = {row["feature"]: row["values"] for row in output_rows(output)}
    assert values["image"] == "0…1"
    assert values["label"] == "0…3"
    assert values["metadata.low"] == "0…"
    assert values["metadata.any"] == "or not finite"
    assert values["metadata.many"].endswith("c11, … 30 in all")
