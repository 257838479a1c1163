"""Splits: ranges that never overlap, and never move."""

from __future__ import annotations

import hashlib
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import synthdata as sd
from synthdata.splits import ROOM, first_index, ranges
from synthdata.testing.digests import stream_digest

NAMES = st.sampled_from(["train", "validation", "test", "val", "dev", "extra", "A", "b_2"])
SPLITS = {"train": 12, "validation": 5, "test": 3}


def recipe(**splits: int) -> sd.Recipe:
    return sd.Recipe(generator="noise-v1", params={"shape": [8, 8, 3]}, seed=7, splits=splits)


@given(st.dictionaries(NAMES, st.integers(1, ROOM), min_size=1))
def test_no_two_splits_share_an_index(splits: dict[str, int]) -> None:
    found = sorted(ranges(splits).values(), key=lambda one: one.start)
    assert all(left.stop <= right.start for left, right in itertools.pairwise(found))
    assert found[-1].stop <= 2**48


@given(st.dictionaries(NAMES, st.integers(1, 100), min_size=1), st.randoms())
def test_a_split_stays_where_it_is_when_others_change(
    splits: dict[str, int], random: object
) -> None:
    alone = {name: ranges({name: size})[name] for name, size in splits.items()}
    assert ranges(splits) == alone
    assert ranges(dict(reversed(splits.items()))) == alone


def test_the_place_of_any_other_name_is_by_its_sha256() -> None:
    digest = hashlib.sha256(b"extra").digest()
    place = 3 + int.from_bytes(digest[:8], "big") % (2**12 - 3)
    assert first_index("extra") == place * 2**36


def test_a_grown_split_keeps_its_samples_and_those_of_the_others() -> None:
    before, after = recipe(**SPLITS), recipe(**{**SPLITS, "train": 20})
    for split in SPLITS:
        count = SPLITS[split]
        one, two = sd.Source(before, split=split), sd.Source(after, split=split)[:count]
        assert stream_digest(one) == stream_digest(two)
    assert len(sd.Source(after, split="train")) == 20


def test_train_is_the_recipe_without_splits() -> None:
    plain = sd.Recipe(generator="noise-v1", params={"shape": [8, 8, 3]}, seed=7, samples=12)
    expected = stream_digest(sd.Source(plain))
    assert stream_digest(sd.Source(recipe(**SPLITS), split="train")) == expected
    assert stream_digest(sd.Source(plain, split="train")) == expected


def test_a_split_is_built_like_its_source() -> None:
    source = sd.Source(recipe(**SPLITS), split="validation")
    ds = sd.build(recipe(**SPLITS), split="validation", batch_size=2, with_index=True)
    rows = [row for batch in ds.as_numpy_iterator() for row in batch["index"].tolist()]
    assert rows == list(source.indices)
    images = np.concatenate([batch["image"] for batch in ds.as_numpy_iterator()])
    assert all((image == source[place].image).all() for place, image in enumerate(images))


def test_a_shuffled_split_has_each_of_its_samples_once() -> None:
    ds = sd.build(recipe(**SPLITS), split="test", batch_size=2, with_index=True, shuffle=True)
    rows = [row for batch in ds.as_numpy_iterator() for row in batch["index"].tolist()]
    assert sorted(rows) == list(recipe(**SPLITS).indices("test"))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"samples": 3, "splits": {"train": 1}}, "samples and splits are both given"),
        ({"splits": {}}, "splits: .* at least 1"),
        ({"splits": {"all": 3}}, "'all': letters, digits"),
        ({"splits": {"a-b": 3}}, "'a-b': letters, digits"),
        ({"splits": {"train": 0}}, "splits.train: .* greater than or equal to 1"),
        ({"splits": {"train": 1.0}}, "splits.train: .* valid integer"),
    ],
)
def test_splits_that_cannot_be_are_refused_by_name(fields: dict[str, object], words: str) -> None:
    with pytest.raises(sd.RecipeError, match=words):
        sd.Recipe(generator="noise-v1", **fields)


def test_names_that_happen_to_share_a_place_are_refused() -> None:
    places: dict[int, str] = {}
    for number in range(10_000):
        name = f"split_{number}"
        other = places.setdefault(first_index(name), name)
        if other != name:
            break
    with pytest.raises(ValueError, match="have the same place; rename one"):
        ranges({name: 1, other: 1})


def test_which_of_several_splits_must_be_said() -> None:
    with pytest.raises(sd.RecipeError, match=r"splits train, validation, test; say split=$"):
        sd.Source(recipe(**SPLITS))
    with pytest.raises(sd.RecipeError, match="say split=, not 'dev'"):
        sd.build(recipe(**SPLITS), split="dev")
    with pytest.raises(sd.BuildError, match="split='train' is for a Recipe"):
        sd.build("noise-v1", samples=3, split="train")


def test_the_fingerprint_knows_the_splits_and_not_their_order() -> None:
    plain = sd.Recipe(generator="noise-v1", samples=12)
    assert "splits" not in plain.to_json()
    one = sd.Recipe(generator="noise-v1", splits={"train": 8, "test": 4})
    two = sd.Recipe(generator="noise-v1", splits={"test": 4, "train": 8})
    three = sd.Recipe(generator="noise-v1", splits={"train": 8, "test": 5})
    assert one.fingerprint() == two.fingerprint() != three.fingerprint()
