"""Small batches made several at a time: the same batches, whichever way they are made."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import synthdata as sd
from synthdata import bundles
from synthdata.bundles import MOST, SINGLY, SIZE, Bundles, together
from synthdata.order import Order
from synthdata.plan import Plan
from synthdata.running import ATTRIBUTE
from tests.execution.generators import Counter, Dying, Failing

tf = pytest.importorskip("tensorflow")

EXECUTORS = [("inline", 0), ("threads", 2), ("processes", 2)]


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    n = draw(st.integers(1, 3))
    return Plan(
        Order(draw(st.integers(1, 300)), draw(st.integers(0, 9)), shuffle=draw(st.booleans())),
        stop=draw(st.integers(0, 900)),
        start=draw(st.integers(0, 50)),
        shard=(draw(st.integers(0, n - 1)), n),
        batch_size=draw(st.integers(1, 7)),
        drop_remainder=draw(st.booleans()),
    )


@given(plan=plans(), wanted=st.integers(1, 20))
def test_bundles_are_the_batches_of_a_plan_and_none_is_cut(plan: Plan, wanted: int) -> None:
    made = Bundles(plan, wanted)
    batches = [plan.indices(number).tolist() for number in range(len(plan))]
    found = [made.indices(number).tolist() for number in range(len(made))]
    assert list(chain(*found)) == list(chain(*batches))
    assert made.samples == plan.samples == sum(map(len, batches))
    assert all(found)
    assert max(map(len, found), default=0) <= made.batch_size == made.together * plan.batch_size
    # What comes first comes singly, and so does a last batch that is not full.
    assert found[:SINGLY] == batches[:SINGLY]
    full = [bundle for bundle in found if len(bundle) % plan.batch_size == 0]
    assert full == found or (full == found[:-1] and found[-1] == batches[-1])
    sizes = [len(bundle) // plan.batch_size for bundle in full]
    assert made.together == max(sizes, default=1)
    before = 0
    for size, following in pairwise(sizes):
        assert size <= wanted
        # Nobody waits for one longer than for a part of what came before.
        assert size == 1 or before >= SINGLY * size / 2
        assert size == wanted or before < SINGLY * wanted
        assert following in (size, 2 * size, wanted) or following == sizes[-1]
        before += size


def test_endless_bundles_are_found_in_constant_time() -> None:
    plan = Plan(Order(2**40, 7, shuffle=True), stop=None, batch_size=4)
    made = Bundles(plan, 16)
    far = 10**15
    # 64 of one batch, 32 of two, 32 of four and 32 of eight hold 512; the others have sixteen.
    first = 512 + (far - 160) * 16
    want = [plan.indices(number).tolist() for number in range(first, first + 16)]
    assert made.endless
    assert made.indices(far).tolist() == list(chain(*want))


@pytest.mark.parametrize(
    ("room", "count"), [(1, MOST), (SIZE // MOST, MOST), (SIZE // 2, 2), (SIZE, 1), (9 * SIZE, 1)]
)
def test_large_batches_are_made_one_by_one(room: int, count: int) -> None:
    assert together(room) == count


# In a dataset


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have bundles begin after two batches."""
    monkeypatch.setattr(bundles, "SINGLY", 2)


def asked(dataset: Any, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The bundles that are asked for, in the list that is returned."""
    executor = getattr(dataset, ATTRIBUTE).executor
    batch = executor.batch
    numbers: list[int] = []

    def noted(number: int) -> Any:
        numbers.append(number)
        return batch(number)

    monkeypatch.setattr(executor, "batch", noted)
    return numbers


@pytest.mark.parametrize(("executor", "workers"), EXECUTORS)
@pytest.mark.usefixtures("soon")
def test_a_dataset_has_the_same_batches_by_fewer_calls(
    executor: Any, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = sd.build(Counter(), samples=142, batch_size=4, executor=executor, workers=workers)
    numbers = asked(dataset, monkeypatch)
    found = [batch["label"].numpy().tolist() for batch in dataset]
    assert found == [list(range(at, min(at + 4, 142))) for at in range(0, 142, 4)]
    # Two singly, bundles of two, four, eight and sixteen, one of what is left, and the last batch.
    assert sorted(set(numbers)) == list(range(8))
    assert (sd.stats(dataset).batches, sd.stats(dataset).samples) == (36, 142)
    assert dataset.cardinality() == 36


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("options", [{"as_supervised": True}, {"with_index": True}, {}])
@pytest.mark.parametrize(("samples", "rows"), [(140, 4), (142, None), (None, 4)])
def test_the_structure_is_that_of_single_batches(
    options: dict[str, Any], samples: int | None, rows: int | None
) -> None:
    def spec(count: int | None) -> Any:
        return sd.build(
            "records-v1", samples=count, batch_size=4, executor="inline", **options
        ).element_spec

    assert spec(samples) == spec(8 if rows else 7)
    assert tf.nest.flatten(spec(samples))[0].shape[0] == rows


def pieces(dataset: Any) -> Iterator[tuple[int, int]]:
    """Where the images of batches begin and end in memory."""
    for batch in dataset:
        image = np.asarray(memoryview(batch["image"]))
        at = image.__array_interface__["data"][0]
        yield at, at + image.nbytes


@pytest.mark.usefixtures("soon")
def test_batches_of_a_bundle_lie_side_by_side_where_it_was_made() -> None:
    params = {"shape": [32, 32, 3]}
    dataset = sd.build(
        "noise-v1", params=params, samples=4 * 32, batch_size=4, executor="processes", workers=1
    )
    found = list(pieces(dataset))
    assert len(found) == 32
    for first, end in ((2, 4), (4, 8), (8, 16), (16, 32)):
        assert all(one[1] == other[0] for one, other in pairwise(found[first:end]))


@pytest.mark.usefixtures("soon")
def test_what_cannot_be_told_apart_again_is_made_singly(monkeypatch: pytest.MonkeyPatch) -> None:
    skipping = sd.build(
        Failing(), samples=80, batch_size=4, on_error="skip", executor="inline", with_index=True
    )
    numbers = asked(skipping, monkeypatch)
    kept = [index for batch in skipping for index in batch["index"].numpy()]
    assert kept == [index for index in range(80) if index % 7 != 3]
    assert numbers == list(range(20))

    ragged = sd.build("records-v1", samples=80, batch_size=4, variable="ragged", executor="inline")
    numbers = asked(ragged, monkeypatch)
    assert sum(1 for _ in ragged) == 20
    assert numbers == list(range(20))


@pytest.mark.parametrize(("executor", "workers"), EXECUTORS)
@pytest.mark.usefixtures("soon")
def test_a_bundle_fails_as_a_whole_and_those_before_it_come(executor: Any, workers: int) -> None:
    dataset = sd.build(
        Dying(at=210, way="raise"), samples=400, batch_size=4, executor=executor, workers=workers
    )
    found: list[int] = []

    def consume() -> None:
        for batch in dataset:
            found.extend(batch["label"].numpy().tolist())

    with pytest.raises(tf.errors.OpError, match="sample 210"):
        consume()
    # It is in batch 52, and that in the bundle of batches 48 to 63.
    assert found == list(range(192))
