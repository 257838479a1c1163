"""The committed JSON Schemas are the generated ones, and say what Pydantic says.

After a change of a model: ``synthdata schema --write``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import synthdata as sd
from synthdata.output import Output
from synthdata.recipe import Recipe
from synthdata.schemas import SUFFIX, model_schema, params_schema, schemas, write_schemas

COMMITTED = Path(__file__).parents[1] / "schemas"

OUTPUT = sd.Output(
    image={"left": sd.Image(8, 8), "right": sd.Image(sd.UpTo(8), 8, 1, "float32", 0, 1)},
    label={
        "boxes": sd.Boxes(4, "left"),
        "classes": sd.ClassLabel(["a", "b"], 4),
        "mask": sd.Mask(8, 8, names=["no", "yes"]),
        "points": sd.Keypoints(3, image="left"),
        "polygons": sd.Polygons(2, image="left"),
    },
    metadata={"deep": {"x": sd.Scalar("float64", ge=0.5), "t": sd.Text()}, "none": {}},
)


def is_valid(instance: Any, schema: Any) -> bool:
    return bool(jsonschema.Draft202012Validator(schema).is_valid(instance))


def test_the_committed_schemas_are_the_generated_ones() -> None:
    committed = {
        path.relative_to(COMMITTED).as_posix(): path.read_text(encoding="utf-8")
        for path in COMMITTED.rglob("*")
        if path.is_file()
    }
    generated = schemas()
    assert committed.keys() == generated.keys(), "run `synthdata schema --write`"
    assert committed == generated, "run `synthdata schema --write`"


def test_each_schema_names_its_dialect_and_title_and_is_valid_itself() -> None:
    made = schemas()
    assert {"output.schema.json", "recipe.schema.json"} < made.keys()
    assert f"generators/shapes-v1{SUFFIX}" in made
    for text in made.values():
        assert text.endswith("}\n")
        schema = json.loads(text)
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert schema["title"]
        jsonschema.Draft202012Validator.check_schema(schema)


def test_writing_writes_each_file(tmp_path: Path) -> None:
    written = write_schemas(tmp_path / "new")
    texts = {path.relative_to(tmp_path / "new").as_posix(): path.read_text() for path in written}
    assert texts == schemas()


RECIPE = {"generator": "shapes-v1", "params": {"size": 64}, "seed": 7, "samples": 100}


@pytest.mark.parametrize(
    "recipe", [RECIPE, {"generator": "shapes-v1"}, {**RECIPE, "samples": None}]
)
def test_a_recipe_that_pydantic_takes_is_valid(recipe: dict[str, Any]) -> None:
    Recipe.parse(recipe)
    assert is_valid(recipe, model_schema(Recipe, "Recipe"))


@pytest.mark.parametrize(
    "change", [{"seed": -1}, {"samples": 0}, {"params": [1]}, {"sed": 7}, {"generator": None}]
)
def test_a_wrong_recipe_is_not_valid(change: dict[str, Any]) -> None:
    assert not is_valid({**RECIPE, **change}, model_schema(Recipe, "Recipe"))


def test_a_dumped_output_is_valid() -> None:
    dumped = OUTPUT.model_dump(mode="json")
    assert is_valid(dumped, model_schema(Output, "Output"))
    assert Output.parse(dumped) == OUTPUT


@pytest.mark.parametrize(
    "image",
    [
        {"kind": "image", "height": 0, "width": 8},
        {"kind": "image", "width": 8},
        {"kind": "picture", "height": 8, "width": 8},
        {"kind": "image", "height": 8, "width": 8, "dtype": "float23"},
        {"kind": "image", "height": 8, "width": 8, "depth": 8},
        {"left": {"kind": "image", "height": 8}},
        7,
    ],
)
def test_a_wrong_output_is_not_valid(image: Any) -> None:
    assert is_valid(
        {"image": {"kind": "image", "height": 8, "width": 8}}, model_schema(Output, "Output")
    )
    assert not is_valid({"image": image}, model_schema(Output, "Output"))


class Params(sd.Params):
    radius: sd.Distribution = sd.Uniform(4, 20)
    size: int = 8


@pytest.mark.parametrize("radius", [8, {"uniform": [1, 2]}, {"normal": {"mean": 1, "std": 2}}])
def test_params_in_their_short_form_are_valid(radius: Any) -> None:
    assert is_valid({"radius": radius}, params_schema(Params, "test-v1"))


@pytest.mark.parametrize("params", [{"radius": {"unifrom": [1, 2]}}, {"size": "big"}, {"sise": 8}])
def test_wrong_params_are_not_valid(params: Any) -> None:
    assert not is_valid(params, params_schema(Params, "test-v1"))


def test_properties_carry_what_the_docstring_says_of_them() -> None:
    schema = model_schema(Recipe, "Recipe")
    assert schema["properties"]["samples"]["description"] == (
        "how many; None is endless, or what the splits say."
    )
    assert ">>>" not in json.dumps(schema)
