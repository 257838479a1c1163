"""Errors carry what they are about as attributes, also into another process."""

from __future__ import annotations

import pickle

import pytest

import synthdata as sd
from synthdata.errors import Identity

IDENTITY = Identity("shapes-v1", "synthdata", "0.1.0", "shapes.py:21")
ERRORS: list[sd.SynthDataError] = [
    sd.AssetError("a.png: truncated", path="a.png"),
    sd.BuildError("batch_size=0"),
    sd.ParamsError("size: wrong", id="shapes-v1"),
    sd.AmbiguousIdError("two", id="shapes-v1"),
    sd.BrokenPluginError("broken", id="shapes-v1", distribution="synthdata"),
    sd.ConfigurationError("pyproject.toml: wrong", path="pyproject.toml"),
    sd.ContractError(
        "image is None", rule="structure", feature="image", identity=IDENTITY, seed=7, index=3
    ),
    sd.GeneratorFailedError("sample raised", identity=IDENTITY, seed=7, index=3, attempt=2),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_survives_pickling_with_its_attributes(error: sd.SynthDataError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)


def test_a_sample_error_names_generator_sample_problem_and_origin() -> None:
    assert str(ERRORS[-2]) == (
        "shapes-v1 sample 3 (seed 7): image is None [synthdata 0.1.0, shapes.py:21]"
    )
    assert str(ERRORS[-1]).startswith("shapes-v1 sample 3 (seed 7, attempt 2): ")


def test_an_origin_that_is_not_known_is_left_out() -> None:
    error = sd.ContractError(
        "x", rule="dtype", feature="image", identity=Identity("mine"), seed=0, index=0
    )
    assert str(error) == "mine sample 0 (seed 0): x"


def test_each_error_is_also_the_builtin_that_it_amounts_to() -> None:
    assert issubclass(sd.SampleError, ValueError)
    assert issubclass(sd.RegistryError, LookupError)
    assert all(isinstance(error, sd.SynthDataError) for error in ERRORS)
