"""Single digits: where they lie, what the metadata say of them, and what bad params get."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import synthdata as sd
from synthdata_digits.drawing import GLYPH, STYLE_NAMES
from synthdata_digits.skeletons import STYLES


def samples(count: int, seed: int = 3, **params: Any) -> Iterator[sd.Sample]:
    recipe = sd.Recipe(generator="digits-v1", params=params, seed=seed, samples=count)
    yield from sd.Source(recipe)


def style(sample: sd.Sample) -> str:
    return str(STYLE_NAMES[sample.metadata["style"]])


@pytest.mark.parametrize("size", [28, 56])
def test_the_ink_is_centred_by_its_mass_and_fits_the_box(size: int) -> None:
    for sample in samples(60, size=size, blur=0):
        grey = sample.image[..., 0].astype(float)
        rows, columns = np.nonzero(grey)
        sides = (np.ptp(rows) + 1, np.ptp(columns) + 1)
        assert max(sides) <= round(size * 20 / 28)
        middle = [
            (grey.sum(axis=1 - axis) * (np.arange(size) + 0.5)).sum() / grey.sum()
            for axis in (0, 1)
        ]
        assert np.abs(np.array(middle) - size / 2).max() <= 0.51


def test_the_strokes_run_through_the_ink() -> None:
    for sample in samples(60, size=112, glyphs=0, blur=0, contrast=1):
        x, y = np.floor(sample.metadata["strokes"][:, :2]).astype(int).T
        inside = (np.minimum(x, y) >= 0) & (np.maximum(x, y) < 112)
        assert (sample.image[y[inside], x[inside], 0] > 0).mean() > 0.97
        assert inside.mean() > 0.9


def test_every_digit_and_every_style_is_drawn() -> None:
    seen = [(sample.label, style(sample)) for sample in samples(1_200, glyphs=0.1)]
    assert {name for _, name in seen} == set(STYLE_NAMES)
    assert all(name == GLYPH or name.startswith(f"{label} ") for label, name in seen)
    assert [len(styles) >= 5 for styles in STYLES] == [True] * 10


def test_a_glyph_has_no_strokes_and_a_written_digit_has() -> None:
    for sample in samples(40, glyphs=0.5):
        assert (len(sample.metadata["strokes"]) == 0) == (style(sample) == GLYPH)


def test_a_thicker_pen_leaves_more_ink() -> None:
    thin, thick = (
        [int(s.image.astype(int).sum()) for s in samples(20, glyphs=0, thickness=thickness)]
        for thickness in (5, 15)
    )
    assert all(less < more for less, more in zip(thin, thick, strict=True))


def test_a_slant_leans_to_the_right() -> None:
    upright = {"glyphs": 0, "angle": 0, "jitter": 0, "warp": 0, "shift": 0, "aspect": 1}
    for sample in samples(40, slant=0.5, **upright):
        if style(sample) == "1 plain":
            strokes = sample.metadata["strokes"]
            assert strokes[0, 0] > strokes[-1, 0] + 4
            assert strokes[0, 1] < strokes[-1, 1]


def test_a_folder_without_fonts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(sd.ParamsError, match="a font file or a folder"):
        sd.make("digits-v1", fonts=[str(tmp_path)])
