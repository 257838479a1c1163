"""The examples run, and what they say of plain TensorFlow is so."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage
from PIL import Image, ImageFilter, ImageOps

import synthdata as sd

tf = pytest.importorskip("tensorflow")

EXAMPLES = Path(__file__).parent.parent / "examples"
PHOTOS = Path(skimage.__file__).parent / "data"


def load(name: str) -> dict[str, Any]:
    return runpy.run_path(str(EXAMPLES / f"{name}.py"))


@pytest.mark.parametrize(
    "command",
    [["random_array.py"], ["pillow_filter.py", str(PHOTOS)], ["image_label_metadata.py"]],
    ids=lambda command: command[0],
)
def test_each_example_runs_from_the_command_line(command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / command[0]), *command[1:]],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_the_random_array_is_float32_of_a_known_shape() -> None:
    batch = next(iter(sd.build(load("random_array")["generator"], samples=5, batch_size=5)))
    assert batch["image"].shape == (5, 64, 64, 3)
    assert batch["image"].dtype == tf.float32


def test_the_pillow_filter_equals_plain_pillow() -> None:
    generator = load("pillow_filter")["photos_in"](PHOTOS)
    source = sd.Source.of(generator, seed=7, samples=10)
    for sample in source:
        rng_free = Image.open(sample.metadata["path"]).convert("RGB")
        square = ImageOps.fit(rng_free, (96, 96))
        # The radius comes back as float32; the blur took the float64 that it was rounded from.
        want = np.asarray(square.filter(ImageFilter.GaussianBlur(float(sample.metadata["radius"]))))
        difference = np.abs(sample.image.astype(int) - want).max()
        assert difference <= 1


def test_image_label_and_metadata_stay_together() -> None:
    source = sd.Source.of(load("image_label_metadata")["generator"], seed=7, samples=20)
    for sample in source:
        x, y = np.rint(sample.metadata["center"]).astype(int)
        assert (sample.image[y, x, 0] > 130) == (sample.label == 0)


def test_plain_py_function_casts_and_truncates_silently() -> None:
    def wrong(_: Any) -> Any:
        return np.full((4, 4), 0.1, np.float64), np.float64(3.7), "dropped"

    dataset = tf.data.Dataset.range(1).map(
        lambda i: tf.py_function(wrong, [i], [tf.float32, tf.int64])
    )
    [(image, label)] = list(dataset)
    assert (image.dtype, label.numpy()) == (tf.float32, 3)
    assert dataset.element_spec[0].shape.rank is None
    output = sd.Output(image=sd.Tensor("float32", (4, 4)), label=sd.Scalar("int64"))
    with pytest.raises(sd.ContractError, match="image has dtype float64"):
        sd.Source.of(sd.from_function(lambda rng: wrong(0)[:2], output), samples=1)[0]
