"""Making generators, by id and by hand: params, identity, pickling and what cannot be one."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest
from pydantic import Field

import synthdata as sd
from synthdata.generator import make_generator
from synthdata.registry import using
from tests.registry.distributions import install, install_grey


class Dots(sd.Generator):
    """White dots; opening it leaves a trace that must not travel."""

    class Params(sd.Params):
        """What may be set."""

        size: int = Field(8, ge=1, le=64)
        count: Annotated[sd.Distribution, sd.within(0, 64)] = sd.Constant(3)
        colour: str = "white"

    opened = False

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        return sd.Output(image=sd.Image(params.size, params.size, 1))

    def open(self) -> None:
        self.opened = True

    def sample(self, rng: np.random.Generator) -> sd.Sample:
        return sd.Sample(rng.integers(256, size=self.output.leaves[0].feature.bound, dtype="u1"))


SAMPLE_LINE = Dots.sample.__code__.co_firstlineno


def registry(path: Path) -> sd.Registry:
    return sd.Registry(path=[str(path)])


def test_a_generator_made_by_hand_has_validated_params_and_its_output() -> None:
    dots = Dots(size=4, count={"uniform": [1, 2]})
    assert dots.params.size == 4
    assert dots.params.count == sd.Uniform(1, 2)
    assert dots.params.colour == "white"
    assert dots.output == sd.Output(image=sd.Image(4, 4, 1))


def test_a_generator_made_by_hand_is_known_by_its_class_and_line() -> None:
    identity = Dots().identity
    assert (identity.id, identity.distribution, identity.version) == ("Dots", None, None)
    assert identity.where == f"test_generator.py:{SAMPLE_LINE}"
    assert str(identity) == f"test_generator.py:{SAMPLE_LINE}"


MISTAKES = [
    ({"sise": 4}, r"sise is unknown; did you mean 'size'\?"),
    ({"zzz": 4}, r"zzz is unknown; known are size, count, colour"),
    ({"size": 0}, r"size: .*greater than or equal to 1, got 0"),
    ({"size": "big"}, r"size: .*got 'big'"),
    ({"size": 3.7}, r"size: .*got 3\.7"),
    ({"count": {"uniform": [4, 1]}}, r"count: .*low=4\.0 is greater than high=1\.0"),
    ({"count": {"unifrom": [1, 4]}}, r"count: .*did you mean 'uniform'"),
    ({"count": 65}, r"count: numbers from 0 to 64 are expected, but it draws from 65 to 65"),
    ({"size": 0, "colour": 3}, r"size: .*; colour: .*got 3"),
]


@pytest.mark.parametrize(("params", "message"), MISTAKES)
def test_params_that_are_refused_are_named(params: dict[str, Any], message: str) -> None:
    with pytest.raises(sd.ParamsError, match=f"^Dots: {message}") as caught:
        Dots(**params)
    assert caught.value.id == "Dots"
    assert "\n" not in str(caught.value)


def test_params_are_frozen() -> None:
    params = Dots().params
    with pytest.raises(ValueError, match="frozen"):
        params.size = 5


def test_a_generator_without_params_takes_none() -> None:
    class Bare(sd.Generator):
        @classmethod
        def describe(cls, params: Any) -> sd.Output:
            return sd.Output(image=sd.Image(2, 2, 1))

        def sample(self, rng: np.random.Generator) -> sd.Sample:
            return sd.Sample(np.zeros((2, 2, 1), np.uint8))

    assert Bare().params.model_dump() == {}
    with pytest.raises(sd.ParamsError, match=r"^Bare: size is unknown"):
        Bare(size=3)


def test_the_repr_shows_the_id_and_what_differs_from_the_defaults() -> None:
    assert repr(Dots()) == "<Dots>"
    assert repr(Dots(size=8)) == "<Dots>"
    assert repr(Dots(size=4)) == "<Dots {'size': 4}>"


def test_a_pickled_generator_has_its_params_and_none_of_its_assets() -> None:
    dots = Dots(size=4, count={"normal": [3, 1, 0, 9]})
    dots.open()
    again = pickle.loads(pickle.dumps(dots))
    assert type(again) is Dots
    assert again.params == dots.params
    assert again.output == dots.output
    assert again.identity == dots.identity
    assert dots.opened
    assert not again.opened


@pytest.mark.parametrize("missing", ["describe", "sample"])
def test_an_abstract_class_cannot_be_made(missing: str) -> None:
    methods = {"describe": classmethod(Dots.describe.__func__), "sample": Dots.sample}  # type: ignore[attr-defined]  # of a classmethod
    del methods[missing]
    kind: Any = type("Half", (sd.Generator,), methods)
    with pytest.raises(TypeError, match=f"abstract.*{missing}"):
        kind()


def test_make_knows_the_id_the_distribution_and_the_line(plugins: Path) -> None:
    install_grey(plugins)
    with using(registry(plugins)):
        for id in ("grey-v1", "grey-plugin/grey-v1"):
            grey = sd.make(id, size=2)
            assert (grey.identity.id, grey.identity.distribution) == ("grey-v1", "grey-plugin")
            assert grey.identity.version == "2.5"
            line = type(grey).sample.__code__.co_firstlineno
            assert str(grey.identity) == f"grey-plugin 2.5, grey_module.py:{line}"
            assert repr(grey) == "<grey-v1 {'size': 2}>"
            assert grey.output.leaves[0].feature == sd.Image(2, 2, 1)
        with pytest.raises(sd.ParamsError, match=r"^grey-v1: sise is unknown; did you mean 'size'"):
            sd.make("grey-v1", sise=2)
        with pytest.raises(sd.GeneratorNotFoundError, match="did you mean grey-v1"):
            sd.make("gray-v1")
        again = pickle.loads(pickle.dumps(grey))
        assert (again.identity, again.params) == (grey.identity, grey.params)


BROKEN = """\
import synthdata as sd

value = 5


class Plain:
    pass


class Half(sd.Generator):
    @classmethod
    def describe(cls, params):
        return sd.Output(image=sd.Image(2, 2))
"""


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("value", "not a subclass of sd.Generator"),
        ("Plain", "not a subclass of sd.Generator"),
        ("Half", "abstract: sample is missing"),
    ],
)
def test_an_entry_point_to_something_else_is_a_broken_plugin(
    plugins: Path, name: str, problem: str
) -> None:
    file = install(plugins, "odd", {"odd-v1": f"odd_module:{name}"}, modules={"odd_module": BROKEN})
    with pytest.raises(sd.BrokenPluginError) as caught:
        make_generator("odd-v1", {}, registry(plugins))
    assert (
        str(caught.value) == f"odd-v1 of odd 1.0 is broken: odd_module:{name} is {problem} [{file}]"
    )
    assert (caught.value.id, caught.value.distribution) == ("odd-v1", "odd")
