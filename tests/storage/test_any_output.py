"""Any Output: what write accepts comes back equal, and the rest is refused up front."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import synthdata as sd
from synthdata.storage.verifying import same
from tests import strategies
from tests.storage.trees import FORMATS

OF_ONE_SAMPLE = re.compile(
    r"cannot be written: .*(no pixels|without pixels|not as many|as many .* as|shape .* of nothing"
    r"|empty|lengths? |sizes? )"
)
"""What shows only of a sample: an image file without pixels, lists that pair up and do not."""


def values(output: sd.Output, source: sd.Source, place: int) -> list[object]:
    sample = source[place]
    return [leaf.value_in(sample) for leaf in output.leaves]


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_is_accepted_comes_back_equal(name: str, data: st.DataObject) -> None:
    output = data.draw(strategies.outputs())
    samples = [data.draw(strategies.samples(output)) for _ in range(3)]
    made = sd.from_function(lambda rng: samples[rng.index], output)
    source = sd.Source.of(made, samples=3)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "a"
        refused: sd.SynthDataError | None
        try:
            sd.write(made, target, samples=3, format=name, samples_per_shard=2, workers=0)
        except sd.FormatError as error:
            refused = error
        except sd.GeneratorFailedError as error:
            refused = error
        else:
            refused = None
        if isinstance(refused, sd.FormatError):
            assert set(refused.features) <= {leaf.name for leaf in output.leaves}
            assert refused.features
            assert not target.exists()
            return
        if refused is not None:
            assert OF_ONE_SAMPLE.search(str(refused)), refused
            return
        stored = sd.stored(target)
        assert stored.output == output
        for place in range(3):
            for one, other in zip(
                values(output, stored, place), values(output, source, place), strict=True
            ):
                assert same(one, other)
