"""The continuous values of params, by name and changed."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import pytest
from pydantic import BaseModel, Field

import synthdata as sd
from synthdata.theta import changed, continuous, holding, selected


class Lens(BaseModel):
    focus: float = 2.5
    name: str = "a"


class Params(sd.Params):
    count: int = 3
    level: float = Field(4.0, ge=0, le=10)
    dark: bool = False
    shift: tuple[float, float] = (1.0, 2.0)
    corners: tuple[tuple[float, float], ...] = ((0.0, 1.0), (2.0, 3.0), (4.0, 5.0))
    sizes: tuple[int, ...] = (1, 2)
    radius: Annotated[sd.Distribution, sd.within(0, 100)] = sd.Uniform(1, 9)
    weight: sd.Distribution = sd.Normal(10, 2, low=1)
    scale: sd.Distribution = sd.LogUniform(1, 10)
    fixed: sd.Distribution = sd.Constant(8)
    word: sd.Distribution = sd.Constant("red")
    pick: sd.Distribution = sd.Choice([1.5, 2.5])
    lens: Lens = Lens()
    free: dict[str, Any] = {"gamma": 2.2, "mode": "x", "steps": 4}
    maybe: float | None = None


NAMES = [
    "level",
    "shift",
    "corners",
    "radius.low",
    "radius.high",
    "weight.mean",
    "weight.std",
    "weight.low",
    "scale.low",
    "scale.high",
    "fixed.value",
    "lens.focus",
    "free.gamma",
]


def test_floats_and_what_distributions_are_made_of_are_continuous_and_nothing_else_is() -> None:
    found = continuous(Params())
    assert list(found) == NAMES
    assert {value.dtype for value in found.values()} == {np.dtype("float64")}
    assert (found["level"].shape, found["shift"].shape, found["corners"].shape) == (
        (),
        (2,),
        (3, 2),
    )
    assert found["fixed.value"] == 8.0


def test_an_empty_tuple_and_one_of_different_lengths_are_not_continuous() -> None:
    class Odd(sd.Params):
        none: tuple[float, ...] = ()
        ragged: tuple[tuple[float, ...], ...] = ((1.0,), (2.0, 3.0))

    assert continuous(Odd()) == {}


def test_a_param_means_all_its_values_and_the_order_is_that_of_the_params() -> None:
    assert selected(Params(), ["weight", "radius.high"]) == [
        "radius.high",
        "weight.mean",
        "weight.std",
        "weight.low",
    ]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("count", r"count is discrete \(3\), and has no gradient; continuous are level, shift"),
        ("pick", r"pick is discrete \(Choice\(.*\), and has no gradient"),
        ("word", "word is discrete"),
        ("sizes", r"sizes is discrete \(\(1, 2\)\)"),
        ("maybe", "maybe is None, which has no gradient"),
        ("radius.lo", "radius.lo is no value of the params; did you mean 'radius.low'"),
        ("levle", "levle is no value of the params; did you mean 'level'"),
        ("radius.low.more", "radius.low.more is no value of the params"),
    ],
)
def test_what_has_no_gradient_is_refused_by_name(name: str, said: str) -> None:
    with pytest.raises(sd.GradientError, match=said):
        selected(Params(), ["level", name])
    with pytest.raises(sd.GradientError, match=said):
        changed(Params(), {name: 1.0})


def test_each_value_can_be_changed_and_the_others_stay() -> None:
    own = continuous(Params())
    for name, value in own.items():
        moved = value * 1.0625 + 0.03125
        found = continuous(changed(Params(), {name: moved}))
        assert list(found) == NAMES
        for other, kept in own.items():
            np.testing.assert_array_equal(found[other], moved if other == name else kept)


def test_all_values_together_give_the_same_params_again() -> None:
    assert changed(Params(), continuous(Params())) == Params(fixed=sd.Constant(8.0))


def test_params_can_hold_what_no_validation_would_let_through() -> None:
    given = {"level": "a", "radius.high": "b", "lens.focus": "c", "free.gamma": "d"}
    found: Any = holding(Params(), given)
    assert (found.level, found.radius.high, found.lens.focus) == ("a", "b", "c")
    assert (found.free, found.radius.low) == ({**Params().free, "gamma": "d"}, 1.0)
    assert type(found.radius) is sd.Uniform
    assert holding(Params(), {}) == Params()


def test_values_that_params_refuse_are_named_with_the_reason() -> None:
    with pytest.raises(sd.GradientError, match=r"level=11.0 cannot be: level: .* equal to 10"):
        changed(Params(), {"level": 11.0})
    with pytest.raises(sd.GradientError, match=r"radius.high=0.5 cannot be: .*low=1.0 is greater"):
        changed(Params(), {"radius.high": 0.5})
    with pytest.raises(sd.GradientError, match=r"radius.high=200.0 cannot be: .*from 0 to 100"):
        changed(Params(), {"radius.high": 200.0})
    with pytest.raises(sd.GradientError, match=r"weight.std=nan cannot be"):
        changed(Params(), {"weight.std": float("nan")})


def test_a_shape_that_differs_is_refused() -> None:
    with pytest.raises(sd.GradientError, match=r"shift has shape \(3,\), but the params have \(2,"):
        changed(Params(), {"shift": np.zeros(3)})


def test_params_without_any_say_so() -> None:
    class Whole(sd.Params):
        count: int = 3

    with pytest.raises(sd.GradientError, match="no value of the params is continuous"):
        selected(Whole(), ["count"])
