"""The builder, from a generator to a ``tf.data.Dataset``."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

from synthdata.bundles import Bundles, together
from synthdata.errors import BuildError
from synthdata.execution import Choice, ExecutorName, Ledger, OnError, Policy, Work, choose
from synthdata.execution.machine import cores
from synthdata.generator import Generator
from synthdata.layout import Variable, batch_room, columns
from synthdata.options import check_options
from synthdata.origin import origin
from synthdata.plan import Plan
from synthdata.powers import Native
from synthdata.recipe import Recipe
from synthdata.running import GraphRun, Run
from synthdata.source import Source
from synthdata.stream import Validate
from synthdata.tfdata.asked import plan_of, source_of
from synthdata.tfdata.elements import Elements
from synthdata.tfdata.graph import asserted, open_rows
from synthdata.tfdata.pipeline import graph_pipeline, pipeline
from synthdata.tfdata.positions import batch_indices


def build(
    what: str | Recipe | Generator,
    *,
    params: Mapping[str, Any] | None = None,
    seed: int | None = None,
    samples: int | None = None,
    split: str | None = None,
    batch_size: int = 32,
    shuffle: bool = False,
    repeat: bool | int = False,
    shard: tuple[int, int] = (0, 1),
    drop_remainder: bool = False,
    start: int = 0,
    as_supervised: bool = False,
    with_index: bool = False,
    executor: ExecutorName = "auto",
    cluster: str | None = None,
    workers: int | None = None,
    slots: int | None = None,
    timeout: float | None = None,
    on_error: OnError = "raise",
    attempts: int = 3,
    budget: int | float | None = None,
    ledger: str | os.PathLike[str] | None = None,
    variable: Variable = "pad",
    validate: Validate = "all",
    cache: bool = False,
) -> tf.data.Dataset:
    """Build a dataset of batches from a generator.

    Args:
        what: an id, or a name for its newest version, a Recipe, or a Generator such as
            ``from_function`` makes.
        params: fields of the generator's Params; only with an id.
        seed: 0 to 2**64 - 1; None is 0. Not with a Recipe, which says it.
        samples: how many samples an epoch has; None is endless. Not with a Recipe.
        split: which of a Recipe's splits; None is the only one.
        batch_size: samples a batch.
        shuffle: True draws the indices in a new random order each epoch, a function of the seed
            and the epoch. It needs ``samples``, and no buffer.
        repeat: False is one epoch, a number so many, True without an end. Batches run across the
            ends of epochs.
        shard: ``(k, n)`` takes every n-th sample from the k-th of the (shuffled) order, so that n
            machines share an epoch.
        drop_remainder: True leaves out a last batch that is not full.
        start: leaves out so many samples at the beginning of the whole order, before it is shared
            between shards, in constant time; to go on after ``step`` batches of each of n
            shards, ``step * batch_size * n``.
        as_supervised: True yields (image, label) in place of a dict, for ``model.fit``.
        with_index: True adds the key ``index``, an int64 vector.
        executor: where samples are made. "processes": in worker processes, which leave whole
            batches in shared memory; it is for nearly all generators, and needs one that can be
            imported. "threads": in threads of this process, for generators that release the GIL.
            "inline": in the thread that asks for a batch. "graph": by TensorFlow without Python;
            it is for generators made of its ops, see ``TensorGenerator``, and can only raise where
            a sample fails. "ray": by the nodes of a Ray cluster, which make the generator again
            from JSON. "auto" is "graph" for generators of TensorFlow's ops; of others it times a
            few samples, chooses between the first three, and logs what and why;
            ``sd.explain(ds)`` says it too.
        cluster: which cluster, of "ray" alone. "auto" is the one that this process has joined, or
            that RAY_ADDRESS or ``ray start`` on this machine names, and so is None; "local"
            starts a Ray of this process's own; or HOST:PORT.
        workers: processes or threads, CPUs of a cluster, or batches that a graph makes at a time;
            None is one for each core or CPU, 0 is "inline".
        slots: batches that "processes" has shared memory for, at least ``workers + 2``; small
            batches are made up to 16 at a time, of 8 MiB together at the most, and share a slot.
            None is what is of use, ``3 * workers + 5`` or ``3 * workers + 8``, within a quarter of
            the memory available. Of "ray" those in the object store of this node, at least 3,
            within a quarter of that; None is up to ``8 * workers + 8``.
        timeout: seconds that a sample may take before its worker is killed and the sample counts
            as failed; for "processes" and "ray". None is no limit.
        on_error: what becomes of a sample that cannot be made. "raise" ends the iteration with
            an error that names it. "skip" leaves it out, image, label and metadata together, and
            fills the batch from those that follow; the cardinality is then unknown. "retry" draws
            it again from the streams keyed (seed, index, attempt), and raises if all fail.
            "substitute" does so too, and then takes another sample of the data set.
        attempts: how often "retry" and "substitute" draw a sample in all.
        budget: how many samples may fail before it is an error after all; a float is a fraction
            of ``samples`` (of those made so far, where they are endless). None is no limit.
        ledger: a file to which each failure is added as a line of JSON; ``synthdata replay`` makes
            those samples again.
        variable: "pad" fills dimensions that vary up to their bound, "ragged" makes RaggedTensors.
        validate: which samples have each element looked at: "all", "sampled" (every 16th by
            index) or "off"; dtype, shape, structure, classes and text are always checked.
        cache: True keeps each sample that is made in a folder of the user's cache, and reads it
            from there from then on, in this process and others, without the generator. It needs
            ``samples``. What the samples are a function of is part of the name there: another
            param, seed or version is another entry. ``synthdata cache`` lists and clears them.

    Returns:
        A dataset of ``{"image": …, "label": …, "metadata": {…}}`` with the declared dtypes,
        static shapes and a known cardinality. The size of a batch is static too where each batch
        is full.

    Raises:
        BuildError: if the options contradict each other, or TensorFlow is not installed.
        WorkerError: if worker processes cannot be had; ClusterError if a cluster cannot.
        LedgerError: if the ledger cannot be written.
        RegistryError, ParamsError, RecipeError, AssetError: if the generator cannot be had.

    >>> ds = build("shapes-v1", params={"size": 32}, seed=7, samples=100, batch_size=10)
    >>> ds.element_spec["image"].shape, ds.cardinality().numpy().item()
    (TensorShape([10, 32, 32, 3]), 10)
    """
    check_options(locals())
    source = source_of(what, params, seed, samples, split, validate)
    if as_supervised and source.output.label is None:
        raise BuildError(f"as_supervised=True, but {source.generator.identity.id} has no label")
    if shuffle and source.endless:
        raise BuildError(
            "shuffle=True needs samples=: endless samples are as good as shuffled, each is its own"
        )
    count = None if source.endless else len(source)
    skips = on_error == "skip"
    # Which samples are too few for a last batch shows only when failed ones are left out.
    drops = drop_remainder and not skips
    plan = plan_of(source, shuffle, repeat, shard, batch_size, drops, start)
    elements = Elements(source.output, variable, as_supervised, with_index)
    if executor in ("auto", "graph") and workers != 0 and isinstance(source.generator, Native):
        _check_graph(source.generator, on_error, budget, ledger, timeout, slots, cache)
        return _graph(source, plan, elements, workers or cores(), validate)
    policy = Policy(on_error, attempts)
    # Batches that lost samples, and ragged ones, could not be told apart again.
    apart = skips or elements.ragged
    several = 1 if apart else together(batch_room(columns(source.output, variable), batch_size))
    bundles = Bundles(plan, several)
    work = Work(source.generator, source.seed, source.indices, validate, variable, policy, bundles)
    books = Ledger(ledger, origin(source.generator), budget, count)
    if executor == "ray":
        chosen = partial(_fed, work, cluster or "auto", workers, slots, timeout)
    else:
        chosen = partial(choose, work, source.stream, executor, workers, slots, timeout)
    choice = _cached(work, chosen) if cache else chosen()
    run = Run(choice.executor, books, choice.why, batch_size)
    rows = batch_size if plan.full and not skips else None

    def refilled(dataset: tf.data.Dataset) -> tf.data.Dataset:
        return _refilled(dataset, batch_size, drop_remainder or plan.endless) if skips else dataset

    element = partial(elements.element, rows=rows, lead=(None,) if bundles.together > 1 else ())
    return pipeline(bundles, run, elements.places, elements.dtypes, element, refilled)


def _check_graph(generator: Generator, on_error: OnError, *others: Any) -> None:
    """Refuse what only Python can do for a batch."""
    names = ("budget", "ledger", "timeout", "slots", "cache")
    given = [
        f"{name}={value!r}"
        for name, value in (
            ("on_error", None if on_error == "raise" else on_error),
            *zip(names, others, strict=True),
        )
        if value is not None and value is not False
    ]
    if given:
        raise BuildError(
            f"{given[0]}: {generator.identity.id} is made of TensorFlow ops, and a graph cannot do "
            "that; executor='inline' or 'processes' makes the same samples by Python"
        )


def _graph(
    source: Source, plan: Plan, elements: Elements, workers: int, validate: Validate
) -> tf.data.Dataset:
    """Return the dataset of a generator of TensorFlow ops, without Python."""
    generator, seed = source.generator, source.seed
    # What is traced holds on to what ``open`` loads; the generator is closed when it was traced.
    source.open()
    rows = open_rows(generator)
    bits = np.uint64(seed).view(np.int64)

    def element(number: tf.Tensor) -> Any:
        indices = batch_indices(plan, number)
        seeds = tf.fill(tf.shape(indices), tf.constant(bits))
        made = rows(seeds, indices)
        tensors = [indices, *asserted(generator, seed, indices, made, validate)]
        seen = [tensors[place] for place in elements.places]
        return elements.element(seen, plan.batch_size if plan.full else None)

    return graph_pipeline(plan, GraphRun(generator.identity.id, workers), element)


def _fed(work: Work, *options: Any) -> Choice:
    from synthdata.cluster.feeding import feed

    return feed(work, *options)


def _cached(work: Work, chosen: Callable[[], Choice]) -> Choice:
    from synthdata.storage.cache.cached import cached

    return cached(work, chosen)


def _refilled(dataset: tf.data.Dataset, batch_size: int, drop_remainder: bool) -> tf.data.Dataset:
    """Fill batches that lost samples from those that follow.

    A batch that lost all is filtered out first: TensorFlow divides by its size.
    """

    def has_rows(*element: Any) -> tf.Tensor:
        first = tf.nest.flatten(element)[0]
        ragged = isinstance(first, tf.RaggedTensor)
        return (first.nrows() if ragged else tf.shape(first, tf.int64)[0]) > 0

    dataset = dataset.filter(tf.autograph.experimental.do_not_convert(has_rows))
    return dataset.unbatch().batch(batch_size, drop_remainder=drop_remainder)
