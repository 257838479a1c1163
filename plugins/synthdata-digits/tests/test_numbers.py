"""Numbers: text, boxes and classes agree with each other and with the image."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import synthdata as sd


def samples(count: int, seed: int = 5, **params: Any) -> Iterator[sd.Sample]:
    recipe = sd.Recipe(generator="numbers-v1", params=params, seed=seed, samples=count)
    yield from sd.Source(recipe)


def test_text_boxes_and_classes_agree() -> None:
    for sample in samples(40):
        label = sample.label
        assert label["text"] == "".join(str(n) for n in label["classes"])
        assert len(label["boxes"]) == len(label["text"])
        assert (np.diff(label["boxes"][:, 0]) >= 0).all()


@pytest.mark.parametrize("digits", [1, 6, 12])
def test_all_ink_is_in_boxes_and_each_box_holds_ink(digits: int) -> None:
    for sample in samples(20, digits=digits):
        ink = sample.image[..., 0] > 0
        covered = np.zeros_like(ink)
        assert len(sample.label["boxes"]) == digits
        for x0, y0, x1, y1 in sample.label["boxes"].astype(int):
            assert ink[y0:y1, x0:x1].any()
            covered[y0:y1, x0:x1] = True
        assert not (ink & ~covered).any()


def test_the_digits_of_a_number_do_not_touch_where_gap_is_wide() -> None:
    for sample in samples(20, digits=3, gap=0.3, width=256):
        boxes = sample.label["boxes"]
        assert (boxes[1:, 0] >= boxes[:-1, 2]).all()


def test_an_image_less_wide_than_high_is_refused() -> None:
    with pytest.raises(sd.ParamsError, match="width of at least height"):
        sd.make("numbers-v1", width=16, height=32)
