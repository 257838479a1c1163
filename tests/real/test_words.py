"""A small recogniser that saw only words-v1 reads real ones; the page is cut as when typed."""

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

BAR = 0.4
"""Most character errors of a short training; one answer for all, as "ae", makes 0.69 or more."""

if importlib.util.find_spec("skimage") is None:
    pytest.skip("scikit-image's page is not installed: `make real`", allow_module_level=True)


@pytest.fixture
def _benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("synthdata_text")
    monkeypatch.syspath_prepend(str(BENCHMARKS))


@pytest.fixture
def page(_benchmarks: None) -> Any:
    return importlib.import_module("word_crops")


@pytest.fixture
def reader(_benchmarks: None) -> Any:
    return importlib.import_module("word_reader")


@pytest.fixture
def words(_benchmarks: None) -> Any:
    return importlib.import_module("real_words")


def test_the_page_is_cut_into_the_words_that_were_typed(page: Any) -> None:
    crops = page.load_crops()
    assert len(crops) == 48
    assert crops[0].text == "Region-based"
    for crop in crops:
        # A letter of the page is 5 to 13 pixels wide.
        assert 4 * len(crop.text) < crop.image.shape[1] < 16 * len(crop.text) + 8


def test_a_crop_is_scaled_into_the_middle(page: Any) -> None:
    image = np.full((10, 20), 200, np.uint8)
    image[3:7, 5:15] = 0
    fitted = page.fitted(image, (64, 32), 20)
    assert fitted.shape == (32, 64)
    rows, columns = np.nonzero(fitted < 100)
    assert rows.mean() == pytest.approx(15.5, abs=1)
    assert columns.mean() == pytest.approx(31.5, abs=1)
    assert page.fitted(np.zeros((10, 200), np.uint8), (64, 32), 20).shape == (32, 64)


def test_scores_are_read_without_repeats_and_blanks(reader: Any) -> None:
    path = [0, 11, 11, 0, 11, 12, 0]  # class 11 is a, 12 is b
    scores = np.eye(len(reader.ALPHABET) + 1, dtype=np.float32)[path]
    assert reader.decoded(scores[None]) == ["aab"]
    assert reader.encoded(["ab"])[0, :3].tolist() == [11, 12, 0]


def test_the_surest_path_is_the_likeliest(reader: Any) -> None:
    even = np.zeros((1, 3, 4), np.float32)  # four classes, each a quarter, in three columns
    assert reader.log_likelihood(even)[0] == pytest.approx(3 * np.log(1 / 4))
    sure = even.copy()
    sure[..., 1] = 5
    assert reader.log_likelihood(sure)[0] > reader.log_likelihood(even)[0]


@pytest.mark.parametrize(
    ("one", "other", "far"), [("kitten", "sitting", 3), ("", "abc", 3), ("same", "same", 0)]
)
def test_the_distance_is_levenshteins(reader: Any, one: str, other: str, far: int) -> None:
    assert reader.distance(one, other) == reader.distance(other, one) == far
    assert reader.error_rate([one], [other]) == far / len(other)


def test_tesseract_reads_nearly_all_of_the_page(words: Any) -> None:
    crops = words.load_crops()
    read = words.read_tesseract([crop.image for crop in crops])
    if read is None:
        pytest.skip("tesseract is not installed: apt-get install tesseract-ocr")
    assert words.error_rate(read, [crop.text for crop in crops]) < 0.1


TRAINING = """
import real_words as words

crops = [crop for crop in words.load_crops() if len(crop.text) <= 3 and crop.text.isalpha()]
truth = [crop.text for crop in crops]
params = {"texts": sorted(set(truth)), "difficulty": {"uniform": [0, 0.6]}}
params |= {"width": 48, "fonts": ["pillow"]}
made = words.synthetic(words.recipe_of(params, seed=1, count=1_000), workers=1)
model = words.train(made, steps=200, seed=0, batch=32)
print(words.error_rate(words.read_crops(model, crops), truth))
"""


@pytest.mark.usefixtures("_benchmarks")
def test_a_short_training_on_synthetic_words_reads_real_ones(run: Run) -> None:
    """The twelve words of up to three letters on the page; of all, docs/real/words.md tells."""
    pytest.importorskip("keras")
    assert float(run(TRAINING).split()[-1]) <= BAR
