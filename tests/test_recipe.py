"""Recipes: reading files, refusing mistakes, and a fingerprint of what decides the bytes."""

from __future__ import annotations

import json
import math
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

import synthdata as sd
from tests.registry.distributions import install_grey

Recipe: Any = sd.Recipe  # the type checker would refuse what these tests write wrongly


def write(folder: Path, name: str, text: str | bytes) -> Path:
    file = folder / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


@pytest.fixture
def registry(plugins: Path) -> sd.Registry:
    install_grey(plugins)
    return sd.Registry(path=[str(plugins)])


EXPECTED = sd.Recipe(
    generator="grey-v1", params={"size": 8, "level": {"uniform": [10, 20]}}, seed=7, samples=100
)


@pytest.mark.parametrize("suffix", [".yaml", ".yml"])
def test_a_recipe_is_read_from_yaml(tmp_path: Path, suffix: str) -> None:
    text = (
        "# ours\ngenerator: grey-v1\nseed: 7\nsamples: 100\n"
        "params:\n  size: 8\n  level: {uniform: [10, 20]}\n"
    )
    file = write(tmp_path, f"grey{suffix}", text)
    assert sd.Recipe.from_file(file) == EXPECTED
    assert sd.Recipe.from_file(str(file)) == EXPECTED


def test_a_recipe_is_read_from_json_and_comes_back_from_its_own(tmp_path: Path) -> None:
    file = write(tmp_path, "grey.json", EXPECTED.model_dump_json())
    assert sd.Recipe.from_file(file) == EXPECTED
    assert sd.Recipe.parse(EXPECTED.model_dump_json()) == EXPECTED
    assert sd.Recipe.parse(EXPECTED.model_dump()) == EXPECTED


def test_only_the_generator_must_be_given(tmp_path: Path) -> None:
    recipe = sd.Recipe.from_file(write(tmp_path, "a.yaml", "generator: grey-v1\n"))
    assert recipe == sd.Recipe(generator="grey-v1", params={}, seed=0, samples=None)


def test_the_id_is_normalised() -> None:
    assert sd.Recipe(generator="Grey_Plugin/grey-v1").generator == "grey-plugin/grey-v1"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1E3", 1000.0),
        ("-2e+5", -200_000.0),
        ("1.5e-3", 0.0015),
        ("5", 5),
        ("e5", "e5"),
        ("1e", "1e"),
        ("1e-3s", "1e-3s"),
        ("12e4f09", "12e4f09"),
        ("'1e-3'", "1e-3"),
        ("yes", True),
        ("red", "red"),
    ],
)
def test_a_number_in_yaml_is_a_number_also_without_a_point(
    tmp_path: Path, text: str, value: Any
) -> None:
    file = write(tmp_path, "a.yaml", f"generator: grey-v1\nparams: {{x: {text}}}\n")
    found = sd.Recipe.from_file(file).params["x"]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.yaml", "generator: a-v1\nseed: 1\nseed: 2\n", r"the key 'seed' is there twice.*line 3"),
        (
            "a.yaml",
            "generator: a-v1\nparams: {x: 1, x: 2}\n",
            r"the key 'x' is there twice.*line 2",
        ),
        ("a.json", '{"generator": "a-v1", "seed": 1, "seed": 2}', r"key 'seed' is there twice"),
        ("a.json", '{"generator": "a-v1", "params": {"x": 1, "x": 2}}', r"key 'x' is there twice"),
        ("a.yaml", b"generator: \xff\n", r"not a text file in UTF-8"),
        ("a.json", b'{"generator": "\xff"}', r"not a text file in UTF-8"),
        ("a.yaml", "- grey-v1\n", r"a recipe is a mapping with the keys generator, params, seed"),
        ("a.json", '"grey-v1"', r"a recipe is a mapping with the keys generator, params, seed"),
        ("a.yaml", "", r"a recipe is a mapping with the keys"),
        ("a.yaml", "generator: [\n", r"line 2"),
        ("a.json", "{", r"line 1"),
        ("a.toml", "generator = 'a-v1'", r"a recipe is a \.yaml, \.yml or \.json file"),
        ("recipe", "generator: a-v1\n", r"a recipe is a \.yaml, \.yml or \.json file"),
        ("a.yaml", "generator: a-v1\nsed: 1\n", r"sed is unknown; did you mean 'seed'\?"),
        ("a.yaml", "seed: 1\n", r"generator is missing"),
        ("a.yaml", "generator: a-v1\nseed: -1\n", r"seed: .*got -1"),
        ("a.yaml", "generator: a-v1\nsamples: 0\n", r"samples: .*got 0"),
        ("a.yaml", "generator: a-v1\nparams: [1]\n", r"params: .*got \[1\]"),
        ("a.yaml", "generator: a-v1\nparams: {day: 2024-01-01}\n", r"params\.day: .*JSON.*date"),
        ("a.yaml", "generator: a-v1\nparams: {1: 2}\n", r"params\.1.*got 1"),
        ("a.yaml", "generator: a-v1\nparams: {x: .nan}\n", r"params.*nan"),
        ("a.json", '{"generator": "a-v1", "params": {"x": Infinity}}', r"params.*inf"),
        ("a.yaml", "generator: !!python/name:os.system\n", r"could not determine a constructor"),
    ],
)
def test_a_file_that_holds_no_recipe_is_an_error_in_one_line_that_names_it(
    tmp_path: Path, name: str, text: str | bytes, message: str
) -> None:
    file = write(tmp_path, name, text)
    with pytest.raises(sd.RecipeError, match=message) as caught:
        sd.Recipe.from_file(file)
    assert str(caught.value).startswith(f"{file}: ")
    assert "\n" not in str(caught.value)
    assert "recipe: recipe:" not in str(caught.value)


def test_a_missing_file_is_a_recipe_error(tmp_path: Path) -> None:
    with pytest.raises(sd.RecipeError, match=r"none\.yaml: No such file or directory"):
        sd.Recipe.from_file(tmp_path / "none.yaml")
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(sd.RecipeError, match=r"folder\.yaml: Is a directory"):
        sd.Recipe.from_file(tmp_path / "folder.yaml")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"seed": -1}, r"^recipe: seed: .*greater than or equal to 0, got -1"),
        ({"seed": 2**64}, r"^recipe: seed: .*less than or equal to 18446744073709551615"),
        ({"seed": 1.5}, r"^recipe: seed: .*got 1\.5"),
        ({"seed": None}, r"^recipe: seed: .*got None"),
        ({"samples": 0}, r"^recipe: samples: .*greater than or equal to 1, got 0"),
        ({"samples": 2**48 + 1}, r"^recipe: samples: .*281474976710656"),
        ({"sample": 3}, r"^recipe: sample is unknown; did you mean 'samples'\?"),
        ({"params": {"x": math.nan}}, r"^recipe: params.*nan"),
        ({"params": {"x": [sd.Constant(1), math.inf]}}, r"^recipe: params.*inf"),
        ({"params": {"x": b"raw"}}, r"^recipe: params\.x: .*JSON"),
        ({"params": {"x": object()}}, r"^recipe: params\.x: .*JSON"),
    ],
)
def test_a_field_that_is_refused_is_named(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(sd.RecipeError, match=message):
        Recipe(generator="grey-v1", **fields)
    with pytest.raises(sd.RecipeError, match=message):
        sd.Recipe.parse({"generator": "grey-v1", **fields})


def test_the_limits_of_seed_and_samples_are_allowed() -> None:
    recipe = Recipe(generator="grey-v1", seed=2**64 - 1, samples=2**48)
    assert (recipe.seed, recipe.samples) == (2**64 - 1, 2**48)
    assert sd.Recipe.parse(recipe.model_dump_json()) == recipe
    assert Recipe(generator="grey-v1", seed=0, samples=1).samples == 1


def test_distributions_and_paths_in_params_become_json() -> None:
    recipe = Recipe(
        generator="grey-v1",
        params={
            "level": sd.Uniform(10, 20),
            "fixed": sd.Constant(3),
            "nested": {"list": [sd.Normal(1, 2), "x"], "pair": (1, 2)},
            "folder": PurePosixPath("/data/fonts"),
        },
    )
    assert recipe.params == {
        "level": {"uniform": [10.0, 20.0]},
        "fixed": 3,
        "nested": {"list": [{"normal": {"mean": 1.0, "std": 2.0}}, "x"], "pair": [1, 2]},
        "folder": "/data/fonts",
    }
    assert json.loads(recipe.model_dump_json())["params"] == recipe.params
    assert sd.Recipe.parse(recipe.model_dump_json()) == recipe


def test_a_recipe_is_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Recipe(generator="grey-v1").seed = 3


def test_replace_changes_some_fields_and_validates_them() -> None:
    changed = EXPECTED.replace(seed=8, samples=None)
    assert changed.model_dump() == {**EXPECTED.model_dump(), "seed": 8, "samples": None}
    assert EXPECTED.seed == 7
    with pytest.raises(sd.RecipeError, match="seed"):
        EXPECTED.replace(seed=-1)


def test_resolving_writes_out_the_qualified_id_and_every_default(registry: sd.Registry) -> None:
    resolved = Recipe(generator="grey-v1", params={"size": 8}, seed=7, samples=9).resolve(registry)
    assert resolved == Recipe(
        generator="grey-plugin/grey-v1",
        params={"size": 8, "level": {"uniform": [10.0, 20.0]}},
        seed=7,
        samples=9,
    )
    assert resolved.resolve(registry) == resolved


def test_resolving_refuses_wrong_params_and_unknown_ids(registry: sd.Registry) -> None:
    with pytest.raises(sd.ParamsError, match="grey-v1: sise is unknown"):
        Recipe(generator="grey-v1", params={"sise": 3}).resolve(registry)
    with pytest.raises(sd.GeneratorNotFoundError):
        Recipe(generator="gray-v1").fingerprint(registry)


def test_recipes_of_the_same_data_have_the_same_fingerprint(registry: sd.Registry) -> None:
    same: list[dict[str, Any]] = [
        {"generator": "grey-v1"},
        {"generator": "grey-plugin/grey-v1"},
        {"generator": "Grey.Plugin/grey-v1", "params": {"size": 4}},
        {"generator": "grey-v1", "params": {"level": {"uniform": [10, 20]}}},
        {"generator": "grey-v1", "params": {"level": {"uniform": {"low": 10, "high": 20.0}}}},
        {"generator": "grey-v1", "params": {"level": sd.Uniform(10, 20), "size": 4}},
    ]
    prints = {Recipe(seed=7, samples=9, **fields).fingerprint(registry) for fields in same}
    assert len(prints) == 1
    [found] = prints
    assert len(found) == 64
    assert set(found) <= set("0123456789abcdef")


def test_recipes_of_other_data_have_other_fingerprints(registry: sd.Registry) -> None:
    base: dict[str, Any] = {"generator": "grey-v1", "seed": 7, "samples": 9}
    others: list[dict[str, Any]] = [
        {},
        {"seed": 8},
        {"samples": 10},
        {"samples": None},
        {"params": {"size": 5}},
        {"params": {"level": 10}},
        {"params": {"level": {"uniform": [10, 21]}}},
        {"params": {"level": {"log_uniform": [10, 20]}}},
    ]
    prints = {Recipe(**{**base, **fields}).fingerprint(registry) for fields in others}
    assert len(prints) == len(others)


def test_the_fingerprint_is_the_hash_of_the_canonical_json(registry: sd.Registry) -> None:
    import hashlib

    text = (
        '{"generator":"grey-plugin/grey-v1","params":{"level":{"uniform":[10.0,20.0]},"size":4},'
        '"samples":9,"seed":7}'
    )
    recipe = Recipe(generator="grey-v1", seed=7, samples=9)
    assert recipe.fingerprint(registry) == hashlib.sha256(text.encode()).hexdigest()
