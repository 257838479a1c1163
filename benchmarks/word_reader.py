"""A small recogniser of words: a network, its training by CTC, and how its scores are read."""

from __future__ import annotations

import os
import string
from collections.abc import Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from word_crops import Crop, fitted

Grey: TypeAlias = NDArray[np.uint8]

ALPHABET: Final = string.digits + string.ascii_letters + string.punctuation
"""Class 0 is CTC's blank, class i + 1 the character i."""
WIDTH: Final = 160
HEIGHT: Final = 32
LONGEST: Final = 20
"""Characters of a word that is trained on; a longer one is left out."""
BATCH: Final = 64
CROP_HEIGHTS: Final = (20, 24)
"""Rows of a real crop in the image of 32 rows; it is read at each."""


class Words(NamedTuple):
    """Images (n, height, width) uint8 and what they say."""

    images: Grey
    texts: list[str]


def build_model(width: int = WIDTH) -> Any:
    """Five convolutions, a bidirectional GRU and a score of each character every four columns."""
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input((HEIGHT, width, 1)), layers.Rescaling(1 / 255)])
    model.add(layers.GroupNormalization(1, center=False, scale=False))  # each image by itself
    for filters, pool in ((16, (2, 2)), (32, (2, 2)), (64, (2, 1)), (96, (2, 1)), (128, (2, 1))):
        model.add(layers.Conv2D(filters, 3, padding="same", use_bias=False))
        model.add(layers.BatchNormalization(momentum=0.9))
        model.add(layers.ReLU())
        model.add(layers.MaxPooling2D(pool))
    model.add(layers.Reshape((width // 4, 128)))
    model.add(layers.Dropout(0.1))
    model.add(layers.Bidirectional(layers.GRU(64, return_sequences=True)))
    model.add(layers.Dense(len(ALPHABET) + 1))
    return model


def train(words: Words, steps: int, seed: int, batch: int = BATCH) -> Any:
    """Train with Adam, a one-cycle learning rate and the CTC loss of Graves et al., 2006."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import keras

    keras.utils.set_random_seed(seed)
    model = build_model(words.images.shape[2])
    rate = keras.optimizers.schedules.CosineDecay(
        1e-4, steps, warmup_target=3e-3, warmup_steps=max(steps // 10, 1)
    )
    model.compile(keras.optimizers.Adam(rate, clipnorm=5.0), keras.losses.CTC(), jit_compile=False)
    order = np.random.default_rng(seed)
    rounds = -(-steps * batch // len(words.texts))
    index = np.concatenate([order.permutation(len(words.texts)) for _ in range(rounds)])
    model.fit(_batches(words, index[: steps * batch], batch), shuffle=False, verbose=0)
    return model


def _batches(words: Words, order: NDArray[np.int64], batch: int) -> Any:
    import tensorflow as tf

    images, targets = tf.constant(words.images), tf.constant(encoded(words.texts))
    batches = tf.data.Dataset.from_tensor_slices(order).batch(batch)
    return batches.map(lambda at: (tf.gather(images, at)[..., None], tf.gather(targets, at)))


def encoded(texts: Sequence[str]) -> NDArray[np.int32]:
    """Classes (n, LONGEST) of texts, filled with 0."""
    classes = np.zeros((len(texts), LONGEST), np.int32)
    for row, text in zip(classes, texts, strict=True):
        row[: len(text)] = [ALPHABET.index(character) + 1 for character in text]
    return classes


def read_images(model: Any, images: Grey) -> list[str]:
    """What the model reads in images (n, height, width)."""
    return decoded(_scores(model, images))


def read_crops(model: Any, crops: Sequence[Crop]) -> list[str]:
    """What it reads in real crops: of ``CROP_HEIGHTS`` at the one where it is surest."""
    size = (model.input_shape[2], HEIGHT)
    texts, sureness = [], []
    for high in CROP_HEIGHTS:
        images = np.stack([fitted(crop.image, size, high) for crop in crops])
        scores = _scores(model, images)
        texts.append(decoded(scores))
        sureness.append(log_likelihood(scores))
    best = np.argmax(sureness, axis=0).tolist()
    return [texts[height][place] for place, height in enumerate(best)]


def _scores(model: Any, images: Grey) -> NDArray[np.float32]:
    scores: NDArray[np.float32] = model.predict(images[..., None], batch_size=256, verbose=0)
    return scores


def decoded(scores: NDArray[np.float32]) -> list[str]:
    """Texts of scores (n, columns, classes): the best of each column, no repeats or blanks."""
    texts = []
    for best in scores.argmax(axis=2):
        kept = best[np.flatnonzero(np.diff(best, prepend=-1))]
        texts.append("".join(ALPHABET[value - 1] for value in kept if value))
    return texts


def log_likelihood(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of the best path through scores (n, columns, classes)."""
    top = scores.max(axis=2, keepdims=True)
    log: NDArray[np.float32] = -np.log(np.exp(scores - top).sum(axis=2)).sum(axis=1)
    return log


def distance(one: str, other: str) -> int:
    """How many characters must be put in, left out or changed: Levenshtein, 1966.

    >>> distance("kitten", "sitting")
    3
    """
    row = list(range(len(other) + 1))
    for place, character in enumerate(one, 1):
        corner, row[0] = row[0], place
        for column, goal in enumerate(other, 1):
            least = min(row[column] + 1, row[column - 1] + 1, corner + (character != goal))
            corner, row[column] = row[column], least
    return row[-1]


def error_rate(read: Sequence[str], truth: Sequence[str]) -> float:
    """Character error rate: distance over all, divided by the characters of the truth."""
    wrong = sum(distance(one, other) for one, other in zip(read, truth, strict=True))
    return wrong / sum(map(len, truth))


def exact(read: Sequence[str], truth: Sequence[str]) -> float:
    """The part that is read without a mistake."""
    return sum(one == other for one, other in zip(read, truth, strict=True)) / len(truth)
