"""Generators from plain functions: what they may return, and what is refused at once."""

from __future__ import annotations

import functools
import pickle
from typing import Any

import numpy as np
import pytest

import synthdata as sd

from_function: Any = sd.from_function

OUTPUT = sd.Output(
    image=sd.Image(2, 2, 1), label=sd.ClassLabel(("a", "b")), metadata={"x": sd.Scalar("float32")}
)
IMAGE_ONLY = sd.Output(image=sd.Image(2, 2, 1))
WITH_LABEL = sd.Output(image=sd.Image(2, 2, 1), label=sd.ClassLabel(("a", "b")))


def grey(rng: Any, level: int = 3) -> Any:
    return np.full((2, 2, 1), level, np.uint8)


def noise(rng: Any) -> Any:
    return rng.integers(256, size=(2, 2, 1), dtype=np.uint8)


def first(function: Any, output: sd.Output, **arguments: Any) -> sd.Sample:
    return sd.Source.of(from_function(function, output, **arguments), samples=1)[0]


def test_an_array_is_the_image() -> None:
    sample = first(grey, IMAGE_ONLY)
    assert (sample.image == 3).all()
    assert (sample.label, dict(sample.metadata)) == (None, {})


def test_a_tuple_is_image_label_metadata_and_may_end_early() -> None:
    whole = first(lambda rng: (grey(rng), "b", {"x": 0.5}), OUTPUT)
    assert (whole.label, whole.metadata) == (1, {"x": 0.5})
    assert first(lambda rng: (grey(rng), "b"), WITH_LABEL).label == 1
    assert (first(lambda rng: (grey(rng),), IMAGE_ONLY).image == 3).all()


def test_a_sample_is_taken_as_it_is() -> None:
    sample = first(lambda rng: sd.Sample(grey(rng), "b", {"x": 0.5}), OUTPUT)
    assert (sample.label, sample.metadata) == (1, {"x": 0.5})


def test_fixed_arguments_reach_the_function() -> None:
    assert (first(grey, IMAGE_ONLY, level=7).image == 7).all()


def test_a_fixed_argument_may_have_any_name() -> None:
    def named(rng: Any, function: int, output: int, self: int) -> Any:
        return grey(rng, 100 * function + 10 * output + self)

    arguments = {"function": 1, "output": 2, "self": 3}
    generator = from_function(named, IMAGE_ONLY, **arguments)
    for each in (generator, type(generator)(named, IMAGE_ONLY, **arguments)):
        assert (sd.Source.of(each, samples=1)[0].image == 123).all()


def test_the_samples_are_a_function_of_the_seed() -> None:
    source = sd.Source.of(from_function(noise, IMAGE_ONLY), seed=7, samples=3)
    expected = sd.Rng(7, 2).integers(256, size=(2, 2, 1), dtype=np.uint8)
    np.testing.assert_array_equal(source[2].image, expected)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (None, "sample is None"),
        ("text", "sample is a str"),
        ({"image": 1}, "sample is a dict"),
        ([1, 2], "sample is a list"),
        ((), "sample is a tuple"),
        ((1, 2, 3, 4), "sample is a tuple"),
        (np.zeros((2, 2, 1)), "image has dtype float64"),
        ((np.zeros((2, 2, 1), "u1"), "a"), "label is given"),
    ],
)
def test_what_else_it_returns_is_refused_with_the_sample(made: Any, message: str) -> None:
    def returns(rng: Any) -> Any:
        return made

    with pytest.raises(sd.ContractError, match=rf"^returns sample 0 \(seed 0\): {message}"):
        first(returns, IMAGE_ONLY)


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (grey, {"levle": 3}, r"grey\(rng.*levle.*did you mean 'level'\?"),
        (grey, {"zzz": 3}, r"cannot be called as grey\(rng, zzz=…\).*'zzz'"),
        (lambda: None, {}, r"cannot be called as <lambda>\(rng\): too many positional"),
        (lambda rng, size: None, {}, r"missing a required argument: 'size'"),
        (grey, {"rng": 3}, r"multiple values for argument 'rng'"),
    ],
)
def test_a_function_that_cannot_be_called_so_is_refused_at_once(
    function: Any, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(sd.DeclarationError, match=message):
        from_function(function, IMAGE_ONLY, **arguments)


def test_what_is_no_function_or_no_output_is_refused_at_once() -> None:
    with pytest.raises(sd.DeclarationError, match="expects a function, not int"):
        from_function(3, IMAGE_ONLY)
    with pytest.raises(sd.DeclarationError, match=r"expects an sd\.Output .*, not Image"):
        from_function(grey, sd.Image(2, 2, 1))


def test_a_function_is_known_by_its_name_and_line() -> None:
    identity = from_function(grey, IMAGE_ONLY).identity
    assert identity.id == "grey"
    assert identity.where == f"test_function.py:{grey.__code__.co_firstlineno}"
    assert from_function(lambda rng: None, IMAGE_ONLY).identity.id == "<lambda>"


def test_a_lambda_a_partial_and_an_object_with_call_do() -> None:
    class Painter:
        def __call__(self, rng: Any, level: int) -> Any:
            return grey(rng, level)

    assert (first(lambda rng: grey(rng, 5), IMAGE_ONLY).image == 5).all()
    assert (first(functools.partial(grey, level=6), IMAGE_ONLY).image == 6).all()
    assert (first(Painter(), IMAGE_ONLY, level=9).image == 9).all()


def test_a_function_of_a_module_pickles_with_its_arguments() -> None:
    generator = from_function(grey, IMAGE_ONLY, level=9)
    again = pickle.loads(pickle.dumps(generator))
    assert (again.identity, again.output) == (generator.identity, generator.output)
    assert (sd.Source.of(again, samples=1)[0].image == 9).all()


def test_what_the_function_raises_names_the_function_and_the_line() -> None:
    def fails(rng: Any) -> Any:
        raise KeyError("font")

    line = fails.__code__.co_firstlineno + 1
    with pytest.raises(sd.GeneratorFailedError) as caught:
        first(fails, IMAGE_ONLY)
    assert str(caught.value) == (
        f"fails sample 0 (seed 0): sample raised KeyError: 'font' (at test_function.py:{line}) "
        f"[test_function.py:{line - 1}]"
    )
