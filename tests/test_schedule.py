"""Schedules: what they draw at each index, how recipes say them, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter

import synthdata as sd
from synthdata.distributions import parse_distribution
from synthdata.errors import DeclarationError

ADAPTER: TypeAdapter[Any] = TypeAdapter(sd.Distribution)
SCHEDULE: Any = sd.Schedule  # the type checker would refuse lists for tuples


def drawn(schedule: Any, *indices: int) -> list[Any]:
    return [schedule.sample(sd.Rng(index=index)) for index in indices]


def test_a_value_goes_in_straight_lines_from_point_to_point() -> None:
    schedule = SCHEDULE([(10, 0), (20, 5), (40, 1)])
    assert drawn(schedule, 10, 12, 20, 30, 40) == [0, 1, 5, 3, 1]


def test_before_the_first_and_after_the_last_point_it_stays() -> None:
    schedule = SCHEDULE([(10, 2), (20, 5)])
    assert drawn(schedule, 0, 9, 21, 2**48 - 1) == [2, 2, 5, 5]


def test_between_two_distributions_their_arguments_move() -> None:
    schedule = parse_distribution(
        {"schedule": [[0, {"uniform": [0, 1]}], [100, {"uniform": [10, 31]}]]}
    )
    assert schedule.at(50) == sd.Uniform(5, 16)
    rng, same = sd.Rng(3, 50), sd.Rng(3, 50)
    assert schedule.sample(rng) == sd.Uniform(5, 16).sample(same)


def test_numbers_are_floats_at_every_index() -> None:
    assert {type(value) for value in drawn(SCHEDULE([(5, 2), (10, 3)]), 0, 5, 7, 10, 20)} == {float}


def test_arrays_are_drawn_from_the_distribution_of_the_index() -> None:
    schedule = SCHEDULE([(0, sd.Normal(0, 1, low=0)), (4, sd.Normal(8, 1, low=8))])
    array = schedule.sample(sd.Rng(0, 2), (200, 3))
    assert array.shape == (200, 3)
    assert array.min() == 4  # the low of both, half way


def test_steps_keep_each_distribution_until_the_next_point() -> None:
    schedule = SCHEDULE([(0, "easy"), (7, sd.Choice(["hard"]))], how="step")
    assert drawn(schedule, 0, 6, 7, 8) == ["easy", "easy", "hard", "hard"]


@pytest.mark.parametrize(
    "form",
    [
        {"schedule": [[0, 4], [1000, 20]]},
        {"schedule": [[0, {"uniform": [4, 6]}], [9, {"uniform": [4, 20]}]]},
        {"schedule": {"points": [[0, "a"], [5, {"choice": ["b", "c"]}]], "how": "step"}},
    ],
)
def test_a_recipe_says_it_and_reads_it_again(form: Any) -> None:
    assert ADAPTER.dump_python(ADAPTER.validate_python(form)) == form


def test_its_support_is_that_of_all_its_points() -> None:
    assert SCHEDULE([(0, sd.Uniform(4, 6)), (9, sd.Uniform(2, 5))]).support == (2, 6)
    assert SCHEDULE([(0, "a"), (9, 3)], how="step").support is None


@pytest.mark.parametrize(
    ("form", "complaint"),
    [
        ([[5, 1], [5, 2]], "must increase"),
        ([[0, 1], [5, {"uniform": [0, 1]}]], "how='step' takes any"),
        ([[0, "a"], [5, "b"]], "how='step' takes any"),
        ([[0, True], [5, False]], "how='step' takes any"),
        ([[0, {"normal": [0, 1]}], [5, {"normal": [0, 1, 0]}]], "how='step' takes any"),
        ([[-1, 1]], "greater than or equal to 0"),
        ([[0, {"schedule": [[0, 1]]}]], "distribution 'schedule' is unknown"),
        ([], "at least 1 item"),
    ],
)
def test_points_that_make_no_schedule_are_refused(form: Any, complaint: str) -> None:
    with pytest.raises(DeclarationError, match=complaint):
        parse_distribution({"schedule": form})


def test_another_random_generator_than_that_of_a_sample_is_refused() -> None:
    with pytest.raises(TypeError, match=r"index, which Generator does not know"):
        SCHEDULE([(0, 1), (5, 2)]).sample(np.random.default_rng(0))


def test_a_param_moves_over_a_data_set() -> None:
    radius = {"schedule": [[0, 0.1], [100, 0.4]]}
    recipe = sd.Recipe(generator="shapes-v1", params={"size": 64, "radius": radius}, samples=101)
    source = sd.Source(recipe)
    radii = [float(source[index].metadata["radius"][0]) for index in (0, 50, 100)]
    assert radii == pytest.approx([6.4, 16, 25.6])


def test_a_generator_refuses_a_schedule_that_leaves_its_range() -> None:
    with pytest.raises(sd.ParamsError, match=r"radius: numbers from 0 to 0\.5 are expected"):
        sd.make("shapes-v1", radius={"schedule": [[0, 0.1], [100, 0.6]]})
