"""The readers of files.py: ``sd.read``, and the tf.data pipeline that one would write by hand."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import tensorflow as tf
from measure import Advance, How, by_for, run, warm_up
from writing import Figures

import synthdata as sd

ROWS = 32
"""Samples a batch."""

SECONDS = 5.0
"""Of a measurement, after the warm-up."""


def by_synthdata(folder: str) -> Any:
    """Return what ``sd.read`` makes, again and again."""
    return sd.read(folder, batch_size=ROWS, repeat=True)


def by_hand(folder: str) -> Any:
    """Return batches of the same structure by TensorFlow alone, as its guides have it.

    Whoever writes it knows that each image has one shape, so nothing has to be padded.
    """
    files = sorted(map(str, Path(folder).glob("train-*.tfrecord")))
    data = tf.data.TFRecordDataset(files).repeat()
    batches = data.map(_sample, num_parallel_calls=tf.data.AUTOTUNE).batch(ROWS)
    return batches.prefetch(tf.data.AUTOTUNE)


READERS: dict[str, Callable[[str], Any]] = {"sd.read": by_synthdata, "by hand": by_hand}

_KEPT = {
    "image": ((), tf.string),
    "label": ((), tf.int64),
    "metadata/classes": ((1,), tf.int64),
    "metadata/boxes": ((1, 4), tf.float32),
    "metadata/mask": ((), tf.string),
    "metadata/visibility": ((1,), tf.float32),
    "metadata/center": ((1, 2), tf.float32),
    "metadata/radius": ((1,), tf.float32),
    "metadata/angle": ((1,), tf.float32),
    "metadata/color": ((), tf.string),
    "metadata/background": ((), tf.int64),
    "metadata/background_colors": ((), tf.string),
    "metadata/noise": ((), tf.float32),
}
"""Shape and dtype of each entry of an Example of shapes-v1 with one shape."""

_BYTES = {"metadata/color": (1, 3), "metadata/background_colors": (2, 3)}
"""Shapes of arrays of uint8."""


def _sample(record: Any) -> dict[str, Any]:
    spec = {name: tf.io.FixedLenFeature(*kept) for name, kept in _KEPT.items()}
    found = tf.io.parse_single_example(record, spec)
    for name, shape in _BYTES.items():
        found[name] = tf.reshape(tf.io.decode_raw(found[name], tf.uint8), shape)
    found["image"] = tf.ensure_shape(tf.io.decode_png(found["image"], 3), (64, 64, 3))
    mask = tf.io.decode_png(found["metadata/mask"], 1)
    found["metadata/mask"] = tf.ensure_shape(mask, (64, 64, 1))[:, :, 0]
    metadata = {key.partition("/")[2]: found[key] for key in found if "/" in key}
    return {"image": found["image"], "label": found["label"], "metadata": metadata}


def measure(reader: str, folder: str, how: How, seconds: float = SECONDS) -> Figures:
    """Read in this process.

    Args:
        reader: of READERS.
        folder: of the data set; its files are brought into the page cache first.
        how: "for" consumes in a Python loop, "function" inside a tf.function.
        seconds: of the measurement.
    """
    for file in Path(folder).glob("train-*.tfrecord"):
        file.read_bytes()
    began = time.perf_counter()
    iterator = iter(READERS[reader](folder))
    advance = in_function(iterator) if how == "function" else by_for(iterator)
    advance(1)
    first = time.perf_counter() - began
    done, elapsed = run(advance, warm_up(advance), seconds)
    return Figures(done * ROWS / elapsed, done * ROWS, first)


def in_function(iterator: Iterator[Any]) -> Advance:
    """Return a tf.function that takes so many batches, as a training loop of Keras does."""

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]  # TensorFlow ships no types
    def advance(batches: Any) -> Any:
        def take(done: Any, total: Any) -> tuple[Any, Any]:
            return done + 1, total + tf.reduce_sum(next(iterator)["label"])

        start = (tf.constant(0), tf.constant(0, tf.int64))
        return tf.while_loop(lambda done, _: done < batches, take, start)[1]

    return lambda batches: advance(tf.constant(batches)).numpy()
