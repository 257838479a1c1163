"""Checks of a generator that is Native, made of TensorFlow ops."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable
from types import ModuleType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from synthdata.errors import BuildError
from synthdata.powers import Native
from synthdata.seeding import MAX_SEED
from synthdata.source import Source
from synthdata.testing import disturbance
from synthdata.testing.check import Check, Failure, Inapplicable, check
from synthdata.testing.checks.contract import RULES
from synthdata.testing.digests import stream_digest
from synthdata.testing.elsewhere import answer
from synthdata.testing.subject import SEED, Subject

SEEDS: Final = (SEED, MAX_SEED, 0)
"""Of the samples that are made op by op, in turn."""

CLOSE: Final = 1e-4
"""Difference of floats, over the largest of its kind, that rounding may make.

``exp``, ``sin`` and the like are off in the last bits of float32, 1e-7, by one kind of instruction
as against another. A thousand times that is for what a sample computes from them.
"""

SLIGHT: Final = 1e-3
"""Part of integers that may be off by one, where they have up to 256 levels; of more, more."""

FAR: Final = 1e-4
"""Part of numbers that may be off by more: pixels at a hard edge."""

ROWS: Final = 40
"""Samples at least that are made in batches; a graph makes 16 at a time."""

BATCHES: Final = ((1, True), (7, False), (23, True))
"""Sizes of batches, and whether they are shuffled."""

LOADED: Final = """\
import hashlib, json, sys
import numpy as np
import tensorflow as tf
seeds, indices = (np.array(keys, np.int64) for keys in json.load(sys.stdin))
total = hashlib.sha256()
for tensor in tf.saved_model.load(sys.argv[1]).batch(seeds, indices):
    total.update(tensor.numpy().tobytes())
print(total.hexdigest())
"""
"""What another process runs, which knows TensorFlow alone."""


@check(
    "leave no choice and no number to Python, which runs once, when the graph is traced; take "
    "tf.where for if, and tf.random.stateless_…, keyed by seed and index, for all that is random",
    "structure",
)
def graph_eager(subject: Subject) -> None:
    """What the graph makes of tensor_sample is what its ops make one by one.

    Rounding is allowed for: floats to 1e-4 of the largest, integers by one in a thousandth part
    of them. The clock and the global random numbers are others for the ops one by one.
    """
    ask = _tensorflow(subject)
    seeds, indices = _keys(subject)
    with subject.opened() as generator:
        graph = ask.by_graph(generator, seeds, indices)
        with disturbance.global_random(1), disturbance.clock(1_000_000_000):
            eager = ask.op_by_op(generator, seeds, indices)
        for leaf, one, other in zip(generator.output.leaves, eager, graph, strict=True):
            row = _differing(one, other)
            if row is not None:
                raise Failure(
                    f"sample {indices[row]} (seed {SEEDS[row % len(SEEDS)]}): {leaf.name} is "
                    f"{_shown(one[row])} op by op, but {_shown(other[row])} in the graph"
                )


def _differing(eager: NDArray[Any], graph: NDArray[Any]) -> int | None:
    """The row that differs most, if the arrays differ by more than rounding explains."""
    if eager.shape != graph.shape:
        return 0
    if graph.dtype.kind == "f":
        scale = float(np.max(np.abs(graph), where=np.isfinite(graph), initial=0))
        far = ~np.isclose(eager, graph, rtol=0, atol=CLOSE * scale, equal_nan=True)
        slight, levels = far, 1.0
    else:
        apart = _apart(eager, graph)
        slight, far = apart > 0, apart > 1
        levels = max(1.0, (float(graph.max()) - float(graph.min())) / 255)
    if far.mean() <= FAR and slight.mean() <= SLIGHT * levels:
        return None
    worst = (far if far.mean() > FAR else slight).reshape(len(far), -1).sum(axis=1)
    return int(np.argmax(worst))


def _apart(one: NDArray[Any], other: NDArray[Any]) -> NDArray[np.uint64]:
    """By how much integers or truth values differ; modulo 2**64, where nothing overflows."""
    low, high = np.minimum(one, other), np.maximum(one, other)
    apart: NDArray[np.int64] = high.astype(np.int64) - low.astype(np.int64)
    return apart.view(np.uint64)


@check(
    "make each sample of its own key alone, by ops that work element by element; a sample of one's "
    "own calls the same ops, as that of TensorGenerator does",
    "graph-eager",
    "repeatable",
    *RULES,
)
def graph_batches(subject: Subject) -> None:
    """Samples are the same bytes in graph batches of any size and order, and by sample."""
    _tensorflow(subject)
    from synthdata.tfdata import build

    count = max(len(subject.indices), ROWS)
    source = Source.of(subject.make(), seed=SEED, samples=count)
    try:
        alone = [stream_digest([sample]) for sample in source]
    finally:
        source.close()
    for size, shuffle in BATCHES:
        dataset = build(
            subject.make(),
            seed=SEED,
            samples=count,
            batch_size=size,
            shuffle=shuffle,
            with_index=True,
            executor="graph",
        )
        for sample in dataset.unbatch().as_numpy_iterator():
            index = int(sample.pop("index"))
            if stream_digest([sample]) != alone[index]:
                raise Failure(
                    f"sample {index} (seed {SEED}) is other bytes in a graph's batch of {size} "
                    "than by sample"
                )


@check(
    "hold numbers in arrays or tf.constant, not in a tf.Variable or table, which the graph would "
    "only refer to",
    "graph-batches",
)
def graph_saved(subject: Subject) -> None:
    """A SavedModel makes the same bytes in a new process, without the generator's code.

    That a graph does not call into Python has been seen to when it was traced.
    """
    ask = _tensorflow(subject)
    seeds, indices = _keys(subject)
    with subject.opened() as generator, tempfile.TemporaryDirectory() as folder:
        here = _digest(ask.saved(generator, folder)(seeds, indices))
        there = answer(["-c", LOADED, folder], [seeds.tolist(), indices.tolist()])
    if here != there:
        raise Failure("samples are other bytes from a SavedModel in a new process")


def _digest(arrays: Iterable[NDArray[Any]]) -> str:
    total = hashlib.sha256()
    for array in arrays:
        total.update(array.tobytes())
    return total.hexdigest()


def _tensorflow(subject: Subject) -> ModuleType:
    """The module that asks TensorFlow, which only a generator that is Native imports."""
    if not isinstance(subject.make(), Native):
        raise Inapplicable("it has no tensor_sample")
    try:
        from synthdata.tfdata import conformance
    except BuildError as error:
        raise Inapplicable(str(error)) from None
    return conformance


def _keys(subject: Subject) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Seeds and indices, as tensor_sample takes them."""
    indices = np.array(subject.indices, np.int64)
    seeds = np.resize(np.array(SEEDS, np.uint64), len(indices))
    return seeds.view(np.int64), indices


def _shown(value: NDArray[Any]) -> str:
    """A number, or of an array its mean and shape."""
    if value.ndim == 0:
        return str(value)
    return f"{value.dtype} {value.shape} of mean {value.mean():.6g}"


CHECKS: Final[tuple[Check, ...]] = (graph_eager, graph_batches, graph_saved)
