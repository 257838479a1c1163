"""The builder: structure, order, errors and checkpoints of the datasets it makes."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import synthdata as sd
from synthdata.execution.machine import cores
from synthdata.testing import stream_digest
from synthdata.tfdata import build, pipeline

tf = pytest.importorskip("tensorflow")

DTYPES = [
    "bool",
    "uint8",
    "int8",
    "uint16",
    "int16",
    "uint32",
    "int32",
    "uint64",
    "int64",
    "float16",
    "float32",
    "float64",
]
RECORDS = sd.Recipe(generator="records-v1", params={"height": 16, "width": 24}, seed=7, samples=23)


class Counter(sd.Generator):
    """An image of the sample's index, so that a batch shows which samples are in it."""

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        return sd.Output(image=sd.Image(2, 3, 1, "int64"), label=sd.ClassLabel(["even", "odd"]))

    def sample(self, rng: np.random.Generator) -> sd.Sample:
        assert isinstance(rng, sd.Rng)
        return sd.Sample(np.full((2, 3, 1), rng.index), rng.index % 2)


def indices(dataset: Any, batches: int | None = None) -> list[int]:
    taken = dataset if batches is None else dataset.take(batches)
    return [int(image[0, 0, 0]) for batch in taken for image in batch["image"].numpy()]


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=120,
        env={"PATH": "/usr/bin:/bin", **environment},
    )


# Structure


def test_the_element_spec_is_the_declaration_with_a_leading_batch_dimension() -> None:
    spec = build(RECORDS, batch_size=5).element_spec
    assert list(spec) == ["image", "label", "metadata"]
    assert spec["image"]["left"] == tf.TensorSpec((None, 16, 24, 3), tf.uint8)
    assert spec["image"]["depth"] == tf.TensorSpec((None, 16, 24), tf.float32)
    assert spec["label"]["light"] == tf.TensorSpec((None,), tf.int64)
    assert spec["label"]["boxes"] == tf.TensorSpec((None, 4, 4), tf.float32)
    assert spec["label"]["outlines"] == tf.TensorSpec((None, 4, 4, 2), tf.float32)
    assert spec["label"]["centres"] == tf.TensorSpec((None, 4, 1, 3), tf.float32)
    assert spec["metadata"]["caption"] == tf.TensorSpec((None,), tf.string)
    assert spec["metadata"]["camera"]["calibrated"] == tf.TensorSpec((None,), tf.bool)


def test_what_varies_is_ragged_on_demand_and_knows_the_rest_of_its_shape() -> None:
    spec = build(RECORDS, batch_size=5, variable="ragged").element_spec
    boxes, outlines = spec["label"]["boxes"], spec["label"]["outlines"]
    assert (boxes.shape.as_list(), boxes.ragged_rank) == ([None, None, 4], 1)
    assert (outlines.shape.as_list(), outlines.ragged_rank) == ([None, None, None, 2], 2)
    assert spec["label"]["light"] == tf.TensorSpec((None,), tf.int64)


@pytest.mark.parametrize(
    ("options", "batch", "cardinality"),
    [
        ({"batch_size": 5}, None, 5),
        ({"batch_size": 5, "drop_remainder": True}, 5, 4),
        ({"batch_size": 23}, 23, 1),
        ({"batch_size": 5, "repeat": 5}, 5, 23),
        ({"batch_size": 5, "repeat": True}, 5, -1),
        ({"batch_size": 5, "shard": (1, 3)}, None, 2),
        ({"batch_size": 5, "start": 3}, 5, 4),
        ({"batch_size": 100}, None, 1),
    ],
)
def test_batch_size_and_cardinality_are_known_before_anything_is_made(
    options: dict[str, Any], batch: int | None, cardinality: int
) -> None:
    dataset = build(Counter(), samples=23, **options)
    assert dataset.element_spec["image"].shape.as_list() == [batch, 2, 3, 1]
    assert dataset.cardinality().numpy() == cardinality
    if cardinality > 0:
        assert len(list(dataset)) == cardinality


def test_without_samples_the_dataset_is_endless_and_its_batches_are_full() -> None:
    dataset = build(Counter(), batch_size=4)
    assert dataset.cardinality() == tf.data.INFINITE_CARDINALITY
    assert dataset.element_spec["image"].shape.as_list() == [4, 2, 3, 1]
    assert indices(dataset, 3) == list(range(12))


@pytest.mark.parametrize("dtype", DTYPES)
def test_each_dtype_arrives_bit_for_bit(dtype: str) -> None:
    recipe = sd.Recipe(generator="noise-v1", params={"dtype": dtype, "shape": [3, 5]}, samples=6)
    batch = next(iter(build(recipe, batch_size=6)))
    want = np.stack([sample.image for sample in sd.Source(recipe)])
    assert batch["image"].dtype.name == dtype
    np.testing.assert_array_equal(batch["image"].numpy(), want)


@pytest.mark.parametrize("variable", ["pad", "ragged"])
def test_every_value_is_that_of_the_source(variable: Any) -> None:
    source = sd.Source(RECORDS)
    for batch in build(RECORDS, batch_size=5, variable=variable, with_index=True):
        for row, index in enumerate(batch["index"].numpy().tolist()):
            want = source[index]
            for part in ("left", "right", "depth"):
                np.testing.assert_array_equal(batch["image"][part][row], want.image[part])
            assert batch["metadata"]["caption"][row].numpy().decode() == want.metadata["caption"]
            assert batch["metadata"]["count"][row] == want.metadata["count"]
            position = batch["metadata"]["camera"]["position"][row]
            np.testing.assert_array_equal(position, want.metadata["camera"]["position"])
            for name, padding in (("boxes", -1), ("colours", -1), ("centres", 0)):
                got, size = batch["label"][name][row].numpy(), len(want.label[name])
                np.testing.assert_array_equal(got[:size], want.label[name])
                assert len(got) == (size if variable == "ragged" else 4)
                assert (got[size:] == padding).all()
            outlines = batch["label"]["outlines"][row]
            for got, polygon in zip(outlines, want.label["outlines"], strict=False):
                np.testing.assert_array_equal(got.numpy()[: len(polygon)], polygon)


def test_a_dimension_that_varies_within_fixed_ones_is_ragged_too() -> None:
    output = sd.Output(image=sd.Tensor("float64", (2, sd.UpTo(3))))

    def draw(rng: sd.Rng) -> sd.Sample:
        return sd.Sample(np.full((2, 1 + rng.index), float(rng.index)))

    generator = sd.from_function(draw, output)
    ds = build(generator, samples=3, batch_size=3, variable="ragged", executor="inline")
    [found] = [batch["image"].to_list() for batch in ds]
    assert found == [[[0.0], [0.0]], [[1.0] * 2] * 2, [[2.0] * 3] * 2]


def test_an_image_of_varying_size_is_padded_with_zeros_or_ragged_in_both_sides() -> None:
    def growing(rng: sd.Rng) -> Any:
        return np.full((rng.index + 1, 4 - rng.index, 2), rng.index + 1, np.uint8)

    output = sd.Output(image=sd.Image(sd.UpTo(4), sd.UpTo(5), 2))
    generator = sd.from_function(growing, output)
    padded = next(iter(build(generator, samples=3, batch_size=3)))["image"].numpy()
    ragged = next(iter(build(generator, samples=3, batch_size=3, variable="ragged")))["image"]
    assert padded.shape == (3, 4, 5, 2)
    for row in range(3):
        want = np.full((row + 1, 4 - row, 2), row + 1)
        np.testing.assert_array_equal(padded[row, : row + 1, : 4 - row], want)
        assert padded[row].sum() == want.sum()
        np.testing.assert_array_equal(ragged[row].to_tensor(), want)


def test_as_supervised_yields_image_and_label() -> None:
    image, label = next(iter(build(Counter(), samples=4, batch_size=4, as_supervised=True)))
    assert image.shape == (4, 2, 3, 1)
    assert label.numpy().tolist() == [0, 1, 0, 1]


# Order


def test_shuffle_is_a_permutation_of_each_epoch_and_a_new_one_each_time() -> None:
    options: dict[str, Any] = {"samples": 101, "batch_size": 10, "shuffle": True, "repeat": 3}
    order = indices(build(Counter(), seed=7, **options))
    epochs = [order[:101], order[101:202], order[202:]]
    assert all(sorted(epoch) == list(range(101)) for epoch in epochs)
    assert epochs[0] != list(range(101))
    assert epochs[0] != epochs[1] != epochs[2]
    assert indices(build(Counter(), seed=7, **options)) == order
    assert indices(build(Counter(), seed=8, **options)) != order


def test_shuffled_indices_are_spread_evenly() -> None:
    samples, epochs = 50, 400
    order = indices(build(Counter(), samples=samples, batch_size=500, shuffle=True, repeat=epochs))
    first = np.bincount(np.array(order).reshape(epochs, samples)[:, 0], minlength=samples)
    # Chi-square with 49 degrees of freedom: below 100 but for one case in 50,000.
    assert ((first - epochs / samples) ** 2 / (epochs / samples)).sum() < 100


def test_a_shuffle_of_2_to_the_40_samples_needs_no_buffer() -> None:
    order = indices(build(Counter(), samples=2**40, batch_size=1000, shuffle=True), 1)
    assert len(set(order)) == 1000
    assert max(order) > 2**39


@pytest.mark.parametrize("shuffle", [False, True])
def test_shards_share_each_epoch_without_overlap(shuffle: bool) -> None:
    options: dict[str, Any] = {"samples": 23, "batch_size": 4, "shuffle": shuffle}
    shards = [indices(build(Counter(), shard=(k, 3), **options)) for k in range(3)]
    assert sorted(index for shard in shards for index in shard) == list(range(23))
    whole = indices(build(Counter(), **options))
    assert [whole[k::3] for k in range(3)] == shards


@pytest.mark.parametrize("repeat", [False, 3])
@pytest.mark.parametrize("shuffle", [False, True])
def test_start_goes_on_where_an_unbroken_run_would_be(shuffle: bool, repeat: bool | int) -> None:
    options: dict[str, Any] = {"samples": 23, "batch_size": 4, "shuffle": shuffle}
    whole = indices(build(Counter(), repeat=repeat, **options))
    assert indices(build(Counter(), repeat=repeat, start=9, **options)) == whole[9:]


def test_start_in_the_billions_is_immediate() -> None:
    assert indices(build(Counter(), batch_size=2, start=3_000_000_000), 1) == [
        3 * 10**9,
        3 * 10**9 + 1,
    ]


def test_the_digest_is_one_whatever_the_batch_size_shard_start_and_shuffle() -> None:
    source = sd.Source(RECORDS)
    want = stream_digest(source)

    def undone(*datasets: Any) -> str:
        rows = {}
        for dataset in datasets:
            for batch in dataset:
                count = len(batch["index"])
                for row in range(count):
                    tree = tf.nest.map_structure(lambda value, row=row: value[row], batch)
                    index = int(tree.pop("index"))
                    rows[index] = _as_sample(tree)
        return stream_digest(rows[index] for index in sorted(rows))

    def ragged(**options: Any) -> Any:
        return build(RECORDS, variable="ragged", with_index=True, **options)

    assert undone(ragged(batch_size=1)) == want
    assert undone(ragged(batch_size=7)) == want
    assert undone(ragged(batch_size=5, shuffle=True)) == want
    assert undone(ragged(batch_size=3, shard=(0, 2)), ragged(batch_size=4, shard=(1, 2))) == want
    assert (
        undone(
            ragged(batch_size=5, start=20),
            build(RECORDS, variable="ragged", with_index=True, batch_size=5).take(4),
        )
        == want
    )


def _as_sample(tree: Any) -> Any:
    arrays = tf.nest.map_structure(
        lambda value: value.to_list() if isinstance(value, tf.RaggedTensor) else value.numpy(), tree
    )
    outlines = [np.array(corners, np.float32) for corners in arrays["label"]["outlines"]]
    return {**arrays, "label": {**arrays["label"], "outlines": outlines}}


# Errors


def test_a_broken_sample_ends_the_iteration_with_our_message_before_any_traceback() -> None:
    def wrong(rng: sd.Rng) -> Any:
        return np.zeros((2, 2, 1), np.float64 if rng.index == 5 else np.float32)

    generator = sd.from_function(wrong, sd.Output(image=sd.Image(2, 2, 1, "float32")))
    iterator = iter(build(generator, seed=7, samples=8, batch_size=2))
    next(iterator), next(iterator)
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        next(iterator)
    message = caught.value.message
    ours = "wrong sample 5 (seed 7): image has dtype float64, but (2, 2, 1) float32 is declared"
    assert ours in message
    assert "Traceback" not in message[: message.index(ours)]


def test_an_exception_of_the_generator_names_sample_and_line() -> None:
    def fails(rng: sd.Rng) -> Any:
        raise KeyError("font")

    generator = sd.from_function(fails, sd.Output(image=sd.Image(2, 2)))
    ours = r"fails sample 0 \(seed 0\): sample raised KeyError: 'font' \(at test_tfdata\.py:\d+\)"
    with pytest.raises(tf.errors.InvalidArgumentError, match=ours):
        next(iter(build(generator, samples=1)))


def test_stop_iteration_in_a_generator_is_an_error_and_no_end() -> None:
    def stops(rng: sd.Rng) -> Any:
        raise StopIteration

    generator = sd.from_function(stops, sd.Output(image=sd.Image(2, 2)))
    with pytest.raises(tf.errors.InvalidArgumentError, match="raised StopIteration"):
        list(build(generator, samples=1))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size=0: expected 1 to"),
        ({"batch_size": 2.5}, "batch_size=2.5: expected a whole number"),
        ({"start": -1}, "start=-1"),
        ({"samples": 10, "start": 10}, "start=10: there are 10 samples"),
        ({"shard": (2, 2)}, "shard k=2: expected 0 to 1"),
        ({"shard": 3}, "shard=3: expected"),
        ({"repeat": 0}, "repeat=0"),
        ({"shuffle": True}, "shuffle=True needs samples="),
        ({"variable": "padded"}, "variable='padded': expected 'pad' or 'ragged'"),
        ({"validate": "some"}, "validate='some'"),
        ({"executor": "forks"}, "executor='forks': expected 'auto' or 'inline' or"),
        ({"on_error": "ignore"}, "on_error='ignore': expected 'raise' or 'skip'"),
        ({"workers": -1}, "workers=-1: expected 0 to"),
        ({"workers": 2.5}, "workers=2.5: expected a whole number"),
        ({"timeout": 0}, "timeout=0: expected seconds"),
        ({"executor": "threads", "timeout": 2.0}, "timeout=2.0 is for executor='processes'"),
        ({"executor": "inline", "slots": 9}, "slots=9 is for executor='processes'"),
        ({"executor": "processes", "workers": 2, "slots": 3}, "slots=3: 2 workers need"),
        ({"attempts": 0}, "attempts=0: expected 1 to"),
        ({"budget": 1.5}, "budget=1.5: expected a fraction"),
        ({"budget": -1}, "budget=-1"),
        ({"ledger": 3}, "ledger=3: expected the path of a file"),
        ({"as_supervised": True, "with_index": True}, "with_index=True"),
        ({"params": {}}, "has its params already"),
    ],
)
def test_options_that_cannot_be_are_refused_when_they_are_given(
    options: dict[str, Any], message: str
) -> None:
    with pytest.raises(sd.BuildError) as caught:
        build(Counter(), **options)
    assert message in str(caught.value)


def test_a_recipe_is_not_overridden_in_passing() -> None:
    with pytest.raises(sd.BuildError, match="the recipe says seed already"):
        build(RECORDS, seed=3)


def test_a_class_is_not_taken_for_an_instance() -> None:
    with pytest.raises(sd.BuildError, match="make an instance of it"):
        build(Counter)  # type: ignore[arg-type]


def test_supervised_without_a_label_is_refused() -> None:
    with pytest.raises(sd.BuildError, match="noise-v1 has no label"):
        build("noise-v1", as_supervised=True)


def test_without_tensorflow_build_says_what_to_install() -> None:
    done = run("""
        import sys
        sys.modules["tensorflow"] = None
        import synthdata as sd
        try:
            sd.build("shapes-v1")
        except sd.BuildError as error:
            print(error)
    """)
    assert "pip install 'synthdata[cpu]'" in done.stdout
    assert done.returncode == 0


# Within TensorFlow


def test_keras_fits_on_it() -> None:
    keras = pytest.importorskip("keras")
    dataset = build("noise-v1", params={"shape": [4, 4, 1], "dtype": "float32"}, samples=64)
    pairs = dataset.map(lambda batch: (batch["image"], tf.reduce_mean(batch["image"], (1, 2, 3))))
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    history = model.fit(pairs, epochs=2, verbose=0, shuffle=False)
    assert np.isfinite(history.history["loss"]).all()


def test_a_tf_function_iterates_over_it() -> None:
    dataset = build(Counter(), samples=10, batch_size=5)

    @tf.function  # type: ignore[untyped-decorator]
    def total() -> Any:
        result = tf.constant(0, tf.int64)
        for batch in dataset:
            result += tf.reduce_sum(batch["image"][:, 0, 0, 0])
        return result

    assert total().numpy() == sum(range(10))


def test_a_mirrored_strategy_gives_each_replica_its_part() -> None:
    done = run("""
        import synthdata as sd
        import tensorflow as tf
        cpu = tf.config.list_physical_devices("CPU")[0]
        two = [tf.config.LogicalDeviceConfiguration()] * 2
        tf.config.set_logical_device_configuration(cpu, two)
        strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
        recipe = sd.Recipe(generator="noise-v1", params={"shape": [2, 2, 1]}, samples=8)
        dataset = sd.build(recipe, batch_size=4, with_index=True)
        seen = []
        for batch in strategy.experimental_distribute_dataset(dataset):
            parts = strategy.experimental_local_results(batch["index"])
            assert len(parts) == 2
            seen += [int(i) for part in parts for i in part]
        print(sorted(seen) == list(range(8)))
    """)
    assert done.stdout.strip().endswith("True"), done.stderr


def test_without_what_is_not_public_in_tensorflow_all_is_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def digest() -> str:
        return stream_digest(build("shapes-v1", seed=3, samples=20, batch_size=8))

    assert pipeline._token(lambda number: []) is not None  # this TensorFlow has it
    usual = digest()
    monkeypatch.setattr(pipeline, "_token", lambda make: None)
    assert digest() == usual


def test_tensorflow_s_autotuning_is_off_until_somebody_turns_it_on() -> None:
    dataset = build("shapes-v1", samples=8, batch_size=4)
    mapped = dataset.map(lambda batch: batch["image"], num_parallel_calls=tf.data.AUTOTUNE)
    assert mapped.options().autotune.enabled is False
    assert mapped.options().autotune.initial_parallelism == cores()
    assert len(list(mapped)) == 2
    options = tf.data.Options()
    options.autotune.enabled = True
    assert mapped.with_options(options).options().autotune.enabled is True


def test_two_iterators_at_once_do_not_disturb_each_other() -> None:
    dataset = build(RECORDS, batch_size=1, with_index=True)
    alone = [batch["metadata"]["caption"].numpy().item() for batch in dataset]
    first, second = iter(dataset), iter(dataset)
    for caption in alone:
        assert next(first)["metadata"]["caption"].numpy().item() == caption
        assert next(second)["metadata"]["caption"].numpy().item() == caption


@pytest.mark.parametrize("options", [{}, {"shuffle": True, "repeat": True}, {"shard": (1, 2)}])
def test_a_checkpoint_restores_the_iterator_in_less_than_10_kb(
    options: dict[str, Any], tmp_path: Path
) -> None:
    # 12 kB a batch: the two that are made ahead would show in the size.
    shape = {"shape": [32, 32, 3]}
    dataset = build("noise-v1", params=shape, seed=3, samples=100, batch_size=4, **options)
    iterator = iter(dataset)
    for _ in range(5):
        next(iterator)
    saved = tf.train.Checkpoint(iterator=iterator).save(str(tmp_path / "checkpoint"))
    want = [next(iterator)["image"].numpy() for _ in range(6)]
    fresh = iter(dataset)
    tf.train.Checkpoint(iterator=fresh).restore(saved)
    np.testing.assert_array_equal([next(fresh)["image"].numpy() for _ in range(6)], want)
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 10_000


def test_tensorflow_logs_nothing_for_each_batch() -> None:
    code = """
        import synthdata as sd
        for _ in sd.build("noise-v1", params={{"shape": [2, 2, 1]}}, samples={}, batch_size=1): pass
    """
    few, many = run(code.format(2)), run(code.format(60))
    assert len(many.stderr.splitlines()) <= len(few.stderr.splitlines()) + 5, many.stderr


def test_assets_are_opened_by_build_and_closed_when_the_interpreter_exits() -> None:
    done = run("""
        import numpy as np, synthdata as sd
        class Opened(sd.Generator):
            @classmethod
            def describe(cls, params): return sd.Output(image=sd.Image(1, 1, 1))
            def sample(self, rng): return sd.Sample(np.zeros((1, 1, 1), np.uint8))
            def open(self): print("open")
            def close(self): print("close")
        dataset = sd.build(Opened(), samples=4)
        print("built")
        list(dataset), list(dataset)
        print("iterated")
    """)
    assert done.stdout.split() == ["open", "built", "iterated", "close"]
