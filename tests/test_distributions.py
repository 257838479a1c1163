"""Distributions: short forms in recipes, what they refuse, and that they draw what they say."""

from __future__ import annotations

import dataclasses
import math
from typing import Annotated, Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

import synthdata as sd
from synthdata.distributions import is_distribution, parse_distribution
from synthdata.errors import DeclarationError
from synthdata.theta import continuous

ADAPTER: TypeAdapter[Any] = TypeAdapter(sd.Distribution)
KINDS: Any = sd  # the type checker would refuse lists for tuples

SHORT_FORMS = [
    (8, KINDS.Constant(8), 8),
    (8.5, KINDS.Constant(8.5), 8.5),
    (True, KINDS.Constant(True), True),
    ("red", KINDS.Constant("red"), "red"),
    ({"constant": 8}, KINDS.Constant(8), 8),
    ({"constant": {"value": "red"}}, KINDS.Constant("red"), "red"),
    ({"uniform": [4, 20]}, KINDS.Uniform(4, 20), {"uniform": [4, 20]}),
    ({"uniform": {"low": 4, "high": 20}}, KINDS.Uniform(4, 20), {"uniform": [4, 20]}),
    ({"log_uniform": [0.1, 10]}, KINDS.LogUniform(0.1, 10), {"log_uniform": [0.1, 10]}),
    ({"log_uniform": {"low": 1, "high": 2}}, KINDS.LogUniform(1, 2), {"log_uniform": [1, 2]}),
    ({"normal": [10, 2]}, KINDS.Normal(10, 2), {"normal": {"mean": 10, "std": 2}}),
    (
        {"normal": [10, 2, 1, 19]},
        KINDS.Normal(10, 2, 1, 19),
        {"normal": {"mean": 10, "std": 2, "low": 1, "high": 19}},
    ),
    (
        {"normal": {"mean": 10, "std": 2, "high": 0}},
        KINDS.Normal(10, 2, high=0),
        {"normal": {"mean": 10, "std": 2, "high": 0}},
    ),
    ({"choice": ["red", 2]}, KINDS.Choice(["red", 2]), {"choice": ["red", 2]}),
    ({"choice": {"values": [1, 2]}}, KINDS.Choice([1, 2]), {"choice": [1, 2]}),
    (
        {"choice": {"values": ["a", "b"], "weights": [3, 1]}},
        KINDS.Choice(["a", "b"], [3, 1]),
        {"choice": {"values": ["a", "b"], "weights": [3, 1]}},
    ),
]


@pytest.mark.parametrize(("form", "distribution", "written"), SHORT_FORMS)
def test_a_short_form_is_read_and_written(form: Any, distribution: Any, written: Any) -> None:
    assert ADAPTER.validate_python(form) == distribution
    assert parse_distribution(form) == distribution
    assert type(parse_distribution(form)) is type(distribution)
    assert ADAPTER.dump_python(distribution) == written


def test_truth_values_numbers_and_words_keep_their_type() -> None:
    for value in (True, 1, 1.0, "1"):
        constant = parse_distribution(value)
        assert (constant.value, type(constant.value)) == (value, type(value))
        choice = parse_distribution({"choice": [value]})
        assert type(choice.values[0]) is type(value)


numbers = st.floats(-1e6, 1e6)
plain = st.booleans() | st.integers() | numbers | st.text(max_size=3)
pairs = st.tuples(numbers, numbers).map(sorted)
positive = st.tuples(st.floats(1e-6, 1e6), st.floats(1e-6, 1e6)).map(sorted)


@st.composite
def distributions(draw: st.DrawFn) -> Any:
    kind = draw(st.sampled_from(["constant", "uniform", "log_uniform", "normal", "choice"]))
    match kind:
        case "constant":
            return sd.Constant(draw(plain))
        case "uniform":
            return sd.Uniform(*draw(pairs))
        case "log_uniform":
            return sd.LogUniform(*draw(positive))
        case "normal":
            low, high = draw(pairs)
            bounds: dict[str, Any] = {"low": low, "high": high}
            kept = draw(st.sets(st.sampled_from(["low", "high"])))
            std = draw(st.floats(0, 1e3))
            return sd.Normal(draw(numbers), std, **{key: bounds[key] for key in kept})
    values = tuple(draw(st.lists(plain, min_size=1, max_size=4)))
    weight = st.floats(0.01, 100)
    weights = draw(st.none() | st.tuples(*[weight] * len(values)))
    return sd.Choice(values, weights)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(distributions())
def test_each_distribution_comes_back_equal_from_its_json(distribution: Any) -> None:
    again = ADAPTER.validate_json(ADAPTER.dump_json(distribution))
    assert again == distribution
    assert type(again) is type(distribution)
    assert repr(again) == repr(distribution)
    assert hash(again) == hash(distribution)


@pytest.mark.parametrize(
    ("form", "message"),
    [
        (None, r"a distribution is a value, or one of constant, uniform.*not None"),
        ([4, 20], r"a distribution is a value.*not \[4, 20\]"),
        ({}, r"a distribution is a value.*not \{\}"),
        ({"uniform": [1, 2], "normal": [1, 2]}, r"a distribution is a value"),
        ({"unifrom": [4, 20]}, r"'unifrom' is unknown; did you mean 'uniform'\?; known are"),
        ({3: [4, 20]}, r"distribution 3 is unknown; known are constant"),
        ({"uniform": 4}, r"Uniform: high is missing"),
        ({"uniform": [4]}, r"Uniform: high is missing"),
        ({"uniform": [1, 2, 3]}, r"Uniform: .*got 3"),
        ({"uniform": {"lo": 4, "high": 5}}, r"Uniform: .*lo is unknown; did you mean 'low'\?"),
        ({"uniform": [20, 4]}, r"Uniform: low=20\.0 is greater than high=4\.0"),
        ({"uniform": ["a", 2]}, r"Uniform: low: .*got 'a'"),
        ({"uniform": [1, math.inf]}, r"Uniform: high: .*finite.*got inf"),
        ({"uniform": [math.nan, 1]}, r"Uniform: low: .*finite.*got nan"),
        ({"uniform": [-1e308, 1e308]}, r"Uniform: .*more than a float can hold"),
        ({"log_uniform": [0, 1]}, r"LogUniform: low: .*greater than 0, got 0"),
        ({"log_uniform": [-1, 1]}, r"LogUniform: low: .*greater than 0, got -1"),
        ({"log_uniform": [2, 1]}, r"LogUniform: low=2\.0 is greater than high=1\.0"),
        ({"normal": [1]}, r"Normal: std is missing"),
        ({"normal": [1, -1]}, r"Normal: std: .*got -1"),
        ({"normal": [1, 2, 5, 3]}, r"Normal: low=5\.0 is greater than high=3\.0"),
        ({"choice": []}, r"Choice: values: .*at least 1"),
        ({"choice": "ab"}, r"Choice: values: .*got 'ab'"),
        ({"choice": [[1]]}, r"Choice: values\.0"),
        ({"choice": {"values": [1, 2], "weights": [1]}}, r"Choice: 1 weights for 2 values"),
        ({"choice": {"values": [1, 2], "weights": [0, 0]}}, r"Choice: .*positive, finite sum"),
        ({"choice": {"values": [1, 2], "weights": [-1, 2]}}, r"Choice: weights\.0: .*got -1"),
        ({"choice": {"values": [1, 2], "weights": [1e308] * 2}}, r"Choice: .*finite sum"),
        (math.nan, r"Constant: value.*got nan"),
        (math.inf, r"Constant: value.*got inf"),
        ({"constant": [[1]]}, r"Constant: value"),
    ],
)
def test_a_form_that_cannot_be_is_refused_with_the_reason(form: Any, message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        parse_distribution(form)
    with pytest.raises(ValidationError, match=message):
        ADAPTER.validate_python(form)


def test_within_refuses_what_could_draw_outside() -> None:
    class Params(BaseModel):
        radius: Annotated[sd.Distribution, sd.within(1, 100)]

    def radius(value: Any) -> Any:
        return Params.model_validate({"radius": value}).radius

    for good in (1, 100, {"uniform": [1, 100]}, {"normal": [5, 1, 1, 100]}, {"choice": [1, 99]}):
        assert is_distribution(radius(good))
    for bad, found in (
        (0, "from 0 to 0"),
        (101, "from 101 to 101"),
        ({"uniform": [0.5, 100]}, r"from 0\.5 to 100\.0"),
        ({"uniform": [1, 100.5]}, r"from 1\.0 to 100\.5"),
        ({"normal": [50, 1]}, "from -inf to inf"),
        ({"normal": {"mean": 50, "std": 1, "low": 1}}, r"from 1\.0 to inf"),
        ({"choice": [1, 200]}, "from 1 to 200"),
        ({"choice": [1, "red"]}, "words"),
        ("red", "words"),
    ):
        with pytest.raises(ValidationError, match=f"from 1 to 100 are expected.*{found}"):
            radius(bad)


@pytest.mark.parametrize(
    "distribution",
    [
        KINDS.Constant(8),
        KINDS.Uniform(-3, 4),
        KINDS.Uniform(2, 2),
        KINDS.LogUniform(1e-3, 7),
        KINDS.LogUniform(0.1, 0.1),
        KINDS.Normal(0, 5, -1, 2),
        KINDS.Normal(0, 5, low=-1),
        KINDS.Normal(3, 0),
        KINDS.Choice([3, 1, 2.5]),
        KINDS.Choice([3, 1, 2.5], [0, 1, 1]),
    ],
    ids=repr,
)
def test_ten_thousand_draws_stay_in_the_support(distribution: Any) -> None:
    low, high = distribution.support
    one_by_one = sd.Rng(seed=1)
    drawn = [distribution.sample(one_by_one) for _ in range(10_000)]
    assert low <= min(drawn) <= max(drawn) <= high
    at_once = distribution.sample(sd.Rng(seed=1), (100, 100))
    assert at_once.shape == (100, 100)
    assert low <= at_once.min() <= at_once.max() <= high


@pytest.mark.parametrize(
    ("distribution", "kind"),
    [
        (KINDS.Uniform(0, 1), float),
        (KINDS.LogUniform(1, 2), float),
        (KINDS.Normal(0, 1), float),
        (KINDS.Constant(8), int),
        (KINDS.Constant("red"), str),
        (KINDS.Choice([1, 2]), int),
        (KINDS.Choice(["red"]), str),
        (KINDS.Choice([1.5, 2.5], [1, 1]), float),
    ],
)
def test_one_draw_is_a_python_value(distribution: Any, kind: type) -> None:
    assert type(distribution.sample(sd.Rng())) is kind


DRAWS = 20_000


def furthest_from(drawn: Any, cumulative: Any) -> float:
    """The Kolmogorov–Smirnov distance; beyond 2 / √n with a chance of 0.07 %."""
    drawn = np.sort(drawn)
    expected = np.array([cumulative(value) for value in drawn])
    above = np.arange(1, len(drawn) + 1) / len(drawn) - expected
    return float(max(above.max(), (1 / len(drawn) - above).max()))


@pytest.mark.parametrize(
    ("distribution", "cumulative"),
    [
        (KINDS.Uniform(4, 20), lambda x: (x - 4) / 16),
        (KINDS.LogUniform(0.1, 10), lambda x: math.log(x / 0.1) / math.log(100)),
        (KINDS.Normal(10, 2), lambda x: (1 + math.erf((x - 10) / 2 / math.sqrt(2))) / 2),
    ],
    ids=["uniform", "log-uniform", "normal"],
)
def test_the_draws_are_distributed_as_declared(distribution: Any, cumulative: Any) -> None:
    for drawn in (
        distribution.sample(sd.Rng(seed=2), DRAWS),
        np.array([distribution.sample(sd.Rng(seed=3, index=i)) for i in range(2_000)]),
    ):
        assert furthest_from(drawn, cumulative) < 2 / math.sqrt(len(drawn))


def test_a_normal_is_clipped_to_its_bounds() -> None:
    drawn = sd.Normal(0, 1, -1, 1).sample(sd.Rng(seed=4), DRAWS)
    below = (1 - math.erf(1 / math.sqrt(2))) / 2  # the mass beyond one standard deviation
    for edge in (-1, 1):
        share = np.mean(drawn == edge)
        assert abs(share - below) < 5 * math.sqrt(below * (1 - below) / DRAWS)


@pytest.mark.parametrize(
    ("weights", "shares"), [(None, (1 / 3,) * 3), ((3, 0, 1), (0.75, 0, 0.25))]
)
def test_a_choice_draws_each_value_as_often_as_its_weight_says(weights: Any, shares: Any) -> None:
    choice = KINDS.Choice(["a", "b", "c"], weights)
    rng = sd.Rng(seed=5)
    singly = np.array([choice.sample(rng) for _ in range(DRAWS)])
    for drawn in (singly, choice.sample(sd.Rng(seed=6), DRAWS)):
        for value, share in zip("abc", shares, strict=True):
            allowed = 5 * math.sqrt(share * (1 - share) / DRAWS)
            assert abs(np.mean(drawn == value) - share) <= allowed


sizes = st.none() | st.integers(0, 5) | st.lists(st.integers(0, 3), max_size=3).map(tuple)


@st.composite
def degenerate(draw: st.DrawFn) -> Any:
    """Distributions of one number: ends that meet, no spread, or all of it clipped."""
    value, far = draw(st.floats(1e-6, 1e6)), draw(st.sampled_from([-1e9, 1e9]))
    kinds = (
        sd.Uniform(value, value),
        sd.LogUniform(value, value),
        sd.Normal(value, 0),
        sd.Normal(value, 1, value, value),
        sd.Normal(far, 1, -value, value),
    )
    return draw(st.sampled_from(kinds))


@settings(max_examples=500, derandomize=True, deadline=None)
@example(KINDS.Choice([2**63]), (), 0)
@given(distributions() | degenerate(), sizes, st.integers(0, 99))
def test_a_pathwise_draw_is_that_of_sample_to_the_bit(
    distribution: Any, size: Any, index: int
) -> None:
    one, other = sd.Rng(seed=7, index=index), sd.Rng(seed=7, index=index)
    drawn, expected = distribution.pathwise(one, size)[0], distribution.sample(other, size)
    if size is None:
        assert type(drawn) is type(expected)
        assert repr(drawn) == repr(expected)
    else:
        assert (drawn.dtype, drawn.shape) == (expected.dtype, expected.shape)
        assert drawn.tolist() == expected.tolist()
        # Zeros have a sign too.
        assert drawn.dtype == object or drawn.tobytes() == expected.tobytes()
    assert one.random() == other.random()


@settings(max_examples=200, derandomize=True, deadline=None)
@given(distributions() | degenerate(), sizes)
def test_there_is_a_finite_derivative_by_each_continuous_argument(
    distribution: Any, size: Any
) -> None:
    class Params(sd.Params):
        drawn: sd.Distribution

    drawn, partials = distribution.pathwise(sd.Rng(seed=7), size)
    known = continuous(Params(drawn=distribution))
    # The value of a Constant may be a whole number; a truth value or a word is not continuous.
    assert [f"drawn.{name}" for name in partials] == list(known)
    for partial in partials.values():
        assert np.shape(partial) == np.shape(drawn)
        assert np.isfinite(partial).all()


SMOOTH = [
    KINDS.Constant(8.5),
    KINDS.Constant(-3),
    KINDS.Uniform(-3, 4),
    KINDS.Uniform(1e5, 1e6),
    KINDS.LogUniform(0.1, 10),
    KINDS.LogUniform(3, 3.5),
    KINDS.Normal(10, 2),
    KINDS.Normal(0, 5, -1, 2),
    KINDS.Normal(0, 5, low=-1),
    KINDS.Normal(0, 5, high=-1),
    KINDS.Normal(100, 1, -1, 2),
]


@pytest.mark.parametrize("size", [None, 300, (20, 15)], ids=str)
@pytest.mark.parametrize("distribution", SMOOTH, ids=repr)
def test_the_derivatives_are_those_of_central_differences(distribution: Any, size: Any) -> None:
    def drawn(name: str, value: float) -> Any:
        other = dataclasses.replace(distribution, **{name: value})
        return np.asarray(other.sample(sd.Rng(seed=8), size))

    _, partials = distribution.pathwise(sd.Rng(seed=8), size)
    assert partials
    for name, partial in partials.items():
        own = float(getattr(distribution, name))
        step = 1e-5 * max(abs(own), 1.0)
        slope = (drawn(name, own + step) - drawn(name, own - step)) / (2 * step)
        assert partial == pytest.approx(slope, rel=1e-6, abs=1e-8)


def test_where_a_normal_is_clipped_it_depends_on_the_bound_alone() -> None:
    distribution = sd.Normal(0, 1, -0.5, 0.8)
    drawn, partials = distribution.pathwise(sd.Rng(seed=9), 1_000)
    for edge, name in ((-0.5, "low"), (0.8, "high")):
        clipped = drawn == edge
        assert 100 < clipped.sum() < 400
        assert (partials[name] == clipped).all()
        assert (partials["mean"][clipped] == 0).all()
        assert (partials["std"][clipped] == 0).all()
