"""Words are read back by tesseract, which knows nothing of what drew them."""

from __future__ import annotations

import os
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import synthdata as sd

READABLE = 0.97
"""Least part of clean words that is read exactly."""

SMOOTH = 0.05
"""By how much more may be read at one difficulty than at an easier one, by chance."""

BORDER = 2
"""Pixels of paper around a word; with more, tesseract sees quotes and stops in the empty paper."""

if shutil.which("tesseract") is None:
    pytest.skip(
        "tesseract is not installed: apt-get install tesseract-ocr", allow_module_level=True
    )

LARGE: dict[str, Any] = {"height": 64, "width": 448, "em": {"uniform": [30, 44]}}
PLAIN: dict[str, Any] = {"numbers": 0, "punctuation": 0}


def samples(seed: int, count: int, **params: Any) -> list[sd.Sample]:
    recipe = sd.Recipe(generator="words-v1", params=params, seed=seed, samples=count)
    return list(sd.Source(recipe))


def read(images: list[NDArray[np.uint8]], folder: Path) -> list[str]:
    """What tesseract reads in each image, as one word."""
    files = [folder / f"{index}.png" for index in range(len(images))]
    for file, image in zip(files, images, strict=True):
        Image.fromarray(image).save(file)
    names = folder / "names.txt"
    names.write_text("\n".join(map(str, files)) + "\n", encoding="ascii")
    done = subprocess.run(
        ["tesseract", str(names), "-", "--psm", "8"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"OMP_THREAD_LIMIT": "1"},
    )
    return [page.strip() for page in done.stdout.split("\f")[: len(images)]]


def cropped(sample: sd.Sample) -> NDArray[np.uint8]:
    """The word alone with some paper around it, continued outwards: as one cuts a word to read."""
    (polygon,) = sample.label["words"]
    left, top = np.floor(polygon.min(axis=0)).astype(int)
    right, bottom = np.ceil(polygon.max(axis=0)).astype(int)
    word: NDArray[np.uint8] = sample.image[top:bottom, left:right, 0]
    return np.pad(word, BORDER, "edge")


def part_read(folder: Path, seed: int, count: int, **params: Any) -> float:
    drawn = samples(seed, count, **LARGE, **PLAIN, **params)
    texts = read([cropped(sample) for sample in drawn], folder)
    return float(np.mean([text == s.label["text"] for text, s in zip(texts, drawn, strict=True)]))


def test_clean_words_are_read_and_hard_ones_less_often(tmp_path: Path) -> None:
    assert part_read(tmp_path, 3, 80, difficulty=0) >= READABLE
    assert part_read(tmp_path, 3, 40, difficulty=1) < READABLE - 0.1


@pytest.mark.slow
def test_of_five_hundred_clean_words_nearly_all_are_read(tmp_path: Path) -> None:
    assert part_read(tmp_path, 1, 500, difficulty=0) >= READABLE


@pytest.mark.slow
def test_fewer_are_read_the_harder_they_are(tmp_path: Path) -> None:
    parts = [part_read(tmp_path, 2, 200, difficulty=level) for level in (0, 0.2, 0.4, 0.6, 0.8, 1)]
    assert all(later <= sooner + SMOOTH for sooner, later in pairwise(parts))
    assert parts[-1] < parts[0] - 0.1
