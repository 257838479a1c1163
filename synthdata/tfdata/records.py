"""A dataset of records in TFRecord files, whose samples are decoded in TensorFlow's graph.

The files are read by place, one call into Python a batch, so that order, epochs, shards and
checkpoints are those of ``build``; what costs time, which is to decode images, is done by
TensorFlow in as many threads as it likes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from synthdata.bundles import Bundles
from synthdata.errors import BuildError
from synthdata.execution import Ledger, Telemetry
from synthdata.execution.maker import Made
from synthdata.layout import Variable
from synthdata.options import check_options
from synthdata.plan import Plan
from synthdata.running import Run
from synthdata.source import Source
from synthdata.storage.formats.example import Examples, File, Numbers, Packing, Raw, String
from synthdata.storage.formats.message import Kind
from synthdata.storage.formats.tfrecord import TFRecord
from synthdata.storage.stored import SplitReader, Stored
from synthdata.tfdata.asked import plan_of
from synthdata.tfdata.pipeline import pipeline

_KINDS: Mapping[Kind, tf.DType] = {"bytes": tf.string, "float": tf.float32, "int64": tf.int64}


def read_records(
    stored: Stored,
    *,
    variable: Variable,
    batch_size: int,
    shuffle: bool,
    repeat: bool | int,
    shard: tuple[int, int],
    drop_remainder: bool,
    start: int,
    as_supervised: bool,
    with_index: bool,
) -> tf.data.Dataset | None:
    """Build a dataset of one split of TFRecord files.

    Args:
        stored: the split.
        variable: as for ``build``, and so are the others.
        batch_size: samples a batch.
        shuffle: a new order each epoch.
        repeat: how many epochs.
        shard: the k-th of n.
        drop_remainder: leaves out a last batch that is not full.
        start: leaves out samples at the beginning.
        as_supervised: yields (image, label).
        with_index: adds the place of each sample.

    Returns:
        The dataset; None where the files are of another format, or hold what is not decoded
        there: what is ragged, polygons, images of varying size, WebP.

    Raises:
        BuildError: if the options contradict each other.
    """
    manifest, split = stored.params.manifest, stored.params.split
    if manifest.plan.format != TFRecord.name:
        return None
    examples = Examples(stored.output, manifest.plan.image_encoding(), deep=TFRecord.deep)
    seen = [one for one in examples.packings if not as_supervised or one.leaf.path[0] != "metadata"]
    parsers = [_parser(one, variable) for one in seen]
    if None in parsers:
        return None
    check_options(locals())
    if as_supervised and stored.output.label is None:
        raise BuildError(f"as_supervised=True, but {stored.identity.id} has no label")
    samples, seed = manifest.samples[split], manifest.plan.seed
    source = Source.of(stored, seed=seed, samples=samples)
    plan = plan_of(source, shuffle, repeat, shard, batch_size, drop_remainder, start)
    reader = SplitReader(stored.params.place, manifest, split)
    why = "TFRecord files are decoded by TensorFlow itself"
    run = Run(Records(reader, plan), Ledger(None, {}, None, samples), why, batch_size)
    rows = batch_size if plan.full else None
    described = {entry.key: _described(one, entry.kind) for one in seen for entry in one.entries}

    def decoded(indices: tf.Tensor, records: tf.Tensor) -> Any:
        parsed = tf.io.parse_example(records, described)
        values = {}
        for one, parse in zip(seen, parsers, strict=True):
            assert parse is not None
            value = parse(parsed[one.entries[0].key])
            value.set_shape([rows, *one.leaf.feature.bound])
            values[one.leaf.path] = value
        tree = stored.output.assembler()([values.get(leaf.path) for leaf in stored.output.leaves])
        if as_supervised:
            return tree["image"], tree["label"]
        return {**tree, "index": indices} if with_index else tree

    def element(tensors: list[tf.Tensor]) -> Any:
        for tensor in tensors:
            tensor.set_shape([rows])
        return tuple(tensors)

    def finish(dataset: tf.data.Dataset) -> tf.data.Dataset:
        convert = tf.autograph.experimental.do_not_convert(decoded)
        return dataset.map(convert, num_parallel_calls=tf.data.AUTOTUNE)

    return pipeline(Bundles(plan, 1), run, [0, 1], [tf.int64, tf.string], element, finish)


class Records:
    """The executor that reads the bytes of records, by their places in a split.

    Args:
        reader: of the split.
        plan: which samples each batch holds.
    """

    name = "records"
    workers = 0

    def __init__(self, reader: SplitReader, plan: Plan) -> None:
        self._reader = reader
        self._plan = plan
        # A finalizer may run in the middle of a batch, in its thread.
        self._lock = threading.Lock()
        self._dropped = False

    def open(self) -> None:
        """Do nothing: files are opened when they are read."""

    def batch(self, number: int) -> Made:
        """Read a batch: the places, and the bytes of the records.

        Raises:
            TargetError: if a file is missing or damaged.
        """
        indices = self._plan.indices(number)
        records = np.empty(len(indices), object)
        with self._lock:
            try:
                records[:] = [self._reader.record(place) for place in indices.tolist()]
            finally:
                if self._dropped:
                    self._reader.close()
        return Made([indices, records], (), len(indices))

    def close(self) -> None:
        """Close the files: now, or after the batch at hand."""
        self._dropped = True
        if self._lock.acquire(blocking=False):
            try:
                self._reader.close()
            finally:
                self._lock.release()

    def telemetry(self) -> Telemetry:
        """Return nothing but zeros: TensorFlow does the work."""
        return Telemetry()


def _described(packing: Packing, kind: Kind) -> Any:
    feature, dtype = packing.leaf.feature, _KINDS[kind]
    if not isinstance(packing, Numbers):
        return tf.io.FixedLenFeature([], dtype)
    if feature.varying:
        return tf.io.RaggedFeature(dtype, row_splits_dtype=tf.int64)
    return tf.io.FixedLenFeature(feature.bound, dtype)


def _parser(packing: Packing, variable: Variable) -> Callable[[Any], tf.Tensor] | None:
    """Return what decodes a batch of one feature, or None where that is not done here."""
    feature = packing.leaf.feature
    dtype = tf.dtypes.as_dtype(feature.dtype)
    if isinstance(packing, String):
        return lambda texts: texts
    # The rows of what varies in its first dimension stay together when they are padded flat.
    if feature.varying and (variable != "pad" or None in feature.static_shape[1:]):
        return None
    if isinstance(packing, Numbers):
        if feature.varying:
            return lambda numbers: tf.cast(_padded(numbers, feature), dtype)
        return lambda numbers: tf.cast(numbers, dtype)
    if isinstance(packing, Raw) and feature.padding == 0:
        return lambda data: _from_raw(data, packing.stored, dtype, feature.bound)
    if not isinstance(packing, File) or feature.varying:
        return None
    name = packing.codec.name
    if name not in ("png", "jpeg"):
        return None
    return lambda files: _images(files, name, dtype, feature.bound)


def _padded(numbers: tf.RaggedTensor, feature: Any) -> tf.Tensor:
    size = int(np.prod(feature.bound))
    flat = numbers.to_tensor(tf.constant(feature.padding, numbers.dtype), shape=[None, size])
    return tf.reshape(flat, [-1, *feature.bound])


def _from_raw(data: tf.Tensor, stored: str, dtype: tf.DType, shape: tuple[int, ...]) -> tf.Tensor:
    """Make numbers of their bytes; where there are fewer, those that are missing are 0."""
    width = np.dtype(stored).itemsize
    # decode_raw itself knows not all dtypes, and fills up still fewer.
    flat = tf.io.decode_raw(data, tf.uint8, fixed_length=int(np.prod(shape)) * width)
    if stored == "bool":
        return tf.cast(tf.reshape(flat, [-1, *shape]), tf.bool)
    numbers = tf.reshape(flat, [-1, *shape, *([width] if width > 1 else [])])
    return tf.cast(tf.bitcast(numbers, tf.dtypes.as_dtype(stored)), dtype)


def _images(files: tf.Tensor, name: str, dtype: tf.DType, shape: tuple[int, ...]) -> tf.Tensor:
    channels = shape[2] if len(shape) == 3 else 1

    def decode(file: tf.Tensor) -> tf.Tensor:
        if name == "png":
            return tf.io.decode_png(file, channels, dtype)
        # As Pillow decodes it; the default is faster, and another image.
        return tf.io.decode_jpeg(file, channels, dct_method="INTEGER_ACCURATE")

    return tf.reshape(tf.map_fn(decode, files, fn_output_signature=dtype), [-1, *shape])
