"""Generators made of TensorFlow ops: a dataset without Python, of the same bytes as any road."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import synthdata as sd
from synthdata.execution.machine import cores
from synthdata.order import Order
from synthdata.plan import Plan
from synthdata.testing import stream_digest
from tests.native_generators import Waves

tf = pytest.importorskip("tensorflow")

ROOT = Path(__file__).parents[1]
SAMPLES = 40
PYTHON_OPS = {"PyFunc", "PyFuncStateless", "EagerPyFunc"}
LIMIT = 120


def rows(dataset: Any) -> Iterator[Any]:
    yield from dataset.unbatch().as_numpy_iterator()


def digest(dataset: Any) -> str:
    return stream_digest(rows(dataset))


def ops(dataset: Any) -> set[str]:
    """The kinds of all ops of a dataset, those of its functions included."""
    graph = tf.compat.v1.GraphDef.FromString(dataset._as_serialized_graph().numpy())
    nodes = [
        *graph.node,
        *(node for function in graph.library.function for node in function.node_def),
    ]
    return {node.op for node in nodes}


def run(script: str, *arguments: object) -> str:
    """Run a script that knows nothing of synthdata, in a process of its own."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def reference() -> str:
    return stream_digest(sd.Source.of(Waves(), seed=5, samples=SAMPLES))


@pytest.mark.parametrize(
    ("executor", "rows_a_batch"),
    [*(("graph", rows) for rows in (1, 5, 16, 23, 32)), ("inline", 5), ("threads", 16)],
)
def test_samples_are_the_same_bytes_by_any_road_and_in_any_batch(
    reference: str, executor: Any, rows_a_batch: int
) -> None:
    made = sd.build(Waves(), seed=5, samples=SAMPLES, batch_size=rows_a_batch, executor=executor)
    assert digest(made) == reference


def test_worker_processes_make_the_same_bytes_and_are_not_blamed_for_tensorflow(
    reference: str, caplog: pytest.LogCaptureFixture
) -> None:
    made = sd.build(Waves(), seed=5, samples=SAMPLES, batch_size=7, executor="processes")
    assert digest(made) == reference
    assert "imports TensorFlow" not in caplog.text


def test_the_graph_is_what_build_takes_and_holds_no_python() -> None:
    made = sd.build(Waves(), seed=5, samples=SAMPLES)
    assert sd.explain(made) == (
        f"executor='graph', workers={cores()}: Waves is made of TensorFlow ops, so the dataset is "
        "a graph without Python"
    )
    assert not PYTHON_OPS & ops(made)
    assert PYTHON_OPS & ops(sd.build(Waves(), samples=SAMPLES, executor="inline"))


def test_nobody_counts_the_batches_of_a_graph() -> None:
    with pytest.raises(sd.BuildError, match="nobody counts them; executor='inline' has figures"):
        sd.stats(sd.build(Waves(), samples=SAMPLES))


def test_elements_have_the_declared_structure_dtypes_and_shapes() -> None:
    full = sd.build(Waves(), samples=SAMPLES, batch_size=8, with_index=True)
    inline = sd.build(Waves(), samples=SAMPLES, batch_size=8, with_index=True, executor="inline")
    assert full.element_spec == inline.element_spec
    assert full.cardinality() == inline.cardinality() == 5
    pairs = sd.build(Waves(), samples=SAMPLES, batch_size=8, as_supervised=True)
    image, label = pairs.element_spec
    assert (image.shape, label.dtype) == ((8, 9, 7, 1), tf.int64)
    ragged = sd.build(Waves(), samples=SAMPLES, batch_size=16)
    assert ragged.element_spec["image"].shape == (None, 9, 7, 1)
    assert sd.build(Waves()).cardinality() == tf.data.INFINITE_CARDINALITY


class Dice(sd.TensorGenerator):
    """One random number, which is traced in no time."""

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        return sd.Output(image=sd.Tensor("int64", ()))

    def tensor_sample(self, seed: Any, index: Any) -> sd.Sample:
        key = tf.stack([seed, index])
        return sd.Sample(tf.random.stateless_uniform([], key, None, None, tf.int64, alg="philox"))


OPTIONS = st.fixed_dictionaries(
    {
        "seed": st.sampled_from([0, 7, 2**63, 2**64 - 1]),
        "samples": st.integers(1, 50),
        "batch_size": st.integers(1, 20),
        "shuffle": st.booleans(),
        "repeat": st.sampled_from([False, 2, 3]),
        "drop_remainder": st.booleans(),
        "shard": st.sampled_from([(0, 1), (0, 3), (2, 3)]),
    }
)


@settings(max_examples=8, deadline=None)
@given(options=OPTIONS)
def test_a_graph_has_the_batches_of_the_executors_whatever_the_options(options: Any) -> None:
    graph, inline = (
        sd.build(Dice(), **options, with_index=True, executor=executor)
        for executor in ("graph", "inline")
    )
    made, expected = list(graph.as_numpy_iterator()), list(inline.as_numpy_iterator())
    assert [one["index"].tolist() for one in made] == [one["index"].tolist() for one in expected]
    assert [one["image"].tolist() for one in made] == [one["image"].tolist() for one in expected]


@settings(max_examples=60, deadline=None)
@given(
    samples=st.one_of(st.integers(1, 70), st.integers(1, 2**48)),
    seed=st.integers(0, 2**64 - 1),
    shuffle=st.booleans(),
    first=st.integers(0, 2**40),
    epochs=st.sampled_from([1, 2, 5, None]),
    shard=st.sampled_from([(0, 1), (1, 4)]),
    batch_size=st.integers(1, 40),
    where=st.floats(0, 1),
)
def test_indices_in_ops_are_those_of_the_plan(
    samples: int,
    seed: int,
    shuffle: bool,
    first: int,
    epochs: int | None,
    shard: tuple[int, int],
    batch_size: int,
    where: float,
) -> None:
    from synthdata.tfdata.positions import batch_indices

    order = Order(samples, seed, shuffle=shuffle, first=first)
    stop = None if epochs is None else samples * epochs
    plan = Plan(order, stop=stop, shard=shard, batch_size=batch_size)
    if not len(plan):
        return
    for number in {0, int(where * min(len(plan) - 1, 2**40)), min(len(plan) - 1, 2**40)}:
        made = batch_indices(plan, tf.constant(number, tf.int64))
        np.testing.assert_array_equal(made, plan.indices(number))


def test_a_checkpoint_of_an_iterator_goes_on_where_it_was(tmp_path: Path) -> None:
    def dataset() -> Any:
        return sd.build(Waves(), seed=3, samples=SAMPLES, batch_size=4, shuffle=True, repeat=True)

    iterator = iter(dataset())
    for _ in range(7):
        next(iterator)
    saved = tf.train.Checkpoint(iterator=iterator).save(str(tmp_path / "at"))
    expected = [next(iterator)["image"].numpy().tobytes() for _ in range(9)]
    other = iter(dataset())
    tf.train.Checkpoint(iterator=other).restore(saved)
    assert [next(other)["image"].numpy().tobytes() for _ in range(9)] == expected


DIGEST = """
import hashlib, sys
import tensorflow as tf
def digest(batches):
    total = hashlib.sha256()
    for batch in batches:
        for tensor in tf.nest.flatten(batch):
            total.update(tensor.numpy().tobytes())
    assert not any(name.startswith("synthdata") for name in sys.modules)
    return total.hexdigest()
"""


def here(batches: Any) -> str:
    space: dict[str, Any] = {}
    exec(DIGEST.replace("assert", "0 and"), space)
    return str(space["digest"](batches))


def test_a_dataset_can_be_saved_and_loaded_where_there_is_no_synthdata(tmp_path: Path) -> None:
    dataset = sd.build(Waves(), seed=5, samples=SAMPLES, batch_size=8)
    dataset.save(str(tmp_path / "saved"))
    script = DIGEST + "print(digest(tf.data.Dataset.load(sys.argv[1])))"
    assert run(script, tmp_path / "saved") == here(dataset)


SERVERS = """
import sys
import tensorflow as tf
service = tf.data.experimental.service
dispatcher = service.DispatchServer()
address = dispatcher.target.split("://")[1]
worker = service.WorkerServer(service.WorkerConfig(dispatcher_address=address))
print(dispatcher.target, flush=True)
sys.stdin.read()
assert not any(name.startswith("synthdata") for name in sys.modules)
"""


def test_a_service_in_another_process_makes_the_batches(reference: str) -> None:
    command = [sys.executable, "-c", SERVERS]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as servers:
        assert servers.stdin is not None
        assert servers.stdout is not None
        try:
            target = servers.stdout.readline().strip()
            dataset = sd.build(Waves(), seed=5, samples=SAMPLES, batch_size=8)
            served = dataset.apply(
                tf.data.experimental.service.distribute(
                    processing_mode="parallel_epochs", service=target
                )
            )
            assert digest(served) == reference
        finally:
            servers.stdin.close()
            assert servers.wait(LIMIT) == 0


def test_a_saved_model_has_the_dataset_and_a_function_of_samples(tmp_path: Path) -> None:
    dataset = sd.build(Waves(), seed=5, samples=SAMPLES, batch_size=8)
    generator = Waves()
    generator.open()

    class Module(tf.Module):  # type: ignore[name-defined,misc]  # TensorFlow ships no types
        def __init__(self) -> None:
            super().__init__()
            self.dataset = dataset
            self.samples = generator._batch

        @tf.function(input_signature=[])  # type: ignore[untyped-decorator]
        def light(self) -> Any:
            return self.dataset.reduce(0.0, lambda total, one: total + tf.reduce_sum(one["image"]))

    module = Module()
    tf.saved_model.save(module, str(tmp_path))
    made = generator._batch([5, 5, 5], [30, 1, 7])
    script = DIGEST + (
        "model = tf.saved_model.load(sys.argv[1])\n"
        "print(digest([model.samples(tf.constant([5, 5, 5], tf.int64), "
        "tf.constant([30, 1, 7], tf.int64))]), model.light().numpy().tobytes().hex())"
    )
    assert run(script, tmp_path).split() == [here([made]), module.light().numpy().tobytes().hex()]


def test_a_retry_draws_other_numbers_for_the_same_sample() -> None:
    generator = Waves()
    generator.open()
    first, again = (generator.sample(sd.Rng(5, 3, attempt)) for attempt in (0, 1))
    assert first.image.tobytes() != again.image.tobytes()
    both = generator.sample_batch([sd.Rng(5, 3, 0), sd.Rng(5, 3, 1)])
    np.testing.assert_array_equal(both.image, [first.image, again.image])


def test_seeds_and_indices_of_any_size_give_samples_of_their_own() -> None:
    generator = Waves()
    generator.open()
    keys = [(0, 0), (0, 1), (1, 0), (2**64 - 1, 0), (0, 2**48 - 1), (2**63, 1)]
    made = {generator.sample(sd.Rng(*key)).image.tobytes() for key in keys}
    assert len(made) == len(keys)


@pytest.mark.parametrize(
    ("validate", "wrong", "seen"),
    [("all", 21, True), ("sampled", 21, False), ("sampled", 32, True), ("off", 32, False)],
)
def test_a_value_out_of_its_range_is_named_with_its_sample(
    validate: Any, wrong: int, seen: bool
) -> None:
    dataset = sd.build(Waves(wrong=wrong), seed=3, samples=SAMPLES, batch_size=8, validate=validate)
    if not seen:
        assert len(list(dataset)) == 5
        return
    said = rf"Waves sample {wrong} \(seed 3\): image holds 1\.\d+ to 1\.\d+, but 0.0 to 1.0 is decl"
    with pytest.raises(tf.errors.InvalidArgumentError, match=said):
        list(dataset)


class Peculiar(sd.TensorGenerator):
    """It makes, and declares, what a test says."""

    class Params(sd.Params):
        output: sd.Output = sd.Output(image=sd.Image(2, 2, 1, "float32"))

    made: Any = None

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        output: sd.Output = params.output
        return output

    def tensor_sample(self, seed: Any, index: Any) -> Any:
        return type(self).made(index)


def peculiar(made: Any, **output: Any) -> sd.Generator:
    kind = type("Peculiar", (Peculiar,), {"made": staticmethod(made), "__doc__": "Peculiar."})
    declared = {"image": sd.Image(2, 2, 1, "float32"), **output}
    generator: sd.Generator = kind(output=sd.Output(**declared))
    return generator


def zeros(*shape: int, dtype: str = "float32") -> Any:
    return tf.zeros(shape, dtype)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda index: zeros(2, 2, 1), "sample is a tensor|sample is .*Tensor.*sd.Sample"),
        (
            lambda index: sd.Sample(zeros(2, 2)),
            r"image is a tensor of shape \(2, 2\), but \(2, 2, 1",
        ),
        (
            lambda index: sd.Sample(zeros(2, 2, 1, dtype="float64")),
            r"image is a tensor of float64, but \(2, 2, 1\) float32 is declared; tf.cast it",
        ),
        (lambda index: sd.Sample(zeros(2, 2, 1), 3), "label is given, but no label is declared"),
        (
            lambda index: sd.Sample(zeros(2, 2, 1), None, {"more": 1}),
            "metadata.more is not declared",
        ),
        (lambda index: sd.Sample(object()), "image is .*, but a tensor of"),
    ],
    ids=["no-sample", "shape", "dtype", "label", "metadata", "no-tensor"],
)
def test_samples_of_another_structure_are_refused_when_the_dataset_is_built(
    made: Any, said: str
) -> None:
    with pytest.raises(sd.DeclarationError, match=f"Peculiar: tensor_sample: {said}"):
        sd.build(peculiar(made))
    with pytest.raises(sd.DeclarationError, match=f"Peculiar: tensor_sample: {said}"):
        sd.Source.of(peculiar(made), samples=2)[0]


@pytest.mark.parametrize(
    ("features", "said"),
    [
        ({"label": sd.Text()}, r"label is Text .*, but a generator of TensorFlow ops declares"),
        ({"label": sd.Boxes(3)}, "label is Boxes"),
        ({"label": sd.ClassLabel(["a"], max=2)}, "label is ClassLabel"),
        ({"image": sd.Image(sd.UpTo(4), 4)}, "image is Image"),
    ],
    ids=["text", "boxes", "classes", "size"],
)
def test_an_output_that_varies_or_is_not_of_numbers_is_refused(features: Any, said: str) -> None:
    generator = peculiar(lambda index: None, **features)
    for use in (sd.build, lambda one: sd.Source.of(one, samples=2)[0]):
        with pytest.raises(sd.DeclarationError, match=said):
            use(generator)


def test_nan_is_refused_unless_it_is_declared() -> None:
    def made(index: Any) -> Any:
        return sd.Sample(tf.fill([2, 2, 1], tf.where(index == 4, np.float32("nan"), 1.0)))

    with pytest.raises(tf.errors.InvalidArgumentError, match=r"sample 4 .*image holds"):
        list(sd.build(peculiar(made), samples=6, batch_size=6))
    allowed = sd.Image(2, 2, 1, "float32", ge=0, le=1, finite=False)
    (batch,) = sd.build(peculiar(made, image=allowed), samples=6, batch_size=6)
    assert np.isnan(batch["image"][4]).all()


def test_a_class_that_does_not_exist_is_refused() -> None:
    generator = peculiar(
        lambda index: sd.Sample(zeros(2, 2, 1), tf.cast(index, tf.int32)),
        label=sd.ClassLabel(["a", "b"]),
    )
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"sample 2 .*label holds 2 to 2"):
        list(sd.build(generator, samples=3, batch_size=3))


@pytest.mark.parametrize(
    "option",
    [
        {"on_error": "skip"},
        {"budget": 3},
        {"ledger": "failures.jsonl"},
        {"timeout": 2.0},
        {"slots": 9},
        {"cache": True},
    ],
    ids=str,
)
def test_an_option_that_needs_python_is_refused_with_the_way_out(option: Any) -> None:
    (name,) = option
    with pytest.raises(sd.BuildError, match=f"{name}=.*executor='inline' or 'processes'"):
        sd.build(Waves(), samples=SAMPLES, **option)


def test_the_way_out_works(tmp_path: Path) -> None:
    made = sd.build(
        Waves(wrong=21),
        seed=3,
        samples=SAMPLES,
        on_error="skip",
        executor="inline",
        ledger=tmp_path / "failures.jsonl",
    )
    assert len(list(rows(made))) == SAMPLES - 1
    assert sd.stats(made).failures == 1


def test_a_graph_of_a_generator_of_numpy_is_refused() -> None:
    with pytest.raises(sd.BuildError, match=r"noise-v1 is not made of TensorFlow ops, as an sd"):
        sd.build("noise-v1", samples=3, executor="graph")


def test_no_workers_is_inline() -> None:
    assert "executor='inline'" in sd.explain(sd.build(Waves(), samples=SAMPLES, workers=0))


def test_a_generator_that_only_has_the_method_is_built_as_a_graph() -> None:
    class Plain(sd.Generator):
        """Not derived from TensorGenerator."""

        @classmethod
        def describe(cls, params: Any) -> sd.Output:
            return sd.Output(image=sd.Image(2, 2, 1, "float32"))

        def sample(self, rng: np.random.Generator) -> sd.Sample:
            raise AssertionError("a graph does not ask for it")

        def tensor_sample(self, seed: Any, index: Any) -> sd.Sample:
            return sd.Sample(tf.fill([2, 2, 1], tf.cast(index, tf.float32)))

    assert isinstance(Plain(), sd.Native)
    (batch,) = sd.build(Plain(), samples=3)
    assert batch["image"][:, 0, 0, 0].numpy().tolist() == [0, 1, 2]


def test_what_open_loads_is_in_the_graph_and_the_generator_is_closed_again() -> None:
    seen: list[str] = []

    class Loads(sd.TensorGenerator):
        """A grey level that open loads."""

        @classmethod
        def describe(cls, params: Any) -> sd.Output:
            return sd.Output(image=sd.Image(2, 2, 1, "float32"))

        def open(self) -> None:
            self.level = tf.constant(0.25)
            super().open()
            seen.append("open")

        def close(self) -> None:
            super().close()
            seen.append("closed")

        def tensor_sample(self, seed: Any, index: Any) -> sd.Sample:
            return sd.Sample(tf.fill([2, 2, 1], self.level))

    dataset = sd.build(Loads(), samples=3)
    gc.collect()
    assert seen == ["open", "closed"]
    (batch,) = dataset
    assert batch["image"].numpy().tolist() == np.full((3, 2, 2, 1), 0.25).tolist()


def test_gradients_flow_through_a_sample() -> None:
    generator = Waves()
    contrast = tf.Variable(0.5)
    vars(generator)["params"] = generator.params.model_copy(update={"contrast": contrast})
    with tf.GradientTape() as tape:
        made = generator.tensor_sample(tf.constant(5, tf.int64), tf.constant(3, tf.int64))
        light = tf.reduce_mean(made.image)
    assert abs(tape.gradient(light, contrast).numpy()) > 1e-4


def test_tensorflow_is_loaded_when_samples_are_made_and_not_before() -> None:
    script = f"""\
import sys
sys.path.insert(0, {str(ROOT)!r})
import synthdata as sd
from tests.native_generators import Waves
generator = Waves(width=5)
print(generator.output.image.shape, "tensorflow" in sys.modules)
sd.Source.of(generator, samples=2)[1]
print("tensorflow" in sys.modules)
"""
    assert run(script).splitlines() == ["(9, 5, 1) False", "True"]


UNIFORM = np.linspace(0, 1, 1000, endpoint=False)


@pytest.mark.parametrize(
    "distribution",
    [
        sd.Constant(3),
        sd.Uniform(2, 5),
        sd.LogUniform(0.5, 8),
        sd.Normal(3, 2),
        sd.Normal(3, 2, low=1, high=4.5),
    ],
    ids=str,
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_tensors_are_drawn_from_the_distribution_that_numpy_draws_from(
    distribution: Any, dtype: str
) -> None:
    drawn = sd.tensor_draw(distribution, tf.constant(UNIFORM, dtype))
    assert drawn.dtype.name == dtype
    assert drawn.shape == (1000,)
    expected = np.sort(distribution.sample(np.random.default_rng(0), 200_000))
    # Quantiles of many draws, but for the tails.
    places = UNIFORM[20:-20]
    found = np.sort(drawn.numpy())[20:-20]
    np.testing.assert_allclose(found, np.quantile(expected, places), atol=0.06)


def test_choices_come_as_often_as_their_weights_say() -> None:
    even = sd.tensor_draw(sd.Choice([3, 1]), tf.constant(UNIFORM)).numpy()
    assert sorted(even) == [1] * 500 + [3] * 500
    weighted = sd.tensor_draw(sd.Choice([1.5, 4.0, 8.0], weights=[1, 0, 3]), tf.constant(UNIFORM))
    assert sorted(weighted.numpy()) == [1.5] * 250 + [8.0] * 750


def test_tensors_are_not_drawn_of_words() -> None:
    with pytest.raises(sd.DeclarationError, match="'red' is a word"):
        sd.tensor_draw(sd.Choice(["red", "green"]), tf.constant([0.5]))


def test_tensors_are_not_drawn_of_a_schedule() -> None:
    with pytest.raises(sd.DeclarationError, match="takes a distribution that does not move"):
        sd.tensor_draw(sd.Schedule([(0, 1), (9, 2)]), tf.constant([0.5]))
