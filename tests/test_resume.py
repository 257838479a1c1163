"""Going on after a stop: checkpoints of iterators, ``start``, and Keras's fit (docs/resume.md)."""

from __future__ import annotations

import os
import random
import re
import runpy
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import synthdata as sd
from synthdata import bundles
from tests.execution.generators import Counter, Failing

tf = pytest.importorskip("tensorflow")
import keras  # noqa: E402  # comes with TensorFlow, and cannot be imported without

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "examples" / "resume_fit.py"
PAGE = (ROOT / "docs" / "resume.md").read_text(encoding="utf-8")

# A batch is 48 kB: those that are made ahead would show in the size of a checkpoint.
NOISE = sd.Recipe(generator="noise-v1", params={"shape": [64, 64, 3]}, seed=3, samples=50)
BATCH = 4
ORDERS: dict[str, dict[str, Any]] = {
    "in order": {},
    "shuffled, again and again": {"shuffle": True, "repeat": True},
    "a shard of that": {"shuffle": True, "repeat": True, "shard": (1, 3), "start": 7},
}


# A checkpoint of the iterator


def noise(executor: Any, workers: int, order: str) -> Any:
    return sd.build(
        NOISE,
        batch_size=BATCH,
        executor=executor,
        workers=workers,
        with_index=True,
        **ORDERS[order],
    )


def saved(iterator: Any, folder: Path) -> str:
    path: str = tf.train.Checkpoint(iterator=iterator).save(str(folder / "checkpoint"))
    return path


def restored(dataset: Any, path: str) -> Any:
    iterator = iter(dataset)
    tf.train.Checkpoint(iterator=iterator).restore(path).assert_existing_objects_matched()
    return iterator


def size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


def values(iterator: Any, batches: int) -> list[tuple[list[int], bytes]]:
    taken = islice(iterator, batches)
    return [(batch["index"].numpy().tolist(), batch["image"].numpy().tobytes()) for batch in taken]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("singly", [bundles.SINGLY, 2], ids=["singly", "in bundles"])
def test_a_checkpoint_goes_on_bit_for_bit_under_any_workers_and_is_less_than_10_kb(
    order: str, singly: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundles, "SINGLY", singly)
    cells = [("inline", 0), ("threads", 2), ("processes", 2), ("processes", 3)]
    datasets = {cell: noise(*cell, order) for cell in cells}
    for number, (before, dataset) in enumerate(datasets.items()):
        iterator = iter(dataset)
        # Also from the second epoch on, where there is one.
        seen = values(iterator, 5 if order == "in order" else 20)
        folder = tmp_path / str(number)
        path = saved(iterator, folder)
        want = values(iterator, 4)
        assert len(want) == 4
        assert not {image for _, image in seen} & {image for _, image in want}
        for after, other in datasets.items():
            assert values(restored(other, path), 4) == want, (before, after)
        assert size(folder) < 10_000


def test_a_checkpoint_at_the_end_is_at_the_end(tmp_path: Path) -> None:
    iterator = iter(noise("inline", 0, "in order"))
    assert len(values(iterator, 100)) == 13
    path = saved(iterator, tmp_path)
    assert values(restored(noise("processes", 2, "in order"), path), 1) == []


def test_one_iterator_is_restored_again_and_again_while_workers_run(tmp_path: Path) -> None:
    iterator = iter(noise("processes", 2, "shuffled, again and again"))
    values(iterator, 3)
    path = saved(iterator, tmp_path)
    want = values(iterator, 6)
    for further in (1, 6, 2):
        tf.train.Checkpoint(iterator=iterator).restore(path)
        assert values(iterator, further) == want[:further]


def test_a_checkpoint_counts_batches_and_does_not_know_their_size(tmp_path: Path) -> None:
    iterator = iter(sd.build(Counter(), batch_size=4, executor="inline"))
    for _ in range(5):
        next(iterator)
    larger = sd.build(Counter(), batch_size=8, executor="inline")
    assert next(restored(larger, saved(iterator, tmp_path)))["label"].numpy()[0] == 5 * 8


def failing(executor: Any, workers: int, **options: Any) -> Any:
    return sd.build(
        Failing(),
        samples=100,
        batch_size=8,
        executor=executor,
        workers=workers,
        on_error="skip",
        with_index=True,
        **options,
    )


@pytest.mark.parametrize("after", [("processes", 2), ("inline", 0)])
def test_a_checkpoint_is_exact_where_samples_are_skipped(
    after: tuple[str, int], tmp_path: Path
) -> None:
    options = {"shuffle": True, "repeat": True}
    iterator = iter(failing("threads", 2, **options))
    # Batches are refilled from those that follow: the place within one has to be kept too.
    assert {len(next(iterator)["index"]) for _ in range(20)} == {8}
    path = saved(iterator, tmp_path)
    want = values(iterator, 30)
    assert values(restored(failing(*after, **options), path), 30) == want
    assert size(tmp_path) < 10_000


# Start


@pytest.mark.parametrize(("executor", "workers"), [("inline", 0), ("threads", 2), ("processes", 2)])
def test_start_at_10_to_the_12_needs_no_way_there(executor: Any, workers: int) -> None:
    far = 10**12
    options: dict[str, Any] = {"batch_size": 4, "executor": executor, "workers": workers}
    batch = next(iter(sd.build(Counter(), start=far, **options)))
    assert batch["label"].numpy().tolist() == [far, far + 1, far + 2, far + 3]
    again = sd.build(Counter(), samples=7, repeat=True, start=far, **options)
    assert next(iter(again))["label"].numpy().tolist() == [(far + i) % 7 for i in range(4)]


@pytest.mark.parametrize("n", [1, 3])
def test_start_goes_on_after_so_many_batches_of_each_shard(n: int) -> None:
    def taken(k: int, start: int, batches: int) -> list[list[int]]:
        dataset = sd.build(
            Counter(),
            samples=50,
            batch_size=4,
            shuffle=True,
            repeat=True,
            shard=(k, n),
            start=start,
            executor="inline",
        )
        return [batch["label"].numpy().tolist() for batch in dataset.take(batches)]

    for k in range(n):
        assert taken(k, start=9 * 4 * n, batches=6) == taken(k, start=0, batches=15)[9:]


def test_start_counts_samples_that_are_skipped() -> None:
    good = [index for index in range(100) if index % 7 != 3]
    rest = [index for batch in failing("inline", 0, start=32) for index in batch["index"].numpy()]
    assert rest == [index for index in good if index >= 32]
    # After four batches 32 samples were seen, but 37 positions gone by.
    assert rest != good[32:]


# Keras


class Seen(keras.layers.Layer):  # type: ignore[misc]  # keras ships no types
    """Passes images on, and counts in a weight how often each sample is trained on each epoch.

    The counts are a part of the model's state: what a kill undoes, it undoes in them as well.
    """

    def __init__(self, epochs: int, samples: int) -> None:
        super().__init__(name="seen")
        self.samples = samples
        self.counts = self.add_weight(
            shape=(epochs, samples), initializer="zeros", dtype="int32", trainable=False
        )

    def call(self, image: Any, index: Any, training: bool = False) -> Any:
        if training:
            counts = self.counts.value
            epochs = tf.fill(tf.shape(index), tf.reduce_sum(counts) // self.samples)
            places = tf.stack([epochs, tf.cast(index, tf.int32)], axis=1)
            ones = tf.ones(tf.shape(index), tf.int32)
            self.counts.assign(tf.tensor_scatter_nd_add(counts, places, ones))
        return image


class Die(keras.callbacks.Callback):  # type: ignore[misc]  # keras ships no types
    """Ends the process by SIGKILL after a batch, before other callbacks hear of it."""

    def __init__(self, batches: int) -> None:
        super().__init__()
        self.batches = batches

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if int(self.model.optimizer.iterations) == self.batches:
            os.kill(os.getpid(), signal.SIGKILL)


class Break(keras.callbacks.Callback):  # type: ignore[misc]  # keras ships no types
    """Ends the fit by an exception before a batch."""

    def __init__(self, batches: int) -> None:
        super().__init__()
        self.batches = batches

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        if int(self.model.optimizer.iterations) == self.batches:
            raise RuntimeError("stopped")


class DieSoon(keras.callbacks.Callback):  # type: ignore[misc]  # keras ships no types
    """Ends the process by SIGKILL at a random moment after the first batch, also while it saves."""

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if batch == 0:
            moment = random.SystemRandom().uniform(0, 0.3)
            threading.Timer(moment, os.kill, (os.getpid(), signal.SIGKILL)).start()


def example() -> dict[str, Any]:
    return runpy.run_path(str(EXAMPLE))


def counted_model(names: dict[str, Any], epochs: int) -> Any:
    """The example's model, with the counts in front."""
    network = names["network"]()
    image, index = keras.Input((32, 32, 3)), keras.Input((), dtype="int64")
    seen = Seen(epochs, names["SAMPLES"])
    model = keras.Model([image, index], network(seen(image, index)))
    model.compile("adam", network.loss)
    return model


def counted_data(names: dict[str, Any], step: int, **options: Any) -> Any:
    """The example's data, with the index of each sample beside its image."""
    dataset = sd.build(
        "shapes-v1",
        params={"size": 32},
        seed=7,
        samples=names["SAMPLES"],
        batch_size=names["BATCH"],
        shuffle=True,
        repeat=True,
        start=step * names["BATCH"],
        with_index=True,
        **options,
    )
    return dataset.map(
        lambda batch: ((tf.cast(batch["image"], tf.float32) / 255, batch["index"]), batch["label"])
    )


def train(folder: str, result: str, save_every: int, *callbacks: Any) -> None:
    """Train with the example's function, and leave the model's state in a file at the end."""
    keras.utils.set_random_seed(7)
    tf.config.experimental.enable_op_determinism()
    names = example()
    model = counted_model(names, names["EPOCHS"])
    names["resumable_fit"](
        model,
        lambda step: counted_data(names, step),
        folder,
        steps_per_epoch=names["SAMPLES"] // names["BATCH"],
        epochs=names["EPOCHS"],
        save_every=save_every,
        callbacks=callbacks,
        verbose=0,
    )
    variables = (*model.variables, *model.optimizer.variables)
    np.savez(result, *(np.asarray(variable) for variable in variables))


def run_example_and_die(folder: str, batches: int) -> None:
    """Run the example as it stands, in a process that dies after a batch."""
    fit = keras.Model.fit

    def fit_and_die(model: Any, *given: Any, callbacks: Any = (), **options: Any) -> Any:
        return fit(model, *given, callbacks=[Die(batches), *callbacks], **options)

    keras.Model.fit = fit_and_die
    sys.argv = [str(EXAMPLE), folder]
    runpy.run_path(str(EXAMPLE), run_name="__main__")


def in_a_process(*command: str, path: Path = ROOT, cwd: Path = ROOT) -> Any:
    return subprocess.run(
        [sys.executable, *command],
        capture_output=True,
        text=True,
        timeout=240,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(path)},
    )


def here(call: str) -> Any:
    """Call one of the functions above in a process of its own."""
    return in_a_process("-c", f"from tests.test_resume import *; {call}")


def state(file: Path) -> list[Any]:
    with np.load(file) as arrays:
        return [arrays[name] for name in arrays.files]


def once_an_epoch(found: list[Any]) -> bool:
    [counts] = [array for array in found if array.shape == (2, 320)]
    return bool((counts == 1).all())


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """The state of the model after a run that nobody killed."""
    folder = tmp_path_factory.mktemp("unbroken")
    done = here(f"train({str(folder / 'run')!r}, {str(folder / 'end.npz')!r}, 8)")
    assert done.returncode == 0, done.stderr
    return state(folder / "end.npz")


def test_a_fit_that_is_killed_twice_sees_each_sample_once_an_epoch_and_ends_in_the_same_bits(
    tmp_path: Path, unbroken: list[Any]
) -> None:
    folder, result = str(tmp_path / "run"), tmp_path / "end.npz"
    # Of 2 × 20 batches each 8th is saved, and the end of each fit.
    for killed, begins in ((13, ""), (27, "going on after batch 8 of 40\n")):
        done = here(f"train({folder!r}, {str(result)!r}, 8, Die({killed}))")
        assert (done.returncode, done.stdout) == (-signal.SIGKILL, begins), done.stderr
        assert not result.exists()
    done = here(f"train({folder!r}, {str(result)!r}, 8)")
    assert (done.returncode, done.stdout) == (0, "going on after batch 24 of 40\n"), done.stderr
    end = state(result)
    assert once_an_epoch(end)
    assert len(end) == len(unbroken)
    for got, want in zip(end, unbroken, strict=True):
        assert got.dtype == want.dtype
        assert got.tobytes() == want.tobytes()


@pytest.mark.slow
def test_a_fit_that_is_killed_at_random_moments_ends_in_the_same_bits(
    tmp_path: Path, unbroken: list[Any]
) -> None:
    folder, result = str(tmp_path / "run"), tmp_path / "end.npz"
    kills = 0
    while not result.exists():
        done = here(f"train({folder!r}, {str(result)!r}, 1, DieSoon())")
        kills += done.returncode == -signal.SIGKILL
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        assert kills < 40
    assert kills >= 2
    end = state(result)
    assert once_an_epoch(end)
    assert [array.tobytes() for array in end] == [array.tobytes() for array in unbroken]


def test_the_example_goes_on_where_it_was_killed(tmp_path: Path) -> None:
    folder = str(tmp_path / "run")
    killed = here(f"run_example_and_die({folder!r}, 29)")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    done = in_a_process(str(EXAMPLE), folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("going on after batch 24 of 40\nEpoch 2/2\n")
    assert "16/16" in done.stdout  # batches of the 20 are left


def test_the_data_of_the_example_from_a_batch_on_is_the_rest_of_it_through_all_epochs() -> None:
    names = example()
    whole, rest = names["shapes"](0), names["shapes"](names["SAMPLES"] // names["BATCH"] + 3)
    for (image, label), (same_image, same_label) in zip(whole.skip(23), rest.take(2), strict=False):
        np.testing.assert_array_equal(same_image, image)
        np.testing.assert_array_equal(same_label, label)


# Keras reads its variables by NumPy's way before 2.0.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize(("save_freq", "twice"), [(4, 4), ("epoch", 0)])
def test_keras_s_own_backup_begins_the_epoch_and_the_data_again(
    save_freq: Any, twice: int, tmp_path: Path
) -> None:
    names = example()
    epochs, batch = names["EPOCHS"], names["BATCH"]
    history: list[Any] = []

    def fit(*callbacks: Any) -> None:
        # The counts have a row more: it trains on more than all epochs.
        model = counted_model(names, epochs + 1)
        counts = model.get_layer("seen").counts.value
        count = keras.callbacks.LambdaCallback(
            on_train_batch_end=lambda batch, logs: history.append(counts.numpy().sum(axis=0))
        )
        backup = keras.callbacks.BackupAndRestore(str(tmp_path / "backup"), save_freq=save_freq)
        model.fit(
            counted_data(names, 0, executor="inline"),
            epochs=epochs,
            steps_per_epoch=names["SAMPLES"] // batch,
            callbacks=[count, backup, *callbacks],
            shuffle=False,
            verbose=0,
        )

    with pytest.raises(RuntimeError, match="stopped"):
        fit(Break(27))
    assert len(history) == 27
    history.clear()
    fit()
    # It saved after 24 batches, or after 20; now it makes 20, as the second epoch.
    assert len(history) == 20
    assert (history[-1] > epochs).sum() == twice * batch
    assert history[-1].sum() == epochs * names["SAMPLES"] + twice * batch
    # They are those of the first epoch, and in its order.
    _, ((_, indices), _) = counted_data(names, 0, executor="inline").take(2)
    trained = np.flatnonzero(history[1] - history[0])
    assert trained.tolist() == sorted(indices.numpy().tolist())


# The page


def test_each_block_of_the_page_runs_as_it_stands(tmp_path: Path) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    folders = [tmp_path / str(number) for number in range(len(blocks))]
    assert len(blocks) == 3

    def run(code: str, folder: Path) -> Any:
        folder.mkdir()
        command = ("-W", "error::UserWarning", "-c", code)
        return in_a_process(*command, path=EXAMPLE.parent, cwd=folder)

    with ThreadPoolExecutor() as pool:
        for done in pool.map(run, blocks, folders):
            assert done.returncode == 0, done.stderr
            assert done.stdout


def test_each_file_that_the_page_links_to_is_there() -> None:
    targets = re.findall(r"\]\(([^)]+)\)", PAGE)
    assert targets
    assert all((ROOT / "docs" / target).exists() for target in targets)
