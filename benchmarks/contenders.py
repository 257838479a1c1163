"""Who takes part: the plain loops, the peers as their manuals have them, and synthdata.

``prepare`` of a contender imports what it needs and returns the function that builds it, so that
imports are not timed and nobody pays for the libraries of others. All but the loops get the same
function ``work.drawn``. Grain's settings are the best of those tried over all four workloads.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import loops
from workloads import Drawn, Workload

CORES = len(os.sched_getaffinity(0))
WORKERS = CORES
PREFETCHED = 2
END = 10**9
"""Samples of a peer that needs to know how many there are."""

Build: TypeAlias = Callable[[], Any]
Prepare: TypeAlias = Callable[[Workload, int], Build]
Kind: TypeAlias = Literal["loop", "peer", "by hand", "synthdata"]


class Unavailable(Exception):
    """A contender cannot take part here; the message says why."""


@dataclass(frozen=True, slots=True)
class Contender:
    """One of those that are compared.

    Attributes:
        name: what the tables call it.
        kind: "by hand" is a batch call that users would write themselves; no peer's own road.
        prepare: imports, and returns the function that builds.
        is_dataset: whether a ``tf.data.Dataset`` is built, which a ``tf.function`` can consume.
        at_once: whether as many processes as cores run it, and their rates are added.
        into: whether it draws into an image that is there.
    """

    name: str
    kind: Kind
    prepare: Prepare
    is_dataset: bool = False
    at_once: bool = False
    into: bool = False


def from_generator(work: Workload, rows: int) -> Build:
    """The usual data set over a Python generator."""
    import tensorflow as tf

    def samples() -> Iterator[Drawn]:
        while True:
            yield work.drawn()

    signature = (tf.TensorSpec(work.shape, tf.uint8), tf.TensorSpec((), tf.int64))
    make = tf.data.Dataset.from_generator
    return lambda: make(samples, output_signature=signature).batch(rows, True).prefetch(PREFETCHED)


def mapped(function: Literal["py_function", "numpy_function"]) -> Prepare:
    """One call from TensorFlow into Python a sample, several at a time."""

    def prepare(work: Workload, rows: int) -> Build:
        import tensorflow as tf

        def sample(index: Any) -> Any:
            image, label = getattr(tf, function)(work.drawn, [index], [tf.uint8, tf.int64])
            return tf.ensure_shape(image, work.shape), tf.ensure_shape(label, ())

        indices = tf.data.Dataset.range
        parallel = tf.data.AUTOTUNE
        return lambda: indices(END).map(sample, parallel).batch(rows, True).prefetch(PREFETCHED)

    return prepare


def batch_call(work: Workload, rows: int) -> Build:
    """One call into Python a batch, which a plain loop stacks."""
    import tensorflow as tf

    def batch(index: Any) -> Any:
        images, labels = tf.numpy_function(
            lambda _: work.batch(rows), [index], [tf.uint8, tf.int64]
        )
        return tf.ensure_shape(images, (rows, *work.shape)), tf.ensure_shape(labels, (rows,))

    return lambda: tf.data.Dataset.range(END).map(batch).prefetch(PREFETCHED)


def keras_dataset(work: Workload, rows: int) -> Build:
    """Keras's PyDataset, batches made in worker processes."""
    import keras_batches

    return lambda: keras_batches.batches(work, rows, WORKERS)


@dataclass(frozen=True)
class Samples:
    """A map-style data set for torch; ordinary indices, ordinary samples."""

    work: Workload

    def __len__(self) -> int:
        return END

    def __getitem__(self, index: int) -> Drawn:
        return self.work.drawn(index)


def torch_loader(work: Workload, rows: int) -> Build:
    """Torch's DataLoader, batches made in worker processes."""
    from torch.utils.data import DataLoader

    samples: Any = Samples(work)  # torch wants no more of it
    return lambda: DataLoader(samples, batch_size=rows, num_workers=WORKERS)


def grain_threads(work: Workload, rows: int) -> Build:
    """Grain with batches made in threads.

    Batching before ``to_iter_dataset`` makes a batch a thread's unit of work. After it, as many
    examples have it, a sample is: 3,000 tiny samples a second in place of 100,000.
    """
    import grain

    options = grain.ReadOptions(num_threads=WORKERS, prefetch_buffer_size=2 * WORKERS)
    batches = grain.MapDataset.range
    return lambda: batches(END).map(work.drawn).batch(rows).to_iter_dataset(options)


def grain_processes(work: Workload, rows: int) -> Build:
    """Grain with batches made in worker processes, one thread each."""
    import grain

    options = grain.ReadOptions(num_threads=1, prefetch_buffer_size=2)
    workers = grain.MultiprocessingOptions(num_workers=WORKERS, per_worker_buffer_size=2)
    batches = grain.MapDataset.range
    return lambda: (
        batches(END).map(work.drawn).batch(rows).to_iter_dataset(options).mp_prefetch(workers)
    )


def synthdata(executor: str, *, into: bool = False, tuned: bool = False) -> Prepare:
    """sd.build, with every sample checked, as it is by default."""
    options: dict[str, Any] = {"executor": executor}
    if executor != "inline":
        options["workers"] = WORKERS

    def prepare(work: Workload, rows: int) -> Build:
        import tensorflow  # noqa: F401  # not timed
        from generators import GENERATORS, LargeInto

        import synthdata as sd

        generator = LargeInto() if into else GENERATORS[work.name]()
        build = sd.build  # imports the builder, which is not timed either
        if tuned:
            _tune(sd)

        def start() -> Any:
            try:
                return build(generator, batch_size=rows, as_supervised=True, **options)
            except sd.BuildError as error:
                raise Unavailable(str(error)) from error

        return start

    return prepare


def _tune(sd: Any) -> None:
    if not hasattr(sd, "tune_process"):
        raise Unavailable("this synthdata has no tune_process")
    sd.tune_process()


CONTENDERS = {
    contender.name: contender
    for contender in (
        Contender("plain loop", "loop", loops.plain),
        Contender("plain loop, gc.freeze", "loop", loops.frozen),
        Contender("loops at once", "loop", loops.frozen, at_once=True),
        Contender("fills at once", "loop", loops.fill, at_once=True, into=True),
        Contender("from_generator", "peer", from_generator, is_dataset=True),
        Contender("map(py_function)", "peer", mapped("py_function"), is_dataset=True),
        Contender("map(numpy_function)", "peer", mapped("numpy_function"), is_dataset=True),
        Contender("Keras PyDataset, processes", "peer", keras_dataset),
        Contender("torch DataLoader, processes", "peer", torch_loader),
        Contender("Grain, processes", "peer", grain_processes),
        Contender("Grain, threads", "peer", grain_threads),
        Contender("numpy_function a batch", "by hand", batch_call, is_dataset=True),
        Contender("synthdata inline", "synthdata", synthdata("inline"), is_dataset=True),
        Contender(
            "synthdata inline, tuned",
            "synthdata",
            synthdata("inline", tuned=True),
            is_dataset=True,
        ),
        Contender("synthdata threads", "synthdata", synthdata("threads"), is_dataset=True),
        Contender("synthdata processes", "synthdata", synthdata("processes"), is_dataset=True),
        Contender(
            "synthdata threads, sample_into",
            "synthdata",
            synthdata("threads", into=True),
            is_dataset=True,
            into=True,
        ),
        Contender(
            "synthdata processes, sample_into",
            "synthdata",
            synthdata("processes", into=True),
            is_dataset=True,
            into=True,
        ),
    )
}
