"""The builder, from a generator to a ``tf.data.Dataset``; the only module that imports TensorFlow.

TensorFlow sees a dataset of positions. Shuffling and repeating are arithmetic on them, so they
need no buffer, and a checkpoint of an iterator holds a few numbers. One call into Python a batch
turns the indices into arrays.
"""

from __future__ import annotations

import atexit
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from synthdata.errors import BuildError
from synthdata.execution import EXIT_GATE, Executor, Inline
from synthdata.generator import Generator
from synthdata.ids import GeneratorId
from synthdata.layout import Column, Ragged, Variable, columns
from synthdata.order import Order
from synthdata.recipe import Recipe
from synthdata.seeding import MAX_INDEX
from synthdata.source import Source
from synthdata.stream import Validate

try:
    import tensorflow as tf
except ImportError as error:
    raise BuildError(
        "build needs TensorFlow, which is not installed: pip install 'synthdata[cpu]' for "
        f"tensorflow-cpu, or 'synthdata[tensorflow]' ({error})"
    ) from error

# After TensorFlow's own handlers were registered, so that it runs before them.
atexit.register(EXIT_GATE.close)

PREFETCHED: Final = 2
"""Batches that are made ahead, so that the generator works while the model trains."""

LAST_POSITION: Final = 2**62
"""Samples of all epochs together, where there is no end; sums with it stay within int64."""


def build(
    what: str | Recipe | Generator,
    *,
    params: Mapping[str, Any] | None = None,
    seed: int | None = None,
    samples: int | None = None,
    batch_size: int = 32,
    shuffle: bool = False,
    repeat: bool | int = False,
    shard: tuple[int, int] = (0, 1),
    drop_remainder: bool = False,
    start: int = 0,
    as_supervised: bool = False,
    with_index: bool = False,
    executor: Literal["auto", "inline"] = "auto",
    workers: int | None = None,
    on_error: Literal["raise"] = "raise",
    variable: Variable = "pad",
    validate: Validate = "all",
    timeout: float | None = None,
) -> tf.data.Dataset:
    """Build a dataset of batches from a generator.

    Args:
        what: an id, a Recipe, or a Generator such as ``from_function`` makes.
        params: fields of the generator's Params; only with an id.
        seed: 0 to 2**64 - 1; None is 0. Not with a Recipe, which says it.
        samples: how many samples an epoch has; None is endless. Not with a Recipe.
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
        executor: "inline" makes the samples in TensorFlow's own threads; "auto" chooses, today
            always "inline".
        workers: reserved for executors with workers; None.
        on_error: "raise" ends the iteration with an error that names the sample.
        variable: "pad" fills dimensions that vary up to their bound, "ragged" makes RaggedTensors.
        validate: which samples have each element looked at: "all", "sampled" (every 16th by
            index) or "off"; dtype, shape, structure, classes and text are always checked.
        timeout: reserved for executors with workers; None.

    Returns:
        A dataset of ``{"image": …, "label": …, "metadata": {…}}`` with the declared dtypes,
        static shapes and a known cardinality. The size of a batch is static too where each batch
        is full.

    Raises:
        BuildError: if the options contradict each other, or TensorFlow is not installed.
        RegistryError, ParamsError, RecipeError, AssetError: if the generator cannot be had.

    >>> ds = build("shapes-v1", params={"size": 32}, seed=7, samples=100, batch_size=10)
    >>> ds.element_spec["image"].shape, ds.cardinality().numpy().item()
    (TensorShape([10, 32, 32, 3]), 10)
    """
    _check_options(locals())
    source = _source(what, params, seed, samples, validate)
    if as_supervised and source.output.label is None:
        raise BuildError(f"as_supervised=True, but {source.generator.identity.id} has no label")
    if shuffle and source.endless:
        raise BuildError(
            "shuffle=True needs samples=: endless samples are as good as shuffled, each is its own"
        )
    source.open()
    parts = columns(source.output, variable)
    runner: Executor = Inline(source.stream, parts)
    samples = MAX_INDEX + 1 if source.endless else len(source)
    order = Order(samples, source.seed, shuffle=shuffle)

    def make(positions: NDArray[Any]) -> list[NDArray[Any]]:
        with EXIT_GATE:
            indices = order.indices(positions)
            return [indices, *runner.batch(indices)]

    def fetch(positions: tf.Tensor) -> Any:
        tensors = _call(make, positions, parts)
        return _element(tensors, positions.shape[0], parts, source, as_supervised, with_index)

    endless = source.endless or repeat is True
    stop = LAST_POSITION if endless else min(samples * int(repeat or 1), LAST_POSITION)
    batches = _positions(start, stop, shard, batch_size, drop_remainder, endless)
    # One call at a time: more of them would only wait for the GIL.
    dataset = batches.map(fetch, num_parallel_calls=1)
    options = tf.data.Options()
    # A checkpoint then holds the position, not the batches that were made ahead.
    options.experimental_symbolic_checkpoint = True
    return dataset.prefetch(PREFETCHED).with_options(options)


def _check_options(given: dict[str, Any]) -> None:
    choices = {
        "on_error": ("raise",),
        "executor": ("auto", "inline"),
        "variable": get_args(Variable),
        "validate": get_args(Validate),
    }
    for name, allowed in choices.items():
        if given[name] not in allowed:
            raise BuildError(f"{name}={given[name]!r}: expected {' or '.join(map(repr, allowed))}")
    for name in ("workers", "timeout"):
        if given[name] is not None:
            raise BuildError(f"{name}={given[name]!r}: the inline executor has no workers")
    _whole("batch_size", given["batch_size"], 1)
    _whole("start", given["start"], 0)
    if not isinstance(given["repeat"], bool):
        _whole("repeat", given["repeat"], 1)
    shard = given["shard"]
    if not isinstance(shard, Sequence) or len(shard) != 2:
        raise BuildError(f"shard={shard!r}: expected (k, n), the k-th of n")
    _whole("shard n", shard[1], 1)
    _whole("shard k", shard[0], 0, shard[1] - 1)
    if given["as_supervised"] and given["with_index"]:
        raise BuildError("with_index=True has no place in the (image, label) of as_supervised=True")


def _whole(name: str, value: Any, least: int, most: int = MAX_INDEX) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise BuildError(f"{name}={value!r}: expected a whole number")
    if not least <= value <= most:
        raise BuildError(f"{name}={value!r}: expected {least} to {most}")


def _source(
    what: str | Recipe | Generator,
    params: Mapping[str, Any] | None,
    seed: int | None,
    samples: int | None,
    validate: Validate,
) -> Source:
    given = {"params": params, "seed": seed, "samples": samples}
    fields = {name: value for name, value in given.items() if value is not None}
    if isinstance(what, str):
        GeneratorId.parse(what)  # before the recipe does, so that the error is not one of recipes
        return Source(Recipe(generator=what, **fields), validate=validate)
    if isinstance(what, Recipe):
        if fields:
            raise BuildError(
                f"the recipe says {', '.join(fields)} already; use recipe.replace(…) to change it"
            )
        return Source(what, validate=validate)
    if isinstance(what, Generator):
        if params is not None:
            raise BuildError(f"{what!r} has its params already; params= goes with an id")
        return Source.of(what, seed=seed or 0, samples=samples, validate=validate)
    hint = "; make an instance of it" if isinstance(what, type) else ""
    raise BuildError(
        f"build expects an id, a Recipe or a Generator instance, not {type(what).__name__}{hint}"
    )


def _positions(
    start: int,
    stop: int,
    shard: tuple[int, int],
    batch_size: int,
    drop_remainder: bool,
    endless: bool,
) -> tf.data.Dataset:
    """Return a dataset of int64 vectors, the positions of each batch.

    A position counts samples from the first of epoch 0, through all epochs and before sharding.
    """
    if start >= stop:
        raise BuildError(f"start={start}: there are {stop} samples in all")
    k, n = shard
    count = len(range(start + k, stop, n))
    full = endless or count % batch_size == 0
    positions = tf.data.Dataset.range(start + k, stop, n)
    batches = positions.batch(batch_size, drop_remainder=drop_remainder or full)
    # Nobody gets to the end of an endless range; repeat() only tells TensorFlow that there is none.
    return batches.repeat() if endless else batches


def _call(
    make: Callable[[NDArray[Any]], list[NDArray[Any]]],
    positions: tf.Tensor,
    parts: tuple[Column, ...],
) -> list[tf.Tensor]:
    """Call Python once for a batch.

    ``numpy_function`` is the sibling of ``py_function`` that passes arrays in place of eager
    tensors. It costs a third of the time a call, takes aligned arrays without a copy, and can be
    told that a batch is a function of its positions and nothing else. ``py_function`` always
    counts as stateful, and TensorFlow logs that once a batch where iterators can be checkpointed.
    """
    dtypes = [tf.dtypes.as_dtype(part.dtype) for column in parts for part in column.parts]
    made: list[tf.Tensor] = tf.numpy_function(
        make, [positions], [tf.int64, *dtypes], stateful=False
    )
    return made


def _element(
    tensors: list[tf.Tensor],
    rows: int | None,
    parts: tuple[Column, ...],
    source: Source,
    as_supervised: bool,
    with_index: bool,
) -> Any:
    """Give the tensors of a batch their static shapes, and the structure of the declaration."""
    indices, *rest = tensors
    indices.set_shape([rows])
    remaining = iter(rest)
    values = [_column_tensor(column, remaining, rows) for column in parts]
    tree = source.output.assembler()(values)
    if as_supervised:
        return tree["image"], tree["label"]
    return {**tree, "index": indices} if with_index else tree


def _column_tensor(column: Column, tensors: Iterator[tf.Tensor], rows: int | None) -> Any:
    own = [next(tensors) for _ in column.parts]
    for tensor, part in zip(own, column.parts, strict=True):
        tensor.set_shape(part.shape)
    if not isinstance(column, Ragged):
        own[0].set_shape([rows, *column.parts[0].shape[1:]])
        return own[0]
    value, lengths = own[0], own[1:]
    for size in reversed(column.levels):
        if size is None:
            value = tf.RaggedTensor.from_row_lengths(value, lengths.pop(), validate=False)
        else:
            value = tf.RaggedTensor.from_uniform_row_length(value, size)
    return value
