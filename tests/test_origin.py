"""Origins: a generator as JSON, and made again of it."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ConfigDict

import synthdata as sd
from synthdata.origin import generator_of, origin
from synthdata.testing import stream_digest
from tests.execution import policy_generators
from tests.execution.policy_generators import Holes, Patchy, draw

GREY = sd.Output(image=sd.Image(4, 4, 1))


class Various(sd.Generator):
    """Params of types that JSON does not have."""

    class Params(sd.Params):
        folder: Path = Path("photos")
        radius: sd.Distribution = sd.Uniform(4, 20)
        sizes: dict[int, tuple[int, int]] = {}
        word: bytes = b""
        limit: float = 1.0
        image: sd.Image = sd.Image(2, 2)

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        return sd.Output(image=sd.Image(2, 2, 1, "float64"))

    def sample(self, rng: np.random.Generator) -> sd.Sample:
        return sd.Sample(rng.random((2, 2, 1)) * self.params.radius.sample(rng))


class Arbitrary(Various):
    """A param that only this process has."""

    class Params(sd.Params):
        model_config = ConfigDict(arbitrary_types_allowed=True)
        palette: np.ndarray[Any, Any] = np.zeros(2)
        radius: sd.Distribution = sd.Constant(1.0)


class Method:
    """Draws by a method."""

    def draw(self, rng: Any, size: tuple[int, ...] = (4, 4, 1)) -> Any:
        return draw(rng, size)


def again(generator: sd.Generator) -> sd.Generator:
    """The generator, through JSON text."""
    return generator_of(json.loads(json.dumps(origin(generator))))


@pytest.mark.parametrize(
    "generator",
    [
        sd.make("shapes-v1", size=32, noise=0),
        sd.make("records-v1", height=16, width=24),
        Holes(longest=50, failing=(2, 3)),
        Patchy(fails={3: 1, 10: 2}, mended=Path("a/b")),
        Various(),
        Various(
            folder=Path("/a b/ü"),
            radius=sd.Normal(3, 1, low=0),
            sizes={3: (4, 5)},
            word=b"abc",
            limit=float("inf"),
            image=sd.Image(sd.UpTo(4), 3),
        ),
        sd.from_function(draw, GREY, size=(4, 4, 1)),
        sd.from_function(draw, GREY, size=(4, 4, 1), offset=3, folder=Path("/a b")),
    ],
    ids=repr,
)
def test_a_generator_is_made_again_with_equal_params_and_the_same_samples(
    generator: sd.Generator,
) -> None:
    made = again(generator)
    assert type(made) is type(generator)
    assert made.params == generator.params
    assert made.identity == generator.identity
    assert made.output == generator.output
    want = sd.Source.of(generator, seed=7, samples=2)
    assert stream_digest(sd.Source.of(made, seed=7, samples=2)) == stream_digest(want)


def test_arguments_keep_their_types() -> None:
    arguments: dict[str, Any] = {
        "size": (4, [1, (2,)], {"a": (3,)}),
        "offset": None,
        "folder": [True, 1, 1.5, "x", Path("x")],
    }
    made = again(sd.from_function(draw, GREY, **arguments))
    assert repr(made.params.arguments) == repr(arguments)


def test_an_installed_generator_is_named_by_its_qualified_id() -> None:
    assert origin(sd.make("noise-v1"))["generator"] == "synthdata/noise-v1"


@pytest.mark.parametrize(
    ("generator", "words"),
    [
        (sd.from_function(lambda rng: rng, GREY), "test_origin:<<lambda>> has no name"),
        (sd.from_function(functools.partial(draw, size=(4, 4, 1)), GREY), "<partial> has no name"),
        (sd.from_function(Method().draw, GREY), "<Method.draw> has no name"),
    ],
    ids=["lambda", "partial", "method"],
)
def test_a_function_that_no_name_leads_to_is_refused_when_it_is_wanted_again(
    generator: sd.Generator, words: str
) -> None:
    with pytest.raises(sd.RecipeError) as caught:
        again(generator)
    assert words in str(caught.value)
    assert "at the top of a module" in str(caught.value)


def test_a_closure_and_a_class_in_a_function_are_refused_too() -> None:
    def closure(rng: sd.Rng) -> Any:
        return rng

    class Local(Various):
        """Is found by no name."""

    for generator in (sd.from_function(closure, GREY), Local()):
        with pytest.raises(sd.RecipeError, match="has no name by which it could be imported"):
            again(generator)


def test_a_function_whose_name_means_another_one_now_is_not_taken_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    generator = sd.from_function(draw, GREY, size=(4, 4, 1))
    monkeypatch.setattr(policy_generators, "draw", lambda rng, size: None)
    with pytest.raises(sd.RecipeError, match="has no name"):
        again(generator)


@pytest.mark.parametrize(
    ("generator", "name", "words"),
    [
        (Arbitrary(palette=np.array([3.0, 4.0])), "palette", "ndarray array([3., 4.])"),
        (Various(word=b"\xff"), "word", r"bytes b'\xff'"),
        (sd.from_function(draw, GREY, size=(4, np.int64(3))), "size", "int64 np.int64(3)"),
        (sd.from_function(draw, GREY, size=(), offset=sd.Uniform(1, 2)), "offset", "Uniform"),
    ],
    ids=["array", "bytes", "number", "distribution"],
)
def test_a_value_that_json_cannot_hold_is_refused_by_name_and_not_replaced_by_its_text(
    generator: sd.Generator, name: str, words: str
) -> None:
    with pytest.raises(sd.RecipeError) as caught:
        again(generator)
    message = str(caught.value)
    assert message.startswith(f"{name} of tests.")
    assert words in message
    assert "sd.Source.of(generator, seed=...)[index]" in message


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "the origin has the keys ; expected are"),
        ({"class": "a:B"}, "the origin has the keys class; expected are"),
        ({"class": "no_such_module:B", "params": {}}, "No module named 'no_such_module'"),
        ({"class": "tests.test_origin:Gone", "params": {}}, "has no attribute 'Gone'"),
        ({"class": "tests.test_origin:GREY", "params": {}}, "is no subclass of sd.Generator now"),
        ({"class": ":B", "params": {}}, "ValueError: Empty module name"),
    ],
)
def test_an_origin_that_leads_nowhere_is_an_error_that_says_why(
    given: dict[str, Any], words: str
) -> None:
    with pytest.raises(sd.RecipeError) as caught:
        generator_of(given)
    assert words in str(caught.value)


@pytest.mark.parametrize("text", ["1 +", "raise ZeroDivisionError('a bug')", "raise SystemExit"])
def test_a_module_that_fails_to_import_is_an_error_too(text: str, plugins: Path) -> None:
    (plugins / "fails_to_import.py").write_text(text)
    with pytest.raises(sd.RecipeError, match="fails_to_import:A cannot be imported here"):
        generator_of({"class": "fails_to_import:A", "params": {}})


def test_params_that_are_refused_by_now_are_a_params_error() -> None:
    given = origin(Various())
    with pytest.raises(sd.ParamsError, match="gone is unknown"):
        generator_of({**given, "params": {"gone": 3}})
