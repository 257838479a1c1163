"""The benchmark of nuclei measures what it says, and its network learns from synthetic images."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from tests.real.conftest import Run

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
IOU, AP = 0.5, 0.2
"""Bars for a short training; the whole one is in docs/real/cells.md."""


@pytest.fixture
def cells(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("real_cells")


def row(*numbers: int) -> Any:
    return np.array([numbers], np.int64)


def test_the_same_mask_with_other_numbers_is_perfect(cells: Any) -> None:
    assert cells.score(row(0, 1, 1, 2, 2), row(0, 7, 7, 3, 3)) == (1, 1)


def test_merged_nuclei_are_one_miss_or_two(cells: Any) -> None:
    # One of 4 and one of 2 as one of 6: IoU 4/6 with the first, so 1 / (1 + 0 + 1).
    assert cells.score(row(1, 1, 1, 1, 2, 2, 0), row(5, 5, 5, 5, 5, 5, 0)) == (1, 0.5)


def test_a_nucleus_too_far_off_is_both_missed_and_false(cells: Any) -> None:
    # Two of six pixels are shared: foreground IoU 1/3, TP 0, FP 1, FN 1.
    found = cells.score(row(1, 1, 1, 1, 0, 0), row(0, 0, 1, 1, 1, 1))
    assert found == (pytest.approx(1 / 3), 0)


def test_an_iou_of_just_one_half_matches_once(cells: Any) -> None:
    # Two halves of one nucleus: each has IoU 0.5, and only one may match: 1 / (1 + 1).
    assert cells.score(row(1, 1, 1, 1), row(1, 1, 2, 2)) == (1, 0.5)


def test_empty_masks_agree(cells: Any) -> None:
    assert cells.score(row(0, 0), row(0, 0)) == (1, 1)
    assert cells.score(row(0, 1), row(0, 0)) == (0, 0)


def test_certain_targets_give_the_nuclei_back(cells: Any) -> None:
    mask = np.zeros((40, 40), np.int64)
    mask[2:20, 2:20], mask[2:20, 20:38], mask[24:36, 4:30] = 1, 2, 3
    found = cells.instances(cells.targets(mask))
    assert cells.score(mask, found) == (1, 1)
    np.testing.assert_array_equal(found > 0, mask > 0)


def test_a_nucleus_is_deepest_in_its_middle(cells: Any) -> None:
    mask = np.zeros((9, 12), np.int64)
    mask[1:8, 1:8], mask[1:8, 8:11] = 1, 2
    depth = cells.targets(mask)[..., 1]
    # The rim is one pixel from what is outside, the middle of 7 x 7 is four, and of 3 wide two.
    assert depth[4, 4] == 1
    assert depth[4, 1] == depth[4, 7] == 0.25
    assert (depth[4, 8], depth[4, 9]) == (0.5, 1)
    assert not depth[mask == 0].any()


def test_a_short_training_on_synthetic_images_finds_real_nuclei(run: Run) -> None:
    pytest.importorskip("keras")
    pytest.importorskip("tifffile")
    if importlib.util.find_spec("stardist") is None:
        pytest.skip("stardist's image is not installed: run `make real`")
    small = ["--steps=70", "--images=24", "--width=6", "--seeds=1", "--real-seeds=0"]
    printed = run(f"import real_cells; print(*real_cells.main({small}).whole[0])")
    iou, ap = map(float, printed.split()[-2:])
    assert iou > IOU
    assert ap > AP
