"""A Pillow filter on the path of an image file.

What the plain version silently gets wrong::

    def blurred(path):
        image = Image.open(path.numpy().decode()).filter(ImageFilter.GaussianBlur(2))
        return np.asarray(image)

    ds = tf.data.Dataset.list_files("photos/*").map(
        lambda path: tf.py_function(blurred, [path], tf.uint8)
    )

- The shape is unknown, and it differs: a grey photo has two dimensions and a PNG may have four
  channels. ``batch`` fails at the first that differs, with no word of which file it was.
- A truncated file ends the iteration, and TensorFlow's error does not say which sample it was;
  ``ignore_errors`` drops it and says nothing at all.
- ``list_files`` shuffles, anew at each run.

Here a photo that is not of the declared shape is an error that names the sample, and an exception
in the function is one that names sample and line. ``photos-v1`` does all this and more.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter, ImageOps

import synthdata as sd

SIZE = 96


def blurred(
    rng: np.random.Generator, paths: list[str]
) -> tuple[NDArray[np.uint8], None, dict[str, object]]:
    """Choose a photo, cut it to a square, blur it by a random radius."""
    path = paths[rng.integers(len(paths))]
    radius = rng.uniform(0, 3)
    with Image.open(path) as photo:
        square = ImageOps.fit(photo.convert("RGB"), (SIZE, SIZE))
    image = np.asarray(square.filter(ImageFilter.GaussianBlur(radius)))
    return image, None, {"path": path, "radius": radius}


def photos_in(folder: str | Path) -> sd.Generator:
    """Return the generator over the photos in a folder."""
    files = (file for suffix in ("jpg", "png") for file in Path(folder).glob(f"*.{suffix}"))
    return sd.from_function(
        blurred,
        sd.Output(
            image=sd.Image(SIZE, SIZE, 3),
            metadata={"path": sd.Text(max_bytes=4096), "radius": sd.Scalar("float32", ge=0)},
        ),
        paths=sorted(str(file) for file in files),
    )


if __name__ == "__main__":
    for batch in sd.build(photos_in(sys.argv[1]), seed=7, samples=32, batch_size=8):
        print(batch["image"].shape, batch["metadata"]["radius"].numpy().round(2))
