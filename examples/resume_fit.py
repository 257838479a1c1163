"""Train with ``model.fit`` so that a run that was killed goes on with the very next batch.

Run it, kill it (``kill -9``), run it again: each sample is trained on exactly once an epoch.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

import synthdata as sd

SAMPLES = 320
BATCH = 16
EPOCHS = 2


def resumable_fit(
    model: keras.Model,
    data: Callable[[int], tf.data.Dataset],
    folder: str | Path,
    *,
    steps_per_epoch: int,
    epochs: int,
    save_every: int = 100,
    **options: Any,
) -> Any:
    """Train as ``model.fit`` does; after a kill, go on from what was saved last in the folder.

    Args:
        model: compiled and built.
        data: returns the data set, without an end, from the batch of this number on.
        folder: keeps weights, optimizer, seeds and the number of batches, all in one file.
        steps_per_epoch: batches an epoch.
        epochs: in all, those before the kill included.
        save_every: batches between two saves.
        options: further ones of ``fit``.
    """
    step = tf.Variable(0, dtype=tf.int64, trainable=False)
    model.optimizer.build(model.trainable_variables)  # so that there is what is restored
    # Not Checkpoint(model=model): that leaves out the seeds of dropout.
    state = [variable.value for variable in (*model.variables, *model.optimizer.variables)]
    checkpoint = tf.train.Checkpoint(state=state, step=step)
    manager = tf.train.CheckpointManager(checkpoint, str(folder), max_to_keep=2)
    if manager.latest_checkpoint:
        checkpoint.restore(manager.latest_checkpoint).assert_existing_objects_matched()
        print(f"going on after batch {int(step)} of {steps_per_epoch * epochs}", flush=True)

    class Save(keras.callbacks.Callback):  # type: ignore[misc]  # keras ships no types
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            step.assign_add(1)
            if int(step) % save_every == 0:
                manager.save()

        def on_train_end(self, logs: Any = None) -> None:
            manager.save()

    options |= {"callbacks": [*options.get("callbacks", ()), Save()], "shuffle": False}
    epoch, done = divmod(int(step), steps_per_epoch)
    if done:  # the rest of the epoch that was broken off
        options |= {"steps_per_epoch": steps_per_epoch - done}
        model.fit(data(int(step)), initial_epoch=epoch, epochs=epoch + 1, **options)
        epoch += 1
    options |= {"steps_per_epoch": steps_per_epoch}
    return model.fit(data(int(step)), initial_epoch=epoch, epochs=epochs, **options)


def shapes(step: int) -> tf.data.Dataset:
    """Return the samples of all epochs, each epoch in an order of its own, from a batch on."""
    dataset = sd.build(
        "shapes-v1",
        params={"size": 32},
        seed=7,
        samples=SAMPLES,
        batch_size=BATCH,
        shuffle=True,
        repeat=True,
        start=step * BATCH,
        as_supervised=True,
    )
    return dataset.map(lambda image, label: (tf.cast(image, tf.float32) / 255, label))


def network() -> keras.Model:
    """Return a small model; the seeds of its dropout are saved as well."""
    label = sd.make("shapes-v1", size=32).output.label
    assert isinstance(label, sd.ClassLabel)
    model = keras.Sequential(
        [
            keras.layers.Input((32, 32, 3)),
            keras.layers.Conv2D(8, 3, strides=2, activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.GlobalMaxPooling2D(),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(len(label.names)),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    return model


def main(folder: str = "resumable") -> None:
    """Train, or go on with it."""
    keras.utils.set_random_seed(7)
    resumable_fit(
        network(), shapes, folder, steps_per_epoch=SAMPLES // BATCH, epochs=EPOCHS, save_every=8
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
