"""From the numbers of bundles to a dataset: one call into Python for each, and what follows it."""

from __future__ import annotations

import atexit
import functools
import weakref
from collections.abc import Callable
from typing import Any, Final

import tensorflow as tf
from numpy.typing import NDArray

from synthdata.bundles import Bundles
from synthdata.execution import EXIT_GATE
from synthdata.execution.machine import cores
from synthdata.execution.supply import PREFETCHED
from synthdata.plan import Plan
from synthdata.running import ATTRIBUTE, GraphRun, Run

# After TensorFlow's own handlers were registered, so that it runs before them.
atexit.register(EXIT_GATE.close)

_REGISTERED: Final[list[Any]] = []
"""Functions that TensorFlow calls, by weak references; as it keeps those of ``numpy_function``."""


def pipeline(
    bundles: Bundles,
    run: Run,
    places: list[int],
    dtypes: list[tf.DType],
    element: Callable[[list[tf.Tensor]], Any],
    finish: Callable[[tf.data.Dataset], tf.data.Dataset] = lambda dataset: dataset,
) -> tf.data.Dataset:
    """Return the dataset of all batches of a plan.

    Args:
        bundles: which samples each holds.
        run: makes them; it ends with the dataset.
        places: of the arrays that are used, in the list of all that an executor makes.
        dtypes: of those.
        element: makes an element of their tensors; where several batches come together, these have
            one more dimension in front, and so must those of the element.
        finish: makes the dataset of elements into what is wanted.
    """
    rows = bundles.plan.batch_size
    several = bundles.together > 1

    def make(number: Any) -> list[NDArray[Any]]:
        arrays = run.batch(int(number))
        if several:
            return [_cut(arrays[place], rows) for place in places]
        return [arrays[place] for place in places]

    def fetch(number: tf.Tensor) -> Any:
        return element(_call(make, number, dtypes))

    # AutoGraph would read this file again, which may have changed since it was imported.
    dataset = _mapped(_numbers(bundles), tf.autograph.experimental.do_not_convert(fetch))
    dataset = _ahead(finish(dataset))
    if several:
        dataset = _apart(dataset, bundles.plan)
    setattr(dataset, ATTRIBUTE, run)
    # TensorFlow keeps the function for ever; workers and memory end with the dataset.
    weakref.finalize(dataset, run.executor.close).atexit = False
    return dataset


def graph_pipeline(
    plan: Plan, run: GraphRun, element: Callable[[tf.Tensor], Any]
) -> tf.data.Dataset:
    """Return the dataset of all batches of a plan, made by TensorFlow alone.

    Args:
        plan: which samples each batch holds.
        run: says how many batches are made at a time.
        element: makes an element of the number of a batch.
    """
    dataset = _numbers(plan).map(
        tf.autograph.experimental.do_not_convert(element),
        num_parallel_calls=run.workers,
        deterministic=True,
    )
    dataset = _ahead(dataset)
    setattr(dataset, ATTRIBUTE, run)
    return dataset


def _cut(array: NDArray[Any], rows: int) -> NDArray[Any]:
    """Return an array of batches: of several full ones, or of one that is not."""
    several, rest = divmod(len(array), rows)
    shape = (1, len(array)) if rest else (several, rows)
    return array.reshape(*shape, *array.shape[1:])


def _apart(dataset: tf.data.Dataset, plan: Plan) -> tf.data.Dataset:
    """Take batches that come together apart; TensorFlow copies none of an aligned size."""

    def slices(*element: Any) -> tf.data.Dataset:
        return tf.data.Dataset.from_tensor_slices(element if len(element) > 1 else element[0])

    dataset = dataset.flat_map(tf.autograph.experimental.do_not_convert(slices))
    count = tf.data.INFINITE_CARDINALITY if plan.endless else len(plan)
    return dataset.apply(tf.data.experimental.assert_cardinality(count))


def _ahead(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """Make batches ahead."""
    options = tf.data.Options()
    # A checkpoint then holds the position, not the batches that were made ahead.
    options.experimental_symbolic_checkpoint = True
    # Nothing here is to be tuned. And the thread that tunes sleeps for up to a minute, longer the
    # longer an iterator lives; it often misses that the iterator ends, which then waits for it.
    options.autotune.enabled = False
    # What AUTOTUNE is then, in a map that follows.
    options.autotune.initial_parallelism = cores()
    # Several calls into Python at a time would wait for each other.
    options.experimental_optimization.map_parallelization = False
    return dataset.prefetch(PREFETCHED).with_options(options)


def _numbers(plan: Plan | Bundles) -> tf.data.Dataset:
    numbers = tf.data.Dataset.range(len(plan))
    # Nobody gets to the end of an endless plan; repeat() only tells TensorFlow that there is none.
    return numbers.repeat() if plan.endless else numbers


def _mapped(dataset: tf.data.Dataset, function: Callable[[tf.Tensor], Any]) -> tf.data.Dataset:
    """Map, with the function's few ops run in one thread.

    ``Dataset.map`` hands each op to a pool of threads, which costs 90 µs a batch here (190 in
    place of 280). The switch against it is not public; without it everything works, slower.
    """
    try:
        from tensorflow.python.data.ops.map_op import _MapDataset

        return _MapDataset(
            dataset, function, preserve_cardinality=True, use_inter_op_parallelism=False
        )
    except (ImportError, TypeError):
        return dataset.map(function)


def _call(
    make: Callable[[Any], list[NDArray[Any]]], number: tf.Tensor, dtypes: list[tf.DType]
) -> list[tf.Tensor]:
    """Call Python once for a batch.

    ``numpy_function`` is the sibling of ``py_function`` that passes arrays in place of eager
    tensors. It costs a third of the time a call, takes aligned arrays without a copy, and can be
    told that a batch is a function of its number and nothing else. ``py_function`` always
    counts as stateful, and TensorFlow logs that once a batch where iterators can be checkpointed.
    """
    token = _token(make)
    made: list[tf.Tensor]
    if token is None:
        made = tf.numpy_function(make, [number], dtypes, stateful=False)
    else:
        made = tf.raw_ops.PyFuncStateless(input=[number], token=token, Tout=dtypes)
    return made


def _token(make: Callable[[Any], list[NDArray[Any]]]) -> str | None:
    """Register a function for the op that ``numpy_function`` makes; None if that cannot be done."""
    plain_class = _plain_class()
    if plain_class is None:
        return None
    from tensorflow.python.ops.script_ops import _py_funcs

    plain = plain_class(make)
    _REGISTERED.append(plain)
    token: str = _py_funcs.insert(plain)
    return token


@functools.cache
def _plain_class() -> Any:
    """Return the class of functions whose arrays TensorFlow takes as they are; None without it.

    ``numpy_function`` looks at each array that Python returns, and parses NumPy's version every
    time: 7 µs an array, and 5 more a call for AutoGraph, which has no part in it. What passes an
    instance of EagerFunc on as it is is not public; without it everything works, slower.
    """
    try:
        from tensorflow.python.ops.script_ops import EagerFunc, _py_funcs

        class Plain(EagerFunc):  # type: ignore[misc]  # TensorFlow ships no types
            """Returns what a function returns."""

            def __init__(self, function: Callable[[Any], Any]) -> None:
                self._function = function

            def __call__(self, device: Any, token: Any, args: Any) -> Any:
                return self._function(*args)

        told: list[Any] = []
        trial = Plain(lambda arrays: arrays)
        if _py_funcs(_py_funcs.insert(trial), None, [told]) is told:
            return Plain
    except (ImportError, TypeError):
        pass
    return None
