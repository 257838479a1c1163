"""What a generator of TensorFlow ops may not do: call Python, draw by itself, branch by a value."""

from __future__ import annotations

from typing import Any

import pytest

import synthdata as sd

tf = pytest.importorskip("tensorflow")


class Grey(sd.TensorGenerator):
    """One grey level, by an op of each test's own."""

    grey: Any = None

    @classmethod
    def describe(cls, params: Any) -> sd.Output:
        return sd.Output(image=sd.Image(2, 2, 1, "float32", finite=False))

    def tensor_sample(self, seed: Any, index: Any) -> sd.Sample:
        drawn = tf.random.stateless_uniform([], tf.stack([seed, index]), alg="philox")
        return sd.Sample(tf.ensure_shape(tf.fill([2, 2, 1], type(self).grey(drawn)), [2, 2, 1]))


def grey(op: Any) -> sd.Generator:
    made: sd.Generator = type("Grey", (Grey,), {"grey": staticmethod(op), "__doc__": "Grey."})()
    return made


def times(count: Any, drawn: Any) -> Any:
    return tf.while_loop(lambda i, _: i < count(drawn), lambda i, x: (i + 1, tf.sin(x)), (0, drawn))


@pytest.mark.parametrize(
    ("op", "said"),
    [
        (lambda x: tf.cond(x < 0.5, lambda: tf.sin(x), lambda: tf.exp(x)), "branches by a value"),
        (
            lambda x: tf.switch_case(
                tf.cast(3 * x, tf.int32), [lambda: tf.sin(x), lambda: tf.exp(x), lambda: x]
            ),
            "branches by a value",
        ),
        (lambda x: times(lambda x: tf.cast(9 * x, tf.int32), x)[1], "branches by a value"),
        (
            lambda x: tf.ensure_shape(tf.numpy_function(lambda y: y, [x], tf.float32), []),
            r"calls Python \(PyFunc\)",
        ),
        (lambda x: x + tf.random.normal([]), r"numbers of the process \(RandomStandardNormal\)"),
    ],
    ids=["cond", "switch", "while", "numpy-function", "random"],
)
def test_ops_that_would_not_be_the_same_bytes_are_refused(op: Any, said: str) -> None:
    for use in (lambda one: sd.build(one, samples=3), lambda one: sd.Source.of(one, samples=3)[0]):
        with pytest.raises(sd.DeclarationError, match=said):
            use(grey(op))


@pytest.mark.parametrize(
    "op",
    [
        lambda x: tf.where(x < 0.5, tf.sin(x), tf.exp(x)),
        lambda x: times(lambda _: 3, x)[1],
        lambda x: tf.reduce_sum(tf.map_fn(tf.sin, tf.stack([x, x / 2]))),
        lambda x: x + tf.random.stateless_truncated_normal([], [1, 2], alg="philox"),
    ],
    ids=["where", "fixed-loop", "map", "stateless"],
)
def test_ops_that_are_the_same_for_each_sample_are_no_branches(op: Any) -> None:
    generator = grey(op)
    alone = [sample.image.tobytes() for sample in sd.Source.of(generator, samples=40)]
    made = sd.build(generator, samples=40, batch_size=7).unbatch().as_numpy_iterator()
    assert [sample["image"].tobytes() for sample in made] == alone


def test_a_generator_that_is_not_open_says_so() -> None:
    with pytest.raises(sd.DeclarationError, match=r"super\(\).open\(\)"):
        grey(tf.sin).sample(sd.Rng(0, 0))


def test_a_graph_with_no_workers_is_refused() -> None:
    with pytest.raises(sd.BuildError, match="workers=0 is executor='inline', not 'graph'"):
        sd.build(grey(tf.sin), samples=3, executor="graph", workers=0)
