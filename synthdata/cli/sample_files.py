"""One sample as files: PNG where it can hold the values, .npy for other arrays, and JSON."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image as Pillow

from synthdata.features import ClassLabel, Feature, Image, Mask, Tensor
from synthdata.sample import Sample
from synthdata.source import Source

_MOST_NUMBERS: Final = 1000
"""A tensor of more numbers than this is no reading matter, and goes to a file of its own."""


def write_sample(folder: Path, sample: Sample, source: Source, index: int) -> list[Path]:
    """Write a sample to an existing folder.

    ``sample.json`` holds id, seed and index, the values by their dotted path, the names of
    classes, and which files hold the other values.

    Args:
        folder: where.
        sample: the sample.
        source: where it is from.
        index: its index.

    Returns:
        The files written, ``sample.json`` last.

    Raises:
        OSError: if a file cannot be written.
    """
    files: dict[str, str] = {}
    names: dict[str, Any] = {}
    values: dict[str, Any] = {}
    for leaf in source.output.leaves:
        value = leaf.value_in(sample)
        if _has_file(leaf.feature, value):
            files[leaf.name] = _write_array(folder, leaf.name, leaf.feature, value)
        else:
            values[leaf.name] = _plain(value)
        if isinstance(leaf.feature, ClassLabel):
            names[leaf.name] = _names(leaf.feature, value)
    identity = source.generator.identity
    about = {
        "id": identity.id,
        "distribution": identity.distribution,
        "version": identity.version,
        "seed": source.seed,
        "index": index,
        "values": values,
        "names": names,
        "files": files,
    }
    text = json.dumps(about, indent=2, ensure_ascii=False, allow_nan=False)
    (folder / "sample.json").write_text(text + "\n", encoding="utf-8")
    return [*(folder / name for name in files.values()), folder / "sample.json"]


def _has_file(feature: Feature, value: Any) -> bool:
    if isinstance(feature, Tensor):
        return bool(np.size(value) > _MOST_NUMBERS)
    return isinstance(feature, Image | Mask)


def _write_array(folder: Path, name: str, feature: Feature, value: Any) -> str:
    if _fits_png(feature, value):
        file = f"{name}.png"
        flat = value[..., 0] if value.ndim == 3 and value.shape[2] == 1 else value
        Pillow.fromarray(np.ascontiguousarray(flat)).save(folder / file)
    else:
        file = f"{name}.npy"
        np.save(folder / file, value, allow_pickle=False)
    return file


def _fits_png(feature: Feature, value: Any) -> bool:
    if not value.size:
        return False
    if isinstance(feature, Mask):
        return feature.dtype in ("uint8", "uint16")
    return isinstance(feature, Image) and feature.dtype == "uint8" and feature.channels in (1, 3, 4)


def _names(feature: ClassLabel, value: Any) -> Any:
    if feature.max is None:
        return feature.names[int(value)]
    return [feature.names[int(item)] for item in value]


def _plain(value: Any) -> Any:
    """A value as JSON has it; NaN and infinities, which JSON has not, as their names."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
