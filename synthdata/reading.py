"""A dataset of what stands in files, of the same structure as one that is built."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from synthdata.execution import ExecutorName
from synthdata.layout import Variable
from synthdata.storage.stored import stored_generator
from synthdata.stream import Validate

if TYPE_CHECKING:
    import tensorflow as tf


def read(
    target: str | os.PathLike[str],
    split: str | None = None,
    *,
    batch_size: int = 32,
    shuffle: bool = False,
    repeat: bool | int = False,
    shard: tuple[int, int] = (0, 1),
    drop_remainder: bool = False,
    start: int = 0,
    as_supervised: bool = False,
    with_index: bool = False,
    executor: ExecutorName = "auto",
    workers: int | None = None,
    slots: int | None = None,
    variable: Variable = "pad",
    validate: Validate = "all",
    storage_options: Mapping[str, Any] | None = None,
) -> tf.data.Dataset:
    """Build a dataset of batches from what ``write`` wrote, in whatever format.

    It is what ``build`` makes of the same recipe: the same structure, dtypes, shapes and samples,
    checkpoints, and order under ``shuffle`` by the same seed.

    Args:
        target: the folder or URL.
        split: which one; None is the only one.
        batch_size: as for ``build``, and so are those that follow.
        shuffle: a new order each epoch, by the recipe's seed.
        repeat: how many epochs.
        shard: ``(k, n)``, the k-th of n machines.
        drop_remainder: leaves out a last batch that is not full.
        start: leaves out so many samples at the beginning.
        as_supervised: yields (image, label).
        executor: where files are read and decoded, as for ``build``; "auto" has TensorFlow decode
            TFRecord files itself, where it can.
        workers: processes or threads.
        slots: batches that "processes" has memory for.
        variable: what becomes of dimensions that vary.
        with_index: True adds the key ``index``, the place of each sample in its split.
        validate: which samples have each element looked at, as for ``build``; what TensorFlow
            decodes is held against checksums instead.
        storage_options: for the file system of a URL; see fsspec.

    Returns:
        A dataset, as ``build`` returns it.

    Raises:
        TargetError: if no data set is there, or it is not finished.
        RecipeError: if there is no such split, or several.
        BuildError: if the options contradict each other, or TensorFlow is not installed.

    >>> import tempfile
    >>> from synthdata import write
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = write("shapes-v1", f"{folder}/shapes", params={"size": 16}, samples=20)
    ...     read(f"{folder}/shapes", batch_size=10).element_spec["image"].shape
    TensorShape([10, 16, 16, 3])
    """
    from synthdata.tfdata import build, read_records  # TensorFlow, where it is needed

    generator = stored_generator(target, split, dict(storage_options or {}))
    manifest = generator.params.manifest
    options: dict[str, Any] = {
        "batch_size": batch_size,
        "shuffle": shuffle,
        "repeat": repeat,
        "shard": shard,
        "drop_remainder": drop_remainder,
        "start": start,
        "as_supervised": as_supervised,
        "with_index": with_index,
        "variable": variable,
    }
    if executor == "auto" and workers is None and slots is None:
        found = read_records(generator, **options)
        if found is not None:
            return found
    if executor == "auto" and not generator.params.place.shared:
        executor = "threads"
    return build(
        generator,
        seed=manifest.plan.seed,
        samples=manifest.samples[generator.params.split],
        executor=executor,
        workers=workers,
        slots=slots,
        validate=validate,
        **options,
    )
